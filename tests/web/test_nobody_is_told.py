"""Who signs in here is told to nobody: same words, same time, whatever name or address is asked for."""

import re

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core import mail
from pytest_django import Settings

from bank.identity.cache import SteadyCache
from bank.identity.models import Role, User
from tests.web.codes import PASSWORD
from tests.web.pages import Browser, Page, location

pytestmark = pytest.mark.django_db(transaction=True)

NEW = "quite another long password"


class CountingHasher(Argon2PasswordHasher):
    """What takes the time of a try: each hash that is made."""

    hashes = 0

    def encode(self, password: str, salt: str) -> str:
        type(self).hashes += 1
        return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        type(self).hashes += 1
        return super().verify(password, encoded)


@pytest.fixture
def ruth(bank: None) -> User:
    return User.objects.create_user("ruth", "Ruth@example.org", PASSWORD, roles=[Role.OPERATIONS])


def sign_in(login: str, password: str = "wrong") -> Page:  # noqa: S107 - it is
    browser = Browser()
    return browser.send(browser.open("/sign-in"), "Sign in", login=login, password=password)


def forget(email: str) -> Page:
    browser = Browser()
    return browser.send(browser.open("/password/forgotten"), "Send the link", email=email)


def test_every_wrong_try_costs_one_hash(ruth: User, settings: Settings) -> None:
    User.objects.create_user("gone", "gone@example.org", PASSWORD, is_active=False)
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    cost, texts = {}, set()
    for login in ("ruth", "ruth@example.org", "gone", "gone@example.org", "nobody", "nobody@example.org"):
        CountingHasher.hashes = 0
        texts.add(sign_in(login).text)
        cost[login] = CountingHasher.hashes
    assert set(cost.values()) == {1}, cost
    assert len(texts) == 1


@pytest.mark.parametrize("login", ["ruth", "RUTH", "ruth@example.org", "RUTH@EXAMPLE.ORG", " ruth "])
def test_one_signs_in_by_name_or_email(ruth: User, login: str) -> None:
    assert location(sign_in(login, PASSWORD)) == "/"


def test_a_household_may_share_an_address(ruth: User) -> None:
    User.objects.create_user("naomi", "ruth@example.org", NEW, roles=[Role.OPERATIONS])
    assert location(sign_in("ruth@example.org", PASSWORD)) == location(sign_in("ruth@example.org", NEW)) == "/"


def test_a_user_name_that_looks_like_anothers_address_takes_nothing_from_it(ruth: User) -> None:
    User.objects.create_user("ruth@example.org", password=NEW, roles=[Role.OPERATIONS])
    assert sign_in("ruth@example.org", PASSWORD).status == 422
    assert sign_in("ruth", PASSWORD).status == 302


def test_asking_for_a_new_password_tells_nothing(ruth: User) -> None:
    answers = [forget("ruth@example.org"), forget("nobody@example.org")]
    assert [(a.status, location(a)) for a in answers] == [(302, "/password/forgotten/sent")] * 2
    assert [message.to for message in mail.outbox] == [[ruth.email], ["nobody@example.org"]]
    assert "/password/new/" in str(mail.outbox[0].body)
    assert "Nobody signs in with it here" in str(mail.outbox[1].body)


def test_the_link_sets_a_new_password_once(ruth: User) -> None:
    elsewhere = Browser.signed_in(ruth)
    forget("ruth@example.org")
    found = re.search(r"http://testserver(/password/new/\S+)", str(mail.outbox[0].body))
    assert found is not None, mail.outbox[0].body
    browser = Browser()
    page = browser.follow(browser.open(found[1]))
    assert found[1] not in page.html  # the key is in no address that could be passed on
    assert "at least 12" in browser.send(page, "Set password", password1="short", password2="short").text
    assert location(browser.send(page, "Set password", password1=NEW, password2=NEW)) == "/password/new"
    assert sign_in("ruth", NEW).status == 302
    assert elsewhere.open("/security").status == 302
    assert "cannot be used any more" in Browser().open(found[1]).text


@pytest.mark.parametrize("key", ["1-x", "zzzzzzzzzzzzzz-c1x-abcdef", "1-set-password"])
def test_a_made_up_link_says_that_it_cannot_be_used(bank: None, key: str) -> None:
    page = Browser().open(f"/password/new/{key}")
    assert "cannot be used any more" in page.text


def test_nobody_asks_for_letters_without_end(ruth: User) -> None:
    statuses = [forget("insistent@example.org").status for _ in range(6)]
    assert statuses == [302, 302, 302, 302, 302, 429]
    assert len(mail.outbox) == 5


def test_a_mail_server_that_is_away_tells_nothing_either(ruth: User, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    answers = [forget("away@example.org"), forget("ruth@example.org")]
    assert [location(answer) for answer in answers] == ["/password/forgotten/sent"] * 2


def test_what_is_counted_goes_on_while_valkey_is_away() -> None:
    cache = SteadyCache("redis://127.0.0.1:1", {})
    assert cache.add("code", "used", 30) is True
    assert cache.add("code", "used", 30) is False
    cache.set("n", 1)
    assert (cache.get("n"), cache.incr("n"), cache.has_key("n"), cache.delete("n")) == (1, 2, True, True)
