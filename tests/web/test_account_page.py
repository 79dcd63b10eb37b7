"""The account page: filters in the address, older movements by keyset, and an export that harms no spreadsheet."""

import csv
import io
import re
from datetime import UTC, datetime

import pytest

from bank.web.formats import MINUS
from readmodels import balances
from tests.steps import an_account, deposit, do, transfer, withdraw
from tests.web.pages import Browser
from tests.web.people import Customer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def busy(ada: Customer) -> str:
    """Ada's account after sixty more movements: 61 in all."""
    for number in range(60):
        do(withdraw(ada.account_id, 100 + number, reference=f"Coffee {number:02d}"))
    return f"/accounts/{ada.account_id}"


def rows_of(browser: Browser, url: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(browser.open(url).html)))


def test_an_account_without_movements_says_so(browser: Browser, ada: Customer) -> None:
    empty = an_account(customer_id=ada.customer_id)
    page = browser.open(f"/accounts/{empty}")
    assert page.status == 200
    assert "Nothing has come or gone yet." in page.text


def test_each_movement_stands_with_the_balance_after_it(browser: Browser, ada: Customer) -> None:
    do(withdraw(ada.account_id, 12_34))
    page = browser.open(f"/accounts/{ada.account_id}")
    assert f"minus {MINUS} €12.34" in page.text
    assert "€487.66" in page.text


def test_older_movements_come_by_keyset_and_none_twice(browser: Browser, busy: str) -> None:
    seen: list[str] = []
    page = browser.open(busy)
    seen += re.findall(r"Coffee (\d\d)", page.text)
    while "Show older movements" in page.links:
        page = browser.open(page.link("Show older movements").partition("#")[0])
        seen += re.findall(r"Coffee (\d\d)", page.text)
    assert seen == [f"{number:02d}" for number in reversed(range(60))]


def test_filters_narrow_the_list_and_stay_in_the_links(browser: Browser, busy: str) -> None:
    page = browser.open(f"{busy}?q=coffee&kind=withdrawal&min=1.10&max=1.50")
    assert "Coffee 50" in page.text
    assert "Coffee 51" not in page.text
    assert "Coffee 09" not in browser.open(page.link("Show older movements").partition("#")[0]).text
    older = page.link("Show older movements")
    assert "q=coffee" in older
    assert "min=1.10" in older
    assert "before=" in older
    assert "kind=withdrawal" in page.link("Export CSV")


def test_dates_are_of_what_happened(browser: Browser, ada: Customer) -> None:
    do(deposit(ada.account_id, 1, reference="Old", at=datetime(2020, 2, 29, 23, 59, tzinfo=UTC)))
    url = f"/accounts/{ada.account_id}"
    assert "Old" in browser.open(f"{url}?from=2020-02-29&to=2020-02-29").text
    assert "No movement fits these filters." in browser.open(f"{url}?from=2020-03-01&to=2020-03-02").text


@pytest.mark.parametrize(
    "query",
    ["from=yesterday", "min=abc", "max=-1", "kind=theft", "from=2026-02-02&to=2026-01-01", "before=0", "before=x",
     "before=99999999999", "q=%00", "from=0000-00-00"],
)  # fmt: skip
def test_a_filter_that_cannot_be_used_is_said_and_shows_nothing(browser: Browser, busy: str, query: str) -> None:
    for url in (f"{busy}?{query}", f"{busy}/movements.csv?{query}"):
        page = browser.open(url)
        assert page.status == 422
        assert "Coffee" not in page.text


def test_unknown_parameters_are_harmless(browser: Browser, busy: str) -> None:
    assert browser.open(f"{busy}?utm=x&from=&to=").status == 200


def test_the_export_has_every_movement_that_fits(browser: Browser, ada: Customer, busy: str) -> None:
    rows = rows_of(browser, f"{busy}/movements.csv")
    assert len(rows) == 61
    assert rows[0]["reference"] == "Coffee 59"
    assert rows[0]["amount"] == "-1.59"
    assert rows[0]["balance_after"] == f"{ada.account.balance_minor / 100:.2f}"
    assert rows[-1]["amount"] == "500.00"
    assert len(rows_of(browser, f"{busy}/movements.csv?q=Coffee+1")) == 10


def test_the_export_downloads_under_a_name_without_surprises(browser: Browser, ada: Customer) -> None:
    for name, stem in (("Everyday", "everyday"), ('../"x"; evil', "x-evil"), ("家計", "account")):
        account_id = an_account(5, customer_id=ada.customer_id, name=name)
        row = balances.find(account_id)
        assert row is not None
        response = browser.open(f"/accounts/{account_id}/movements.csv").response
        assert response.headers["Content-Disposition"] == f'attachment; filename="{stem}-{row.iban[-4:]}.csv"'


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-1", "@SUM(A1)"])
def test_the_export_runs_nothing_in_a_spreadsheet(browser: Browser, ada: Customer, text: str) -> None:
    do(deposit(ada.account_id, 1, reference=text, counterparty=text))
    row = rows_of(browser, f"/accounts/{ada.account_id}/movements.csv")[0]
    assert row["reference"] == f"'{text}"
    assert row["counterparty"] == f"'{text}"


def test_a_movement_shows_both_sides_and_its_event(browser: Browser, ada: Customer, grace: Customer) -> None:
    outcome = do(transfer(ada.account_id, grace.account_id, 30_00, reference="Lunch"))
    sent = outcome.events[0]
    page = browser.open(f"/accounts/{ada.account_id}/movements/{sent.stream_position}")
    for words in ("To Grace Hopper", "Ada Lovelace", "Lunch", "TransferSent", str(sent.id), "€470.00"):
        assert words in page.text
    assert "Grace Hopper" not in page.links
    assert "Ada Lovelace" in page.links
    assert "user:" not in page.text
    assert browser.open(f"/accounts/{ada.account_id}/movements/1").status == 404  # the opening moved nothing
    assert browser.open(f"/accounts/{ada.account_id}/movements/99999999999").status == 404


def test_the_overview_shows_the_last_five_movements_of_all_accounts(browser: Browser, ada: Customer) -> None:
    savings = an_account(customer_id=ada.customer_id, name="Savings")
    for number in range(6):
        do(transfer(ada.account_id, savings, 1_00, reference=f"Save {number}"))
    page = browser.open("/")
    assert "Save 5" in page.text
    assert page.text.count("Save ") == 5
    assert "To Savings" in page.text
    assert "€494.00" in page.text
