"""How projections fare (live): how far each has come, what holds it up, and whether it is being built anew."""

from datetime import datetime
from typing import Literal

import msgspec

from ledger import checkpoints
from ledger.connections import Cursor, cursor
from ledger.projections import AsyncProjection, Lifecycle, Projection, projections
from ledger.reading import head_position_of
from readmodels.freshness import as_of_on


class Rebuild(msgspec.Struct, frozen=True, kw_only=True):
    """A rebuild that was asked for, or that somebody runs: `position` of `head` is built; `error`: it failed."""

    position: int
    head: int
    events_per_second: float
    requested_at: datetime | None
    requested_by: str | None
    error: str | None

    @property
    def progress(self) -> float:
        """From 0 to 1."""
        return min(self.position / self.head, 1.0) if self.head else 0.0

    @property
    def is_under_way(self) -> bool:
        """Whether somebody works on it, or soon will."""
        return self.error is None

    @property
    def seconds_left(self) -> float | None:
        """At the pace so far; None before there is one."""
        return (self.head - self.position) / self.events_per_second if self.events_per_second else None


class ProjectionState(msgspec.Struct, frozen=True, kw_only=True):
    """A projection now. `status`: running, paused, or failing (it tries again at `retry_at`).

    `generation`: how often its tables were built, this time included; `parked`: events that wait for somebody.
    """

    name: str
    lifecycle: Lifecycle
    description: str
    status: Literal["running", "failing", "paused"]
    position: int
    head: int
    timestamp: datetime | None
    lag_events: int
    lag_seconds: float
    events_per_second: float
    error: str | None
    error_position: int | None
    retry_at: datetime | None
    rebuild: Rebuild | None
    generation: int
    parked: int


def states() -> list[ProjectionState]:
    """Every projection, by name."""
    with cursor() as cur:
        return [state_of(cur, projection) for projection in sorted(projections(), key=lambda p: p.name)]


def state_of(cur: Cursor, projection: Projection) -> ProjectionState:
    """One projection, as this transaction sees it."""
    if not isinstance(projection, AsyncProjection):
        return _always_fresh(cur, projection)
    as_of = as_of_on(cur, projection.name)
    shards = checkpoints.read(cur, projection.name)
    failed = next((shard for shard in shards if shard.error is not None), None)
    return ProjectionState(
        name=projection.name,
        lifecycle=projection.lifecycle,
        description=projection.description,
        status="paused" if as_of.paused else "failing" if failed else "running",
        position=as_of.position,
        head=as_of.head,
        timestamp=as_of.timestamp,
        lag_events=as_of.lag_events,
        lag_seconds=as_of.lag_seconds,
        events_per_second=sum(shard.events_per_second for shard in shards),
        error=failed.error if failed else None,
        error_position=failed.error_position if failed else None,
        retry_at=failed.retry_at if failed else None,
        rebuild=_rebuild(cur, projection.name),
        generation=_generation(cur, projection.name),
        parked=_parked(cur, projection.name),
    )


def _always_fresh(cur: Cursor, projection: Projection) -> ProjectionState:
    """Written with the events, or folded when asked: never behind."""
    head = head_position_of(cur)
    return ProjectionState(
        name=projection.name,
        lifecycle=projection.lifecycle,
        description=projection.description,
        status="running",
        position=head,
        head=head,
        timestamp=None,
        lag_events=0,
        lag_seconds=0.0,
        events_per_second=0.0,
        error=None,
        error_position=None,
        retry_at=None,
        rebuild=_rebuild(cur, projection.name),
        generation=_generation(cur, projection.name),
        parked=0,
    )


def _generation(cur: Cursor, name: str) -> int:
    cur.execute("select generation from ledger_generation where projection = %s", (name,))
    row = cur.fetchone()
    return row[0] if row else 1


def _parked(cur: Cursor, name: str) -> int:
    cur.execute("select count(*) from ledger_parked where projection = %s and resolution is null", (name,))
    row = cur.fetchone()
    assert row is not None
    return int(row[0])


def _rebuild(cur: Cursor, name: str) -> Rebuild | None:
    cur.execute(
        "select coalesce(c.position, 0), s.position, coalesce(c.events_per_second, 0), r.requested_at, r.requested_by,"
        " r.error from ledger_sealer_state s"
        " left join ledger_rebuild_request r on r.projection = %(name)s"
        " left join ledger_checkpoint c on c.projection = %(name)s and c.rebuilding"
        " where r.projection is not null or c.projection is not null",
        {"name": name},
    )
    row = cur.fetchone()
    if row is None:
        return None
    position, head, rate, requested_at, requested_by, error = row
    return Rebuild(
        position=position,
        head=head,
        events_per_second=rate,
        requested_at=requested_at,
        requested_by=requested_by,
        error=error,
    )
