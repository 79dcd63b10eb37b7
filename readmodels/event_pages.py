"""Pages of the event search: the newest first, by every filter that an auditor has, both ways from any event.

Events come in the order of the book. Those of a span of time come in the order of that time, which is its index's; what
happened at the same moment comes in the order of the book.
"""

import re
from datetime import datetime
from itertools import chain
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
import psycopg
from django.db import OperationalError, connection, transaction

from accounts import account
from readmodels import leading
from readmodels.event_search import WORDS_SQL
from readmodels.finding import words_of

Clock = Literal["recorded", "occurred"]

# Nothing but along an index that has the order of the page; for a glance, help from others comes too late.
WALKING: Final = f"{leading.SETTINGS} set local max_parallel_workers_per_gather = 0;"

# Filters that hardly anything fits together may have to look through nearly everything that fits one of them.
_PATIENCE_MS: Final = 5_000
# As long as it takes to find by its index a word that this walk misses: of ten million events, one in a thousand.
_GLANCE_MS: Final = 20
_MOST: Final = 2**63 - 1
_IBAN: Final = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")


class EventFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What to look for; None is no bound, and every bound is included."""

    stream_id: UUID | None = None
    kind: str | None = None
    type: str | None = None
    actor: str | None = None
    correlation_id: UUID | None = None
    command_id: UUID | None = None
    clock: Clock = "recorded"
    from_at: datetime | None = None
    to_at: datetime | None = None
    first: int | None = None
    last: int | None = None
    currency: str | None = None
    min_minor: int | None = None
    max_minor: int | None = None
    text: str = ""


class FoundEvent(msgspec.Struct, frozen=True):
    """An event as a line of a list. `amount_minor` is in minor units of `currency`; None where it moved no money."""

    position: int
    stream_id: UUID
    stream_position: int
    kind: str
    type: str
    actor: str
    command_id: UUID | None
    correlation_id: UUID | None
    occurred_at: datetime
    recorded_at: datetime
    amount_minor: int | None
    currency: str | None


class EventPage(msgspec.Struct, frozen=True):
    """Events, the newest first; whether there are newer ones than the first, and older ones than the last."""

    events: list[FoundEvent]
    has_newer: bool
    has_older: bool


class TooBroad(Exception):
    """Looking took too long: the filters together fit too little of what each of them fits."""


_SELECT: Final = """
select position, stream_id, stream_position, stream_kind, type, actor, command_id, correlation_id, occurred_at,
       recorded_at, amount_minor, currency
from readmodels_event_search where {conditions} order by {order} limit %s
"""
# Everything that fits, by the index that leaves the least, and then the page of it.
_AT_ONCE: Final = """
with page as materialized (
    select position from (select {columns} from readmodels_event_search where {conditions} offset 0) fitting
    order by {order} limit %s
)
select position, stream_id, stream_position, stream_kind, type, actor, command_id, correlation_id, occurred_at,
       recorded_at, amount_minor, currency
from page join readmodels_event_search using (position) order by {order}
"""
# What has an index of its own that goes on by position.
_LEADS: Final = ("correlation_id", "stream_id", "stream_kind", "type", "actor")
_ORDER: Final = {None: ("position",), "recorded": ("recorded_at", "position"), "occurred": ("occurred_at", "position")}


def page(wanted: EventFilter, limit: int, *, before: int | None = None, after: int | None = None) -> EventPage:
    """Up to `limit` events: the newest, those older than the one at position `before`, or those newer than `after`.

    Events that come meanwhile change neither what is older than an event nor how a page goes on. Raises TooBroad.
    """
    found = _find(wanted, limit + 1, before, after)
    goes_on = len(found) > limit
    shown = found[:limit]
    if after is not None:
        return EventPage(shown[::-1], has_newer=goes_on, has_older=True)
    return EventPage(shown, has_newer=before is not None, has_older=goes_on)


def statement(
    wanted: EventFilter,
    limit: int,
    *,
    before: int | None = None,
    after: int | None = None,
    lead: str | None = None,
    at_once: bool = False,
) -> tuple[str, list[Any]]:
    """The page's SQL and its values, also to be explained. It walks along an index that has the order of the page.

    `lead` is the column whose index that is; None: any. `at_once` finds all that fits instead, and sorts it: quicker
    where that is little.
    """
    clock = wanted.clock if wanted.from_at or wanted.to_at else None
    columns = _ORDER[clock]
    conditions = _conditions(wanted)
    edge, comparison = (after, ">") if after is not None else (before, "<")
    if lead is not None:
        columns = (lead, *columns)
        conditions = _along(conditions, wanted, lead, before, after)
    elif edge is not None:
        row = ", ".join(columns)
        behind = "%s" if clock is None else f"(select {row} from readmodels_event_search where position = %s)"
        conditions[f"({row}) {comparison} {behind}"] = [edge]
    direction = "" if after is not None else " desc"
    order = ", ".join(column + direction for column in columns)
    where = " and ".join(conditions) or "true"
    values = [*chain.from_iterable(conditions.values()), limit]
    if not at_once:
        return _SELECT.format(conditions=where, order=order), values
    return _AT_ONCE.format(conditions=where, order=order, columns=", ".join(columns)), values


def lead_of(wanted: EventFilter) -> str | None:
    """The column whose index leads there soonest; None where the planner had better choose, or there is none."""
    if wanted.from_at or wanted.to_at or wanted.command_id:
        return None
    given = _conditions(wanted)
    candidates = {column: (sql, given[sql]) for column in _LEADS if (sql := f"{column} = %s") in given}
    if wanted.kind == account.CATEGORY:
        del candidates["stream_kind"]  # its index has all other kinds
    amount = {sql: values for sql, values in given.items() if sql.startswith(("currency", "amount_minor"))}
    if amount and candidates:
        candidates["amount"] = " and ".join(amount), [value for (value,) in amount.values()]
    found = leading.rarest("readmodels_event_search", candidates)
    return found if found in _LEADS else None


def _find(wanted: EventFilter, limit: int, before: int | None, after: int | None) -> list[FoundEvent]:
    """Page by the quicker of two ways where nobody can know which that is: a walk finds what is common soon, all at
    once what is rare. So the walk gets a moment, then the other.
    """
    lead = lead_of(wanted)
    walk = statement(wanted, limit, before=before, after=after, lead=lead)
    if not _may_be_either(wanted):
        return _fetch(*walk, patience_ms=_PATIENCE_MS, settings=leading.SETTINGS if lead else "")
    for attempt, settings, patience_ms in (
        (walk, WALKING, _GLANCE_MS),
        (statement(wanted, limit, before=before, after=after, at_once=True), "", _PATIENCE_MS // 2),
    ):
        try:
            return _fetch(*attempt, patience_ms=patience_ms, settings=settings)
        except TooBroad:
            continue
    return _fetch(*walk, patience_ms=_PATIENCE_MS, settings=WALKING)


def _may_be_either(wanted: EventFilter) -> bool:
    """Whether what fits may lie anywhere: the planner cannot know how many events have a word, nor whether what is
    held fast ever happened in a span of time. Of one stream there are few words to look through.
    """
    is_one = wanted.stream_id or wanted.correlation_id or wanted.command_id
    if wanted.text and not is_one:
        return True
    spans = wanted.from_at or wanted.to_at
    return bool(spans and (is_one or wanted.kind or wanted.type or wanted.actor or wanted.currency))


def _conditions(wanted: EventFilter) -> dict[str, list[Any]]:
    moment = f"{wanted.clock}_at"
    conditions: dict[str, Any] = {
        "stream_id = %s": wanted.stream_id,
        "stream_kind = %s": wanted.kind,
        "type = %s": wanted.type,
        "actor = %s": wanted.actor,
        "correlation_id = %s": wanted.correlation_id,
        "command_id = %s": wanted.command_id,
        f"{moment} >= %s": wanted.from_at,
        f"{moment} <= %s": wanted.to_at,
        "position >= %s": wanted.first,
        "position <= %s": wanted.last,
        "currency = %s": wanted.currency,
        "amount_minor >= %s": wanted.min_minor,
        "amount_minor <= %s": wanted.max_minor,
        f"{WORDS_SQL} @@ %s::tsquery": _query(wanted.text) if wanted.text else None,
    }
    return {sql: [value] for sql, value in conditions.items() if value is not None}


def _along(
    conditions: dict[str, list[Any]], wanted: EventFilter, lead: str, before: int | None, after: int | None
) -> dict[str, list[Any]]:
    """The conditions, with what leads as a range of its index, from position to position."""
    (value,) = conditions[f"{lead} = %s"]
    low = max(wanted.first or 0, 0 if after is None else after + 1)
    high = min(wanted.last or _MOST, _MOST if before is None else before - 1)
    left = {
        sql: values for sql, values in conditions.items() if sql != f"{lead} = %s" and not sql.startswith("position")
    }
    if lead == "stream_kind":
        left[f"stream_kind <> '{account.CATEGORY}'"] = []  # as its index says
    return {f"({lead}, position) >= (%s, %s)": [value, low], f"({lead}, position) <= (%s, %s)": [value, high], **left}


def _query(text: str) -> str:
    """Every word must be there, or one that begins so; an IBAN may be typed in groups. Without a word nothing fits."""
    compact = "".join(text.split()).upper()
    words = [compact.lower()] if _IBAN.fullmatch(compact) else words_of(text)
    return " & ".join(f"'{word}':*" for word in words)


def _fetch(sql: str, values: list[Any], *, patience_ms: int, settings: str = "") -> list[FoundEvent]:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"{settings} set local statement_timeout = {patience_ms}")
            cursor.execute(sql, values)
            return [FoundEvent(*row) for row in cursor.fetchall()]
    except OperationalError as error:
        if isinstance(error.__cause__, psycopg.errors.QueryCanceled):
            raise TooBroad from error
        raise
