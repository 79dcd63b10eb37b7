"""The record in the Django admin: events, entries, commands and streams, to read and never to change."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.paginator import Paginator
from django.db import connection, models
from django.http import HttpRequest
from django.utils.functional import cached_property

from bank.access_records.recording import ADMIN, looks_at_streams, record_looks
from bank.identity import policy
from bank.identity.models import User
from ledger.models import Command, Entry, Event, Stream


class EstimatingPaginator(Paginator[Any]):
    """Takes a big table's size from the planner's statistics: counting every row would take seconds a page."""

    EXACT_UP_TO = 10_000

    @cached_property
    def count(self) -> int:
        """Exact while it is cheap, an estimate beyond."""
        query = self.object_list
        assert isinstance(query, models.QuerySet)
        exact = query.order_by()[: self.EXACT_UP_TO].count()
        if exact < self.EXACT_UP_TO or query.query.where:
            return exact
        if isinstance(last := query.order_by("-pk").values_list("pk", flat=True).first(), int):
            return max(exact, last)  # numbered one by one
        with connection.cursor() as cursor:
            # Of its partitions, where it has some: a partitioned table itself is never counted.
            cursor.execute(
                "select sum(greatest(c.reltuples, 0))::bigint from pg_class c join (select %s::regclass as oid"
                " union select relid from pg_partition_tree(%s::regclass)) leaf on leaf.oid = c.oid",
                [_table_of(query)] * 2,
            )
            row = cursor.fetchone()
        return max(exact, row[0] if row else 0)


def _table_of(query: models.QuerySet[Any]) -> str:
    return str(query.model._meta.db_table)  # noqa: SLF001 - Django's documented way to a model's table


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    """Auditors look; nobody adds, changes or deletes."""

    paginator = EstimatingPaginator
    show_full_result_count = False
    actions = None
    list_per_page = 50

    def streams_of(self, obj: Any) -> Collection[UUID]:
        """The streams whose events the page of `obj` shows something of."""
        raise NotImplementedError

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """For its page: whoever opens it leaves a record of looking at the customer whose data it shows."""
        obj = super().get_object(request, object_id, from_field)
        if obj is not None and isinstance(request.user, User):
            record_looks(request, request.user, looks_at_streams(self.streams_of(obj)), ADMIN)
        return obj

    def has_module_permission(self, request: HttpRequest) -> bool:
        return policy.may_audit(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        return policy.may_audit(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        return False


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """Events, the newest first; sealed or not."""

    list_display = ("sequence", "recorded_at", "type", "stream_id", "stream_position")
    list_filter = ("type",)
    ordering = ("-sequence",)
    search_fields = ("=stream_id",)
    search_help_text = "A stream's id"

    def streams_of(self, obj: Event) -> Collection[UUID]:
        return [obj.stream_id]


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin):
    """The sealed book, the newest first."""

    list_display = ("position", "event_type", "stream", "hash_hex", "sealed_at")
    ordering = ("-position",)
    list_select_related = ("event",)
    fields = ("position", "event", "hash_hex", "sealed_at")
    readonly_fields = ("hash_hex",)

    def streams_of(self, obj: Entry) -> Collection[UUID]:
        return [obj.event.stream_id]

    @admin.display(description="type")
    def event_type(self, entry: Entry) -> str:
        return entry.event.type

    @admin.display(description="stream")
    def stream(self, entry: Entry) -> str:
        return f"{entry.event.stream_id} / {entry.event.stream_position}"

    @admin.display(description="hash")
    def hash_hex(self, entry: Entry) -> str:
        return bytes(entry.hash).hex()


@admin.register(Command)
class CommandAdmin(ReadOnlyAdmin):
    """The command log, the newest first: accepted and refused."""

    list_display = ("recorded_at", "type", "outcome", "refusal", "actor", "channel", "command_id")
    list_filter = ("outcome", "type", "channel", "refusal")
    ordering = ("-recorded_at",)
    search_fields = ("=command_id", "=actor")
    search_help_text = "A command's id, or an actor such as user:7"
    fields = (
        "command_id", "type", "outcome", "refusal", "actor", "channel", "correlation_id", "fingerprint_hex", "result",
        "recorded_at",
    )  # fmt: skip
    readonly_fields = ("fingerprint_hex",)

    def streams_of(self, obj: Command) -> Collection[UUID]:
        return [UUID(stream_id) for _category, stream_id, *_rest in obj.result.get("streams", [])]

    @admin.display(description="fingerprint")
    def fingerprint_hex(self, command: Command) -> str:
        return bytes(command.fingerprint).hex()


@admin.register(Stream)
class StreamAdmin(ReadOnlyAdmin):
    """Heads of streams, with their snapshots."""

    list_display = ("id", "category", "version")
    list_filter = ("category",)
    search_fields = ("=id",)
    search_help_text = "A stream's id"
    ordering = ("id",)

    def streams_of(self, obj: Stream) -> Collection[UUID]:
        return [obj.id]
