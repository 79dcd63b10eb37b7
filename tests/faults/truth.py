"""The whole truth about a bank after a fault: log, events, heads, balances, book and reports, against each other."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from django.db import connection

from accounts.handler import handle
from accounts.outcome import find_recorded
from ledger.connections import cursor
from ledger.consistency import has_passed
from ledger.models import Command, Event
from ledger.projections import async_projections
from ledger.reading import read_stream, stream_version
from ledger.runner import drain
from ledger.sealing import seal_all
from readmodels import balances, movements
from readmodels.balances import AccountRow
from readmodels.daily_flows import DailyFlow
from tests.faults.processes import wait_until
from tests.ledger.book import check_the_book, gaps, unsealed_count
from tests.readmodels.comparing import check_every_report
from tests.readmodels.histories import folded
from tests.steps import BY, an_account, deposit

EVENTS_OF = {"Deposit": 1, "Withdraw": 1, "Transfer": 2, "RegisterCustomer": 1}
_AT_ONCE = 1_000
KIND_OF = {
    "DepositMade": "deposit",
    "WithdrawalMade": "withdrawal",
    "TransferSent": "transfer_sent",
    "TransferReceived": "transfer_received",
}


def check_commands(acknowledged: Iterable[tuple[UUID, str]], sent: Iterable[UUID]) -> None:
    """Every acknowledged command is there, with what it was told; every sent one is whole or absent."""
    with connection.cursor() as all_events:
        all_events.execute("select metadata ->> 'commandId', count(*) from ledger_event group by 1")
        events = {UUID(command_id): count for command_id, count in all_events.fetchall() if command_id}
    logged = {row.command_id: row for row in Command.objects.all()}
    for command_id, told in acknowledged:
        row = logged.get(command_id)
        assert row is not None, f"{command_id} was acknowledged and is lost"
        assert (row.refusal or "accepted") == told
    for command_id in sent:
        row = logged.get(command_id)
        expected = EVENTS_OF[row.type] if row is not None and row.refusal is None else 0
        assert events.get(command_id, 0) == expected, f"{command_id} is not whole"
    accepted = [row.command_id for row in logged.values() if row.refusal is None]
    for start in range(0, len(accepted), _AT_ONCE):
        with cursor() as cur:
            assert len(find_recorded(cur, accepted[start : start + _AT_ONCE])) == len(
                accepted[start : start + _AT_ONCE]
            )


def check_accounts(accounts: Sequence[UUID]) -> None:
    """Streams without holes, heads and balances equal to their folds, and together what came in and did not go out."""
    total = 0
    for account_id in accounts:
        positions = [event.stream_position for event in read_stream(account_id)]
        assert positions == list(range(1, stream_version(account_id) + 1))
        state, version = folded(account_id)
        row = balances.find(account_id)
        assert row is not None
        assert (row.balance_minor, row.version) == (state.balance_minor, version)
        assert state.available_minor >= 0
        total += state.balance_minor
    assert total == _sum_of("DepositMade", accounts) - _sum_of("WithdrawalMade", accounts)


def check_book_and_reports(accounts: Sequence[UUID]) -> None:
    """Everything committed is sealed once, and the reports say what the events say: nothing twice, nothing missing."""
    drain()
    wait_until(lambda: seal_all().count == 0 and not gaps(), 15, "gaps of transactions that were lost are forgotten")
    drain()
    assert unsealed_count() == 0
    assert check_the_book() == Event.objects.count()
    expected: defaultdict[tuple[date, str], list[int]] = defaultdict(lambda: [0, 0])
    for account_id in accounts:
        for event in read_stream(account_id):
            if kind := KIND_OF.get(event.type):
                total = expected[event.data.occurred_at.date(), kind]
                total[0] += 1
                total[1] += event.data.amount_minor
        listed = movements.page(account_id, 1_000_000)
        assert len(listed) == sum(1 for e in read_stream(account_id) if e.type in KIND_OF)
        assert (listed[0].balance_minor if listed else 0) == folded(account_id)[0].balance_minor
    assert {(f.date, f.kind): [f.count, int(f.amount_minor)] for f in DailyFlow.objects.all()} == expected
    check_every_report(to_date=max((day for day, _ in expected), default=date.min))


def every_account() -> list[UUID]:
    """All accounts of the bank."""
    return list(AccountRow.objects.values_list("account_id", flat=True))


def last_token() -> str:
    """The token of a command that comes behind everything so far."""
    return handle(deposit(an_account(), 1), by=BY).consistency_token or ""


def all_reports_passed(token: str) -> bool:
    """Whether every async projection has applied what the command wrote."""
    return all(has_passed(projection.name, token) for projection in async_projections())


def rows_of_movements() -> int:
    """How many movements the worker has written."""
    with connection.cursor() as table:
        table.execute("select count(*) from readmodels_movement")
        return int(table.fetchone()[0])


def told_by(lines: Iterable[str]) -> tuple[list[UUID], list[tuple[UUID, str]], Counter[str]]:
    """(sent, acknowledged as (id, outcome), how often each word) of a client's output."""
    sent, acknowledged, words = [], [], Counter[str]()
    for line in lines:
        word, *rest = line.split()
        words[word] += 1
        if word == "sent":
            sent.append(UUID(rest[0]))
        elif word == "done":
            acknowledged.append((UUID(rest[0]), rest[1]))
    return sent, acknowledged, words


def _sum_of(type_name: str, accounts: Sequence[UUID]) -> int:
    with connection.cursor() as sums:
        sums.execute(
            "select coalesce(sum((data ->> 'amount_minor')::bigint), 0) from ledger_event"
            " where type = %s and stream_id = any(%s)",
            [type_name, list(accounts)],
        )
        return int(sums.fetchone()[0])
