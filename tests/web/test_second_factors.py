"""Second factors: sealed where they are kept, asked for at the door, guessed no faster than passwords."""

import json
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from cryptography.exceptions import InvalidTag
from django.contrib.sessions.models import Session
from django.core import mail
from pytest_django import Settings

from bank.api.scopes import Scope
from bank.api.tokens import issue_token
from bank.identity import throttle
from bank.identity.models import FailedSignIn, Role, User
from bank.identity.sealing import seal, unseal
from bank.identity.second_factor_views import DEMO_SECRET
from tests.api.client import Api
from tests.web.codes import PASSWORD, add_app, code_of, confirmed, recovery_codes_on, secret_on
from tests.web.pages import Browser, Page, location

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ruth(bank: None) -> User:
    return User.objects.create_user("ruth", "ruth@example.org", PASSWORD, roles=[Role.TELLER])


def at_the_second_door(browser: Browser) -> Page:
    """After the password."""
    return browser.follow(browser.send(browser.open("/sign-in"), "Sign in", login="ruth", password=PASSWORD))


def test_an_app_is_added_with_its_first_code_and_recovery_codes_come_with_it(ruth: User) -> None:
    _, codes = add_app(Browser.signed_in(ruth))
    assert len(recovery_codes_on(codes)) == 10
    assert "no-store" in codes.response.headers["Cache-Control"]
    assert [message.subject for message in mail.outbox] == ["Passbook: an authenticator app was added"]


def test_a_wrong_first_code_adds_nothing_and_keeps_the_secret_on_the_page(ruth: User) -> None:
    browser = Browser.signed_in(ruth)
    page = confirmed(browser, "/security/app/add")
    wrong = browser.send(page, "Add app", code="000000")
    assert (wrong.status, secret_on(wrong)) == (422, secret_on(page))
    assert not Authenticator.objects.exists()


def test_what_is_stored_holds_no_secret_in_clear(ruth: User) -> None:
    browser = Browser.signed_in(ruth)
    secret = secret_on(confirmed(browser, "/security/app/add"))
    assert all(secret not in json.dumps(session.get_decoded()) for session in Session.objects.all())
    secret, codes = add_app(browser)
    stored = {factor.type: factor.data for factor in Authenticator.objects.all()}
    assert secret not in json.dumps(stored)
    assert unseal(stored["totp"]["secret"]) == secret
    assert all(code not in json.dumps(stored) for code in recovery_codes_on(codes))
    assert len(unseal(stored["recovery_codes"]["seed"])) == 80


def test_a_sealed_secret_opens_with_the_banks_key_alone(ruth: User, settings: Settings) -> None:
    sealed = seal("secret")
    assert seal("secret") != sealed
    settings.PERSONAL_DATA_KEY = lambda: bytes(32)
    with pytest.raises(InvalidTag):
        unseal(sealed)


def test_the_password_alone_opens_nothing_any_more(ruth: User) -> None:
    secret, _ = add_app(Browser.signed_in(ruth))
    browser = Browser()
    asked = at_the_second_door(browser)
    assert asked.url == "/sign-in/second-factor"
    assert browser.open("/customers").status == 302
    wrong = browser.send(asked, "Sign in", code="000000")
    assert wrong.status == 422
    before = browser.client.session.session_key
    assert location(browser.send(asked, "Sign in", code=code_of(secret))) == "/"
    assert browser.client.session.session_key != before
    assert browser.open("/customers").status == 200


def test_a_code_opens_once(ruth: User) -> None:
    secret, _ = add_app(Browser.signed_in(ruth))
    code = code_of(secret)
    first, second = Browser(), Browser()
    assert first.send(at_the_second_door(first), "Sign in", code=code).status == 302
    assert second.send(at_the_second_door(second), "Sign in", code=code).status == 422


def test_next_survives_the_second_factor(ruth: User) -> None:
    secret, _ = add_app(Browser.signed_in(ruth))
    browser = Browser()
    page = browser.open("/sign-in?next=/reports/daily-flows")
    asked = browser.follow(browser.send(page, "Sign in", login="ruth", password=PASSWORD))
    assert location(browser.send(asked, "Sign in", code=code_of(secret))) == "/reports/daily-flows"


def test_a_recovery_code_opens_once(ruth: User) -> None:
    _, page = add_app(Browser.signed_in(ruth))
    code = recovery_codes_on(page)[3]
    first, second = Browser(), Browser()
    assert first.send(at_the_second_door(first), "Sign in", code=code).status == 302
    assert second.send(at_the_second_door(second), "Sign in", code=code).status == 422
    assert "9 left" in first.open("/security").text


def test_codes_are_guessed_no_faster_than_passwords(ruth: User) -> None:
    secret, _ = add_app(Browser.signed_in(ruth))
    browser = Browser()
    asked = at_the_second_door(browser)
    for _ in range(throttle.PER_NAME_AND_ADDRESS):
        assert browser.send(asked, "Sign in", code="000000").status == 422
    closed = browser.send(asked, "Sign in", code=code_of(secret))
    assert closed.status == 429
    assert 0 < int(closed.response.headers["Retry-After"]) <= 900
    FailedSignIn.objects.all().delete()
    assert browser.send(asked, "Sign in", code=code_of(secret)).status == 302


def test_second_factors_are_changed_only_after_confirming(ruth: User) -> None:
    owner = Browser.signed_in(ruth)
    add_app(owner)
    browser = Browser.signed_in(ruth)
    for path in ("app/remove", "recovery-codes", "recovery-codes.txt", "recovery-codes/new", "passkeys/add"):
        for page in (browser.open(f"/security/{path}"), browser.post(f"/security/{path}", {})):
            assert page.status in {302, 405}, path
            assert page.status == 405 or location(page).startswith("/sign-in/again?next="), path
    assert Authenticator.objects.count() == 2


def test_one_confirms_with_a_code_as_well(ruth: User) -> None:
    secret, _ = add_app(Browser.signed_in(ruth))
    browser = Browser.signed_in(ruth)
    asked = browser.follow(browser.open("/security/recovery-codes"))
    other = browser.open(asked.link("Use a code of your app, or a recovery code"))
    codes = browser.follow(browser.send(other, "Continue", code=code_of(secret, steps=1)))
    assert len(recovery_codes_on(codes)) == 10


def test_codes_are_downloaded_and_made_anew(ruth: User) -> None:
    browser = Browser.signed_in(ruth)
    _, page = add_app(browser)
    codes = recovery_codes_on(page)
    download = browser.open("/security/recovery-codes.txt")
    assert download.response.headers["Content-Type"].startswith("text/plain")
    assert all(code in download.html for code in codes)
    renewed = browser.follow(browser.send(browser.open("/security/recovery-codes/new"), "Make new codes"))
    assert not set(codes) & set(recovery_codes_on(renewed))


def test_without_the_app_the_recovery_codes_are_gone_too(ruth: User) -> None:
    browser = Browser.signed_in(ruth)
    add_app(browser)
    assert location(browser.send(browser.open("/security/app/remove"), "Remove app")) == "/security/second-factors"
    assert not Authenticator.objects.exists()
    assert "Off" in browser.open("/security").text


def test_a_passkey_that_is_none_is_turned_away(ruth: User) -> None:
    browser = Browser.signed_in(ruth)
    page = confirmed(browser, "/security/passkeys/add")
    for credential in ("", "x", "{}", "[]", '{"id": "a", "rawId": "a", "response": {}, "type": "public-key"}'):
        assert browser.send(page, "Add passkey", credential=credential).status == 422, credential
        stranger = Browser()
        options = stranger.client.get("/sign-in/passkey", headers={"Accept": "application/json"}).json()
        assert options["request_options"]["publicKey"]["userVerification"] == "required"
        sent = stranger.post("/sign-in/passkey", {"credential": credential})
        assert location(sent) == "/sign-in", credential
        assert "did not open the door" in stranger.open("/sign-in").text
    assert not Authenticator.objects.exists()


def test_another_persons_passkey_does_not_exist(ruth: User) -> None:
    other = User.objects.create_user("otto", password=PASSWORD)
    passkey = Authenticator.objects.create(user=other, type=Authenticator.Type.WEBAUTHN, data={"name": "Phone"})
    browser = Browser.signed_in(ruth)
    confirmed(browser, "/security/passkeys/add")
    for passkey_id in (passkey.pk, passkey.pk + 1):
        url = f"/security/passkeys/{passkey_id}/remove"
        assert (browser.open(url).status, browser.post(url, {}).status) == (404, 404)
    assert Authenticator.objects.filter(user=other).exists()
    assert "Phone" not in browser.open("/security").text


def test_the_demo_shows_the_code_of_its_own_app_and_of_no_other(ruth: User, settings: Settings) -> None:
    add_app(Browser.signed_in(ruth))
    settings.DEMO = True
    assert "would show" not in at_the_second_door(Browser()).text
    Authenticator.objects.filter(type="totp").update(data={"secret": seal(DEMO_SECRET)})
    browser = Browser()
    shown = at_the_second_door(browser)
    assert browser.send(shown, "Sign in", code=code_of(DEMO_SECRET)).status == 302
    settings.DEMO = False
    assert "would show" in shown.text
    assert "would show" not in at_the_second_door(Browser()).text


class TestStaffWhoMustHaveOne:
    @pytest.fixture(autouse=True)
    def _required(self, settings: Settings) -> None:
        settings.REQUIRE_SECOND_FACTOR_FOR_STAFF = True

    def test_their_pages_stay_closed_until_they_have_it(self, ruth: User) -> None:
        browser = Browser.signed_in(ruth)
        for path in ("/", "/customers", "/reports/daily-flows", "/customers/register"):
            assert location(browser.open(path)) == "/security", path
        assert "needs a second factor" in browser.open("/security").text
        add_app(browser)
        assert browser.open("/customers").status == 200
        assert "needs a second factor" not in browser.open("/security").text

    def test_the_admin_is_closed_too(self, bank: None) -> None:
        admin = User.objects.create_superuser("root", password=PASSWORD)
        browser = Browser.signed_in(admin)
        assert browser.follow(browser.open("/admin/")).status == 302
        assert location(browser.follow(browser.open("/admin/"))) == "/security"
        add_app(browser)
        assert browser.open("/admin/").status == 200

    def test_so_is_the_api(self, ruth: User) -> None:
        _, secret = issue_token(ruth, label="job", scopes=[Scope.ALL], lifetime=timedelta(days=1))
        api = Api(secret)
        assert api.get("/customers").status == 403
        add_app(Browser.signed_in(ruth))
        assert api.get("/customers").status == 200

    def test_customers_need_none(self, browser: Browser) -> None:
        assert browser.open("/").status == 200
