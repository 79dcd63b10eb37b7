"""A rebuild is a good neighbour: it holds nobody's dead rows, seals before it stops appends, makes way for commands."""

import time
from typing import Any

import pytest

from accounts.handler import handle
from ledger import rebuilding
from ledger.connections import cursor
from ledger.reading import head_position, read_unsealed
from ledger.runner import drain
from readmodels import balances
from tests.steps import BY, an_account, deposit

pytestmark = pytest.mark.django_db(transaction=True)


def sessions_that_hold_a_snapshot() -> list[tuple[Any, ...]]:
    """Those of the ledger that are idle in a transaction and hold back what may be cleared."""
    with cursor() as cur:
        return cur.execute(
            "select query from pg_stat_activity where datname = current_database()"
            " and state = 'idle in transaction' and backend_xmin is not null"
        ).fetchall()


def test_a_rebuild_between_two_batches_holds_no_snapshot() -> None:
    an_account(10)
    drain()
    seen: list[list[tuple[Any, ...]]] = []
    rebuilding.rebuild("balances", progress=lambda _position, _head: seen.append(sessions_that_hold_a_snapshot()))
    assert seen
    assert not any(seen)


def test_what_is_committed_is_sealed_before_appends_have_to_wait() -> None:
    account_id = an_account(10)
    drain()
    sealed = head_position()
    handle(deposit(account_id, 5), by=BY)
    found = rebuilding.rebuild("balances")
    assert found.events == head_position() == sealed + 1
    with cursor() as cur:
        assert read_unsealed(cur) == []
    row = balances.find(account_id)
    assert row is not None
    assert row.balance_minor == 15


def test_a_rebuild_pauses_after_a_batch_during_which_commands_came(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuilding, "BATCH_SIZE", 2)
    # So long that it shows.
    monkeypatch.setattr(rebuilding, "_PAUSE", 20.0)
    account_id = an_account(10)
    for _ in range(4):
        handle(deposit(account_id, 1), by=BY)
    drain()

    def seconds(*, commands: bool) -> float:
        def progress(_position: int, _head: int) -> None:
            if commands:
                handle(deposit(account_id, 1), by=BY)

        started = time.monotonic()
        rebuilding.rebuild("daily_flows", check=True, progress=progress)
        return time.monotonic() - started

    alone = min(seconds(commands=False) for _ in range(3))  # the machine may be busy with something else
    assert seconds(commands=True) > 2 * alone
