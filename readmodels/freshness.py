"""How fresh an async projection is."""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ledger.connections import Cursor, cursor
from ledger.projections import async_projection

# Counting what is not sealed yet stops here: "more than 10,000 behind" says enough.
_COUNT_AT_MOST = 10_000
_QUERY = """
select c.position, s.position, e.recorded_at, behind.recorded_at, unsealed.n, now(), c.paused
from ledger_sealer_state s
cross join (
    select case when count(*) < %(shards)s then 0 else min(position) end as position,
           coalesce(bool_or(status = 'paused'), false) as paused
    from ledger_checkpoint where projection = %(projection)s and not rebuilding
) c
left join ledger_entry n on n.position = c.position
left join ledger_event e on e.sequence = n.sequence
left join lateral (
    (select b.recorded_at from ledger_entry bn join ledger_event b using (sequence)
     where bn.position = c.position + 1)
    union all
    (select u.recorded_at from ledger_event u where u.sequence > s.high_sequence order by u.sequence limit 1)
    limit 1
) behind on true
cross join lateral (
    select count(*) as n from (select 1 from ledger_event u where u.sequence > s.high_sequence limit %(at_most)s) x
) unsealed
"""


LATELY_SECONDS: Final = 0.2
_lately: dict[str, tuple[float, "AsOf"]] = {}


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
    paused: bool = False


def as_of(projection: str) -> AsOf:
    """How far the async projection of this name is behind what was committed."""
    with cursor(kept=True) as cur:
        return as_of_on(cur, projection)


def as_of_lately(projection: str) -> AsOf:
    """The same, at most a fifth of a second old: for answers that are asked for a thousand times a second."""
    found = _lately.get(projection)
    now = time.monotonic()
    if found is None or now - found[0] > LATELY_SECONDS:
        found = _lately[projection] = (now, as_of(projection))
    return found[1]


def as_of_on(cur: Cursor, projection: str) -> AsOf:
    """The same, in one's own transaction."""
    shards = async_projection(projection).shards
    parameters = {"projection": projection, "shards": shards, "at_most": _COUNT_AT_MOST}
    row = cur.execute(_QUERY, parameters).fetchone()
    assert row is not None, "the migrations make the sealer's state"
    position, sealed, timestamp, behind_since, unsealed, now, paused = row
    lag_events = sealed - position + unsealed
    return AsOf(
        position=position,
        head=sealed + unsealed,
        timestamp=timestamp,
        lag_events=lag_events,
        lag_seconds=max((now - behind_since).total_seconds(), 0.0) if lag_events and behind_since else 0.0,
        paused=paused,
    )
