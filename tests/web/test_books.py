"""Trial balance, general ledger and journal: each number leads to the one behind it, down to the event."""

import html
import re
from datetime import UTC, datetime

import pytest

from bank.identity.models import Role
from ledger.runner import drain
from readmodels import general_ledger
from tests.acting import as_owner
from tests.steps import an_account, deposit, do, transfer, withdraw
from tests.web.pages import Browser
from tests.web.people import Customer, a_login

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2026, 3, 5, 12, tzinfo=UTC)
TRIAL, LEDGER, JOURNAL = "/reports/trial-balance", "/reports/general-ledger", "/reports/journal"
MARCH = "from=2026-03-01&to=2026-03-31&currency=EUR"


@pytest.fixture
def auditor(bank: None) -> Browser:
    return Browser.signed_in(a_login("auditor", Role.AUDITOR))


@pytest.fixture
def moved(ada: Customer, grace: Customer) -> None:
    """Two days in March; both customers had 600 of euros before, on the day of the tests' clock."""
    do(deposit(ada.account_id, 1_234_00, at=AT))
    do(withdraw(ada.account_id, 34_00, at=AT))
    do(transfer(ada.account_id, grace.account_id, 55_00, at=AT.replace(day=7)))
    drain()


def hrefs(page: str, begin: str) -> list[str]:
    return [html.unescape(href) for href in re.findall(r'href="([^"]+)"', page) if href.startswith(begin)]


@pytest.mark.parametrize("url", [TRIAL, LEDGER, JOURNAL])
def test_an_empty_bank_has_no_figures_but_a_page(auditor: Browser, url: str) -> None:
    page = auditor.open(url)
    assert page.status == 200
    assert "No figures" in page.text


def test_the_trial_balance_of_a_day_has_both_sides_equal(auditor: Browser, moved: None) -> None:
    page = auditor.open(f"{TRIAL}?on=2026-03-06")
    assert "The trial balance is zero." in page.text
    for figure in ("€1,234.00", "€34.00", "€1,200.00 debit", "€1,200.00 credit", "€1,268.00"):
        assert figure in page.text
    assert "Transfers in transit" not in page.text
    later = auditor.open(f"{TRIAL}?on=2026-03-07")
    assert "Transfers in transit" in later.text
    assert "Nothing had been posted" in auditor.open(f"{TRIAL}?on=2026-03-04").text


def test_a_class_leads_to_its_days_a_day_to_its_events_an_event_to_itself(auditor: Browser, moved: None) -> None:
    trial = auditor.open(f"{TRIAL}?on=2026-03-07")
    (cash,) = [href for href in hrefs(trial.html, LEDGER) if "class=cash" in href]
    ledger = auditor.open(cash)
    assert ledger.status == 200
    assert "Opening balance" in ledger.text
    assert "€1,200.00 debit" in ledger.text
    (day,) = hrefs(ledger.html, JOURNAL + "?")
    journal = auditor.open(day)
    assert "5 Mar 2026" in journal.text
    assert "Deposit" in journal.text
    entries = general_ledger.journal(AT.date(), "EUR", 10)
    assert hrefs(journal.html, "/audit/events/") == [f"/audit/events/{entry.position}" for entry in entries]


def test_who_is_no_auditor_sees_the_journal_without_the_way_to_events(moved: None) -> None:
    teller = Browser.signed_in(a_login("teller", Role.TELLER))
    page = teller.open(f"{JOURNAL}?on=2026-03-05&currency=EUR")
    assert "€1,234.00" in page.text
    assert hrefs(page.html, "/audit/events/") == []


def test_the_ledger_goes_from_the_opening_to_the_closing_balance(auditor: Browser, moved: None) -> None:
    page = auditor.open(f"{LEDGER}?from=2026-03-06&to=2026-03-10&currency=EUR&class=customer_deposits")
    assert re.search(r"Opening balance\s+€1,200.00 credit", page.text)
    assert re.search(r"Closing balance\s+€55.00\s+€55.00\s+€1,200.00 credit", page.text)
    assert "Cash" not in page.text.partition("Closing balance")[0].partition("Opening balance")[2]
    earlier, later = hrefs(page.html, f"{LEDGER}?")[-2:]
    assert "from=2026-03-01&to=2026-03-05" in earlier
    assert "from=2026-03-11&to=2026-03-15" in later
    assert "class=customer_deposits" in earlier
    assert auditor.open(earlier).status == 200


def test_a_long_range_goes_by_month_and_a_month_leads_to_its_days(auditor: Browser, moved: None) -> None:
    page = auditor.open(f"{LEDGER}?from=2025-03-06&to=2026-03-06&currency=EUR&class=cash")
    assert re.search(r"Mar 2026\s+€1,234.00\s+€34.00\s+€1,200.00 debit\s+2", page.text)
    (month,) = [href for href in hrefs(page.html, f"{LEDGER}?") if "from=2026-03-01&to=2026-03-06" in href]
    assert "5 Mar 2026" in auditor.open(month).text
    years = auditor.open(f"{LEDGER}?from=2020-01-01&to=2026-12-31&currency=EUR")
    assert "Mar 2026" in years.text


def test_the_journal_goes_on_both_ways(auditor: Browser, ada: Customer, grace: Customer) -> None:
    for number in range(1, 31):
        do(transfer(ada.account_id, grace.account_id, number, at=AT))
    drain()
    first = auditor.open(f"{JOURNAL}?on=2026-03-05&currency=EUR")
    assert first.text.count("Transfer") >= 50
    (onwards,) = [href for href in hrefs(first.html, JOURNAL) if "after=" in href]
    second = auditor.open(onwards)
    (back,) = [href for href in hrefs(second.html, JOURNAL) if "before=" in href]
    assert not [href for href in hrefs(second.html, JOURNAL) if "after=" in href]
    again = auditor.open(back)
    assert hrefs(again.html, "/audit/events/") == hrefs(first.html, "/audit/events/")
    assert len(hrefs(second.html, "/audit/events/")) == 10


def test_files_have_the_figures_of_their_pages(auditor: Browser, moved: None) -> None:
    trial = auditor.open(f"{TRIAL}.csv?on=2026-03-07").html.splitlines()
    assert trial == [
        "at_the_end_of,currency,account_class,debits,credits,balance",
        "2026-03-07,EUR,cash,1234.00,34.00,1200.00",
        "2026-03-07,EUR,customer_deposits,89.00,1289.00,-1200.00",
        "2026-03-07,EUR,transfers_in_transit,55.00,55.00,0.00",
    ]
    ledger = auditor.open(f"{LEDGER}.csv?{MARCH}&class=cash").html.splitlines()
    assert ledger[1] == "2026-03-05,EUR,cash,1234.00,34.00,1200.00,2"
    journal = auditor.open(f"{JOURNAL}.csv?on=2026-03-05&currency=EUR").html.splitlines()
    assert [line.split(",")[2:] for line in journal[1:]] == [
        ["DepositMade", "cash", "customer_deposits", "1234.00", "EUR"],
        ["WithdrawalMade", "customer_deposits", "cash", "34.00", "EUR"],
    ]


@pytest.mark.parametrize("url", [TRIAL, LEDGER])
def test_the_page_does_not_answer_again_while_nothing_is_new(auditor: Browser, ada: Customer, url: str) -> None:
    drain()
    page = auditor.open(url)
    assert "As of event 3, 0.0 s ago" in page.text
    poll = html.unescape(re.findall(r'hx-get="([^"]+)"', page.html)[0])
    assert auditor.open(poll).status == 204
    do(deposit(ada.account_id, 5))
    assert auditor.open(poll).status == 200


@pytest.mark.parametrize(
    ("url", "query"),
    [
        (TRIAL, "on=x"),
        (TRIAL, "on=2026-02-30"),
        (TRIAL, "currency=XXX"),
        (LEDGER, "from=x"),
        (LEDGER, "from=2026-02-02&to=2026-01-01"),
        (LEDGER, "from=1900-01-01&to=2026-01-01"),
        (LEDGER, "class=gold"),
        (LEDGER, "currency=%00"),
        (JOURNAL, "on=yesterday"),
        (JOURNAL, "after=x"),
        (JOURNAL, "before=-1"),
        (JOURNAL, "after=99999999999999999999"),
        (JOURNAL, "class=%F0%9F%92%B0"),
    ],
)
def test_nonsense_in_the_address_is_said(auditor: Browser, ada: Customer, url: str, query: str) -> None:
    drain()
    for address in (f"{url}?{query}", f"{url}.csv?{query}"):
        page = auditor.open(address)
        assert page.status == 422
        assert "can\u2019t be" in page.text


@pytest.mark.parametrize(
    "query", ["to=0001-01-01", "to=9999-12-31", "from=9999-12-31&to=9999-12-31", "from=0001-01-01&to=0001-01-01"]
)
def test_the_calendar_s_ends_are_days(auditor: Browser, ada: Customer, query: str) -> None:
    drain()
    assert auditor.open(f"{LEDGER}?{query}").status in {200, 422}
    for day in ("0001-01-01", "9999-12-31"):
        assert auditor.open(f"{TRIAL}?on={day}").status == 200
        assert auditor.open(f"{JOURNAL}?on={day}").status == 200


def test_currencies_stand_apart_each_with_its_decimals(auditor: Browser, ada: Customer) -> None:
    do(deposit(an_account(currency="JPY"), 700, "JPY", at=AT))
    do(deposit(an_account(currency="KWD"), 1_234, "KWD", at=AT))
    drain()
    page = auditor.open(f"{TRIAL}?on=2026-03-05")
    assert "¥700" in page.text
    assert "1.234" in page.text
    assert "JPY" not in auditor.open(f"{TRIAL}?on=2026-03-05&currency=KWD").text.partition("At the end of 5 Mar")[2]


def test_books_that_are_not_balanced_are_said_so(auditor: Browser, moved: None) -> None:
    with as_owner():
        general_ledger.GeneralLedgerRow.objects.filter(account_class="cash").update(debit_minor=1)
    page = auditor.open(TRIAL)
    assert "The trial balance is not zero." in page.text
    assert 'role="alert"' in page.html
