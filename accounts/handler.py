"""The command handler: load, decide, append. The only way in which anything happens in this bank.

handle(command, by=actor)        one command; a refusal is raised (and recorded)
handle_all(commands, by=actor)   many, in order, in few statements; a refusal is told in its outcome
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

import msgspec

from accounts.aggregates import COMMANDS
from accounts.command import Command
from accounts.deciding import BatchRefused, Envelope, decide_batch, outcomes_of, refuse
from accounts.outcome import Outcome, find_recorded
from accounts.refusals import KeyReused, restore_refusal
from ledger import store
from ledger.codec import encode_json
from ledger.connections import cursor, transaction
from ledger.errors import StoreUnavailable, TooMuchContention, VersionConflict
from ledger.wakeups import notify

BATCH_SIZE = 1_000
MAX_TRIES = 10

_NOT_ASKED_FOR = frozenset({"command_id", "at"})

__all__ = ["Actor", "BatchRefused", "Outcome", "find_outcome", "fingerprint_of", "handle", "handle_all"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: `id` is "user:7" or "system:demo", `channel` the door ("web", "api", "batch", "job")."""

    id: str
    channel: str


def handle(
    command: Command,
    *,
    by: Actor,
    correlation_id: UUID | None = None,
    causation_id: UUID | None = None,
    expected_version: int | None = None,
    fingerprint: bytes | None = None,
) -> Outcome:
    """Carry out one command: whole and once, or not at all.

    A command id that comes again with the same fingerprint gets the recorded outcome (`replayed`). Raises Refused
    (recorded; `refusal.outcome` is the outcome), KeyReused (nothing recorded), VersionConflict where the stream that
    the command is about is not at `expected_version` (nothing recorded), TooMuchContention, StoreUnavailable.
    """
    envelope = _envelope(command, by, correlation_id, causation_id, fingerprint, expected_version)
    outcome = _handle_chunk([envelope], all_or_nothing=False)[0]
    if outcome.refusal is not None:
        outcome.refusal.outcome = outcome
        raise outcome.refusal
    return outcome


def handle_all(
    commands: Iterable[Command],
    *,
    by: Actor,
    correlation_id: UUID | None = None,
    fingerprints: Sequence[bytes] | None = None,
    all_or_nothing: bool = False,
) -> list[Outcome]:
    """Carry out commands in order, each seeing the effects of those before it; one outcome each, in the same order.

    A refused command does not stop the others. With `all_or_nothing` one transaction takes all of them or, raising
    BatchRefused, none (and records nothing); else every 1,000 commands are one transaction.
    """
    envelopes = [
        _envelope(command, by, correlation_id, None, fingerprints[i] if fingerprints else None, None)
        for i, command in enumerate(commands)
    ]
    size = max(len(envelopes), 1) if all_or_nothing else BATCH_SIZE
    rest = iter(envelopes)
    outcomes: list[Outcome] = []
    while chunk := list(islice(rest, size)):
        outcomes += _handle_chunk(chunk, all_or_nothing=all_or_nothing)
    return outcomes


def find_outcome(command_id: UUID) -> Outcome | None:
    """The recorded outcome of a command; None where the log does not have it."""
    with cursor() as cur:
        return find_recorded(cur, [command_id]).get(command_id)


def fingerprint_of(command: Command) -> bytes:
    """SHA-256 of type and fields, without id and time: two requests for the same thing have the same."""
    kind = type(command)
    fields = [(name, getattr(command, name)) for name in kind.__struct_fields__ if name not in _NOT_ASKED_FOR]
    return hashlib.sha256(kind.__name__.encode() + encode_json(fields)).digest()


def _envelope(
    command: Command,
    by: Actor,
    correlation_id: UUID | None,
    causation_id: UUID | None,
    fingerprint: bytes | None,
    expected_version: int | None,
) -> Envelope:
    return Envelope(
        command=command,
        handling=COMMANDS[type(command)],
        fingerprint=fingerprint or fingerprint_of(command),
        actor=by.id,
        channel=by.channel,
        correlation_id=correlation_id or command.command_id,
        causation_id=causation_id or command.command_id,
        expected_version=expected_version,
    )


def _handle_chunk(envelopes: list[Envelope], *, all_or_nothing: bool) -> list[Outcome]:
    """One transaction for the commands that are new; the recorded outcome for those that are not."""
    outcomes: dict[UUID, Outcome] = {}
    firsts = list({e.command.command_id: e for e in reversed(envelopes)}.values())[::-1]
    fresh = firsts
    for attempt in range(MAX_TRIES):
        try:
            for outcome in _attempt(fresh, lock=attempt > 0, all_or_nothing=all_or_nothing):
                outcomes[outcome.command_id] = outcome
            break
        except store.VersionsMoved:
            continue
        except (store.CommandExists, VersionConflict, StoreUnavailable) as error:
            # Some may have been carried out before (also by the try whose connection broke): answer those from the log.
            recorded = _recorded(fresh)
            if not recorded and (attempt > 0 or not isinstance(error, StoreUnavailable)):
                raise
            outcomes.update(recorded)
            fresh = [e for e in fresh if e.command.command_id not in recorded]
        except store.ConstraintRefused as error:
            if len(fresh) > 1:
                if all_or_nothing:
                    raise
                # One by one, so that it harms only the command that it is about.
                outcomes.update({o.command_id: o for e in fresh for o in _handle_chunk([e], all_or_nothing=False)})
                break
            fresh = [refuse(fresh[0], restore_refusal(error.code, {}))]
        if not fresh:
            break
    else:
        raise TooMuchContention("the accounts kept changing; nothing was done")
    first_of_its_id = {id(e) for e in firsts}
    return [_answer(e, outcomes[e.command.command_id], first=id(e) in first_of_its_id) for e in envelopes]


def _attempt(envelopes: list[Envelope], *, lock: bool, all_or_nothing: bool) -> list[Outcome]:
    """Optimistic first: two statements, a transaction each. After a lost race: under row locks, in one transaction."""
    with transaction() if lock else cursor() as cur:
        decided = decide_batch(cur, envelopes, lock=lock, all_or_nothing=all_or_nothing)
        appended = store.append(cur, decided.batch)
    if decided.batch.events:
        notify()
    return outcomes_of(decided, appended)


def _recorded(envelopes: list[Envelope]) -> dict[UUID, Outcome]:
    with cursor() as cur:
        return find_recorded(cur, [e.command.command_id for e in envelopes])


def _answer(envelope: Envelope, outcome: Outcome, *, first: bool) -> Outcome:
    """What this request gets: the outcome itself, or the recorded one, if it was for the same request."""
    if outcome.fingerprint != envelope.fingerprint:
        return msgspec.structs.replace(outcome, refusal=KeyReused(), events=(), replayed=False, consistency_token=None)
    return outcome if first or outcome.replayed else msgspec.structs.replace(outcome, replayed=True)
