"""Invitations: who is registered is invited, chooses a password and is in; each link works for a while, once."""

import re
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from django.core import mail
from django.utils import timezone
from pytest_django import Settings

from accounts.log_in import CATEGORY
from bank.identity.erasing import erase_log_ins
from bank.identity.models import Invitation, Role, User
from bank.identity.recording import log_in_id
from ledger.ids import derived_id
from ledger.models import Stream
from ledger.reading import read_stream
from tests.web.pages import Browser, Page, location
from tests.web.people import Customer, a_login

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "four words nobody combines"


@pytest.fixture
def desk(bank: None) -> Browser:
    return Browser.signed_in(a_login("teller", Role.TELLER))


def register(desk: Browser, name: str = "Edsger Dijkstra", email: str = "edsger@example.org") -> Page:
    return desk.do("/customers/register", "Register customer", name=name, email=email)


def link_on(page: Page) -> str:
    found = re.search(r'value="http://testserver(/invitations/[^"]+)"', page.html)
    assert found is not None
    return found[1]


def invited_by(link: str) -> str:
    """Whose invitation a link is: behind it are its second and its signature."""
    return link.partition(":")[0]


def customer_of(page: Page) -> UUID:
    return UUID(urlsplit(page.link("Go to the customer")).path.rsplit("/", 1)[-1])


def open_log_in(browser: Browser, url: str, password: str = PASSWORD) -> Page:
    return browser.send(browser.open(url), "Open my log-in", password1=password, password2=password)


def test_who_is_registered_gets_a_link_by_hand_and_by_mail(desk: Browser) -> None:
    receipt = register(desk)
    assert mail.outbox[0].to == ["edsger@example.org"]
    by_mail = re.search(r"http://testserver(/invitations/\S+)", str(mail.outbox[0].body))
    assert by_mail is not None
    elsewhere = link_on(desk.open(receipt.link("Go to the customer")))
    assert invited_by(link_on(receipt)) == invited_by(by_mail[1]) == invited_by(elsewhere)


def test_without_an_address_the_link_is_on_the_receipt_alone(desk: Browser) -> None:
    assert link_on(register(desk, email=""))
    assert mail.outbox == []


def test_a_password_and_one_is_in(desk: Browser) -> None:
    receipt = register(desk)
    newcomer = Browser()
    page = newcomer.open(link_on(receipt))
    assert "Welcome, Edsger Dijkstra" in page.text
    assert location(open_log_in(newcomer, page.url)) == "/"
    assert "Edsger Dijkstra" in newcomer.open("/").text
    person = User.objects.get(customer_id=customer_of(receipt))
    assert re.fullmatch(r"edsger-\d{4}", person.username)
    assert person.username in page.text
    assert (person.roles, person.email, person.is_staff) == ([Role.CUSTOMER], "edsger@example.org", False)
    again = Browser()
    again.send(again.open("/sign-in"), "Sign in", login=person.username, password=PASSWORD)
    assert again.open("/").status == 200
    types = [event.type for event in read_stream(log_in_id(person.pk))]
    assert types == ["RolesChanged", "PasswordChanged", "SignedIn", "SignedIn"]


def test_the_invitation_is_on_record_with_who_made_it(desk: Browser) -> None:
    customer_id = customer_of(register(desk))
    (event,) = read_stream(derived_id(customer_id, "log-in"))
    teller = User.objects.get(username="teller")
    assert (event.type, event.data.customer_id) == ("CustomerInvited", customer_id)
    assert event.metadata["actor"] == f"user:{teller.pk}"
    assert Stream.objects.get(pk=event.stream_id).category == CATEGORY


def test_a_link_works_once(desk: Browser) -> None:
    url = link_on(register(desk))
    page = Browser().open(url)
    assert open_log_in(Browser(), url).status == 302
    late = Browser()
    assert late.open(url).status == 410
    assert (
        late.post(url, page.form("Open my log-in").fields | {"password1": "x" * 20, "password2": "x" * 20}).status
        == 410
    )
    assert User.objects.filter(roles__contains=["customer"]).count() == 1


def test_a_link_works_for_a_while(desk: Browser) -> None:
    url = link_on(register(desk))
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert Browser().open(url).status == 410


def test_another_link_ends_the_one_before(desk: Browser) -> None:
    receipt = register(desk)
    page = desk.open(receipt.link("Go to the customer"))
    renewed = desk.follow(desk.send(page, "Make another invitation"))
    assert link_on(renewed) != link_on(page)
    assert Browser().open(link_on(page)).status == 410
    assert Browser().open(link_on(renewed)).status == 200


def test_an_edited_link_works_not_at_all(desk: Browser) -> None:
    folder, token = link_on(register(desk)).rsplit("/", 1)
    for edited in (token[:-1], f"{token}A", token.replace(":", "_"), "x", token[::-1]):
        assert Browser().open(f"{folder}/{edited}").status == 410, edited


def test_a_bad_password_is_told(desk: Browser) -> None:
    url = link_on(register(desk))
    for password, words in (("short", "at least 12 characters"), ("password1234", "too common"), ("", "Enter a new")):
        page = open_log_in(Browser(), url, password)
        assert page.status == 422
        assert words in page.text
    assert not User.objects.filter(roles__contains=["customer"]).exists()


def test_who_signs_in_already_is_not_invited(desk: Browser, ada: Customer) -> None:
    page = desk.open(f"/customers/{ada.customer_id}")
    assert "The customer signs in." in page.text
    assert desk.post(f"/customers/{ada.customer_id}/invite", {}).status == 303
    assert not Invitation.objects.exists()


def test_auditors_see_no_links(desk: Browser) -> None:
    customer_id = customer_of(register(desk))
    auditor = Browser.signed_in(a_login("auditor", Role.AUDITOR))
    assert "/invitations/" not in auditor.open(f"/customers/{customer_id}").html


def test_who_is_erased_has_no_invitation(desk: Browser) -> None:
    receipt = register(desk)
    erase_log_ins(customer_of(receipt))
    assert Browser().open(link_on(receipt)).status == 410


def test_how_long_a_link_is_good_is_a_setting(desk: Browser, settings: Settings) -> None:
    settings.INVITATION_DAYS = 2
    register(desk)
    assert timedelta(days=1) < Invitation.objects.get().expires_at - timezone.now() <= timedelta(days=2)
