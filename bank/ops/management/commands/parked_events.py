"""Events that a projection could not apply: listed with their errors, tried again, or given up for a reason."""

import argparse
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from ledger import parking
from ledger.errors import LedgerError
from ledger.parking import Parked
from ledger.projections import AsyncProjection, async_projection, async_projections

_BY = "system:operator"


class Command(BaseCommand):
    """`manage.py parked_events [PROJECTION]` lists; with --retry or --discard it does something about them."""

    help = "List parked events; apply those of a stream again, or discard one for a reason that is kept."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        names = [projection.name for projection in async_projections()]
        parser.add_argument("name", nargs="?", choices=names, metavar="PROJECTION", help=", ".join(names))
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--all", action="store_true", help="also those that are resolved, with by whom and why")
        what.add_argument("--retry", type=UUID, metavar="STREAM", help="apply this stream's events again, in order")
        what.add_argument("--discard", type=int, metavar="POSITION", help="give up on this event, for ever")
        parser.add_argument("--reason", default="", metavar="TEXT", help="why it is discarded; kept with the event")

    def handle(self, *_args: Any, **options: Any) -> None:
        name, stream_id, position = options["name"], options["retry"], options["discard"]
        if (stream_id or position is not None) and name is None:
            raise CommandError("name the projection")
        try:
            if stream_id:
                self._retry(async_projection(name), stream_id)
            elif position is not None:
                self._discard(async_projection(name), position, options["reason"])
            else:
                self._list(name, everything=options["all"])
        except LedgerError as error:
            raise CommandError(str(error)) from error

    def _retry(self, projection: AsyncProjection, stream_id: UUID) -> None:
        count = parking.retry(projection, stream_id, by=_BY)
        left = [event for event in parking.parked(projection.name) if event.stream_id == stream_id]
        if left:
            raise CommandError(f"{count} applied; {len(left)} still wait: {_line(left[0])}")
        self.stdout.write(f"{count} applied; nothing of the stream {stream_id} waits any more")

    def _discard(self, projection: AsyncProjection, position: int, reason: str) -> None:
        if not reason.strip():
            raise CommandError("say why: --reason TEXT")
        if not parking.discard(projection, position, by=_BY, reason=reason):
            raise CommandError(f"{projection.name} has no parked event at position {position} that waits")
        self.stdout.write(f"discarded position {position}; later events of its stream wait for --retry")

    def _list(self, name: str | None, *, everything: bool) -> None:
        found = parking.parked(name, unresolved=not everything)
        for event in found:
            self.stdout.write(_line(event))
        if not found:
            self.stdout.write("nothing is parked")


def _line(event: Parked) -> str:
    outcome = f"{event.resolution} by {event.resolved_by}: {event.reason}" if event.resolution else _last(event.error)
    return f"{event.projection}, position {event.position}, stream {event.stream_id}: {outcome}"


def _last(error: str) -> str:
    """The end of a traceback, which says what was wrong."""
    return error.strip().rpartition("\n")[2]
