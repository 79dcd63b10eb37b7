"""Security: tokens made with the password, shown once, revoked at a press; nobody sees another's."""

import time

import pytest
from pytest_django import Settings

from bank.api.models import ApiToken
from bank.identity.models import FailedSignIn, Role, User
from bank.web.pages.tokens import MOST_TOKENS
from tests.api.client import Api
from tests.web.pages import Browser, Page, location
from tests.web.people import a_login

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "correct horse battery staple"


@pytest.fixture
def ruth(bank: None) -> User:
    return User.objects.create_user("ruth", password=PASSWORD, roles=[Role.TELLER])


def make(browser: Browser, page: Page | None = None, **changes: str) -> Page:
    values = {"label": "Night job", "scopes": "accounts:read", "days": "30"}
    return browser.send(page or form_of(browser), "Make token", **(values | changes))


def form_of(browser: Browser) -> Page:
    """The form, after the person said who it is."""
    page = browser.open("/security/tokens/make")
    if page.status == 302:
        page = browser.follow(browser.send(browser.follow(page), "Continue", password=PASSWORD))
    return page


def secret_on(page: Page) -> str:
    return page.html.split('value="pbk_')[1].split('"')[0]


def test_a_token_is_made_and_shown_once(ruth: User) -> None:
    browser = Browser.signed_in(ruth)
    made = make(browser)
    assert made.status == 201
    assert "no-store" in made.response.headers["Cache-Control"]
    secret = "pbk_" + secret_on(made)
    me = Api(secret).get("/me").body
    assert (me["user"]["username"], me["scopes"]) == ("ruth", ["accounts:read"])
    token = ApiToken.objects.get(user=ruth)
    assert (token.expires_at - token.created_at).days == 30
    listed = browser.open("/security")
    assert secret not in listed.html
    assert "Night job" in listed.text
    assert token.prefix in listed.text


def test_the_same_form_twice_makes_one_token(ruth: User) -> None:
    browser = Browser.signed_in(ruth)
    page = form_of(browser)
    assert make(browser, page).status == 201
    again = make(browser, page)
    assert (again.status, "pbk_" in again.html) == (409, False)
    assert ApiToken.objects.filter(user=ruth).count() == 1


def test_another_persons_form_makes_none(ruth: User) -> None:
    other = User.objects.create_user("otto", password=PASSWORD, roles=[Role.TELLER])
    page = form_of(Browser.signed_in(other))
    ticket = page.form("Make token").fields["ticket"]
    assert make(Browser.signed_in(ruth), ticket=ticket).status == 422
    assert make(Browser.signed_in(ruth), ticket="x").status == 422
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"label": ""}, "Enter what the token is for"),
        ({"label": "x" * 101}, "100"),
        ({"label": "a\u202eb"}, "one line"),
        ({"scopes": "audit:read"}, "Choose from the list"),
        ({"scopes": "*"}, "Choose from the list"),
        ({"days": "3650"}, "Choose from the list"),
        ({"days": "0"}, "Choose from the list"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_made(ruth: User, changes: dict[str, str], words: str) -> None:
    page = make(Browser.signed_in(ruth), None, **changes)
    assert page.status == 422
    assert words in page.text
    assert not ApiToken.objects.exists()
    assert PASSWORD not in page.html


def test_without_a_scope_nothing_is_made(ruth: User) -> None:
    browser = Browser.signed_in(ruth)
    fields = form_of(browser).form("Make token").fields | {"label": "x", "days": "7"}
    fields.pop("scopes", None)
    assert "at least one" in browser.post("/security/tokens/make", fields).text


def test_a_token_is_made_only_after_the_password_was_asked_again(ruth: User) -> None:
    browser = Browser.signed_in(ruth)
    asked = browser.follow(browser.open("/security/tokens/make"))
    assert asked.text.count("Confirm that it is you") == 1
    assert "The password is wrong" in browser.send(asked, "Continue", password="wrong").text
    assert browser.open("/security/tokens/make").status == 302
    assert browser.post("/security/tokens/make", {"label": "x", "scopes": "accounts:read", "days": "7"}).status == 302
    assert not ApiToken.objects.exists()
    assert location(browser.send(asked, "Continue", password=PASSWORD)) == "/security/tokens/make"
    assert browser.open("/security/tokens/make").status == 200


def test_guessing_the_password_closes_the_door(ruth: User) -> None:
    browser = Browser.signed_in(ruth)
    asked = browser.follow(browser.open("/security/tokens/make"))
    for _ in range(10):
        assert browser.send(asked, "Continue", password="wrong").status == 422
    closed = browser.send(asked, "Continue", password=PASSWORD)
    assert closed.status == 429
    assert 0 < int(closed.response.headers["Retry-After"]) <= 900
    FailedSignIn.objects.all().delete()
    assert make(browser).status == 201


def test_a_revoked_token_opens_nothing_and_is_gone_from_the_page(ruth: User) -> None:
    browser = Browser.signed_in(ruth)
    secret = "pbk_" + secret_on(make(browser))
    token = ApiToken.objects.get()
    answer = browser.post(f"/security/tokens/{token.pk}/revoke", {})
    assert (answer.status, location(answer)) == (303, "/security")
    assert Api(secret).get("/me").status == 401
    assert token.prefix not in browser.open("/security").text


def test_another_persons_token_does_not_exist(ruth: User) -> None:
    make(Browser.signed_in(ruth))
    token = ApiToken.objects.get()
    stranger = Browser.signed_in(a_login("otto", Role.ADMIN))
    for token_id in (token.pk, 0, 2**64):
        assert stranger.post(f"/security/tokens/{token_id}/revoke", {}).status == 404
    assert ApiToken.objects.get().revoked_at is None
    assert token.prefix not in stranger.open("/security").text


def test_nobody_has_more_tokens_than_anybody_needs(ruth: User) -> None:
    browser = Browser.signed_in(ruth)
    make(browser)
    token = ApiToken.objects.get()
    for number in range(MOST_TOKENS - 1):
        token.pk, token.digest, token.request_id = None, str(number).encode(), None
        token.save(force_insert=True)
    assert "the most there can be" in make(browser).text


def test_who_has_no_role_has_nothing_that_a_token_could_do(bank: None) -> None:
    page = Browser.signed_in(a_login("nobody")).open("/security")
    assert page.status == 200
    assert all("Make token" not in form.buttons for form in page.forms)


def test_names_behind_ibans_are_shown_to_one_person_so_often_a_minute(ruth: User, settings: Settings) -> None:
    settings.IBAN_HINT_RATE_LIMIT = 3
    left = 60 - time.time() % 60
    if left < 4:
        time.sleep(left)  # a minute that does not end during the test
    otto = a_login("otto", Role.TELLER)
    got = [Browser.signed_in(ruth).post("/iban-hint", {"iban": "x"}) for _ in range(5)]
    assert [page.status for page in got] == [200, 200, 200, 429, 429]
    assert int(got[-1].response.headers["Retry-After"]) <= 60
    assert Browser.signed_in(otto).post("/iban-hint", {"iban": "x"}).status == 200
