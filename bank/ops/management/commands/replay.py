"""manage.py replay: a stream's events, each with the state that it led to, up to any version or moment."""

import argparse
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.replay import NoSuchStream, Step, replay
from ledger.codec import encode_json
from ledger.errors import LedgerError
from ledger.records import rfc3339

_WIDTH = 24


class Command(BaseCommand):
    """For people, or with --json as JSON lines. Events that the code cannot read are shown raw, and marked."""

    help = "Print the events of an account or customer, each with the state after it."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        # Here --version is that of the stream, not Django's.
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("stream", type=UUID, metavar="STREAM", help="the id of an account or customer")
        until = parser.add_mutually_exclusive_group()
        until.add_argument("--version", type=int, metavar="N", help="up to event N")
        until.add_argument(
            "--as-of", type=_moment, metavar="TIME", help="what had happened by then (ISO 8601, else UTC)"
        )
        parser.add_argument("--json", action="store_true", help="JSON lines")

    def handle(self, *_args: Any, **options: Any) -> None:
        show = self._show_json if options["json"] else self._show
        before: dict[str, Any] = {}
        try:
            for step in replay(options["stream"], version=options["version"], as_of=options["as_of"]):
                after = msgspec.to_builtins(step.state) if step.state is not None else {}
                show(step, before, after)
                before = after
        except (NoSuchStream, LedgerError) as error:
            raise CommandError(str(error)) from error
        if not before and not options["json"]:
            self.stdout.write("No state: it did not exist then, or an event that led to it cannot be read.")

    def _show(self, step: Step, before: dict[str, Any], after: dict[str, Any]) -> None:
        stored = step.stored
        place = "not sealed yet" if stored.position is None else f"position {stored.position}"
        self.stdout.write(
            f"{stored.stream_position}. {stored.type} v{stored.schema_version}, {place}, {rfc3339(stored.recorded_at)},"
            f" by {stored.metadata.get('actor', 'nobody that is recorded')}"
        )
        if stored.problem is not None:
            self.stdout.write(f"    CANNOT BE READ ({stored.problem}); as stored:")
        for name, value in (msgspec.to_builtins(stored.event) if stored.event is not None else stored.raw).items():
            self.stdout.write(f"    {name:<{_WIDTH}} {_text(value)}")
        if step.state is None:
            self.stdout.write("    = the state after it is not known")
        for name, value in after.items():
            if name not in before:
                self.stdout.write(f"    = {name:<{_WIDTH - 2}} {_text(value)}")
            elif value != before[name]:
                self.stdout.write(f"    = {name:<{_WIDTH - 2}} {_text(before[name])} -> {_text(value)}")
        self.stdout.write("")

    def _show_json(self, step: Step, _before: dict[str, Any], after: dict[str, Any]) -> None:
        stored = step.stored
        line = {
            "id": stored.id,
            "type": stored.type,
            "schemaVersion": stored.schema_version,
            "streamId": stored.stream_id,
            "streamPosition": stored.stream_position,
            "position": stored.position,
            "timestamp": rfc3339(stored.recorded_at),
            "data": stored.raw if stored.event is None else stored.event,
            "metadata": stored.metadata,
            "problem": stored.problem,
            "state": after or None,
        }
        self.stdout.write(encode_json(line).decode())


def _text(value: Any) -> str:
    return value if isinstance(value, str) and value else encode_json(value).decode()


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"not a time such as 2026-03-29T01:00:00Z: {text}") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
