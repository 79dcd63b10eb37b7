"""Completeness: every committed event has its entry, every stream all of its events. Set-based, over whole tables."""

from typing import Any

from ledger.connections import Cursor, transaction
from ledger.findings import Finding, Kind
from ledger.partitions import detached

# The command path's connections loop over keys; here whole tables are compared.
_PLANNER = """
select set_config('enable_hashjoin', 'on', true), set_config('enable_mergejoin', 'on', true),
       set_config('enable_seqscan', 'on', true), set_config('plan_cache_mode', 'force_custom_plan', true)
"""

# First by the numbers alone, which two indexes have; the events themselves are read only of those without an entry.
# Where the sealer still looks for the number, it will find it; where it does not, the entry was taken away.
_WITHOUT_ENTRY = """
with loose as materialized (
    select e.sequence from ledger_event e
    where e.sequence between %s and %s
      and not exists (select 1 from ledger_entry n where n.sequence = e.sequence)
)
select e.sequence, e.stream_id, e.stream_position, e.recorded_at::text,
       e.sequence > s.high_sequence or exists (
           select 1 from jsonb_array_elements(s.gaps) gap
           where e.sequence between (gap ->> 0)::bigint and (gap ->> 1)::bigint)
from loose join ledger_event e using (sequence), ledger_sealer_state s
where e.recorded_at < now() - make_interval(secs => %s)
order by e.sequence limit 1
"""
_SEQUENCES = "select min(sequence), max(sequence) from ledger_entry where position between %s and %s"
_HEADS = """
select coalesce(s.id, e.stream_id), coalesce(s.version, 0), coalesce(e.last, 0), coalesce(e.count, 0)
from ledger_stream s full join (
    select stream_id, max(stream_position) as last, count(*) as count from ledger_event group by stream_id
) e on e.stream_id = s.id
where s.version is distinct from e.last or e.last is distinct from e.count limit 1
"""


# Of streams whose first events are detached, the rest is here: the last of them is the head's, and all in all no more
# is missing than went away.
_HEADS_OF_THE_REST = """
select s.id, s.version, e.last, e.count from ledger_stream s join (
    select stream_id, max(stream_position) as last, count(*) as count from ledger_event group by stream_id
) e on e.stream_id = s.id where s.version <> e.last limit 1
"""
_IN_ALL = "select (select coalesce(sum(version), 0) from ledger_stream), (select count(*) from ledger_event)"


def check(first: int, last: int, *, whole: bool, grace_seconds: float) -> Finding | None:
    """Events that lack their entry, among those between the entries `first` and `last`; with `whole`, all there are."""
    with transaction() as cur:
        cur.execute(_PLANNER)
        low, high = (0, 2**63 - 1) if whole else _sequences(cur, first, last)
        away = sum(partition.events for partition in detached(cur))
        finding = _without_entry(cur, low, high, grace_seconds)
        if finding is not None or not whole:
            return finding
        return _heads_of_the_rest(cur, away) if away else _heads(cur)


def _sequences(cur: Cursor, first: int, last: int) -> tuple[int, int]:
    row = cur.execute(_SEQUENCES, (first, last)).fetchone()
    return (row[0], row[1]) if row and row[0] is not None else (0, 0)


def _without_entry(cur: Cursor, low: int, high: int, grace_seconds: float) -> Finding | None:
    row = cur.execute(_WITHOUT_ENTRY, (low, high, grace_seconds)).fetchone()
    if row is None:
        return None
    sequence, stream_id, place, recorded_at, waits = row
    event = f"event {place} of stream {stream_id} (sequence {sequence}), recorded at {recorded_at},"
    if waits:
        return Finding(Kind.UNSEALED, f"{event} waits for the sealer")
    return Finding(Kind.MISSING, f"{event} has no entry in the book, and none will be made")


def _heads(cur: Cursor) -> Finding | None:
    row = cur.execute(_HEADS).fetchone()
    if row is None:
        return None
    stream_id, _, last, count = row
    if count != last:
        return Finding(Kind.MISSING, f"stream {stream_id} has {count} events, but the last is number {last}")
    return _head_differs(row)


def _heads_of_the_rest(cur: Cursor, away: int) -> Finding | None:
    if row := cur.execute(_HEADS_OF_THE_REST).fetchone():
        return _head_differs(row)
    expected, count = cur.execute(_IN_ALL).fetchone() or (0, 0)
    if expected == count + away:
        return None
    kind = Kind.MISSING if expected > count + away else Kind.INSERTED
    message = f"the streams have {expected:,} events in all, but {count:,} are here and {away:,} are detached"
    return Finding(kind, message)


def _head_differs(row: tuple[Any, ...]) -> Finding:
    stream_id, version, last, _ = row
    kind = Kind.MISSING if version > last else Kind.INSERTED
    return Finding(kind, f"stream {stream_id} is at version {version}, but its last event is number {last}")
