"""What came of a command: what the handler answers, and what it answers again when the command comes again."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from accounts.account import Account
from accounts.aggregates import AGGREGATES, State, state_of
from accounts.customer import Customer
from accounts.refusals import Refused, restore_refusal
from ledger.codec import decode_json
from ledger.connections import Cursor
from ledger.consistency import token_of
from ledger.projections import NewEvent
from ledger.reading import read_events
from ledger.records import RecordedEvent
from ledger.store import Head, LoggedCommand, find_commands, load


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """A command's outcome. `versions` and states are those right after it, of the streams that it wrote.

    `consistency_token` is None where nothing was written; `replayed` says that it was decided earlier.
    """

    command_id: UUID
    command_type: str
    actor: str
    refusal: Refused | None
    events: tuple[RecordedEvent, ...]
    versions: dict[UUID, int]
    accounts: dict[UUID, Account]
    customers: dict[UUID, Customer]
    consistency_token: str | None
    recorded_at: datetime
    channel: str = ""
    correlation_id: UUID | None = None
    fingerprint: bytes = b""
    replayed: bool = False

    @property
    def accepted(self) -> bool:
        """Whether the bank did what was asked."""
        return self.refusal is None


def result_of(writes: Sequence[tuple[str, UUID, int, int, State]]) -> dict[str, Any]:
    """What the command log keeps of an accepted command: (category, stream, first, last position, state) a stream."""
    return {"streams": [[c, s, first, last, AGGREGATES[c].memo(state)] for c, s, first, last, state in writes]}


def token_of_last(events: Sequence[RecordedEvent | NewEvent]) -> str | None:
    """The consistency token of a command that wrote these events; None where it wrote none."""
    return token_of(events[-1].stream_id, events[-1].stream_position) if events else None


def split_states(states: Sequence[tuple[UUID, State]]) -> tuple[dict[UUID, Account], dict[UUID, Customer]]:
    """States by id, accounts apart from customers."""
    accounts: dict[UUID, Account] = {}
    customers: dict[UUID, Customer] = {}
    for stream_id, state in states:
        if isinstance(state, Account):
            accounts[stream_id] = state
        elif isinstance(state, Customer):
            customers[stream_id] = state
    return accounts, customers


def find_recorded(cur: Cursor, command_ids: Sequence[UUID]) -> dict[UUID, Outcome]:
    """The recorded outcomes of those ids that the log has; three statements however many there are."""
    logged = find_commands(cur, command_ids)
    writes = {command.command_id: decode_json(command.result).get("streams", []) for command in logged}
    stream_ids = sorted({UUID(write[1]) for rows in writes.values() for write in rows})
    heads = load(cur, stream_ids) if stream_ids else {}
    places = [(UUID(w[1]), position) for rows in writes.values() for w in rows for position in range(w[2], w[3] + 1)]
    events = read_events(cur, places) if places else {}
    return {command.command_id: _restore(cur, command, writes[command.command_id], heads, events) for command in logged}


def _restore(
    cur: Cursor,
    command: LoggedCommand,
    writes: list[list[Any]],
    heads: dict[UUID, Head],
    events: dict[tuple[UUID, int], RecordedEvent],
) -> Outcome:
    states: list[tuple[UUID, State]] = []
    own: list[RecordedEvent] = []
    for category, stream, first, last, memo in writes:
        stream_id, aggregate = UUID(stream), AGGREGATES[category]
        state = state_of(cur, category, stream_id, heads[stream_id])
        states.append((stream_id, aggregate.recall(state, memo)))
        # Those of a detached partition are not here; what came of the command is.
        places = ((stream_id, position) for position in range(first, last + 1))
        own += [events[place] for place in places if place in events]
    accounts, customers = split_states(states)
    fields = decode_json(command.result).get("fields", {})
    return Outcome(
        command_id=command.command_id,
        command_type=command.type,
        actor=command.actor,
        channel=command.channel,
        correlation_id=command.correlation_id,
        fingerprint=command.fingerprint,
        refusal=restore_refusal(command.refusal, fields) if command.refusal else None,
        events=tuple(own),
        versions={UUID(write[1]): write[3] for write in writes},
        accounts=accounts,
        customers=customers,
        consistency_token=token_of(UUID(writes[-1][1]), writes[-1][3]) if writes else None,
        recorded_at=command.recorded_at,
        replayed=True,
    )
