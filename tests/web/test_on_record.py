"""What happens at the door is on record, as events that anybody may read who may audit, and that name nobody."""

import json
from io import StringIO
from typing import Any

import msgspec
import pytest
from django.core.management import call_command

from bank.api.models import ApiToken
from bank.identity.models import Role, User
from bank.identity.recording import log_in_id
from ledger.models import Event
from ledger.reading import read_stream
from tests.web.codes import PASSWORD, add_app
from tests.web.pages import Browser

pytestmark = pytest.mark.django_db(transaction=True)

NEW = "quite another long password"


@pytest.fixture
def ruth(bank: None) -> User:
    return User.objects.create_user("ruth", "ruth@example.org", PASSWORD, roles=[Role.OPERATIONS])


def record_of(user_id: int | None) -> list[tuple[str, Any]]:
    """Type, and what it says besides when and who."""
    left_out = {"occurred_at", "user_id"}
    return [
        (event.type, {k: v for k, v in msgspec.to_builtins(event.data).items() if k not in left_out})
        for event in read_stream(log_in_id(user_id))
    ]


def sign_in(login: str, password: str) -> Browser:
    browser = Browser()
    browser.send(browser.open("/sign-in"), "Sign in", login=login, password=password)
    return browser


def test_getting_in_and_leaving_and_not_getting_in(ruth: User) -> None:
    sign_in("ruth@example.org", "wrong")
    browser = sign_in("ruth", PASSWORD)
    browser.send(browser.open("/security"), "Sign out")
    assert record_of(ruth.pk) == [
        ("SignInFailed", {"step": "password"}),
        ("SignedIn", {"methods": ["password"]}),
        ("SignedOut", {}),
    ]


def test_tries_with_names_that_nobody_has_are_on_record_together(ruth: User) -> None:
    sign_in("nobody", "wrong")
    sign_in("somebody@example.org", "wrong")
    assert record_of(None) == [("SignInFailed", {"step": "password"})] * 2
    event = next(iter(read_stream(log_in_id(None))))
    assert event.metadata["actor"] == "anonymous"


def test_second_factors_come_and_go_and_are_used(ruth: User) -> None:
    browser = sign_in("ruth", PASSWORD)
    _, codes = add_app(browser)
    other = sign_in("ruth", PASSWORD)
    asked = other.open("/sign-in/second-factor")
    other.send(asked, "Sign in", code="000000")
    other.send(asked, "Sign in", code=codes.html.split("<code>")[1][:8])
    browser.send(browser.open("/security/app/remove"), "Remove app")
    assert record_of(ruth.pk)[1:] == [
        ("SecondFactorAdded", {"kind": "totp"}),
        ("SecondFactorAdded", {"kind": "recovery_codes"}),
        ("SignInFailed", {"step": "second_factor"}),
        ("SignedIn", {"methods": ["password", "recovery_codes"]}),
        ("SecondFactorRemoved", {"kind": "totp"}),
        ("SecondFactorRemoved", {"kind": "recovery_codes"}),
    ]


def test_ending_another_session_is_on_record(ruth: User) -> None:
    sign_in("ruth", PASSWORD)
    browser = sign_in("ruth", PASSWORD)
    browser.send(browser.open("/security"), "Sign out everywhere else")
    assert record_of(ruth.pk)[2:] == [("SignedOut", {})]


def test_a_new_password_is_on_record(ruth: User) -> None:
    browser = Browser.signed_in(ruth)
    page = browser.open("/security/password")
    browser.send(page, "Change password", oldpassword=PASSWORD, password1=NEW, password2=NEW)
    assert record_of(ruth.pk) == [("PasswordChanged", {"how": "changed"})]


def test_other_roles_are_on_record_with_who_gave_them(ruth: User) -> None:
    root = User.objects.create_superuser("root", password=PASSWORD, roles=[Role.ADMIN])
    browser = Browser.signed_in(root)
    url = f"/admin/identity/user/{ruth.pk}/change/"
    fields = _fields_of(browser, url)
    assert browser.post(url, {**fields, "first_name": "Ruth"}).status == 302
    assert record_of(ruth.pk) == []
    assert browser.post(url, {**fields, "roles": "teller,auditor"}).status == 302
    (event,) = read_stream(log_in_id(ruth.pk))
    assert (event.data.roles, event.metadata["actor"]) == (["auditor", "teller"], f"user:{root.pk}")
    new = {"password1": NEW, "password2": NEW, "usable_password": "true"}
    assert browser.post(f"/admin/identity/user/{ruth.pk}/password/", new).status == 302
    assert record_of(ruth.pk)[1:] == [("PasswordChanged", {"how": "admin"})]
    assert browser.post(f"/admin/identity/user/{ruth.pk}/delete/", {"post": "yes"}).status == 403


def test_tokens_come_and_go_on_record_and_their_secrets_and_names_do_not(ruth: User) -> None:
    browser = sign_in("ruth", PASSWORD)
    browser.send(browser.follow(browser.open("/security/tokens/make")), "Continue", password=PASSWORD)
    form = browser.open("/security/tokens/make")
    made = browser.send(form, "Make token", label="nightly job", scopes="reports:read", days="7")
    token = ApiToken.objects.get(user=ruth)
    browser.post(f"/security/tokens/{token.pk}/revoke", {})
    browser.post(f"/security/tokens/{token.pk}/revoke", {})
    call_command("api_token", "ruth", "--days", "3", stdout=StringIO())
    call_command("revoke_token", "ruth", stdout=StringIO())
    events = [event for event in read_stream(log_in_id(ruth.pk)) if event.type.startswith("Token")]
    assert [event.type for event in events] == ["TokenMade", "TokenRevoked"] * 2
    assert [event.metadata["actor"] for event in events] == [f"user:{ruth.pk}"] * 2 + ["system:operator"] * 2
    assert (events[0].data.token_id, events[0].data.scopes) == (token.pk, ["reports:read"])
    text = json.dumps([event.data for event in Event.objects.all()])
    assert "nightly" not in text
    assert token.prefix in made.html
    assert token.prefix not in text


def test_the_record_names_nobody(ruth: User) -> None:
    sign_in("ruth@example.org", "wrong")
    sign_in("ruth", PASSWORD)
    text = json.dumps([event.data for event in Event.objects.all()]).casefold()
    assert "ruth" not in text
    assert "127.0.0.1" not in text


def _fields_of(browser: Browser, url: str) -> dict[str, str]:
    page = browser.open(url)
    fields = next(form.fields for form in page.forms if "username" in form.fields)
    several = {"groups", "user_permissions"}
    return {name: value for name, value in fields.items() if not name.startswith("_") and name not in several}
