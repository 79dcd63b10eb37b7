"""Getting in, in a real browser: invited, with a second factor, with a passkey."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from pytest_django import Settings

from bank.identity import throttle
from bank.identity.models import User
from tests.journeys.conftest import PASSWORD
from tests.journeys.person import Person
from tests.steps import an_account
from tests.web.codes import code_of
from tests.web.people import Customer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey]
Somebody = Callable[..., Person]

NEW = "four words nobody combines"


def confirm(person: Person) -> None:
    person.fill("Your password", PASSWORD)
    person.press("Continue")


def add_app(person: Person) -> str:
    """Its secret; the page with the recovery codes is open."""
    person.open("/security")
    person.go("Add app")
    confirm(person)
    secret = person.page.locator(".secret").inner_text()
    person.fill("Code", code_of(secret))
    person.press("Add app")
    assert person.heading == "Recovery codes"
    return secret


def begin_again(person: Person, username: str) -> None:
    person.press("Sign out")
    person.sign_in(username, PASSWORD)


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_newcomer_is_invited_and_gets_in(somebody: Somebody, teller: User, scripts: bool) -> None:
    desk = somebody(signed_in=teller, java_script_enabled=scripts)
    desk.go("Register customer")
    desk.fill("Name", "Edsger Dijkstra")
    desk.press("Continue")
    desk.press("Register customer")
    link = desk.page.get_by_label("Invitation, to hand over").input_value()
    newcomer = somebody(java_script_enabled=scripts)
    newcomer.open(link)
    username = newcomer.page.locator("main b").first.inner_text()
    newcomer.fill("New password", NEW)
    newcomer.fill("New password again", NEW)
    newcomer.press("Open my log-in")
    assert newcomer.heading == "Hello, Edsger Dijkstra"
    newcomer.press("Sign out")
    newcomer.sign_in(username, NEW)
    assert newcomer.heading == "Hello, Edsger Dijkstra"
    newcomer.open(link)
    assert newcomer.heading == "This invitation cannot be used any more"


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_an_app_is_added_and_asked_for(somebody: Somebody, ada: Customer, scripts: bool) -> None:
    person = somebody(signed_in=ada.user, java_script_enabled=scripts)
    secret = add_app(person)
    begin_again(person, "ada")
    assert person.heading == "Second factor"
    person.fill("Code", "000000")
    person.press("Sign in")
    person.sees("The code is wrong")
    person.fill("Code", code_of(secret))
    person.press("Sign in")
    assert person.heading == "Hello, Ada Lovelace"


def test_a_recovery_code_opens_the_door_once(somebody: Somebody, ada: Customer) -> None:
    person = somebody(signed_in=ada.user)
    add_app(person)
    code = person.page.locator(".codes code").nth(2).inner_text()
    begin_again(person, "ada")
    person.fill("Code", code)
    person.press("Sign in")
    assert person.heading == "Hello, Ada Lovelace"
    begin_again(person, "ada")
    person.fill("Code", code)
    person.press("Sign in")
    person.sees("The code is wrong")
    person.press("Cancel")
    assert person.heading == "Sign in"


def test_a_passkey_stands_for_name_and_password(somebody: Somebody, ada: Customer, address: str) -> None:
    person = somebody(base_url=address.replace("127.0.0.1", "localhost"))
    person.keeps_passkeys()
    person.sign_in("ada", PASSWORD)
    person.open("/security")
    person.go("Add passkey")
    confirm(person)
    person.fill("Name of the passkey (optional)", "Phone")
    person.press("Add passkey")
    person.page.wait_for_url("**/security/recovery-codes")
    person.open("/security")
    person.sees("Phone")
    person.press("Sign out")

    person.press("Sign in with a passkey")
    person.page.wait_for_url("**/")
    assert person.heading == "Hello, Ada Lovelace"

    begin_again(person, "ada")
    assert person.heading == "Second factor"
    person.press("Use a passkey instead")
    person.page.wait_for_url("**/")
    assert person.heading == "Hello, Ada Lovelace"

    person.open("/security/recovery-codes")
    person.go("Use a passkey")
    person.press("Use your passkey")
    person.page.wait_for_url("**/security/recovery-codes")
    assert person.heading == "Recovery codes"


def test_where_no_passkey_is_to_be_had_the_page_says_so(somebody: Somebody, ada: Customer) -> None:
    person = somebody()
    person.open("/sign-in")  # at an address of numbers, where browsers have none
    person.press("Sign in with a passkey")
    person.sees("Passkeys do not work at this address")


def test_another_session_is_ended_from_here(somebody: Somebody, ada: Customer) -> None:
    elsewhere, person = somebody(signed_in=ada.user, java_script_enabled=False), somebody(signed_in=ada.user)
    person.go("Security")
    person.page.get_by_role("button", name=re.compile("Sign out there")).click()
    expect(person.page.get_by_role("button", name=re.compile("Sign out there"))).to_have_count(0)
    elsewhere.open("/")
    assert elsewhere.heading == "Sign in"
    person.open("/")
    assert person.heading == "Hello, Ada Lovelace"


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_token_is_made_after_saying_who_one_is(somebody: Somebody, ada: Customer, scripts: bool) -> None:
    person = somebody(signed_in=ada.user, java_script_enabled=scripts)
    person.go("Security")
    person.go("Make token")
    assert person.heading == "Confirm that it is you"
    person.fill("Your password", "wrong")
    person.press("Continue")
    person.sees("The password is wrong")
    confirm(person)
    person.fill("What it is for", "Spreadsheet")
    person.page.get_by_label("See customers, accounts and movements").check(force=True)
    person.press("Make token")
    assert person.heading == "Token made"


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_an_account_is_closed_after_saying_who_one_is(
    somebody: Somebody, ada: Customer, teller: User, settings: Settings, scripts: bool
) -> None:
    settings.CONFIRM_BEFORE = ["freeze", "close"]
    desk = somebody(signed_in=teller, java_script_enabled=scripts)
    desk.open(f"/accounts/{an_account(customer_id=ada.customer_id)}/close")
    desk.fill("Reason", "Moved away")
    desk.press("Continue")
    assert desk.heading == "Confirm that it is you"
    desk.fill("Your password", "wrong")
    desk.press("Continue")
    desk.sees("The password is wrong")
    confirm(desk)
    desk.sees("Moved away")
    desk.press("Close account for ever")
    assert desk.heading == "Account closed"


def test_guessing_closes_the_door_and_the_page_says_for_how_long(somebody: Somebody, ada: Customer) -> None:
    person = somebody()
    for _ in range(throttle.PER_NAME_AND_ADDRESS):
        person.sign_in("ada", "wrong")
        person.sees("User name or password is wrong")
    person.sign_in("ada", PASSWORD)
    assert re.search(r"too many failed tries\. Wait 1\d minutes", person.page.get_by_role("alert").inner_text())
