"""Event search (async): one row for every sealed event, with an index for each way to ask for it.

The event table stays lean: it has no index that only an auditor needs. A row holds nothing personal, so that erasing a
person need not touch it; what an event says is read from the record itself.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, get_args, get_type_hints
from uuid import UUID

from django.db import models
from django.db.models import Q

from accounts import account, customer, log_in, webhook_endpoint
from ledger.connections import Cursor
from ledger.personal import personal_fields
from ledger.projections import AsyncProjection
from ledger.records import RecordedEvent, Unreadable
from readmodels.finding import words_of

# Words as an index of the migration has them; a query that is to use it says the same.
WORDS_SQL: Final = "array_to_tsvector(string_to_array(words, ' '))"
KINDS: Final = (account.CATEGORY, customer.CATEGORY, log_in.CATEGORY, webhook_endpoint.CATEGORY)

_WORD_LENGTH: Final = 100
_NO_TEXTS: Final = ("currency", "occurred_at")
_texts_of: dict[type[Any], tuple[str, ...]] = {}
_KIND_OF: Final[dict[type[Any], str]] = {
    cls: kind
    for kind, events in zip(
        KINDS,
        (account.AccountEvent, customer.CustomerEvent, log_in.LogInEvent, webhook_endpoint.WebhookEndpointEvent),
        strict=True,
    )
    for cls in get_args(events)
}


class EventSearchRow(models.Model):
    """A sealed event as it is looked for. `words`: of its texts that are nobody's personal data, with one space."""

    position = models.BigIntegerField(primary_key=True)
    stream_id = models.UUIDField()
    stream_position = models.IntegerField()
    stream_kind = models.TextField()
    type = models.TextField()
    actor = models.TextField()
    command_id = models.UUIDField(null=True)
    correlation_id = models.UUIDField(null=True)
    causation_id = models.UUIDField(null=True)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    amount_minor = models.BigIntegerField(null=True)
    currency = models.TextField(null=True)  # noqa: DJ001 - null where there is no amount, as the amount is
    words = models.TextField()

    class Meta:
        db_table = "readmodels_event_search"
        # Positions rise, and nearly all of these with them: an index grows at a few ends, which costs a worker little.
        # At most one is on an expression: by its columns a rebuild finds the name of each.
        indexes = [
            models.Index(fields=["stream_id", "position"], name="readmodels_event_stream"),
            # Nearly all events are of accounts: those are found soonest by looking from the end.
            models.Index(
                fields=["stream_kind", "position"],
                name="readmodels_event_kind",
                condition=~Q(stream_kind=account.CATEGORY),
            ),
            models.Index(fields=["type", "position"], name="readmodels_event_type"),
            models.Index(fields=["actor", "position"], name="readmodels_event_actor"),
            models.Index(fields=["correlation_id", "position"], name="readmodels_event_correlation"),
            models.Index(fields=["command_id"], name="readmodels_event_command"),
            models.Index(fields=["recorded_at", "position"], name="readmodels_event_recorded"),
            models.Index(fields=["occurred_at", "position"], name="readmodels_event_occurred"),
            models.Index(
                fields=["currency", "amount_minor"],
                name="readmodels_event_amount",
                condition=Q(amount_minor__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.position}"


_COLUMNS: Final = (
    "position", "stream_id", "stream_position", "stream_kind", "type", "actor", "command_id",
    "correlation_id", "causation_id", "occurred_at", "recorded_at", "amount_minor", "currency", "words",
)  # fmt: skip
_COPY: Final = f"copy readmodels_event_search ({', '.join(_COLUMNS)}) from stdin (format binary)"
_COPIED_TYPES: Final = (
    "int8", "uuid", "int4", "text", "text", "text", "uuid",
    "uuid", "uuid", "timestamptz", "timestamptz", "int8", "text", "text",
)  # fmt: skip


def apply(cursor: Cursor, events: Sequence[RecordedEvent]) -> None:
    """A row each, also of events that the code cannot read."""
    kinds = _kinds_of_strangers(cursor, events)
    with cursor.copy(_COPY) as copy:
        copy.set_types(_COPIED_TYPES)
        for event in events:
            copy.write_row(_row(event, kinds))


PROJECTION = AsyncProjection(
    name="event_search",
    description="Every sealed event by stream, kind, type, actor, correlation, command, time, amount and words.",
    apply=apply,
    tables=("readmodels_event_search",),
    also_unreadable=True,
)


def differences(event: RecordedEvent) -> list[tuple[str, Any, Any]]:
    """(column, as kept, as it would be kept now) wherever the row of an event says something else than the event.

    The row was made when the event was sealed, or at the last rebuild: it is a second witness, and proves nothing.
    """
    kept = EventSearchRow.objects.filter(position=event.position).first() if event.position else None
    if kept is None:
        return []
    now = _row(event, {event.stream_id: kept.stream_kind})
    return [
        (name, was, value)
        for name, value in zip(_COLUMNS, now, strict=True)
        if name != "stream_kind" and (was := getattr(kept, name)) != value
    ]


def _kinds_of_strangers(cursor: Cursor, events: Sequence[RecordedEvent]) -> dict[UUID, str]:
    """The kinds of streams that have events of classes that belong to no kind: most batches have none."""
    strangers = {event.stream_id for event in events if type(event.data) not in _KIND_OF}
    if not strangers:
        return {}
    cursor.execute("select id, category from ledger_stream where id = any(%s)", (list(strangers),))
    return dict(cursor.fetchall())


def _row(event: RecordedEvent, kinds: dict[UUID, str]) -> tuple[Any, ...]:
    data, get = event.data, event.metadata.get
    amount_minor = getattr(data, "amount_minor", None)
    return (
        event.position,
        event.stream_id,
        event.stream_position,
        _KIND_OF.get(type(data)) or kinds[event.stream_id],
        event.type,
        str(get("actor", "")),
        _uuid(get("commandId")),
        _uuid(get("correlationId")),
        _uuid(get("causationId")),
        getattr(data, "occurred_at", None) or _stored_moment(data) or event.recorded_at,
        event.recorded_at,
        amount_minor,
        None if amount_minor is None else data.currency,
        _text(data),
    )


@lru_cache(maxsize=4)
def _uuid(text: object) -> UUID | None:
    """Events of one command, and nearly always its correlation and cause, have the same id."""
    try:
        return UUID(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _stored_moment(data: object) -> datetime | None:
    """When an event happened that the code cannot read, if it says so."""
    stored = data.stored if isinstance(data, Unreadable) else None
    try:
        found = datetime.fromisoformat(stored["occurred_at"]) if isinstance(stored, dict) else None
    except (KeyError, TypeError, ValueError):
        return None
    return found.replace(tzinfo=found.tzinfo or UTC) if found else None


def _text(data: Any) -> str:
    """The words of an event's texts; of one that cannot be read, of those texts that are not encrypted."""
    if isinstance(data, Unreadable):
        stored = data.stored.items() if isinstance(data.stored, dict) else ()
        return _words(*(value for name, value in stored if isinstance(value, str) and name not in _NO_TEXTS))
    return _words(*[value for name in _texts(type(data)) if (value := _as_text(getattr(data, name)))])


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else " ".join(value)


def _texts(cls: type[Any]) -> tuple[str, ...]:
    """The fields of an event class that hold texts which are nobody's personal data."""
    if cls not in _texts_of:
        without = {*personal_fields(cls), *_NO_TEXTS}
        hints = get_type_hints(cls)
        _texts_of[cls] = tuple(n for n, hint in hints.items() if hint in (str, list[str]) and n not in without)
    return _texts_of[cls]


@lru_cache(maxsize=10_000)
def _words(*texts: str) -> str:
    """What the index has of these texts; most are said again and again."""
    found = dict.fromkeys(word[:_WORD_LENGTH] for text in texts for word in words_of(text))
    return " ".join(found)
