"""The command handler: load, decide, append. The only way in which anything happens in this bank.

handle(command, by=actor)        one command; a refusal is raised (and recorded)
handle_all(commands, by=actor)   many, in order, in few statements; a refusal is told in its outcome
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from accounts.aggregates import COMMANDS
from accounts.carrying_out import carry_out
from accounts.command import Command
from accounts.deciding import BatchRefused, Envelope
from accounts.group_commit import GroupCommit
from accounts.outcome import Outcome, find_recorded
from accounts.refusals import KeyReused
from ledger import replays
from ledger.codec import encode_json
from ledger.connections import cursor
from ledger.errors import VersionConflict
from ledger.personal import keyed

BATCH_SIZE = 1_000

_group_commit = GroupCommit(carry_out)

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
    the command is about is not at `expected_version` (nothing recorded), TooMuchContention, StoreBusy,
    StoreUnavailable. Commands of threads that run at the same time are written together.
    """
    envelope = _envelope(command, by, correlation_id, causation_id, fingerprint, expected_version)
    result = _group_commit.submit(envelope)
    if isinstance(result, VersionConflict):
        raise result
    if result.replayed:
        _note_replays([result])
    if result.refusal is not None:
        result.refusal.outcome = result
        raise result.refusal
    return result


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
    BatchRefused, none (and records nothing); else 1,000 commands at a time are one transaction (one each, where a
    unique constraint refuses one of them).
    """
    envelopes = [
        _envelope(command, by, correlation_id, None, fingerprints[i] if fingerprints else None, None)
        for i, command in enumerate(commands)
    ]
    size = max(len(envelopes), 1) if all_or_nothing else BATCH_SIZE
    outcomes: list[Outcome] = []
    for start in range(0, len(envelopes), size):
        results = carry_out(envelopes[start : start + size], all_or_nothing=all_or_nothing)
        outcomes += [result for result in results if isinstance(result, Outcome)]
    _note_replays(outcomes)
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


def _note_replays(outcomes: Sequence[Outcome]) -> None:
    """Put on record that the log answered again; another request under the same id is not the same command again."""
    replays.note([o.command_id for o in outcomes if o.replayed and not isinstance(o.refusal, KeyReused)])


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
        fingerprint=keyed(fingerprint or fingerprint_of(command)),
        actor=by.id,
        channel=by.channel,
        correlation_id=correlation_id or command.command_id,
        causation_id=causation_id or command.command_id,
        expected_version=expected_version,
    )
