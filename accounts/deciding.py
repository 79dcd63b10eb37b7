"""Deciding a batch in memory: states folded forward command by command, into one append."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from accounts.aggregates import AGGREGATES, Handling, State, state_of
from accounts.command import Command
from accounts.outcome import Outcome, result_of, split_states, token_of_last
from accounts.recent import Recent, RecentStates
from accounts.refusals import IdTaken, Refused
from ledger.codec import type_of
from ledger.connections import Cursor, server
from ledger.errors import VersionConflict
from ledger.ids import new_id
from ledger.projections import NewEvent
from ledger.records import RecordedEvent
from ledger.store import Appended, Batch, CommandExists, CommandRow, Head, StreamChange, load, load_batch

recent = RecentStates()


class Envelope(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A command on its way: how it is handled, who sent it, what it belongs to. `refused`: by the database."""

    command: Command
    handling: Handling
    fingerprint: bytes
    actor: str
    channel: str
    correlation_id: UUID
    causation_id: UUID
    expected_version: int | None = None
    refused: Refused | None = None


class BatchRefused(Exception):
    """A command of an all-or-nothing batch was refused: nothing was done, nothing recorded. `index` counts from 0."""

    def __init__(self, index: int, refusal: Refused) -> None:
        super().__init__(f"command {index}: {refusal}")
        self.index = index
        self.refusal = refusal


@dataclass(slots=True)
class _Fold:
    """A stream while the batch runs over it."""

    category: str
    loaded_version: int
    loaded_state: Any
    version: int
    state: Any

    @classmethod
    def of(cls, category: str, version: int, state: Any) -> "_Fold":
        return cls(category, version, state, version, state)

    def rewind(self) -> None:
        """As it was loaded."""
        self.version, self.state = self.loaded_version, self.loaded_state

    def seen_as(self, category: str) -> Any:
        """The state, to whoever asks for a stream of this kind: a customer's id names no account."""
        return self.state if self.category == category else None


class Decision(msgspec.Struct, frozen=True):
    """One command's part: its refusal, its conflict (then nothing is recorded), or its events.

    `writes`: (category, stream, first position, last position, state) of each stream.
    """

    envelope: Envelope
    refusal: Refused | None
    conflict: VersionConflict | None = None
    events: list[NewEvent] = []
    writes: list[tuple[str, UUID, int, int, State]] = []


@dataclass(frozen=True, slots=True)
class Decided:
    """The whole batch: what to append, and each command's part in it."""

    batch: Batch
    decisions: list[Decision]
    folds: dict[UUID, _Fold]
    server: object


def decide_batch(
    cur: Cursor, envelopes: list[Envelope], *, lock: bool, all_or_nothing: bool, load_all: bool = False
) -> Decided:
    """Load every stream of the batch in one statement, decide in order. Raises BatchRefused, CommandExists.

    Nothing is loaded where this process wrote all of the streams last, as far as it knows, unless `load_all` says so.
    """
    decided = None if lock or load_all else _decide_on_recent(envelopes, all_or_nothing=all_or_nothing)
    return decided or _decide_all(envelopes, _load(cur, envelopes, lock=lock), all_or_nothing=all_or_nothing)


def keep_recent(decided: Decided) -> None:
    """Remember what was appended, for the next batch about the same streams."""
    changes = decided.batch.streams
    recent.keep({i: Recent(c.category, c.to_version, c.snapshot) for i, c in changes.items()}, decided.server)


def offer_recent(stream_id: UUID, head: Head) -> None:
    """Whoever read the stream for another reason, just now, spares the next command about it the load."""
    aggregate = AGGREGATES[head.category]
    if head.snapshot_schema == aggregate.snapshot_schema:
        recent.offer(stream_id, Recent(head.category, head.version, aggregate.decode(head.snapshot)))


def forget_recent(envelopes: list[Envelope]) -> None:
    """Another process writes streams of these commands, too."""
    recent.lost_race(_asked(envelopes))


def _decide_on_recent(envelopes: list[Envelope], *, all_or_nothing: bool) -> Decided | None:
    """The batch as decided on states that were not loaded; None where loading is the way."""
    known = recent.find(_asked(envelopes), server())
    if known is None:
        return None
    folds = {i: _Fold.of(stream.category, stream.version, stream.state) for i, stream in known.items()}
    try:
        decided = _decide_all(envelopes, folds, all_or_nothing=all_or_nothing)
    except BatchRefused:
        return None
    # The append checks the version of what it writes. What was only read (to refuse, most of all) may be out of date.
    if any(fold.version == fold.loaded_version for fold in folds.values()):
        return None
    return decided


def _decide_all(envelopes: list[Envelope], folds: dict[UUID, _Fold], *, all_or_nothing: bool) -> Decided:
    where = server()
    decisions = []
    for index, envelope in enumerate(envelopes):
        decision = _decide(envelope, folds)
        if decision.refusal is not None and all_or_nothing:
            raise BatchRefused(index, decision.refusal)
        decisions.append(decision)
    return Decided(_batch_of(decisions, folds), decisions, folds, where)


def _batch_of(decisions: list[Decision], folds: dict[UUID, _Fold]) -> Batch:
    batch = Batch()
    for decision in decisions:
        if decision.conflict is None:
            batch.events += decision.events
            batch.commands.append(_command_row(decision))
    for stream_id, fold in folds.items():
        if fold.version > fold.loaded_version:
            schema = AGGREGATES[fold.category].snapshot_schema
            batch.streams[stream_id] = StreamChange(
                fold.category, fold.loaded_version, fold.version, fold.state, schema
            )
    if batch.events and len(batch.streams) < len(folds):
        _hold_what_was_read(batch, decisions, folds)
    return batch


def _hold_what_was_read(batch: Batch, decisions: list[Decision], folds: dict[UUID, _Fold]) -> None:
    """A stream that events were decided on, but that gets none, is written as it is: so its version is checked, too.

    Else an account could be opened for a customer who is erased in the same moment.
    """
    for decision in decisions:
        if not decision.events:
            continue
        for stream_id in _streams_of(decision.envelope):
            fold = folds[stream_id]
            if stream_id not in batch.streams and fold.version > 0:
                schema = AGGREGATES[fold.category].snapshot_schema
                batch.streams[stream_id] = StreamChange(fold.category, fold.version, fold.version, fold.state, schema)


def decide_again(
    cur: Cursor, decided: Decided, moved: dict[UUID, Head], busy: set[UUID], *, all_or_nothing: bool
) -> tuple[Decided, list[Envelope]]:
    """The batch with these streams as they are now, and without the commands about busy ones, which come second.

    A command that follows such a command on some stream waits with it. Decided again is only what has to do with all
    these: commands about them, commands about a stream of those, and so on. Raises BatchRefused.
    """
    folds = decided.folds
    concerned = _connected([d.envelope for d in decided.decisions], busy.union(moved))
    for stream_id in concerned:
        folds[stream_id].rewind()
    for stream_id, head in moved.items():
        folds[stream_id] = _Fold.of(head.category, head.version, state_of(cur, head.category, stream_id, head))
    decisions, waiting, waited_for = [], [], set(busy)
    for decision in decided.decisions:
        streams = _streams_of(decision.envelope)
        if not waited_for.isdisjoint(streams):
            waited_for.update(streams)
            waiting.append(decision.envelope)
        elif concerned.isdisjoint(streams):
            decisions.append(decision)
        else:
            decisions.append(_decide(decision.envelope, folds))
            if all_or_nothing and (refusal := decisions[-1].refusal) is not None:
                raise BatchRefused(len(decisions) - 1, refusal)
    return Decided(_batch_of(decisions, folds), decisions, folds, decided.server), waiting


def _connected(envelopes: list[Envelope], stream_ids: set[UUID]) -> set[UUID]:
    """These streams, and all that commands tie to them, however far round."""
    ties = [streams for e in envelopes if len(streams := _streams_of(e)) > 1]
    connected, before = set(stream_ids), 0
    while len(connected) > before:
        before = len(connected)
        for streams in ties:
            if not connected.isdisjoint(streams):
                connected.update(streams)
    return connected


def _streams_of(envelope: Envelope) -> list[UUID]:
    return [stream_id for _, stream_id in envelope.handling.streams(envelope.command)]


def outcomes_of(decided: Decided, appended: Appended) -> list[Outcome]:
    """What the callers get, now that it is committed."""
    return [_outcome(decision, appended) for decision in decided.decisions if decision.conflict is None]


def _load(cur: Cursor, envelopes: list[Envelope], *, lock: bool) -> dict[UUID, _Fold]:
    """Every stream that some command names; one that does not exist yet is at version 0 without a state."""
    asked = _asked(envelopes)
    if lock or len(envelopes) == 1:
        heads = load(cur, list(asked), lock=lock)
    else:
        heads, recorded = load_batch(cur, list(asked), [e.command.command_id for e in envelopes])
        if recorded:
            raise CommandExists
    folds = {}
    for stream_id, category in asked.items():
        head = heads.get(stream_id)
        if head is None:
            folds[stream_id] = _Fold.of(category, 0, None)
        else:
            state = state_of(cur, head.category, stream_id, head)
            folds[stream_id] = _Fold.of(head.category, head.version, state)
    return folds


def _asked(envelopes: list[Envelope]) -> dict[UUID, str]:
    """The category of every stream that some command names."""
    return {stream_id: category for e in envelopes for category, stream_id in e.handling.streams(e.command)}


def _decide(envelope: Envelope, folds: dict[UUID, _Fold]) -> Decision:
    command = envelope.command
    if envelope.refused is not None:
        return Decision(envelope, envelope.refused)
    if envelope.expected_version is not None:
        _, stream_id = envelope.handling.streams(command)[0]
        actual = folds[stream_id].version
        if actual != envelope.expected_version:
            return Decision(envelope, None, VersionConflict(stream_id, envelope.expected_version, actual))
    try:
        decision = envelope.handling.decide(command, lambda category, stream_id: folds[stream_id].seen_as(category))
        _guard_ids(decision, folds)
    except Refused as refusal:
        return Decision(envelope, refusal)
    metadata = _metadata(envelope)
    decided = Decision(envelope, None)
    for category, stream_id, events in decision:
        fold, first = folds[stream_id], folds[stream_id].version + 1
        evolve = AGGREGATES[category].evolve
        for event in events:
            fold.version += 1
            fold.state = evolve(fold.state, event, stream_id)
            decided.events.append(NewEvent(stream_id, fold.version, event, new_id(), metadata))
        if fold.version >= first:
            decided.writes.append((category, stream_id, first, fold.version, fold.state))
    return decided


def _metadata(envelope: Envelope) -> dict[str, Any]:
    # Most commands are their own cause and correlation, and an id takes longer to write out than to compare.
    command_id = str(envelope.command.command_id)
    own = envelope.command.command_id
    return {
        "correlationId": command_id if envelope.correlation_id is own else str(envelope.correlation_id),
        "causationId": command_id if envelope.causation_id is own else str(envelope.causation_id),
        "commandId": command_id,
        "actor": envelope.actor,
    }


def _guard_ids(decision: list[tuple[str, UUID, list[Any]]], folds: dict[UUID, _Fold]) -> None:
    """An id that another kind of stream has cannot begin a new one."""
    for category, stream_id, _ in decision:
        fold = folds[stream_id]
        if fold.category != category:
            if fold.version > 0:
                raise IdTaken
            fold.category = category


def _command_row(decision: Decision) -> CommandRow:
    envelope, refusal = decision.envelope, decision.refusal
    return CommandRow(
        command_id=envelope.command.command_id,
        type=type(envelope.command).__name__,
        fingerprint=envelope.fingerprint,
        actor=envelope.actor,
        channel=envelope.channel,
        correlation_id=envelope.correlation_id,
        refusal=refusal.code if refusal else None,
        result={"fields": refusal.fields} if refusal else result_of(decision.writes),
    )


def _outcome(decision: Decision, appended: Appended) -> Outcome:
    envelope = decision.envelope
    accounts, customers = split_states([(stream_id, state) for _, stream_id, _, _, state in decision.writes])
    return Outcome(
        command_id=envelope.command.command_id,
        command_type=type(envelope.command).__name__,
        actor=envelope.actor,
        channel=envelope.channel,
        correlation_id=envelope.correlation_id,
        fingerprint=envelope.fingerprint,
        refusal=decision.refusal,
        events=tuple([_recorded(event, appended) for event in decision.events]),
        versions={stream_id: last for _, stream_id, _, last, _ in decision.writes},
        accounts=accounts,
        customers=customers,
        consistency_token=token_of_last(decision.events),
        recorded_at=appended.recorded_at,
    )


def _recorded(event: NewEvent, appended: Appended) -> RecordedEvent:
    kind = type_of(event.event)
    return RecordedEvent(
        id=event.id,
        type=kind.name,
        schema_version=kind.version,
        stream_id=event.stream_id,
        stream_position=event.stream_position,
        position=None,
        recorded_at=appended.recorded_at,
        data=event.event,
        metadata=event.metadata,
    )


def refuse(envelope: Envelope, refusal: Refused) -> Envelope:
    """The envelope of a command that only the database could refuse."""
    return msgspec.structs.replace(envelope, refused=refusal)
