"""The record in the Django admin: to read and never to change, with links to the auditors' pages."""

from collections.abc import Collection
from functools import partial
from typing import Any, Final
from uuid import UUID

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bank.access_records.models import AccessRecord
from bank.access_records.recording import ADMIN, looks_at_streams, record_looks
from bank.identity import policy
from bank.identity.models import User
from bank.ops.admin_pages import FOUND_AT_MOST, BoundedPaginator, NumberedPaginator, choice_filter
from bank.web.pages.audit.command_filters import CHANNELS, OUTCOMES, REASONS, TYPES
from ledger.codec import event_types
from ledger.models import Command, Entry, Event, Progress, Seal, Stream
from readmodels import command_log, event_pages
from readmodels.command_log import CommandFilter, TooMuchToLookThrough
from readmodels.event_pages import EventFilter, TooBroad


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    """Auditors look; nobody adds, changes or deletes."""

    paginator = BoundedPaginator
    show_full_result_count = False
    actions = None
    list_per_page = 50

    def streams_of(self, obj: Any) -> Collection[UUID]:  # noqa: ARG002 - of pages that show nothing of a stream
        """The streams whose events the page of `obj` shows something of."""
        return ()

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

    def is_of_list(self, request: HttpRequest) -> bool:
        """Whether rows are asked for to be listed."""
        match = request.resolver_match
        return match is not None and match.url_name == f"{self.opts.app_label}_{self.opts.model_name}_changelist"


def _link(href: str) -> SafeString:
    return format_html('<a href="{}">{}</a>', href, gettext("Show"))


_EVENT_TYPE: Final = choice_filter("kind", _("type"), lambda: sorted({kind.name for kind in event_types()}))


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """Events, the newest first; sealed or not. Of a type only what is sealed, the newest."""

    paginator = NumberedPaginator
    list_display = ("sequence", "recorded_at", "type", "stream_id", "stream_position", "audit")
    list_filter = (_EVENT_TYPE,)
    ordering = ("-sequence",)
    sortable_by = ()
    search_fields = ("stream_id",)
    search_help_text = _("A stream's id")

    def streams_of(self, obj: Event) -> Collection[UUID]:
        return [obj.stream_id]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        query = super().get_queryset(request)
        wanted = request.GET.get("kind")
        if not wanted or not self.is_of_list(request):
            return query
        try:
            found = event_pages.page(EventFilter(type=wanted), FOUND_AT_MOST).events
        except TooBroad:
            return query.none()
        # By the table's own key, along which the list goes: what it does not show is not read.
        book = Entry.objects.filter(position__in=[event.position for event in found])
        return query.filter(pk__in=list(book.values_list("event_id", flat=True)))

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[Any], search_term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        """By the index of streams, which wants the whole id."""
        del request
        return _by_id(queryset, "stream_id", search_term), False

    def view_on_site(self, obj: Event) -> str:
        return reverse("web:audit_stream", args=[obj.stream_id])

    @admin.display(description=_("In the audit rooms"))
    def audit(self, event: Event) -> SafeString:
        return _link(self.view_on_site(event))


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin):
    """The sealed book, the newest first."""

    paginator = NumberedPaginator
    list_display = ("position", "event_type", "stream", "hash_hex", "sealed_at", "audit")
    ordering = ("-position",)
    sortable_by = ()
    list_select_related = ("event",)
    fields = ("position", "event", "hash_hex", "sealed_at")
    readonly_fields = ("hash_hex",)

    def streams_of(self, obj: Entry) -> Collection[UUID]:
        return [obj.event.stream_id]

    def view_on_site(self, obj: Entry) -> str:
        return reverse("web:audit_event", args=[obj.position])

    @admin.display(description=_("In the audit rooms"))
    def audit(self, entry: Entry) -> SafeString:
        return _link(self.view_on_site(entry))

    @admin.display(description="type")
    def event_type(self, entry: Entry) -> str:
        return entry.event.type

    @admin.display(description="stream")
    def stream(self, entry: Entry) -> str:
        return f"{entry.event.stream_id} / {entry.event.stream_position}"

    @admin.display(description="hash")
    def hash_hex(self, entry: Entry) -> str:
        return bytes(entry.hash).hex()


_COMMAND_FILTERS: Final[dict[str, tuple[Any, Collection[str]]]] = {
    "asked": (_("type"), TYPES),
    "became": (_("outcome"), OUTCOMES),
    "reason": (_("refusal"), REASONS),
    "through": (_("channel"), CHANNELS),
}


@admin.register(Command)
class CommandAdmin(ReadOnlyAdmin):
    """The newest of the command log, accepted and refused, by the indexes that the audit page has."""

    list_display = ("recorded_at", "type", "outcome", "refusal", "actor", "channel", "command_id", "audit")
    list_filter = tuple(
        choice_filter(name, title, partial(list, choices)) for name, (title, choices) in _COMMAND_FILTERS.items()
    )
    ordering = ("-recorded_at", "-command_id")
    sortable_by = ()
    search_fields = ("command_id",)
    search_help_text = _("A command's id, or an actor such as user:7")
    fields = (
        "command_id", "type", "outcome", "refusal", "actor", "channel", "correlation_id", "fingerprint_hex", "result",
        "recorded_at",
    )  # fmt: skip
    readonly_fields = ("fingerprint_hex",)

    def streams_of(self, obj: Command) -> Collection[UUID]:
        return [UUID(stream_id) for _category, stream_id, *_rest in obj.result.get("streams", [])]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Of a list: what the command log finds, and no more of it than a list can hold."""
        query = super().get_queryset(request)
        if not self.is_of_list(request):
            return query
        given = {name: request.GET.get(name, "") for name in _COMMAND_FILTERS}
        term = request.GET.get("q", "").strip()
        command_id = _uuid(term)
        wanted = CommandFilter(
            type=given["asked"],
            outcome=given["became"],
            refusal=given["reason"],
            channel=given["through"],
            command_id=command_id,
            actor="" if command_id else term,
        )
        try:
            found = command_log.newest(wanted, FOUND_AT_MOST)
        except TooMuchToLookThrough:
            return query.none()
        return query.filter(pk__in=found)

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[Any], search_term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        """The list is narrowed down already."""
        del request, search_term
        return queryset, False

    def view_on_site(self, obj: Command) -> str:
        return reverse("web:audit_command", args=[obj.command_id])

    @admin.display(description=_("In the audit rooms"))
    def audit(self, command: Command) -> SafeString:
        return _link(self.view_on_site(command))

    @admin.display(description="fingerprint")
    def fingerprint_hex(self, command: Command) -> str:
        return bytes(command.fingerprint).hex()


@admin.register(Stream)
class StreamAdmin(ReadOnlyAdmin):
    """Heads of streams, with their snapshots."""

    list_display = ("id", "category", "version", "audit")
    sortable_by = ()
    search_fields = ("id",)
    search_help_text = _("A stream's id")
    ordering = ("id",)

    def streams_of(self, obj: Stream) -> Collection[UUID]:
        return [obj.id]

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[Any], search_term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        """By the key, which wants the whole id."""
        del request
        return _by_id(queryset, "id", search_term), False

    def view_on_site(self, obj: Stream) -> str:
        return reverse("web:audit_stream", args=[obj.id])

    @admin.display(description=_("In the audit rooms"))
    def audit(self, stream: Stream) -> SafeString:
        return _link(self.view_on_site(stream))


@admin.register(AccessRecord)
class AccessRecordAdmin(ReadOnlyAdmin):
    """Who looked at whom, the newest first."""

    paginator = NumberedPaginator
    list_display = ("record_id", "looked_at", "actor", "customer_id", "account_id", "channel", "route")
    ordering = ("-record_id",)
    sortable_by = ()

    def view_on_site(self, obj: AccessRecord) -> str:
        return f"{reverse('web:access_records')}?customer={obj.customer_id}"


@admin.register(Seal)
class SealAdmin(ReadOnlyAdmin):
    """Signed checkpoints, the newest first."""

    list_display = ("position", "first", "root_hex", "key_id", "signed_at")
    ordering = ("-position",)
    sortable_by = ()
    fields = ("position", "first", "hash_hex", "root_hex", "key_id", "signature_hex", "signed_at")
    readonly_fields = ("hash_hex", "root_hex", "signature_hex")

    @admin.display(description="hash")
    def hash_hex(self, seal: Seal) -> str:
        return bytes(seal.hash).hex()

    @admin.display(description="root")
    def root_hex(self, seal: Seal) -> str:
        return bytes(seal.root).hex()

    @admin.display(description="signature")
    def signature_hex(self, seal: Seal) -> str:
        return bytes(seal.signature).hex()


@admin.register(Progress)
class ProgressAdmin(ReadOnlyAdmin):
    """How far each projection has read, and what holds it up."""

    list_display = ("name", "position", "applied", "status", "failures", "error", "updated_at")
    ordering = ("name",)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _by_id(queryset: models.QuerySet[Any], field: str, term: str) -> models.QuerySet[Any]:
    if not term.strip():
        return queryset
    found = _uuid(term.strip())
    return queryset.filter(**{field: found}) if found else queryset.none()
