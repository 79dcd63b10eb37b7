"""Notifications (live): what happened on a customer's accounts and to the payees, and what the bank refused to do.

No table holds them: the newest events of a few streams, and the newest refused commands of one actor, are each found by
an index, however much else there is; and so they are right at once, also while every worker is down.
"""

import base64
from collections.abc import Iterator, Sequence
from datetime import datetime
from heapq import merge
from itertools import groupby, islice
from typing import Final
from uuid import UUID

import msgspec

from accounts.account import TransferReceived
from accounts.customer import CustomerRegistered, PersonalDataErased
from accounts.refusals import Refused, restore_refusal
from ledger.models import Command
from ledger.projections import LiveProjection
from ledger.reading import read_newest
from ledger.records import RecordedEvent
from readmodels import commands

PROJECTION = LiveProjection(
    name="notifications",
    description="What happened on a customer's accounts, and what was refused, the newest first.",
)

_BEYOND: Final = 2**31 - 1
# Of the customer's own stream: these tell the customer nothing.
_NOT_TOLD: Final = (CustomerRegistered, PersonalDataErased)


class Refusal(msgspec.Struct, frozen=True):
    """A command that the bank did not carry out, and why not."""

    command_id: UUID
    command_type: str
    reason: Refused


class Notification(msgspec.Struct, frozen=True):
    """An event, or a refusal. `happened_at` is the business time, `recorded_at` when the bank wrote it down."""

    what: RecordedEvent | Refusal
    happened_at: datetime
    recorded_at: datetime


class _Place(msgspec.Struct, frozen=True):
    """Up to where a list has come: a position in each stream, and the last refusal."""

    streams: dict[UUID, int]
    refused: tuple[datetime, UUID] | None = None


class NoSuchPlace(ValueError):
    """Not a place that a page of notifications gave out."""


def page(
    customer_id: UUID, account_ids: Sequence[UUID], actor: str, limit: int, behind: str = ""
) -> tuple[list[Notification], str]:
    """(up to `limit` notifications, the newest first; what to give as `behind` for the next page, empty at the end).

    Raises NoSuchPlace. Each lane (a stream, the refusals) keeps its own order, and its own place in `behind`: nothing
    comes twice and nothing is missed, whatever happens between two pages.
    """
    place = _place_of(behind)
    streams = [*account_ids, customer_id]
    events = read_newest({stream_id: place.streams.get(stream_id, _BEYOND) for stream_id in streams}, limit + 1)
    lanes = [[_of_event(event) for event in lane] for _, lane in groupby(events, lambda event: event.stream_id)]
    lanes.append([_of_command(command) for command in commands.refused(actor, limit + 1, place.refused)])
    newest_first = merge(*lanes, key=lambda notification: notification.happened_at, reverse=True)
    taken = list(islice(newest_first, limit))
    told = [notification for notification in taken if _is_told(notification, account_ids)]
    return told, _token_of(_behind(place, taken)) if _has_more(newest_first) else ""


def _of_event(event: RecordedEvent) -> Notification:
    return Notification(event, event.data.occurred_at, event.recorded_at)


def _of_command(command: Command) -> Notification:
    reason = restore_refusal(command.refusal or "", command.result.get("fields", {}))
    return Notification(Refusal(command.command_id, command.type, reason), command.recorded_at, command.recorded_at)


def _is_told(notification: Notification, account_ids: Sequence[UUID]) -> bool:
    """Of a transfer between own accounts, its sending has said it all."""
    if not isinstance(notification.what, RecordedEvent):
        return True
    data = notification.what.data
    if isinstance(data, TransferReceived):
        return data.from_account_id not in account_ids
    return not isinstance(data, _NOT_TOLD)


def _has_more(rest: Iterator[Notification]) -> bool:
    return next(rest, None) is not None


def _behind(place: _Place, taken: Sequence[Notification]) -> _Place:
    streams, refused = dict(place.streams), place.refused
    for notification in taken:
        match notification.what:
            case RecordedEvent(stream_id=stream_id, stream_position=position):
                streams[stream_id] = position
            case Refusal(command_id=command_id):
                refused = (notification.recorded_at, command_id)
    return _Place(streams, refused)


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
