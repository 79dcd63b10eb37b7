"""History (live): the account as it was, at any version and at any moment."""

from datetime import timedelta
from uuid import UUID

import pytest

from accounts.account import evolve
from accounts.account_commands import FreezeAccount
from accounts.handler import handle, handle_all
from ledger.ids import new_id
from ledger.reading import read_stream
from readmodels import balances, history
from tests.chance import a_seed, chances
from tests.readmodels.histories import live, three_accounts
from tests.spec import AT
from tests.steps import BY, an_account, deposit, withdraw

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)


def an_account_with_a_past() -> UUID:
    """Opened at AT; +100 an hour later, -30 after two, frozen after three."""
    account_id = an_account()
    handle_all(
        [
            deposit(account_id, 100, at=AT + HOUR),
            withdraw(account_id, 30, at=AT + 2 * HOUR),
            FreezeAccount(command_id=new_id(), account_id=account_id, at=AT + 3 * HOUR),
        ],
        by=BY,
    )
    return account_id


def balance_at(account_id: UUID, **when: object) -> tuple[int, str, int] | None:
    found = history.account_at(account_id, **when)  # type: ignore[arg-type]
    return (found[0].balance_minor, found[0].status.value, found[1]) if found else None


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        (0, None),
        (1, (0, "open", 1)),
        (2, (100, "open", 2)),
        (3, (70, "open", 3)),
        (4, (70, "frozen", 4)),
        (5, None),
        (-1, None),
        (2**40, None),
    ],
)
def test_an_account_is_shown_as_it_was_after_each_of_its_events(
    version: int, expected: tuple[int, str, int] | None
) -> None:
    assert balance_at(an_account_with_a_past(), version=version) == expected


@pytest.mark.parametrize(
    ("after_opening", "expected"),
    [
        (-timedelta(microseconds=1), None),
        (timedelta(), (0, "open", 1)),
        (HOUR - timedelta(microseconds=1), (0, "open", 1)),
        (HOUR, (100, "open", 2)),
        (2 * HOUR, (70, "open", 3)),
        (3 * HOUR - timedelta(microseconds=1), (70, "open", 3)),
        (100 * HOUR, (70, "frozen", 4)),
    ],
)
def test_an_account_is_shown_as_it_was_at_each_moment(
    after_opening: timedelta, expected: tuple[int, str, int] | None
) -> None:
    assert balance_at(an_account_with_a_past(), as_of=AT + after_opening) == expected


def test_without_a_version_or_a_moment_it_is_the_account_of_now() -> None:
    account_id = an_account_with_a_past()
    row = balances.find(account_id)
    assert row is not None
    assert balance_at(account_id) == (row.balance_minor, row.status, row.version)


def test_a_version_and_a_moment_together_mean_both() -> None:
    account_id = an_account_with_a_past()
    assert balance_at(account_id, version=2, as_of=AT + HOUR) == (100, "open", 2)
    assert balance_at(account_id, version=3, as_of=AT + HOUR) is None


def test_an_account_that_never_was_has_no_history() -> None:
    assert history.account_at(new_id()) is None
    assert history.account_at(new_id(), version=1) is None
    assert history.account_at(new_id(), as_of=AT) is None


def test_what_was_told_late_counts_from_the_moment_on_which_it_happened() -> None:
    account_id = an_account()
    handle_all([deposit(account_id, 100, at=AT + 5 * HOUR), deposit(account_id, 1, at=AT + HOUR)], by=BY)
    assert balance_at(account_id, as_of=AT + 2 * HOUR) == (1, "open", 3)
    assert balance_at(account_id, as_of=AT + 5 * HOUR) == (101, "open", 3)


def test_money_that_is_said_to_have_come_before_the_opening_does_not_open_the_account() -> None:
    account_id = an_account()
    handle(deposit(account_id, 100, at=AT - HOUR), by=BY)
    assert balance_at(account_id, as_of=AT - timedelta(minutes=1)) is None
    assert balance_at(account_id, as_of=AT) == (100, "open", 2)


def test_every_version_of_a_long_random_life_equals_its_fold() -> None:
    accounts = three_accounts()
    live(accounts, chances(a_seed())("history"), 200)
    for account_id in accounts:
        state = None
        for event in read_stream(account_id):
            state = evolve(state, event.data, account_id)
            if event.stream_position % 7 == 1:
                assert history.account_at(account_id, version=event.stream_position) == (state, event.stream_position)
