"""The general ledger (async): balanced at any date, and equal to what the events alone add up to."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from accounts.handler import handle, handle_all
from accounts.postings import AccountClass, balances_of, postings
from ledger.runner import advance_once, drain
from ledger.sealing import seal_all
from readmodels import balances, general_ledger
from readmodels.general_ledger import PROJECTION, GeneralLedgerRow, JournalRow, Turnover
from tests.acting import as_owner
from tests.chance import a_seed, chances
from tests.readmodels.histories import events_of, live, three_accounts
from tests.steps import BY, an_account, deposit, transfer, withdraw

pytestmark = pytest.mark.django_db(transaction=True)

CASH, DEPOSITS, TRANSIT = AccountClass.CASH, AccountClass.CUSTOMER_DEPOSITS, AccountClass.TRANSFERS_IN_TRANSIT
DAY = date(2026, 3, 28)
NOON = datetime(2026, 3, 28, 12, tzinfo=UTC)
LATER = date(2027, 1, 1)


def trial(day: date = LATER, currency: str | None = "EUR") -> dict[AccountClass, tuple[int, int]]:
    """Debits and credits by class."""
    lines = general_ledger.trial_balance(day, currency)
    return {line.account_class: (line.debit_minor, line.credit_minor) for line in lines}


def difference(lines: list[Turnover]) -> int:
    return sum(line.balance_minor for line in lines)


def test_each_side_is_posted_on_its_class() -> None:
    one, two = an_account(), an_account()
    handle_all(
        [
            deposit(one, 100_00, at=NOON),
            withdraw(one, 30_00, at=NOON),
            withdraw(one, 1_000_00, at=NOON),  # refused: it does not count
            transfer(one, two, 20_00, at=NOON),
        ],
        by=BY,
    )
    drain()
    assert trial() == {CASH: (100_00, 30_00), DEPOSITS: (50_00, 120_00), TRANSIT: (20_00, 20_00)}
    rows = general_ledger.days("EUR", DAY, DAY, DEPOSITS)
    assert [(r.day, r.debit_minor, r.credit_minor, r.count, r.balance_minor) for r in rows] == [
        (DAY, 50_00, 120_00, 4, -70_00)
    ]


def test_a_late_value_date_lands_on_its_day_and_changes_the_balances_from_there_on() -> None:
    account_id = an_account()
    handle(deposit(account_id, 10, at=NOON), by=BY)
    drain()
    before = trial(DAY - timedelta(days=1))
    handle(deposit(account_id, 5, at=NOON - timedelta(days=3)), by=BY)
    drain()
    assert before == {}
    assert trial(DAY - timedelta(days=4)) == {}
    assert trial(DAY - timedelta(days=3)) == {CASH: (5, 0), DEPOSITS: (0, 5)}
    assert trial(DAY) == {CASH: (15, 0), DEPOSITS: (0, 15)}
    assert [e.amount_minor for e in general_ledger.journal(DAY - timedelta(days=3), "EUR", 10)] == [5]


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (datetime(2026, 3, 28, 23, 59, 59, 999_999, tzinfo=UTC), DAY),
        (datetime(2026, 3, 29, tzinfo=UTC), DAY + timedelta(days=1)),
        (datetime.fromisoformat("2026-03-29T01:59:00+02:00"), DAY),
        (datetime.fromisoformat("2026-03-29T03:00:00+02:00"), DAY + timedelta(days=1)),
        (datetime.fromisoformat("2026-10-25T02:30:00+01:00"), date(2026, 10, 25)),
    ],
)
def test_days_are_those_of_utc_whatever_clocks_do(at: datetime, day: date) -> None:
    handle(deposit(an_account(), 1, at=at), by=BY)
    drain()
    assert trial(day - timedelta(days=1)) == {}
    assert trial(day) == {CASH: (1, 0), DEPOSITS: (0, 1)}


def test_between_both_events_of_a_transfer_the_ledger_is_balanced_too() -> None:
    one, two = an_account(50), an_account()
    handle(transfer(one, two, 20), by=BY)
    seal_all()
    short = type(PROJECTION)(**{f: getattr(PROJECTION, f) for f in PROJECTION.__dataclass_fields__} | {"batch_size": 1})
    seen = set()
    while advance_once(short).more:
        lines = general_ledger.trial_balance(LATER)
        assert difference(lines) == 0
        seen.add({line.account_class: line.balance_minor for line in lines}.get(TRANSIT))
    assert -20 in seen
    assert trial()[TRANSIT] == (20, 20)


def test_currencies_never_mix() -> None:
    handle(deposit(an_account(), 1_00), by=BY)
    handle(deposit(an_account(currency="KWD"), 7, "KWD"), by=BY)
    drain()
    assert general_ledger.currencies() == ["EUR", "KWD"]
    assert trial(currency="KWD") == {CASH: (7, 0), DEPOSITS: (0, 7)}
    assert [(line.currency, line.account_class) for line in general_ledger.trial_balance(LATER)] == [
        ("EUR", CASH), ("EUR", DEPOSITS), ("KWD", CASH), ("KWD", DEPOSITS)
    ]  # fmt: skip


def test_an_empty_bank_has_no_lines() -> None:
    drain()
    assert general_ledger.trial_balance(LATER) == []
    assert general_ledger.currencies() == []
    assert general_ledger.journal(DAY, "EUR", 10) == []


def test_sums_beyond_a_64_bit_number_are_exact() -> None:
    handle_all([deposit(an_account(), 10**17, at=NOON) for _ in range(120)], by=BY)
    drain()
    assert trial() == {CASH: (120 * 10**17, 0), DEPOSITS: (0, 120 * 10**17)}


def test_the_journal_of_a_day_is_paged_both_ways_by_position() -> None:
    one, two = an_account(), an_account()
    handle_all([deposit(one, 1_000, at=NOON), *(transfer(one, two, n, at=NOON) for n in range(1, 8))], by=BY)
    handle(withdraw(one, 9, at=NOON), by=BY)
    drain()
    every = general_ledger.journal(DAY, "EUR", 100)
    assert len(every) == 16
    assert [e.position for e in every] == sorted({e.position for e in every})
    of_cash = general_ledger.journal(DAY, "EUR", 100, CASH)
    assert [(e.type, e.amount_minor) for e in of_cash] == [("DepositMade", 1_000), ("WithdrawalMade", 9)]
    assert {e.type for e in general_ledger.journal(DAY, "EUR", 100, TRANSIT)} == {"TransferSent", "TransferReceived"}
    first = general_ledger.journal(DAY, "EUR", 5)
    second = general_ledger.journal(DAY, "EUR", 5, after=first[-1].position)
    assert first + second == every[:10]
    assert general_ledger.journal(DAY, "EUR", 5, before=second[0].position) == first
    assert general_ledger.journal(DAY, "EUR", 3, before=second[0].position) == first[2:]


def test_every_figure_equals_what_the_events_alone_add_up_to() -> None:
    chance = chances(a_seed())("ledger")
    accounts = [*three_accounts(), *three_accounts()]
    for _ in range(4):
        live(accounts, chance, 120)
        drain()
    expected: defaultdict[tuple[str, str, date], list[int]] = defaultdict(lambda: [0, 0, 0])
    entered = set()
    for event in events_of(accounts):
        lines = postings(event.data)
        for line in lines:
            total = expected[line.account_class.value, line.currency, event.data.occurred_at.date()]
            total[0] += line.debit_minor
            total[1] += line.credit_minor
            total[2] += 1
        if lines:
            data = event.data
            entered.add((data.occurred_at.date(), data.currency, event.position, event.type, data.amount_minor))
    found = {
        (r.account_class, r.currency, r.date): [int(r.debit_minor), int(r.credit_minor), r.count]
        for r in GeneralLedgerRow.objects.all()
    }
    assert found == expected
    assert len(found) > 20
    assert set(JournalRow.objects.values_list("date", "currency", "position", "type", "amount_minor")) == entered
    assert_balanced_on_every_day(accounts)


def assert_balanced_on_every_day(accounts: list[UUID]) -> None:
    """At each date the trial balance is zero, and equals the events up to and with that date."""
    events = events_of(accounts)
    for day in sorted({event.data.occurred_at.date() for event in events}):
        so_far = [e.data for e in events if e.data.occurred_at.date() <= day]
        expected = balances_of(line for data in so_far for line in postings(data))
        lines = general_ledger.trial_balance(day)
        assert {(line.account_class, line.currency): line.balance_minor for line in lines} == expected
        for currency in {line.currency for line in lines}:
            assert difference(general_ledger.trial_balance(day, currency)) == 0


def test_the_control_account_is_what_customers_have() -> None:
    chance = chances(a_seed())("control")
    accounts = three_accounts()
    live(accounts, chance, 150)
    drain()
    for currency in ("EUR", "JPY"):
        total = sum(a.balance_minor for a in map(balances.find, accounts) if a is not None and a.currency == currency)
        debit_minor, credit_minor = trial(currency=currency)[DEPOSITS]
        assert credit_minor - debit_minor == total


def test_months_are_the_sums_of_their_days_within_the_range() -> None:
    account_id = an_account()
    for at in (NOON - timedelta(days=40), NOON - timedelta(days=28), NOON - timedelta(days=2), NOON):
        handle(deposit(account_id, 10, at=at), by=BY)
    drain()
    rows = general_ledger.months("EUR", DAY - timedelta(days=40), DAY - timedelta(days=1), CASH)
    assert [(r.day, r.debit_minor, r.count) for r in rows] == [
        (date(2026, 2, 1), 20, 2), (date(2026, 3, 1), 10, 1)
    ]  # fmt: skip


@pytest.mark.parametrize("account_class", [None, CASH])
def test_no_page_of_the_books_reads_a_whole_table(account_class: AccountClass | None) -> None:
    """As the planner has it once there are many days and many events in each."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "insert into readmodels_journal select date '2020-01-01' + n / 20, 'EUR', n, 'DepositMade', 1"
            " from generate_series(1, 40000) n"
        )
        cursor.execute(
            "insert into readmodels_general_ledger select c, 'EUR', date '2020-01-01' + n, 1, 1, 1"
            " from generate_series(0, 2000) n, unnest(array['cash', 'customer_deposits', 'transfers_in_transit']) c"
        )
        cursor.execute("analyze readmodels_journal, readmodels_general_ledger")
    day = date(2024, 3, 3)
    asked = {"day": day, "currency": "EUR", "types": general_ledger._types_of(account_class), "position": 0}
    for plan in (
        plan_of(general_ledger._JOURNAL.format(beyond=">", order="asc"), {**asked, "limit": 51}),
        plan_of(general_ledger._DAYS, general_ledger._range("EUR", day, day, account_class)),
        plan_of(general_ledger._CURRENCIES, {"account_class": "customer_deposits"}),
    ):
        assert "Seq Scan" not in plan
        assert "_pkey" in plan
    entries = general_ledger.journal(day, "EUR", 51, account_class)
    assert len(entries) == 20


def plan_of(statement: str, values: dict[str, Any]) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"explain {statement}", values)
        return "\n".join(row[0] for row in cursor.fetchall())
