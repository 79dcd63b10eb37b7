"""Notifications (live): what happened on a customer's accounts and to the payees, and what the bank refused to do.

No table holds them: they are looked up among the newest events of a few streams, and among one actor's refused commands
by an index. So they cost the command path nothing, and are right at once, also while every worker is down.
"""

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import Final
from uuid import UUID

import msgspec

from accounts.account import TransferReceived
from accounts.refusals import Refused, restore_refusal
from ledger.models import Command
from ledger.projections import LiveProjection
from ledger.reading import Stretch, read_newest, stream_versions
from ledger.records import RecordedEvent
from readmodels import commands

# Told whoever did it. Debits are told where a person sent them: standing orders and imports only move money.
_TOLD: Final = frozenset({
    *("TransferReceived", "DepositMade", "AccountOpened", "AccountRenamed", "AccountFrozen", "AccountUnfrozen"),
    *("OverdraftLimitSet", "AccountClosed", "PayeeAdded", "PayeeRemoved"),
})  # fmt: skip
PROJECTION = LiveProjection(
    name="notifications",
    description="What happened on a customer's accounts, and what was refused, the newest first.",
    types=_TOLD,
)
_PERSONS: Final = "user:"
# How many events of each stream one page looks through, so that a million of them cost no more.
LOOK_BACK: Final = 5_000
_BEYOND: Final = 2**31 - 1


class Refusal(msgspec.Struct, frozen=True):
    """A command that the bank did not carry out, and why not."""

    command_id: UUID
    command_type: str
    reason: Refused


class Notification(msgspec.Struct, frozen=True):
    """An event, or a refusal."""

    what: RecordedEvent | Refusal
    happened_at: datetime


class _Place(msgspec.Struct, frozen=True):
    """Up to where a list has come: what is told next is below these positions, and behind this refusal."""

    streams: dict[UUID, int]
    refused: tuple[datetime, UUID] | None = None


class NoSuchPlace(ValueError):
    """Not a place that a page of notifications gave out."""


def page(
    customer_id: UUID,
    account_ids: Sequence[UUID],
    actor: str,
    limit: int,
    behind: str = "",
    look_back: int = LOOK_BACK,
) -> tuple[list[Notification], str]:
    """(up to `limit` notifications, the newest first; what to give as `behind` for the next page, empty at the end).

    Each lane (a stream, the refusals) keeps its own order and its own place: nothing comes twice and nothing is missed,
    whatever happens between two pages. Where a long stretch tells nothing, a page may be short or even empty and the
    list still go on. Raises NoSuchPlace.
    """
    place = _place_of(behind)
    stretches = _stretches([*account_ids, customer_id], place, look_back)
    found = read_newest(stretches, types=_TOLD, actors=_PERSONS, limit=limit + 1)
    lanes = [[Notification(event, event.data.occurred_at) for event in lane] for lane in found.values()]
    lanes.append([_of_command(command) for command in commands.refused(actor, limit + 1, place.refused)])
    newest_first = merge(*lanes, key=lambda notification: notification.happened_at, reverse=True)
    taken = list(islice(newest_first, limit))
    is_left = next(newest_first, None) is not None
    reached = _reached(place, stretches, found, taken)
    has_more = is_left or any(position > 1 for position in reached.streams.values())
    return [n for n in taken if not _is_said_already(n, account_ids)], _token_of(reached) if has_more else ""


def _stretches(stream_ids: Sequence[UUID], place: _Place, look_back: int) -> dict[UUID, Stretch]:
    stretches = {}
    for stream_id, version in stream_versions(stream_ids).items():
        before = min(place.streams.get(stream_id, _BEYOND), version + 1)
        stretches[stream_id] = Stretch(behind=max(before - 1 - look_back, 0), before=before)
    return stretches


def _reached(
    place: _Place,
    stretches: Mapping[UUID, Stretch],
    found: Mapping[UUID, Sequence[RecordedEvent]],
    taken: Sequence[Notification],
) -> _Place:
    """Each stream where its last taken event is; at the stretch's end where that was all there is in it."""
    last = {n.what.stream_id: n.what.stream_position for n in taken if isinstance(n.what, RecordedEvent)}
    streams = {}
    for stream_id, stretch in stretches.items():
        lane = found.get(stream_id, ())
        is_done = not lane or last.get(stream_id) == lane[-1].stream_position
        streams[stream_id] = stretch.behind + 1 if is_done else last.get(stream_id, stretch.before)
    refusals = [(n.happened_at, n.what.command_id) for n in taken if isinstance(n.what, Refusal)]
    return _Place(streams, refusals[-1] if refusals else place.refused)


def _of_command(command: Command) -> Notification:
    reason = restore_refusal(command.refusal or "", command.result.get("fields", {}))
    return Notification(Refusal(command.command_id, command.type, reason), command.recorded_at)


def _is_said_already(notification: Notification, account_ids: Sequence[UUID]) -> bool:
    """Of a transfer between own accounts, its sending has said it all."""
    data = notification.what.data if isinstance(notification.what, RecordedEvent) else None
    return isinstance(data, TransferReceived) and data.from_account_id in account_ids


def _token_of(place: _Place) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode()


def _place_of(token: str) -> _Place:
    if not token:
        return _Place({})
    try:
        place = msgspec.json.decode(base64.urlsafe_b64decode(token), type=_Place)
    except (ValueError, msgspec.MsgspecError) as error:
        raise NoSuchPlace(token) from error
    moment = place.refused[0] if place.refused else None
    if (moment and moment.tzinfo is None) or not all(0 < p <= _BEYOND for p in place.streams.values()):
        raise NoSuchPlace(token)
    return place
