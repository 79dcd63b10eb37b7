"""Sessions: where one is signed in, and ending it there."""

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client
from pytest_django import Settings

from bank.identity.models import Role, User
from bank.identity.sessions import device
from tests.web.codes import PASSWORD
from tests.web.pages import Browser, location
from tests.web.people import a_login

pytestmark = pytest.mark.django_db(transaction=True)

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.0 Mobile/15E148 Safari/604.1"
)


@pytest.fixture
def ruth(bank: None) -> User:
    return User.objects.create_user("ruth", password=PASSWORD, roles=[Role.OPERATIONS])


def signed_in_from(user_agent: str) -> Browser:
    browser = Browser(Client(raise_request_exception=False, headers={"User-Agent": user_agent}))
    browser.send(browser.open("/sign-in"), "Sign in", login="ruth", password=PASSWORD)
    return browser


def test_the_page_tells_where_one_is_signed_in(ruth: User) -> None:
    signed_in_from(FIREFOX)
    page = signed_in_from(IPHONE).open("/security")
    assert "Firefox on Linux" in page.text
    assert "Safari on iPhone This session" in page.text
    assert page.text.count("Sign out there") == 1


def test_a_session_is_ended_from_another(ruth: User) -> None:
    there, here = signed_in_from(FIREFOX), signed_in_from(IPHONE)
    assert there.open("/security").status == 200
    page = here.open("/security")
    button = next(b for form in page.forms for b in form.buttons if b.startswith("Sign out there"))
    assert location(here.send(page, button)) == "/security"
    assert location(there.open("/security")).startswith("/sign-in")
    assert "Firefox" not in here.open("/security").text


def test_all_others_are_ended_at_once(ruth: User) -> None:
    others, here = [signed_in_from(FIREFOX) for _ in range(3)], signed_in_from(IPHONE)
    here.send(here.open("/security"), "Sign out everywhere else")
    assert [other.open("/security").status for other in others] == [302, 302, 302]
    assert here.open("/security").status == 200
    assert UserSession.objects.count() == 1


def test_another_persons_session_does_not_exist(ruth: User) -> None:
    there = signed_in_from(FIREFOX)
    session = UserSession.objects.get()
    stranger = Browser.signed_in(a_login("otto", Role.ADMIN))
    for session_id in (session.pk, 0, 2**64):
        assert stranger.post(f"/security/sessions/{session_id}/end", {}).status == 404
    assert there.open("/security").status == 200


def test_changing_the_password_ends_the_others(ruth: User) -> None:
    there, here = signed_in_from(FIREFOX), signed_in_from(IPHONE)
    new = "quite another long password"
    page = here.open("/security/password")
    wrong = here.send(page, "Change password", oldpassword="wrong", password1=new, password2=new)
    assert (wrong.status, "The password is wrong" in wrong.text) == (422, True)
    unlike = here.send(page, "Change password", oldpassword=PASSWORD, password1=new, password2=f"{new}s")
    assert "Both must be the same" in unlike.text
    short = here.send(page, "Change password", oldpassword=PASSWORD, password1="short", password2="short")
    assert "at least 12 characters" in short.text
    done = here.send(page, "Change password", oldpassword=PASSWORD, password1=new, password2=new)
    assert "Your password is changed." in here.follow(done).text
    assert there.open("/security").status == 302
    ruth.refresh_from_db()
    assert ruth.check_password(new)


def test_behind_tls_cookies_travel_over_tls_only(ruth: User, settings: Settings) -> None:
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    browser = signed_in_from(FIREFOX)
    for name in ("sessionid", "csrftoken"):
        assert browser.client.cookies[name]["secure"], name
        assert browser.client.cookies[name]["samesite"] == "Lax", name


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (FIREFOX, "Firefox on Linux"),
        (IPHONE, "Safari on iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("curl/8", "A browser"),
        ("", "A browser"),
    ],
)
def test_devices_are_named_as_far_as_they_tell(user_agent: str, words: str) -> None:
    assert device(user_agent) == words
