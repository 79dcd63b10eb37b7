"""Fields of events and states for people: what they are called, and what is in them."""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import msgspec
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise, StrPromise

from bank.web.formats import grouped, iban_html, money_html
from bank.web.instants import instant_html

_LABELS: Final[Mapping[str, StrPromise]] = {
    "account_id": _("Account number"),
    "amount_minor": _("Amount"),
    "balance_minor": _("Balance"),
    "currency": _("Currency"),
    "customer_id": _("Customer number"),
    "description": _("Description"),
    "endpoint_id": _("Endpoint number"),
    "event_types": _("Events it is told of"),
    "failures_since_success": _("Failures since the last sign-in"),
    "held_minor": _("Held"),
    "iban": _("IBAN"),
    "is_erased": _("Personal data erased"),
    "log_in_id": _("Log-in number"),
    "name": _("Name"),
    "opened_at": _("Opened"),
    "overdraft_limit_minor": _("Overdraft limit"),
    "payee_ids": _("Payees"),
    "previous_secret_id": _("Secret before"),
    "previous_valid_until": _("Secret before signs until"),
    "reason": _("Reason"),
    "registered_at": _("Registered"),
    "roles": _("Roles"),
    "secret_id": _("Secret"),
    "status": _("Status"),
    "url": _("Address"),
}
_STATUSES: Final[Mapping[str, StrPromise]] = {
    "open": _("Open"),
    "frozen": _("Frozen"),
    "closed": _("Closed"),
    "active": _("Active"),
    "disabled": _("Disabled"),
    "removed": _("Removed"),
}
_OF_STREAMS: Final = frozenset(
    {"account_id", "customer_id", "endpoint_id", "from_account_id", "log_in_id", "to_account_id"}
)


def value_fields(data: Any) -> list[tuple[str, StrOrPromise]]:
    """(label, value) of each field of an event as the code reads it, or of what is stored."""
    fields = data if isinstance(data, dict) else msgspec.structs.asdict(data)
    return [(label_of(name), value_html(name, value, fields)) for name, value in fields.items()]


def label_of(name: str) -> str:
    """A field's name for people; for a field that has no words, its own."""
    words = _LABELS.get(name)
    return str(words) if words else format_html("<code>{}</code>", name)


def value_html(name: str, value: Any, beside: Mapping[str, Any]) -> StrOrPromise:
    """A value for people; `beside`: the fields that it stands among, for an amount's currency."""
    if name.endswith("_minor") and isinstance(value, int) and isinstance(beside.get("currency"), str):
        return money_html(value, beside["currency"])
    if isinstance(value, UUID) and name in _OF_STREAMS:
        return format_html('<a href="{}"><code>{}</code></a>', reverse("web:audit_stream", args=[value]), value)
    if name == "iban" and isinstance(value, str):
        return iban_html(value)
    for kind, write in _WRITTEN.items():
        if isinstance(value, kind):
            return write(value)
    return str(value)


def _list_html(items: Any) -> StrOrPromise:
    if not items:
        return gettext("none")
    return format_html_join(", ", "{}", [(value_html("", item, {}),) for item in items])


# The first that fits: a bool is an int, too, and a status a text.
_WRITTEN: Final[dict[type[Any], Callable[[Any], StrOrPromise]]] = {
    type(None): lambda _none: gettext("none"),
    bool: lambda value: gettext("yes") if value else gettext("no"),
    int: grouped,
    StrEnum: lambda value: _STATUSES.get(value.value, value.value),
    str: lambda value: value or gettext("empty"),
    datetime: instant_html,
    UUID: lambda value: format_html("<code>{}</code>", value),
    list: _list_html,
    tuple: _list_html,
    dict: lambda value: format_html("<code>{}</code>", msgspec.json.encode(value).decode()),
}
