"""A teller's day, in a real browser, with scripts and without: from a new customer to a closed account."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from bank.access_records import reading
from bank.access_records.reading import AccessFilter
from bank.identity.models import Role, User
from readmodels import balances, finding
from tests.journeys.conftest import PASSWORD
from tests.journeys.person import Person

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey, pytest.mark.timeout(300)]
Somebody = Callable[..., Person]

HOSTILE = "Bobby <img src=x onerror=alert(1)> O'Tables"
MASKED = "Bobby O•••"
ACCOUNT = "Everyday <script>"


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_tellers_day(somebody: Somebody, teller: User, scripts: bool) -> None:
    desk = somebody(signed_in=teller, java_script_enabled=scripts)
    register_and_open(desk)
    find(desk)
    take_in_cash(desk, scripts)
    freeze_and_unfreeze(desk)
    close(desk)

    (bobby,) = finding.customers("bobby", 10)
    (account,) = balances.of_customer(bobby.customer_id)
    assert (account.status, account.balance_minor) == ("closed", 0)
    looked = reading.page(AccessFilter(actor=f"user:{teller.pk}", customer_id=bobby.customer_id), 1_000)
    assert {record.account_id for record in looked} == {None, account.account_id}


def register_and_open(desk: Person) -> None:
    task(desk, "Register customer", "Register customer", {"Name": HOSTILE, "Email (optional)": "bobby@example.org"})
    assert desk.heading == "Customer registered"
    task(desk, "Open an account", "Open account", {"Name of the account": ACCOUNT})
    assert desk.heading == "Account opened"


def find(desk: Person) -> None:
    desk.go("Customers")
    desk.fill("Name, email or IBAN", "abbo")
    desk.press("Find customer")
    desk.sees("Nobody found")
    desk.fill("Name, email or IBAN", "tables")
    desk.press("Find customer")
    desk.sees(MASKED)
    assert "onerror" not in desk.page.content()
    assert "tables" not in desk.page.url
    desk.go(MASKED)
    assert desk.heading == HOSTILE


def take_in_cash(desk: Person, scripts: bool) -> None:
    task(desk, "Deposit money", "Deposit now", {"Amount": "80"})
    desk.go("Print receipt")
    desk.page.wait_for_url("**/slip")
    for words in ("Cash paid in", "€80.00", "teller"):
        desk.sees(words)
    expect(desk.page.get_by_role("button", name="Print receipt")).to_be_visible(visible=scripts)
    desk.page.emulate_media(media="print")
    expect(desk.page.get_by_role("navigation")).to_have_count(0)
    desk.sees("€80.00")
    desk.page.emulate_media(media="screen")
    desk.go("Back to the receipt")


def freeze_and_unfreeze(desk: Person) -> None:
    desk.go(f"Go to {ACCOUNT}")
    task(desk, "Freeze account", "Freeze account", {"Reason": "Card reported stolen"})
    assert desk.heading == "Account frozen"
    desk.go(f"Go to {ACCOUNT}")
    desk.go("Close account")
    desk.sees("To do first")
    expect(desk.page.get_by_role("button", name="Continue")).to_have_count(0)
    task(desk, "Unfreeze account", "Unfreeze account", {"Reason": "Card found"})
    assert desk.heading == "Account unfrozen"


def close(desk: Person) -> None:
    desk.go(f"Go to {ACCOUNT}")
    desk.go("Close account")
    desk.sees("left: pay them out, or transfer them.")
    task(desk, "Withdraw money", "Withdraw now", {"Amount": "80"})
    desk.go(f"Go to {ACCOUNT}")
    task(desk, "Close account", "Close account for ever", {"Reason": "Moved away"})
    assert desk.heading == "Account closed"


def task(desk: Person, link: str, confirm: str, answers: dict[str, str]) -> None:
    """From the link of a task to its receipt."""
    desk.go(link)
    for label, text in answers.items():
        desk.fill(label, text)
    desk.press("Continue")
    desk.press(confirm)


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_the_auditor_sees_who_looked(somebody: Somebody, teller: User, scripts: bool) -> None:
    desk = somebody(signed_in=teller, java_script_enabled=scripts)
    task(desk, "Register customer", "Register customer", {"Name": "Ada Lovelace"})
    desk.go("Go to the customer")
    for _ in range(60):
        desk.page.request.get(desk.page.url)
    User.objects.create_user("auditor", password=PASSWORD, roles=[Role.AUDITOR])
    auditor = somebody(java_script_enabled=scripts)
    auditor.sign_in("auditor", PASSWORD)
    auditor.go("Audit")
    auditor.page.get_by_role("link", name="Access records").first.click()  # its words say what is there, too
    auditor.fill("Who looked", "teller")
    auditor.press("Search")
    auditor.page.wait_for_url("**actor=teller*")
    rows = auditor.page.locator("#record-rows tr")
    rows.nth(49).wait_for()
    auditor.go("Show older records")
    auditor.page.get_by_role("link", name="Show older records").wait_for(state="hidden")
    expect(rows).to_have_count(62 if scripts else 12)
    rows.first.get_by_role("link", name="Ada L•••").click()
    auditor.sees("Customer since")
    assert auditor.heading == "Ada Lovelace"
