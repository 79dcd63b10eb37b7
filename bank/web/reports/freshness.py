"""How fresh a page of figures is that is made of several projections: as fresh as the one that is furthest behind."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone

from readmodels import events, freshness
from readmodels.freshness import AsOf

# So long may an event wait before a page speaks of it.
BEHIND_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """`as_of`: of the projection furthest behind; `seen`: what a page shows, which it sends back when it asks again.

    `paused`: the projections that stand still.
    """

    as_of: AsOf
    is_paused: bool
    is_behind: bool
    seen: str
    paused: tuple[str, ...] = ()


def freshness_now(last: datetime | None, today: date) -> Freshness:
    """Of what is counted when it is asked for: up to the last event that there is. `last` changes with the figures."""
    now, head = timezone.now(), events.head_position()
    as_of = AsOf(position=head, head=head, timestamp=now, lag_events=0, lag_seconds=0.0)
    seen = f"{last.timestamp() if last is not None else 0:.6f}-{today:%Y%m%d}"
    return Freshness(as_of=as_of, is_paused=False, is_behind=False, seen=seen)


def freshness_of(projections: Sequence[str], today: date) -> Freshness:
    """To be read before the figures: these are then at least as new as it says."""
    each = [freshness.as_of(name) for name in projections]
    last = min(each, key=lambda as_of: as_of.position)
    paused = tuple(name for name, as_of in zip(projections, each, strict=True) if as_of.paused)
    is_paused = bool(paused)
    is_behind = not is_paused and any(as_of.lag_seconds > BEHIND_SECONDS for as_of in each)
    places = ".".join(f"{as_of.position}-{as_of.lag_events}" for as_of in each)
    # With the day: ranges end today, and so they begin anew at midnight, also where nothing happens.
    seen = f"{places}-{int(is_behind)}{int(is_paused)}-{today:%Y%m%d}"
    return Freshness(as_of=last, is_paused=is_paused, is_behind=is_behind, seen=seen, paused=paused)
