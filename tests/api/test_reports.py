"""Asynchronous reports: how far they have come, and waiting for one's own writes."""

import csv
import time
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any
from urllib.parse import urlencode

import pytest

from accounts.handler import handle_all
from bank.identity.models import User
from ledger.consistency import token_of
from ledger.ids import new_id
from ledger.runner import drain
from tests.api.client import Api, eur
from tests.api.given import Account, a_customer, an_account
from tests.steps import BY, deposit, transfer, withdraw
from tests.web.pages import Browser

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/reports/daily_flows"


def test_a_report_tells_how_far_it_has_come(teller: Api, account: Account) -> None:
    body = teller.get(PATH).body
    assert (body["data"], body["as_of"]["position"], body["as_of"]["timestamp"]) == ([], 0, None)
    assert body["as_of"]["lag_events"] == 3
    drain()
    body = teller.get(PATH).body
    assert set(body["as_of"]) == {"position", "timestamp", "lag_events"}
    assert (body["as_of"]["position"], body["as_of"]["lag_events"]) == (3, 0)
    assert body["as_of"]["timestamp"].endswith("Z")
    (flow,) = body["data"]
    assert (flow["kind"], flow["count"], flow["amount"]) == ("deposit", 1, eur("500.00"))


def test_a_report_is_filtered_and_paged(teller: Api, account: Account, others: Account) -> None:
    yen = an_account(a_customer(), 700, currency="JPY")
    teller.post(f"{yen.path}/withdrawals", {"amount": {"amount": "70", "currency": "JPY"}})
    teller.post("/transfers", {"from": str(account.id), "to": str(others.id), "amount": eur("5")})
    drain()
    rows = teller.get(PATH).body["data"]
    assert [(row["amount"]["currency"], row["kind"], row["count"], row["amount"]["amount"]) for row in rows] == [
        ("EUR", "deposit", 2, "1000.00"),
        ("EUR", "transfer_received", 1, "5.00"),
        ("EUR", "transfer_sent", 1, "5.00"),
        ("JPY", "deposit", 1, "700"),
        ("JPY", "withdrawal", 1, "70"),
    ]
    today = rows[0]["date"]
    assert teller.get(PATH, {"currency": "JPY"}).body["data"] == rows[3:]
    assert teller.get(PATH, {"from": today, "to": today}).body["data"] == rows
    assert teller.get(PATH, {"to": "2020-01-01"}).body["data"] == []
    seen: list[dict[str, Any]] = []
    page = teller.get(PATH, {"limit": 1}).body
    while page["has_more"]:
        seen += page["data"]
        page = teller.get(PATH, {"limit": 1, "cursor": page["next_cursor"]}).body
    assert seen + page["data"] == rows


def test_a_reader_who_waits_for_the_own_command_sees_it(teller: Api, account: Account) -> None:
    token = teller.post(f"{account.path}/deposits", {"amount": eur("1")}).header("Consistency-Token") or ""

    def work() -> None:
        time.sleep(0.3)
        drain()

    worker = Thread(target=work)
    worker.start()
    body = teller.get(PATH, {"consistent_with": token}).body
    worker.join()
    assert body["data"][0]["amount"] == eur("501.00")
    assert body["as_of"]["lag_events"] == 0


def test_a_report_that_stays_behind_says_so_after_two_seconds(teller: Api, account: Account) -> None:
    token = teller.post(f"{account.path}/deposits", {"amount": eur("1")}).header("Consistency-Token") or ""
    started = time.monotonic()
    answer = teller.get(PATH, {"consistent_with": token})
    assert 1.9 < time.monotonic() - started < 4
    assert (answer.status, answer.code) == (503, "not_yet_consistent")
    assert answer.header("Retry-After") == "1"


def test_a_statement_is_right_at_once_and_waits_for_nobody(teller: Api, account: Account) -> None:
    token = teller.post(f"{account.path}/deposits", {"amount": eur("1")}).header("Consistency-Token") or ""
    started = time.monotonic()
    body = teller.get(f"{account.path}/transactions", {"consistent_with": token}).body
    assert body["data"][0]["amount"] == eur("1.00")
    assert time.monotonic() - started < 1


def test_a_report_that_has_passed_the_token_answers_at_once(teller: Api, account: Account) -> None:
    token = teller.post(f"{account.path}/deposits", {"amount": eur("1")}).header("Consistency-Token") or ""
    drain()
    started = time.monotonic()
    assert teller.get(PATH, {"consistent_with": token}).status == 200
    assert time.monotonic() - started < 1


@pytest.mark.parametrize(
    "token", ["x", "", " ", "A" * 12, "s" * 12, "\u00e9", "A" * 201, "cwAAAAAAAAAE\n", "c wAAAAAAAAE"]
)
def test_what_is_no_token_is_refused(teller: Api, token: str) -> None:
    answer = teller.get(PATH, {"consistent_with": token})
    assert answer.status == 400
    assert answer.pointers == ["/consistent_with"]


def test_an_event_that_is_not_there_is_not_counted_yet(teller: Api) -> None:
    assert teller.get(PATH, {"consistent_with": token_of(new_id(), 1)}).code == "not_yet_consistent"


@pytest.mark.parametrize(
    "token", [token_of(new_id(), 0), token_of(new_id(), 2**31), token_of(new_id(), 1)[:-1], "A" * 28]
)
def test_a_token_that_no_event_could_have_is_refused(teller: Api, token: str) -> None:
    assert teller.get(PATH, {"consistent_with": token}).code == "invalid_consistency_token"


# --- the other reports

REPORTS: dict[str, dict[str, Any]] = {
    "activity": {},
    "average_balances": {},
    "balance_distribution": {},
    "cash_position": {},
    "dormant_accounts": {"days": 0},
    "general_ledger": {},
    "growth": {},
    "journal": {"currency": "EUR"},
    "largest_movements": {"currency": "EUR"},
    "refusals": {},
    "trial_balance": {},
}


@pytest.fixture
def moved(teller: Api, account: Account, others: Account) -> None:
    """Some movements in two currencies, all of them in the reports."""
    yen = an_account(a_customer(), 700, currency="JPY")
    teller.post(f"{yen.path}/withdrawals", {"amount": {"amount": "70", "currency": "JPY"}})
    teller.post("/transfers", {"from": str(account.id), "to": str(others.id), "amount": eur("5")})
    teller.post("/transfers", {"from": str(account.id), "to": str(others.id), "amount": eur("5000")})
    teller.post("/transfers", {"from": str(account.id), "to": str(yen.id), "amount": eur("5")})
    drain()


@pytest.mark.usefixtures("moved")
@pytest.mark.parametrize("name", REPORTS)
def test_every_report_comes_in_pages_and_says_how_far_it_has_come(teller: Api, name: str) -> None:
    whole = teller.get(f"/reports/{name}", REPORTS[name]).body
    assert whole["data"]
    assert (whole["has_more"], whole["as_of"]["lag_events"]) == (False, 0)
    seen: list[Any] = []
    page = teller.get(f"/reports/{name}", {**REPORTS[name], "limit": 1}).body
    while page["has_more"]:
        assert len(page["data"]) == 1
        seen += page["data"]
        page = teller.get(f"/reports/{name}", {**REPORTS[name], "limit": 1, "cursor": page["next_cursor"]}).body
    assert seen + page["data"] == whole["data"]


HAVE_TESTS_OF_THEIR_OWN = {"dormant_accounts", "general_ledger", "journal", "trial_balance"}


def scalars(value: Any) -> set[str]:
    """All that a row of the API says, at any depth."""
    if isinstance(value, dict):
        return set().union(*map(scalars, value.values()))
    return {str(value)}


@pytest.mark.usefixtures("moved")
@pytest.mark.parametrize("name", sorted({*REPORTS, "daily_flows"} - HAVE_TESTS_OF_THEIR_OWN))
def test_the_api_has_the_rows_of_the_file(teller: Api, name: str) -> None:
    """In the same order, with the same figures, also where the days asked for go on beyond today."""
    days = {} if name == "balance_distribution" else {"from": "2020-01-01", "to": "2030-01-01"}
    currency = {} if name in ("growth", "refusals") else {"currency": "EUR"}
    user = User.objects.create(username="counting", roles=["operations"])
    page = Browser.signed_in(user).open(f"/reports/{name.replace('_', '-')}.csv?{urlencode(days | currency)}")
    lines = list(csv.DictReader(page.html.splitlines()))
    rows = teller.get(f"/reports/{name}", {**REPORTS.get(name, {}), **days, **currency}).body["data"]
    assert len(lines) == len(rows) > 0
    for line, row in zip(lines, rows, strict=True):
        told = {value for column, value in line.items() if value and column not in ("rank", "occurred_at")}
        assert told <= scalars(row)


@pytest.mark.usefixtures("moved")
def test_figures_of_reports_are_those_of_the_events(teller: Api, account: Account) -> None:
    def rows(name: str, **query: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = teller.get(f"/reports/{name}", query).body["data"]
        return found

    (cash,) = rows("cash_position", currency="JPY")
    assert (cash["deposits"]["amount"], cash["withdrawals"]["amount"], cash["closing"]["amount"]) == (
        "700",
        "70",
        "630",
    )
    ends = rows("average_balances", currency="EUR")[0]
    assert (ends["balance"], ends["accounts"], ends["average"]) == (eur("1000.00"), 2, eur("500.00"))
    assert [(band["at_least"], band["accounts"]) for band in rows("balance_distribution", currency="EUR")] == [
        (eur("100.00"), 2)
    ]
    assert rows("growth", currency="JPY")[0]["accounts"] == 1
    (sent,) = rows("largest_movements", currency="EUR", kind="transfer_sent")
    assert (sent["amount"], sent["account_id"]) == (eur("5.00"), str(account.id))
    assert {row["account_id"] for row in rows("dormant_accounts", days=0)} >= {str(account.id)}
    assert rows("dormant_accounts") == []
    assert sum(hour["count"] for hour in rows("activity", currency="EUR")) == 3
    assert [(row["reason"], row["count"]) for row in rows("refusals")] == [
        ("currency_mismatch", 1),
        ("insufficient_funds", 1),
    ]
    assert rows("refusals", to="2020-01-01") == []
    assert rows("activity", to="2020-01-01") == rows("cash_position", to="2020-01-01") == []


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("largest_movements", "required"),
        ("largest_movements?currency=EUR&kind=transfer_received", "invalid_choice"),
        ("dormant_accounts?days=-1", "invalid_number"),
        ("dormant_accounts?days=36501", "invalid_number"),
        ("activity?from=2026-02-30", "invalid_date"),
        ("balance_distribution?from=2026-03-29", "unknown_parameter"),
        ("growth?currency=EURO", "invalid_currency"),
        ("trial_balance?on=2026-02-30", "invalid_date"),
        ("trial_balance?from=2026-03-29", "unknown_parameter"),
        ("general_ledger?account_class=gold", "invalid_choice"),
        ("journal", "required"),
        ("journal?currency=EUR&from=2026-03-29", "unknown_parameter"),
    ],
)
def test_what_a_report_is_not_asked_for_is_refused(teller: Api, query: str, code: str) -> None:
    answer = teller.send("GET", f"/api/v1/reports/{query}")
    assert (answer.status, answer.code) == (400, code)


@pytest.mark.parametrize("name", REPORTS)
def test_the_whole_calendar_is_no_error(teller: Api, name: str) -> None:
    ends = [{"from": "0001-01-01", "to": "9999-12-31"}]
    if name in ("balance_distribution", "dormant_accounts"):
        ends = [{}]
    elif name in ("journal", "trial_balance"):
        ends = [{"on": "0001-01-01"}, {"on": "9999-12-31"}]
    for days in ends:
        assert teller.get(f"/reports/{name}", {**REPORTS[name], **days}).status == 200


# --- the books


@pytest.mark.usefixtures("moved")
def test_the_books_say_both_sides_of_every_event_and_are_equal(teller: Api) -> None:
    lines = teller.get("/reports/trial_balance", {"currency": "EUR"}).body["data"]
    found = {
        line["account_class"]: [line[side]["amount"] for side in ("debits", "credits", "balance")] for line in lines
    }
    assert found == {
        "cash": ["1000.00", "0.00", "1000.00"],
        "customer_deposits": ["5.00", "1005.00", "-1000.00"],
        "transfers_in_transit": ["5.00", "5.00", "0.00"],
    }
    assert [line["postings"] for line in lines] == [2, 4, 2]
    (yen,) = teller.get("/reports/general_ledger", {"currency": "JPY", "account_class": "cash"}).body["data"]
    assert [yen[side]["amount"] for side in ("debits", "credits", "balance")] == ["700", "70", "630"]
    entries = teller.get("/reports/journal", {"currency": "EUR", "account_class": "transfers_in_transit"}).body["data"]
    assert [(entry["type"], entry["debit"], entry["credit"], entry["amount"]) for entry in entries] == [
        ("TransferSent", "customer_deposits", "transfers_in_transit", eur("5.00")),
        ("TransferReceived", "transfers_in_transit", "customer_deposits", eur("5.00")),
    ]
    for name in ("trial_balance", "journal"):
        assert teller.get(f"/reports/{name}", {**REPORTS[name], "on": "2020-01-01"}).body["data"] == []


def test_a_general_ledger_in_pages_has_the_balance_at_the_end_of_each_day_on_every_page(teller: Api) -> None:
    """Days without movements, more than one class and currency a day, and what is told late."""
    first = datetime(2026, 3, 1, 12, tzinfo=UTC)
    euros, other = an_account(a_customer(), 0), an_account(a_customer(), 0)
    yen = an_account(a_customer(), 0, currency="JPY")
    commands: list[Any] = [deposit(euros.id, 100 + day, at=first + timedelta(days=day)) for day in (0, 1, 4)]
    commands += [deposit(yen.id, 7, "JPY", at=first + timedelta(days=day)) for day in (1, 4)]
    commands += [withdraw(euros.id, 10, at=first + timedelta(days=4)), transfer(euros.id, other.id, 3, at=first)]
    handle_all([*commands, deposit(euros.id, 1, at=first - timedelta(days=2))], by=BY)
    drain()
    query: dict[str, Any] = {"to": "2026-03-31", "limit": 3}
    rows: list[dict[str, Any]] = []
    page = teller.get("/reports/general_ledger", query).body
    while page["has_more"]:
        rows += page["data"]
        page = teller.get("/reports/general_ledger", {**query, "cursor": page["next_cursor"]}).body
    rows += page["data"]
    assert len(rows) == 4 + 4 + 3 + 2
    for row in rows:
        at_the_end = teller.get("/reports/trial_balance", {"on": row["date"]}).body["data"]
        (same,) = [
            line
            for line in at_the_end
            if line["account_class"] == row["account_class"]
            and line["balance"]["currency"] == row["balance"]["currency"]
        ]
        assert row["balance"] == same["balance"]
    assert [row["date"] for row in rows] == sorted((row["date"] for row in rows), reverse=True)
    cash = [row["balance"] for row in rows if row["account_class"] == "cash"]
    of_cash = teller.get("/reports/general_ledger", {"to": "2026-03-31", "account_class": "cash"}).body["data"]
    assert [row["balance"] for row in of_cash] == cash
    later = teller.get("/reports/general_ledger", {"from": "2026-03-05", "to": "2026-03-31", "currency": "EUR"}).body
    assert [(row["account_class"], row["balance"]["amount"]) for row in later["data"]] == [
        ("cash", "2.96"),
        ("customer_deposits", "-2.96"),
    ]
