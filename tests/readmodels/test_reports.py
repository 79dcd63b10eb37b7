"""Reports: which day, which hour, which band; what is told late; what is kept and what is let go."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection

from accounts.account_commands import CloseAccount
from accounts.handler import handle, handle_all
from ledger.ids import new_id
from ledger.runner import drain
from readmodels import (
    activity,
    average_balances,
    balance_distribution,
    cash_position,
    dormant_accounts,
    growth,
    largest_movements,
)
from readmodels.balance_distribution import limits
from tests.spec import AT
from tests.steps import BY, a_customer, an_account, deposit, open_for, transfer, withdraw

pytestmark = pytest.mark.django_db(transaction=True)

DAY = date(2026, 3, 10)
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def days_later(days: int) -> datetime:
    return NOON + timedelta(days=days)


# --- cash position, average balances


def test_what_is_told_late_moves_the_cash_position_of_every_day_after_it() -> None:
    account_id = an_account()
    handle_all([deposit(account_id, 100, at=days_later(0)), withdraw(account_id, 30, at=days_later(5))], by=BY)
    handle(deposit(account_id, 7, at=days_later(2)), by=BY)
    drain()
    found = [(d.date, d.opening_minor, d.in_minor, d.out_minor, d.closing_minor) for d in since(cash_position, DAY)]
    assert found == [
        (DAY + timedelta(days=5), 107, 0, 30, 77),
        (DAY + timedelta(days=2), 100, 7, 0, 107),
        (DAY, 0, 100, 0, 100),
    ]
    assert since(cash_position, DAY + timedelta(days=5))[0].opening_minor == 107, "also where a period begins later"
    assert cash_position.at_end_of(DAY + timedelta(days=4)) == {"EUR": 107}
    assert cash_position.at_end_of(DAY - timedelta(days=1)) == {}


def since(report: Any, day: date) -> list[Any]:
    found: list[Any] = report.between(day, date.max, "EUR")
    return found


def test_a_transfer_inside_the_bank_changes_no_cash() -> None:
    account_id, other_id = an_account(50, at=NOON), an_account()
    handle(transfer(account_id, other_id, 20), by=BY)
    drain()
    assert list(cash_position.at_end_of(date.max).values()) == [50]


def test_an_average_counts_every_calendar_day_and_every_account_that_is_open() -> None:
    customer_id = a_customer()
    first = open_for(customer_id, at=days_later(0))
    second = open_for(customer_id, at=days_later(1))
    handle_all([first, second, deposit(first.account_id, 90, at=days_later(0))], by=BY)
    close = CloseAccount(account_id=second.account_id, command_id=new_id(), at=days_later(3))
    handle_all([close, deposit(first.account_id, 30, at=days_later(2))], by=BY)
    drain()
    found = average_balances.between(DAY - timedelta(days=9), DAY + timedelta(days=4), "EUR")
    assert [(d.date.day, d.balance_minor, d.accounts, d.average_minor) for d in found] == [
        (14, 120, 1, 120),
        (13, 120, 1, 120),
        (12, 120, 2, 60),
        (11, 90, 2, 45),
        (10, 90, 1, 90),
    ]
    mean = average_balances.over(DAY, DAY + timedelta(days=4), "EUR")
    assert mean is not None
    assert (mean.days, mean.balance_minor, mean.average_minor) == (5, 108, 87)
    assert average_balances.over(DAY, DAY, "JPY") is None
    assert average_balances.between(DAY, DAY + timedelta(days=4), "EUR", limit=2) == found[:2]


# --- balances


@pytest.mark.parametrize(
    ("currency", "minor", "band"),
    [
        ("EUR", 0, 0), ("EUR", 1, 1), ("EUR", 99, 1), ("EUR", 100, 2), ("EUR", 999, 2), ("EUR", 1_000, 3),
        ("EUR", 99_999_999, 7), ("EUR", 100_000_000, 8), ("JPY", 1, 2), ("JPY", 9, 2), ("JPY", 10, 3),
        ("KWD", 999, 1), ("KWD", 1_000, 2), ("KWD", 10_000, 3),
    ],
)  # fmt: skip
def test_a_band_ends_where_a_power_of_ten_begins(currency: str, minor: int, band: int) -> None:
    an_account(minor, currency=currency)
    drain()
    (found,) = balance_distribution.bands(currency)
    assert (found.band, found.accounts, found.total_minor) == (band, 1, minor)
    assert found.from_minor is not None
    assert found.below_minor is not None
    assert found.from_minor <= minor < found.below_minor


def test_bands_follow_one_another_without_a_hole() -> None:
    ends = [limits(band, "EUR") for band in range(-1, 9)]
    assert all(before[1] == after[0] for before, after in pairwise(ends))


def test_an_account_is_in_one_band_and_in_none_once_it_is_closed() -> None:
    account_id = an_account(500, overdraft_limit_minor=1_000)
    steps = [(withdraw(account_id, 600), [(-1, 1, -100)]), (deposit(account_id, 100), [(0, 1, 0)])]
    for command, bands in steps:
        handle(command, by=BY)
        drain()
        assert [(b.band, b.accounts, b.total_minor) for b in balance_distribution.bands("EUR")] == bands
    handle(CloseAccount(account_id=account_id, command_id=new_id(), at=AT), by=BY)
    drain()
    assert balance_distribution.bands() == []
    assert balance_distribution.currencies() == []


# --- customers and accounts


def test_who_came_and_what_was_opened_is_counted_on_the_day_on_which_it_happened() -> None:
    customer_id = a_customer()
    later = open_for(customer_id, at=AT + timedelta(days=3), currency="JPY")
    handle_all([later, open_for(customer_id, at=AT)], by=BY)
    drain()
    newest, first = growth.between(date.min, date.max)
    assert (newest.accounts_opened, newest.accounts, newest.customers_registered, newest.customers) == (1, 2, 0, 1)
    assert (first.date, first.accounts_opened, first.accounts, first.customers) == (AT.date(), 1, 1, 1)
    (euros,) = growth.between(date.min, date.max, "EUR")
    assert (euros.accounts, euros.customers) == (1, 1)
    at_end = growth.at_end_of(AT.date() + timedelta(days=2))
    assert at_end is not None
    assert at_end.accounts == 1


# --- largest movements


def test_of_each_day_and_kind_only_so_many_are_kept_and_the_earlier_of_two_that_are_equal() -> None:
    account_id, kept = an_account(), largest_movements.KEPT
    for _ in range(3):
        handle_all([deposit(account_id, 100 + n, at=NOON) for n in range(kept)], by=BY)
        drain()
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from readmodels_large_movement")
        assert cursor.fetchone()[0] == kept
    found = largest_movements.largest(DAY, DAY, "EUR")
    assert [m.amount_minor for m in found][:4] == [100 + kept - 1] * 3 + [100 + kept - 2]
    assert [m.position for m in found][:3] == sorted(m.position for m in found[:3])
    assert largest_movements.largest(DAY, DAY, "EUR", limit=2) == found[:2]
    assert largest_movements.largest(DAY, DAY, "EUR", limit=kept + 10) == found


def test_a_large_movement_that_is_told_late_takes_its_place_among_those_of_its_day() -> None:
    account_id = an_account()
    handle_all([deposit(account_id, 5, at=days_later(n)) for n in range(3)], by=BY)
    drain()
    handle(deposit(account_id, 9, at=days_later(1)), by=BY)
    drain()
    assert [
        m.amount_minor for m in largest_movements.largest(DAY + timedelta(days=1), DAY + timedelta(days=1), "EUR")
    ] == [9, 5]
    assert [m.amount_minor for m in largest_movements.largest(DAY, DAY, "EUR")] == [5]


def test_a_transfer_is_one_movement_with_both_its_accounts() -> None:
    account_id, other_id = an_account(50, at=days_later(-1)), an_account()
    handle(transfer(account_id, other_id, 20, at=NOON), by=BY)
    drain()
    (found,) = largest_movements.largest(DAY, DAY, "EUR")
    assert (found.kind, found.account_id, found.counterparty_account_id) == ("transfer_sent", account_id, other_id)
    assert (found.holder, found.iban[:2]) == ("Ada Lovelace", "LU")
    assert largest_movements.largest(DAY, DAY, "EUR", "deposit") == []


# --- dormant accounts


def test_who_receives_or_is_told_late_is_no_less_dormant_and_who_moves_money_is_awake() -> None:
    idle, busy, receiving = (an_account(at=days_later(-200)) for _ in range(3))
    handle_all([deposit(account_id, 100, at=days_later(-200)) for account_id in (idle, busy, receiving)], by=BY)
    handle(deposit(busy, 1, at=days_later(-3)), by=BY)
    handle(transfer(busy, receiving, 1, at=days_later(-2)), by=BY)
    handle(deposit(busy, 1, at=days_later(-300)), by=BY)
    drain()
    on = dormant_accounts.since(DAY, 90)
    found = dormant_accounts.page(on, 10)
    assert {row.account_id for row in found} == {idle, receiving}
    assert [row.balance_minor for row in found if row.account_id == receiving] == [101]
    assert dormant_accounts.page(on, 10, currency="JPY") == []
    last = dormant_accounts.page(DAY, 10)
    assert (last[-1].account_id, last[-1].last_on) == (busy, DAY - timedelta(days=2))
    first = dormant_accounts.page(on, 1)
    assert dormant_accounts.page(on, 10, after=(first[0].last_on, first[0].account_id)) == found[1:]


def test_days_before_the_first_there_is_are_no_error() -> None:
    assert dormant_accounts.since(DAY, 10**9) == date.min


# --- activity


@pytest.mark.parametrize(
    ("at", "weekday", "hour"),
    [
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), 7, 1),  # the last minute of winter
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), 7, 3),  # the hour from two to three does not exist
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), 7, 2),  # comes twice
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), 7, 2),
        (datetime(2026, 7, 5, 22, 30, tzinfo=UTC), 1, 0),  # Monday has begun in the bank
    ],
)
def test_hours_and_weekdays_are_those_of_the_bank_s_clock(at: datetime, weekday: int, hour: int) -> None:
    handle(deposit(an_account(), 5, at=at), by=BY)
    drain()
    (found,) = activity.between(date.min, date.max)
    assert (found.weekday, found.hour, found.count, found.amount_minor) == (weekday, hour, 1, 5)


def test_a_transfer_is_one_act() -> None:
    account_id, other_id = an_account(50, at=days_later(-1)), an_account()
    handle(transfer(account_id, other_id, 20, at=NOON), by=BY)
    drain()
    assert [h.count for h in activity.between(DAY, DAY, "EUR")] == [1]
