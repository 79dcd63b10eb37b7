"""Signing in and out: one answer for whoever is wrong, no way to another host, and a door that closes on guessing."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from bank.identity import throttle
from bank.identity.models import FailedSignIn, Role, User
from tests.web.pages import Browser, Page, location
from tests.web.people import Customer

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "correct horse battery staple"


@pytest.fixture
def ruth(bank: None) -> User:
    return User.objects.create_user("ruth", password=PASSWORD, roles=[Role.OPERATIONS])


def sign_in(username: str, password: str, *, query: str = "", browser: Browser | None = None) -> Page:
    browser = browser or Browser()
    return browser.send(browser.open(f"/sign-in{query}"), "Sign in", login=username, password=password)


def test_passwords_are_hashed_with_argon2(ruth: User) -> None:
    assert ruth.password.startswith("argon2$argon2id$")


def test_the_right_password_leads_to_the_overview_with_a_new_session(ruth: User) -> None:
    browser = Browser()
    browser.client.get("/sign-in")
    browser.client.session["planted"] = "yes"
    before = browser.client.session.session_key
    assert location(sign_in("ruth", PASSWORD, browser=browser)) == "/"
    assert browser.client.session.session_key != before
    assert location(browser.open("/sign-in")) == "/"


def test_unknown_name_wrong_password_and_a_switched_off_person_get_the_same_words(ruth: User) -> None:
    User.objects.create_user("gone", password=PASSWORD, is_active=False)
    pages = [sign_in("ruth", "wrong"), sign_in("nobody", PASSWORD), sign_in("gone", PASSWORD)]
    assert [page.status for page in pages] == [422, 422, 422]
    texts = {page.text for page in pages}
    assert len(texts) == 1
    assert "User name or password is wrong" in texts.pop()


def test_the_password_is_never_sent_back(ruth: User) -> None:
    page = sign_in("ruth", "wrong-and-secret")
    assert "wrong-and-secret" not in page.html
    assert page.form("Sign in").fields["login"] == "ruth"


@pytest.mark.parametrize(
    "wanted",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "http:///evil.example", "x"],
)
def test_next_never_leads_to_another_host(ruth: User, wanted: str) -> None:
    assert location(sign_in("ruth", PASSWORD, query=f"?next={wanted}")) == "/"


def test_next_leads_back_to_the_page_with_its_query(ruth: User) -> None:
    assert location(sign_in("ruth", PASSWORD, query="?next=/reports/daily-flows%3Fcurrency%3DEUR")) == (
        "/reports/daily-flows?currency=EUR"
    )


def test_signing_out_takes_a_post_and_ends_the_session(browser: Browser, ada: Customer) -> None:
    assert browser.open("/sign-out").status == 405
    page = browser.send(browser.open("/"), "Sign out")
    assert location(page) == "/sign-in"
    assert browser.open(f"/accounts/{ada.account_id}").status == 302


def test_the_door_closes_after_too_many_failures_even_for_the_right_password(ruth: User) -> None:
    for _ in range(throttle.PER_NAME_AND_ADDRESS):
        assert sign_in("ruth", "wrong").status == 422
    closed = sign_in("ruth", PASSWORD)
    assert closed.status == 429
    assert 0 < int(closed.response.headers["Retry-After"]) <= 900
    assert "too many failed tries. Wait 1" in closed.text
    assert sign_in("RUTH ", "wrong").status == 429  # the same name, written differently
    assert sign_in("another", "wrong").status == 422


def test_it_opens_again_after_a_while(ruth: User) -> None:
    for _ in range(throttle.PER_NAME_AND_ADDRESS):
        sign_in("ruth", "wrong")
    FailedSignIn.objects.update(failed_at=timezone.now() - throttle.WINDOW - timedelta(seconds=1))
    assert sign_in("ruth", PASSWORD).status == 302
    sign_in("ruth", "wrong")
    assert FailedSignIn.objects.count() == 3  # those that count no more are gone


def test_the_right_password_forgets_the_failures(ruth: User) -> None:
    for _ in range(throttle.PER_NAME_AND_ADDRESS - 1):
        sign_in("ruth", "wrong")
    assert sign_in("ruth", PASSWORD).status == 302
    assert sign_in("ruth", "wrong").status == 422
    assert sign_in("ruth", PASSWORD).status == 302


def test_one_name_is_guarded_over_all_addresses_and_one_address_over_all_names(ruth: User) -> None:
    now = timezone.now()
    for kind, limit in ((1, throttle.PER_NAME), (2, throttle.PER_ADDRESS)):
        FailedSignIn.objects.all().delete()
        sign_in("ruth", "wrong")
        key = FailedSignIn.objects.order_by("pk")[kind].key
        FailedSignIn.objects.bulk_create(FailedSignIn(key=key, failed_at=now) for _ in range(limit - 1))
        assert sign_in("ruth", PASSWORD).status == 429


def test_neither_names_nor_addresses_are_kept(ruth: User) -> None:
    sign_in("ruth", "wrong")
    for failure in FailedSignIn.objects.all():
        assert "ruth" not in failure.key
        assert "127.0.0.1" not in failure.key


def test_a_forwarded_address_counts_only_behind_a_proxy(ruth: User, settings: Settings) -> None:
    request = Client().get("/sign-in", headers={"X-Forwarded-For": "1.1.1.1, 2.2.2.2"}).wsgi_request
    assert throttle.client_address(request) == "127.0.0.1"
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert throttle.client_address(request) == "2.2.2.2"


def test_the_demo_logins_stand_on_the_page_only_in_the_demo(bank: None, settings: Settings) -> None:
    assert "demo" not in Browser().open("/sign-in").text.casefold()
    settings.DEMO = True
    assert "passbook-demo" in Browser().open("/sign-in").text


def test_a_form_without_its_token_is_refused(ruth: User) -> None:
    response = Client(enforce_csrf_checks=True).post("/sign-in", {"login": "ruth", "password": PASSWORD})
    assert response.status_code == 403
    assert "This form cannot be used any more" in response.content.decode()
