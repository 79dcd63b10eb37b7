"""Command search (async): a row for every accepted command that changed a stream, with an index for each way to ask.

The command log keeps the index of its ids and no other that an accepted command would have to pay for. Refused
commands, and the few that changed no stream, are no events' commands: they are few, and are found in the log itself.
"""

from collections.abc import Sequence
from typing import Final

from django.db import models

from ledger.connections import Cursor
from ledger.projections import AsyncProjection
from ledger.records import RecordedEvent


class CommandSearchRow(models.Model):
    """A command as it is looked for. The key rises with time, so that nearly all indexes grow at a few ends."""

    pk = models.CompositePrimaryKey("recorded_at", "command_id")
    recorded_at = models.DateTimeField()
    command_id = models.UUIDField()
    type = models.TextField()
    actor = models.TextField()
    channel = models.TextField()
    correlation_id = models.UUIDField()

    class Meta:
        db_table = "readmodels_command_search"
        # Commands of one batch have one time: an index that ends with it stays small.
        indexes = [
            models.Index(fields=["type", "recorded_at"], name="readmodels_command_type"),
            models.Index(fields=["actor", "recorded_at"], name="readmodels_command_actor"),
            models.Index(fields=["channel", "recorded_at"], name="readmodels_command_channel"),
            models.Index(fields=["correlation_id"], name="readmodels_command_correlation"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.command_id}"


# Several events of one command may come in several batches.
_ADD: Final = """
insert into readmodels_command_search (recorded_at, command_id, type, actor, channel, correlation_id)
select recorded_at, command_id, type, actor, channel, correlation_id
from ledger_command where command_id = any(%s::uuid[])
on conflict do nothing
"""


def apply(cursor: Cursor, events: Sequence[RecordedEvent]) -> None:
    """What the command log has of the events' commands."""
    ids = list(dict.fromkeys(event.metadata.get("commandId") for event in events))
    cursor.execute(_ADD, ([command_id for command_id in ids if command_id],))


PROJECTION = AsyncProjection(
    name="command_search",
    description="Accepted commands by type, actor, channel, correlation and time.",
    apply=apply,
    tables=("readmodels_command_search",),
    also_unreadable=True,
)
