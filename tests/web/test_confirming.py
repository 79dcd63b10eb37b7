"""Grave tasks ask once more who one is, where the settings say so; nothing that was typed is lost."""

import os
import subprocess
import sys

import pytest
from pytest_django import Settings

from bank.identity.models import User
from bank.ops import places
from tests.web.codes import PASSWORD
from tests.web.pages import Browser, Page
from tests.web.people import Customer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def person(ada: Customer) -> Browser:
    ada.user.set_password(PASSWORD)
    ada.user.save()
    return Browser.signed_in(User.objects.get(pk=ada.user.pk))


def continued(person: Browser, ada: Customer, grace: Customer, amount: str) -> Page:
    """What comes after the form of a transfer."""
    form = person.open(f"/accounts/{ada.account_id}/transfer")
    sent = person.send(form, "Continue", to="iban", iban=grace.account.iban, amount=amount, reference="")
    return person.follow(sent)


def test_a_large_transfer_is_confirmed_once_and_goes_on(
    person: Browser, ada: Customer, grace: Customer, settings: Settings
) -> None:
    settings.CONFIRM_TRANSFERS_FROM = 100
    assert continued(person, ada, grace, "99.99").status == 200
    sent_away = continued(person, ada, grace, "100.00")
    assert sent_away.status == 302
    asked = person.follow(sent_away)
    assert "Confirm that it is you" in asked.text
    check = person.follow(person.send(asked, "Continue", password=PASSWORD))
    assert person.follow(person.send(check, "Transfer now")).status == 200
    assert grace.account.balance_minor == 200_00


def test_sending_a_check_page_is_no_way_around(
    person: Browser, ada: Customer, grace: Customer, settings: Settings
) -> None:
    check = continued(person, ada, grace, "100.00")
    settings.CONFIRM_TRANSFERS_FROM = 100
    assert person.send(check, "Transfer now").status == 302
    assert grace.account.balance_minor == 100_00


def test_named_tasks_are_confirmed(person: Browser, ada: Customer, settings: Settings) -> None:
    settings.CONFIRM_BEFORE = ["withdraw"]
    sent = person.send(person.open(f"/accounts/{ada.account_id}/withdraw"), "Continue", amount="1")
    asked = person.follow(person.follow(sent))
    check = person.follow(person.send(asked, "Continue", password=PASSWORD))
    assert person.follow(person.send(check, "Withdraw now")).status == 200


def test_outside_of_the_demo_grave_tasks_and_large_transfers_are_confirmed_without_being_asked_for() -> None:
    unset = {"CONFIRM_BEFORE", "CONFIRM_TRANSFERS_FROM", "PASSBOOK_DEMO"}
    asked = "from bank import settings as s; print(s.CONFIRM_BEFORE, s.CONFIRM_TRANSFERS_FROM)"
    env = {name: value for name, value in os.environ.items() if name not in unset}
    said = subprocess.check_output([sys.executable, "-c", asked], cwd=places.REPOSITORY, env=env, text=True)
    assert said.strip() == "['freeze', 'close'] 10000"
