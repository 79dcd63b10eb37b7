"""The command log (live): what was asked for, and what became of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from accounts.refusals import Refused, restore_refusal
from ledger.codec import decode_json
from ledger.connections import cursor
from ledger.consistency import token_of
from ledger.models import Command
from ledger.projections import LiveProjection
from ledger.reading import read_events
from ledger.records import RecordedEvent
from ledger.store import LoggedCommand, find_commands

# It is read from the command log: refused commands lead to no event.
PROJECTION = LiveProjection(
    name="commands", description="What was asked for, by whom, and what became of it.", types=frozenset()
)

# A block range index prunes by time, not by actor: look back this far and no further.
_LOOK_BACK = timedelta(days=90)


def recent(actor: str, limit: int) -> list[Command]:
    """An actor's last commands (of the last 90 days), the newest first."""
    since = timezone.now() - _LOOK_BACK
    return list(Command.objects.filter(recorded_at__gte=since, actor=actor).order_by("-recorded_at")[:limit])


def refused(actor: str, limit: int, before: tuple[datetime, UUID] | None = None) -> list[Command]:
    """Up to `limit` refused commands of an actor, the newest first, behind (recorded at, command id); by an index."""
    found = Command.objects.filter(actor=actor, refusal__isnull=False)
    if before is not None:
        moment, command_id = before
        # The first condition is the index's, the second tells those of one moment apart.
        found = found.filter(recorded_at__lte=moment).exclude(Q(recorded_at=moment) & Q(command_id__gte=command_id))
    return list(found.order_by("-recorded_at", "-command_id")[:limit])


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatCame:
    """What came of a command. The data of its events may be Unreadable; those of detached partitions are left out.

    `consistency_token` is None where nothing was written.
    """

    logged: LoggedCommand
    refusal: Refused | None
    stream_ids: frozenset[UUID]
    events: tuple[RecordedEvent, ...]
    consistency_token: str | None


def find(command_id: UUID) -> WhatCame | None:
    """What came of this command; None where the log does not have it. Nothing is folded: any event may be in it."""
    with cursor() as cur:
        for logged in find_commands(cur, [command_id]):
            result = decode_json(logged.result)
            writes = [(UUID(stream), first, last) for _, stream, first, last, *_ in result.get("streams", [])]
            places = [(stream, position) for stream, first, last in writes for position in range(first, last + 1)]
            events = read_events(cur, places, also_unreadable=True) if places else {}
            return WhatCame(
                logged=logged,
                refusal=restore_refusal(logged.refusal, result.get("fields", {})) if logged.refusal else None,
                stream_ids=frozenset(stream for stream, _, _ in writes),
                events=tuple(events[place] for place in places if place in events),
                consistency_token=token_of(writes[-1][0], writes[-1][2]) if writes else None,
            )
    return None
