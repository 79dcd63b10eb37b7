"""The command log for auditors: the newest first, by who asked, for what, and what became of it.

Three lanes, each with its own index, are merged by time: refused commands and the few that changed no stream are looked
up in the log itself, all others in the read model that follows their events. What wrote to a stream is found by its
events.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain
from typing import Any, Final
from uuid import UUID

from django.db import OperationalError, connection, transaction
from psycopg import errors

from ledger.models import Command, Replay
from readmodels import leading

# What is looked for is found by an index, or else is given up: one auditor does not hold up the bank.
_GIVEN_UP_AFTER_MS: Final = 3_000


class TooMuchToLookThrough(Exception):
    """No index finds this soon enough: another filter beside it would."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandFilter:
    """What to look for. Days in UTC, both inclusive; `stream_id`: what wrote to it, which nothing refused did."""

    type: str = ""
    actor: str = ""
    outcome: str = ""
    refusal: str = ""
    channel: str = ""
    from_date: date | None = None
    to_date: date | None = None
    correlation_id: UUID | None = None
    command_id: UUID | None = None
    stream_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Commands, the newest first; whether there are newer and older ones than these."""

    commands: list[Command]
    has_newer: bool
    has_older: bool


_NOTHING: Final = "select command_id from ledger_command where false"
_KEY: Final = "select recorded_at, command_id from ledger_command where command_id = %s"
_MOMENT: Final = "(select recorded_at from ledger_command where command_id = %s)"
_ONE: Final = "select recorded_at, command_id from ledger_command c where {}"
_ACCEPTED: Final = "select recorded_at, command_id from readmodels_command_search c where {}"
_REFUSED: Final = "select recorded_at, command_id from ledger_command c where refusal is not null and {}"
_SILENT: Final = (
    "select recorded_at, command_id from ledger_command c"
    " where refusal is null and coalesce(jsonb_array_length(result -> 'streams'), 0) = 0 and {}"
)
# Of several events that a command wrote to the stream, the first one stands for it.
_OF_STREAM: Final = """
select e.stream_position, c.command_id from ledger_event e
join ledger_command c on c.command_id = (e.metadata ->> 'commandId')::uuid
where e.stream_id = %s and {} and exists (
    select from jsonb_array_elements(c.result -> 'streams') wrote
    where wrote ->> 1 = e.stream_id::text and (wrote ->> 2)::integer = e.stream_position
)
"""
_PLACE_IN_STREAM: Final = """
select coalesce(max((wrote ->> 2)::integer), 0)
from ledger_command, jsonb_array_elements(result -> 'streams') wrote where command_id = %s and wrote ->> 1 = %s
"""


def page(wanted: CommandFilter, limit: int, *, before: UUID | None = None, after: UUID | None = None) -> Page:
    """Up to `limit` commands that are older than the one called `before`, or newer than `after`.

    Raises TooMuchToLookThrough.
    """
    newer = after is not None
    mark = after if newer else before
    ids = _ids(*statement(wanted, limit + 1, mark, newer=newer, lead=lead_of(wanted)))
    goes_on, ids = len(ids) > limit, ids[:limit]
    if newer:
        ids.reverse()
    commands = Command.objects.in_bulk(ids)
    return Page(
        commands=[commands[i] for i in ids],
        has_newer=goes_on if newer else mark is not None,
        has_older=True if newer else goes_on,
    )


def newest(wanted: CommandFilter, limit: int) -> list[UUID]:
    """The ids alone of up to `limit` commands. Raises TooMuchToLookThrough."""
    return _ids(*statement(wanted, limit, None, newer=False, lead=lead_of(wanted)))


def statement(
    wanted: CommandFilter, limit: int, mark: UUID | None, *, newer: bool, lead: str | None = None
) -> tuple[str, list[Any]]:
    """The page's SQL, which gives the commands' ids, and its values; also to be explained.

    `lead` is the column along whose index the accepted are walked; None: any.
    """
    if wanted.stream_id is not None:
        return _statement_of_stream(wanted, limit, mark, newer=newer)
    way = "asc" if newer else "desc"
    lanes, values = [], []
    for lane, conditions in _lanes(wanted):
        given = {sql: [value] for sql, value in (conditions | _behind(mark, newer=newer)).items()}
        leads = ""
        if lane == _ACCEPTED and lead is not None:
            given, leads = _along(given, lead, mark, newer=newer), f"{lead} {way}, "
        lanes.append(f"({lane.format(' and '.join(given) or 'true')} order by {leads}1 {way}, 2 {way} limit %s)")
        values += [*chain.from_iterable(given.values()), limit]
    if not lanes:
        return _NOTHING, []
    sql = f"select command_id from ({' union all '.join(lanes)}) found order by recorded_at {way}, command_id {way}"
    return f"{sql} limit %s", [*values, limit]


def lead_of(wanted: CommandFilter) -> str | None:
    """The column whose index leads to the accepted soonest; None where the planner had better choose."""
    if wanted.outcome == "refused" or wanted.refusal or wanted.stream_id or wanted.command_id or wanted.correlation_id:
        return None
    given = {"type": wanted.type, "actor": wanted.actor, "channel": wanted.channel}
    candidates = {column: (f"{column} = %s", [value]) for column, value in given.items() if value}
    return leading.rarest("readmodels_command_search", candidates)


def _along(conditions: dict[str, list[Any]], lead: str, mark: UUID | None, *, newer: bool) -> dict[str, list[Any]]:
    """The conditions, with what leads as a range of its index, from moment to moment."""
    value = conditions[f"c.{lead} = %s"]
    left = {sql: values for sql, values in conditions.items() if sql != f"c.{lead} = %s"}
    ends = {">=": ("'-infinity'", value), "<=": ("'infinity'", value)}
    if mark is not None:
        ends[">=" if newer else "<="] = (_MOMENT, [*value, mark])
    rows = {f"(c.{lead}, c.recorded_at) {sign} (%s, {moment})": given for sign, (moment, given) in ends.items()}
    return {**rows, **left}


def _lanes(wanted: CommandFilter) -> list[tuple[str, dict[str, Any]]]:
    of_all = _conditions(wanted)
    if wanted.command_id is not None:  # one row, by the key
        outcome = {"c.outcome = %s": wanted.outcome} if wanted.outcome else {}
        return [(_ONE, of_all | outcome | ({"c.refusal = %s": wanted.refusal} if wanted.refusal else {}))]
    lanes = []
    if wanted.outcome != "refused" and not wanted.refusal:
        lanes += [(_ACCEPTED, of_all), (_SILENT, of_all)]
    if wanted.outcome != "accepted":
        lanes.append((_REFUSED, of_all | ({"refusal = %s": wanted.refusal} if wanted.refusal else {})))
    return lanes


def _conditions(wanted: CommandFilter) -> dict[str, Any]:
    conditions = {
        "c.type = %s": wanted.type or None,
        "c.actor = %s": wanted.actor or None,
        "c.channel = %s": wanted.channel or None,
        "c.correlation_id = %s": wanted.correlation_id,
        "c.command_id = %s": wanted.command_id,
        "c.recorded_at >= %s": start_of(wanted.from_date),
        "c.recorded_at < %s": start_of(wanted.to_date, days_later=1),
    }
    return {sql: value for sql, value in conditions.items() if value is not None}


def _behind(mark: UUID | None, *, newer: bool) -> dict[str, Any]:
    """Rows are compared whole, as the indexes are ordered; by time alone where an index has no more."""
    if mark is None:
        return {}
    sign = ">" if newer else "<"
    return {
        f"(c.recorded_at, c.command_id) {sign} ({_KEY})": mark,
        f"c.recorded_at {sign}= {_MOMENT}": mark,
    }


def _statement_of_stream(wanted: CommandFilter, limit: int, mark: UUID | None, *, newer: bool) -> tuple[str, list[Any]]:
    if wanted.outcome == "refused" or wanted.refusal:
        return _NOTHING, []
    way, sign = ("asc", ">") if newer else ("desc", "<")
    conditions = _conditions(wanted)
    values = [wanted.stream_id, *conditions.values()]
    behind = ""
    if mark is not None:
        behind = f" and e.stream_position {sign} ({_PLACE_IN_STREAM})"
        values += [mark, str(wanted.stream_id)]
    where = f"{' and '.join(conditions) or 'true'}{behind}"
    sql = f"select command_id from ({_OF_STREAM.format(where)} order by 1 {way} limit %s) found"
    return f"{sql} order by stream_position {way}", [*values, limit]


def _ids(sql: str, values: Sequence[Any]) -> list[UUID]:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"set local statement_timeout = {_GIVEN_UP_AFTER_MS}")
            cursor.execute(sql, values)
            return [row[0] for row in cursor.fetchall()]
    except OperationalError as error:
        if isinstance(error.__cause__, errors.QueryCanceled):
            raise TooMuchToLookThrough from error
        raise


def find(command_id: UUID) -> Command | None:
    """What the log has under this id."""
    return Command.objects.filter(command_id=command_id).first()


def replays_of(command_ids: Sequence[UUID]) -> dict[UUID, Replay]:
    """Of those that came again, how often they did."""
    return Replay.objects.in_bulk(list(command_ids))


def start_of(day: date | None, days_later: int = 0) -> datetime | None:
    """Midnight, UTC; None, which is no bound, also behind the last day that there is."""
    if day is None or day > date.max - timedelta(days=days_later):
        return None
    return datetime.combine(day + timedelta(days=days_later), time(), UTC)
