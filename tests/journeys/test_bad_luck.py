"""Bad luck in the middle of a task, in a real browser: the session over, the database away, the worker down."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connections
from playwright.sync_api import expect

from bank.identity.models import User
from ledger.reading import read_stream
from ledger.runner import drain
from tests.journeys.conftest import PASSWORD
from tests.journeys.person import Person
from tests.ledger.book import connection_parameters
from tests.steps import deposit, do
from tests.web.people import Customer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey, pytest.mark.timeout(180)]
Somebody = Callable[..., Person]

both = pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
# The browser's own notes of an answer that the page tells in its own words, or asks for again.
NOTES_OF_A_PAUSE = ("status of 503", "Status Error Code 503")
PAUSING = "The bank is pausing for a moment"


@contextmanager
def database_away() -> Iterator[None]:
    """Nobody gets a connection to the database, and whoever has one is cut off."""
    name = str(connections["default"].settings_dict["NAME"])
    connections.close_all()
    with psycopg.connect(**connection_parameters(dbname="postgres"), autocommit=True) as conn:
        conn.execute(f'alter database "{name}" with allow_connections false')
        try:
            conn.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (name,))
            yield
        finally:
            conn.execute(f'alter database "{name}" with allow_connections true')
            connections.close_all()  # what was opened in between was cut off


def events_of(customer: Customer) -> list[str]:
    return [event.type for event in read_stream(customer.account_id)]


def forget_pauses(person: Person) -> None:
    person.complaints[:] = [c for c in person.complaints if not any(note in c for note in NOTES_OF_A_PAUSE)]


@both
def test_a_session_that_ends_between_any_two_pages_costs_nothing_that_was_typed(
    somebody: Somebody, ada: Customer, grace: Customer, scripts: bool
) -> None:
    person = somebody(signed_in=ada.user, java_script_enabled=scripts)
    person.open(f"/accounts/{ada.account_id}/transfer")
    person.fill("Amount", "12.50")
    person.fill("Reference (optional)", "Lunch <b>together</b>")
    person.context.clear_cookies(name="sessionid")
    person.fill("IBAN", grace.account.iban)  # with scripts a hint is asked for, by nobody
    for press, heading in (("Continue", "Transfer money"), ("Transfer now", "Check the transfer")):
        person.press(press)
        assert person.heading == "Sign in"
        person.fill("User name or email", "ada")
        person.fill("Password", PASSWORD)
        person.press("Sign in")
        assert person.heading == heading
        if press == "Continue":
            person.press("Continue")
            person.context.clear_cookies(name="sessionid")
    person.sees("Lunch <b>together</b>")
    person.press("Transfer now")
    person.sees("Transfer done")
    assert (ada.account.balance_minor, grace.account.balance_minor) == (487_50, 112_50)
    assert events_of(ada).count("TransferSent") == 1


@both
def test_who_signed_in_anew_in_another_tab_goes_on_in_the_first_one(
    somebody: Somebody, ada: Customer, scripts: bool
) -> None:
    person = somebody(signed_in=ada.user, java_script_enabled=scripts)
    person.go("Withdraw money")
    person.fill("Amount", "10")
    person.fill("Reference (optional)", "Rent")
    first, person.page = person.page, person.context.new_page()
    person.open("/")
    person.press("Sign out")
    person.sign_in("ada", PASSWORD)
    person.page = first
    person.press("Continue")
    assert person.heading == "This form cannot be used any more"
    assert not scripts or person.barriers() == []
    person.go("Open the page again")
    person.press("Continue")
    person.sees("Rent")
    person.press("Withdraw now")
    person.sees("Withdrawal done")
    assert events_of(ada).count("WithdrawalMade") == 1


@both
def test_the_database_goes_away_in_the_middle_of_a_task_and_nothing_is_lost(
    somebody: Somebody, ada: Customer, scripts: bool
) -> None:
    person = somebody(signed_in=ada.user, java_script_enabled=scripts)
    person.go("Withdraw money")
    person.fill("Amount", "10")
    person.fill("Reference (optional)", "Rent")
    with database_away():
        person.press("Continue")
        assert person.heading == PAUSING
        assert person.cut_off() == []
    reload(person, until="Check the withdrawal")
    person.sees("Rent")
    with database_away():
        person.press("Withdraw now")
        assert person.heading == PAUSING
        person.page.reload()
        assert person.heading == PAUSING
    reload(person, until="Withdrawal done")
    person.sees("€490.00")
    assert events_of(ada).count("WithdrawalMade") == 1
    person.go("Overview")
    person.sees("€490.00")
    forget_pauses(person)


def test_a_page_that_is_open_stays_calm_and_follows_when_the_database_is_back(
    somebody: Somebody, ada: Customer
) -> None:
    person = somebody(signed_in=ada.user)
    person.open(f"/accounts/{ada.account_id}")
    with database_away(), person.page.expect_response("**/balance?seen=*", timeout=60_000) as asked:
        pass
    assert asked.value.status in {204, 503}
    person.sees("€500.00")
    do(deposit(ada.account_id, 40_00))
    expect(person.page.locator("#balance .amount")).to_have_text("€540.00", timeout=30_000)
    forget_pauses(person)


@both
def test_at_every_door_a_database_that_is_away_is_told_calmly_and_nobody_is_signed_out(
    somebody: Somebody, ada: Customer, grace: Customer, scripts: bool
) -> None:
    account = f"/accounts/{ada.account_id}"
    person = somebody(signed_in=ada.user, java_script_enabled=scripts)
    person.open(account)
    stranger = somebody(java_script_enabled=scripts)
    with database_away():
        stranger.sign_in("grace", PASSWORD)
        assert stranger.heading == PAUSING
        person.fill("Search", "Rent")
        person.press("Search")  # with scripts a swap, which fails, and then the plain form
        expect(person.page.get_by_role("heading", level=1)).to_have_text(PAUSING)
        for path in (
            "/",
            account,
            f"{account}/transfer",
            f"{account}/movements.csv",
            "/payees",
            "/security",
            "/admin/",
        ):
            person.open(path)
            assert person.heading == PAUSING, path
        assert not scripts or person.barriers() == []  # what looks for barriers is a script itself
    person.open("/")
    reload(person, until="Hello, Ada Lovelace")
    reload(stranger, until="Hello, Grace Hopper")
    forget_pauses(person)
    forget_pauses(stranger)


@both
def test_while_the_worker_is_down_reports_say_that_they_are_behind_and_balances_are_right(
    somebody: Somebody, ada: Customer, teller: User, scripts: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bank.web.reports.freshness.BEHIND_SECONDS", 2.0)
    desk = somebody(signed_in=teller, java_script_enabled=scripts)
    drain()  # here no worker runs: what it would do is done now, and not again until the end
    desk.open("/reports/daily-flows")
    expect(desk.page.get_by_text("These figures are behind.")).to_have_count(0)
    person = somebody(signed_in=ada.user, java_script_enabled=scripts)
    person.go("Withdraw money")
    person.fill("Amount", "10")
    person.press("Continue")
    person.press("Withdraw now")
    person.sees("€490.00")
    person.go("Overview")
    person.sees("€490.00")
    person.open(f"/accounts/{ada.account_id}")
    assert person.page.locator("#balance .amount").inner_text() == "€490.00"
    expect(person.page.locator("#movement-rows tr")).to_have_count(2)
    person.go("Explain this balance")
    expect(person.page.locator("tfoot")).to_contain_text("€490.00")

    notice = desk.page.get_by_text("These figures are behind.")
    if not scripts:
        desk.page.wait_for_timeout(2_500)
        desk.page.reload()
    expect(notice).to_be_visible(timeout=30_000)  # with scripts the page finds out by itself
    expect(desk.page.get_by_text(re.compile(r"\d events? waits? to be counted"))).to_be_visible()
    desk.sees("Balances are right all the same.")
    drain()
    if not scripts:
        desk.page.reload()
    expect(notice).to_have_count(0, timeout=30_000)


def reload(person: Person, *, until: str) -> None:
    """What the page asks for: again, as the bank comes back."""
    for _ in range(10):
        person.page.reload()
        if person.heading == until:
            return
        person.page.wait_for_timeout(500)
    raise AssertionError(f"not {until}, but {person.heading}")
