"""How fresh an async projection is."""

from dataclasses import dataclass
from datetime import datetime

from ledger.connections import cursor

# Counting what is not sealed yet stops here: "more than 10,000 behind" says enough.
_COUNT_AT_MOST = 10_000
_QUERY = """
select coalesce(c.position, 0), s.position, coalesce(e.recorded_at, s_time.t), behind.recorded_at, unsealed.n, now()
from ledger_sealer_state s
left join ledger_checkpoint c on c.projection = %(projection)s
left join ledger_entry n on n.position = c.position
left join ledger_event e on e.sequence = n.sequence
left join lateral (select c.updated_at as t) s_time on true
left join lateral (
    (select b.recorded_at from ledger_entry bn join ledger_event b using (sequence)
     where bn.position = coalesce(c.position, 0) + 1)
    union all
    (select u.recorded_at from ledger_event u where u.sequence > s.high_sequence order by u.sequence limit 1)
    limit 1
) behind on true
cross join lateral (
    select count(*) as n from (select 1 from ledger_event u where u.sequence > s.high_sequence limit %(at_most)s) x
) unsealed
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AsOf:
    """Up to where a model has read. `timestamp`: when its last event was recorded (None before the first).

    `head` counts the sealed book and what waits to be sealed; `lag_seconds`: how long the oldest event waits already.
    """

    position: int
    head: int
    timestamp: datetime | None
    lag_events: int
    lag_seconds: float


def as_of(projection: str) -> AsOf:
    """How far the async projection of this name is behind what was committed."""
    with cursor() as cur:
        row = cur.execute(_QUERY, {"projection": projection, "at_most": _COUNT_AT_MOST}).fetchone()
    assert row is not None, "the migrations make the sealer's state"
    position, sealed, timestamp, behind_since, unsealed, now = row
    lag_events = sealed - position + unsealed
    return AsOf(
        position=position,
        head=sealed + unsealed,
        timestamp=timestamp,
        lag_events=lag_events,
        lag_seconds=max((now - behind_since).total_seconds(), 0.0) if lag_events and behind_since else 0.0,
    )
