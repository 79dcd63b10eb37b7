"""Daily flows (async): by the day (UTC) on which it happened, however late it was told."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from accounts.account import DepositMade, TransferReceived, TransferSent, WithdrawalMade
from accounts.handler import handle, handle_all
from ledger.runner import drain
from readmodels import daily_flows
from readmodels.daily_flows import DailyFlow
from tests.chance import a_seed, chances
from tests.readmodels.histories import events_of, live, three_accounts
from tests.steps import BY, an_account, deposit, transfer, withdraw

pytestmark = pytest.mark.django_db(transaction=True)

DAY = date(2026, 3, 28)
NEXT = date(2026, 3, 29)


def flows(
    from_date: date = date(2026, 1, 1), to_date: date = date(2026, 12, 31)
) -> list[tuple[date, str, str, int, int]]:
    """What the report says, after the workers have done their work."""
    drain()
    found = daily_flows.between(from_date, to_date)
    return [(f.date, f.currency, f.kind, f.count, int(f.amount_minor)) for f in found]


def test_counts_and_sums_are_kept_by_day_currency_and_kind() -> None:
    one, two, yen = an_account(), an_account(), an_account(currency="JPY")
    at = datetime(2026, 3, 28, 12, tzinfo=UTC)
    handle_all(
        [
            deposit(one, 100, at=at),
            deposit(one, 50, at=at),
            deposit(yen, 7, "JPY", at=at),
            withdraw(one, 30, at=at),
            withdraw(one, 1_000, at=at),  # refused: it does not count
            transfer(one, two, 20, at=at),
            deposit(one, 1, at=at + timedelta(days=1)),
        ],
        by=BY,
    )
    assert flows() == [
        (NEXT, "EUR", "deposit", 1, 1),
        (DAY, "EUR", "deposit", 2, 150),
        (DAY, "EUR", "transfer_received", 1, 20),
        (DAY, "EUR", "transfer_sent", 1, 20),
        (DAY, "EUR", "withdrawal", 1, 30),
        (DAY, "JPY", "deposit", 1, 7),
    ]


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (datetime(2026, 3, 28, 23, 59, 59, 999_999, tzinfo=UTC), DAY),
        (datetime(2026, 3, 29, tzinfo=UTC), NEXT),
        (datetime(2026, 3, 29, 1, 59, tzinfo=timezone(timedelta(hours=2))), DAY),
        (datetime(2026, 3, 29, 2, 0, tzinfo=timezone(timedelta(hours=2))), NEXT),
        (datetime(2026, 3, 28, 23, 30, tzinfo=timezone(timedelta(hours=-5))), NEXT),
    ],
)
def test_a_day_begins_and_ends_at_midnight_utc(at: datetime, day: date) -> None:
    handle(deposit(an_account(), 1, at=at), by=BY)
    assert flows() == [(day, "EUR", "deposit", 1, 1)]


def test_what_is_told_late_lands_on_the_day_on_which_it_happened() -> None:
    account_id = an_account()
    today = datetime(2026, 3, 29, 9, tzinfo=UTC)
    handle(deposit(account_id, 10, at=today), by=BY)
    assert flows() == [(NEXT, "EUR", "deposit", 1, 10)]
    handle(deposit(account_id, 5, at=today - timedelta(days=1)), by=BY)
    assert flows() == [(NEXT, "EUR", "deposit", 1, 10), (DAY, "EUR", "deposit", 1, 5)]
    handle(deposit(account_id, 2, at=today - timedelta(days=1)), by=BY)
    assert flows()[1] == (DAY, "EUR", "deposit", 2, 7)


def test_both_ends_of_a_range_of_days_belong_to_it() -> None:
    account_id = an_account()
    for day in range(26, 31):
        handle(deposit(account_id, day, at=datetime(2026, 3, day, tzinfo=UTC)), by=BY)
    assert [f[0].day for f in flows(date(2026, 3, 27), date(2026, 3, 29))] == [29, 28, 27]
    assert flows(date(2026, 3, 29), date(2026, 3, 27)) == []


def test_one_currency_can_be_asked_for_and_all_are_known() -> None:
    handle(deposit(an_account(), 1), by=BY)
    handle(deposit(an_account(currency="KWD"), 1, "KWD"), by=BY)
    drain()
    found = daily_flows.between(date(2026, 1, 1), date(2026, 12, 31), "KWD")
    assert [flow.currency for flow in found] == ["KWD"]
    assert daily_flows.currencies() == ["EUR", "KWD"]


def test_sums_beyond_a_64_bit_number_are_exact() -> None:
    accounts = [an_account() for _ in range(120)]
    handle_all([deposit(account_id, 10**17) for account_id in accounts], by=BY)
    assert flows() == [(NEXT, "EUR", "deposit", 120, 120 * 10**17)]
    assert 120 * 10**17 > 2**63


def test_the_report_equals_what_all_events_add_up_to() -> None:
    chance = chances(a_seed())("flows")
    accounts = three_accounts()
    for _ in range(4):
        live(accounts, chance, 120)
        drain()
    expected: defaultdict[tuple[date, str, str], list[int]] = defaultdict(lambda: [0, 0])
    kinds = {DepositMade: "deposit", WithdrawalMade: "withdrawal"}
    kinds |= {TransferSent: "transfer_sent", TransferReceived: "transfer_received"}  # type: ignore[dict-item]
    for event in events_of(accounts):
        if kind := kinds.get(type(event.data)):
            total = expected[event.data.occurred_at.date(), event.data.currency, kind]
            total[0] += 1
            total[1] += event.data.amount_minor
    found = {(f.date, f.currency, f.kind): [f.count, int(f.amount_minor)] for f in DailyFlow.objects.all()}
    assert found == expected
    assert len(found) > 20
