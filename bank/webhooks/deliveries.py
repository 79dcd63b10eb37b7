"""Deliveries in the database: who may send which, what came of it, and what is to be seen of them."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from bank.webhooks import schedule
from bank.webhooks.models import Attempt, Delivery, Lane, Status
from bank.webhooks.transport import Answer
from ledger.codec import encode_json
from ledger.ids import new_id

BATCH_SIZE: Final = 50
# A worker that holds a claim sends no message that could end after it: what is left it gives back.
CLAIM_TIME: Final = timedelta(seconds=30)

_WITH_WORK: Final = """
select l.endpoint_id from webhooks_lane l join readmodels_webhook_endpoint e using (endpoint_id)
where e.status = 'active' and l.not_before <= %(now)s and exists (
    select 1 from webhooks_delivery d
    where d.endpoint_id = l.endpoint_id and d.status = 'pending' and d.next_attempt_at <= %(now)s
      and (d.claimed_until is null or d.claimed_until <= %(now)s))
order by l.not_before
"""
# Two statements: what another claimed while this one waited for nothing (skip locked) must be seen by the count.
_LOCK_LANE: Final = """
select 1 from webhooks_lane l join readmodels_webhook_endpoint e using (endpoint_id)
where l.endpoint_id = %(endpoint)s and l.not_before <= %(now)s and e.status = 'active'
for update of l skip locked
"""
_CLAIM: Final = """
with due as (
    select endpoint_id, event_id from webhooks_delivery
    where endpoint_id = %(endpoint)s and status = 'pending' and next_attempt_at <= %(now)s
      and (claimed_until is null or claimed_until <= %(now)s)
      and (select count(distinct o.claim) from webhooks_delivery o
           where o.endpoint_id = %(endpoint)s and o.status = 'pending' and o.claimed_until > %(now)s) < %(concurrency)s
    order by next_attempt_at, position limit %(limit)s for update skip locked
), claimed as (
    update webhooks_delivery d set claim = %(claim)s, claimed_until = %(until)s from due
    where d.endpoint_id = due.endpoint_id and d.event_id = due.event_id
    returning d.event_id, d.position, d.attempts
)
select event_id, position, attempts from claimed order by position
"""
# Only under the claim, as below.
_ARRIVED: Final = """
update webhooks_delivery d
set status = 'delivered', next_attempt_at = null, attempts = d.attempts + 1, claim = null, claimed_until = null,
    last_attempt_at = r.at, last_result = r.result
from json_to_recordset(%(rows)s::json) as r(event_id uuid, at timestamptz, result text)
where d.endpoint_id = %(endpoint)s and d.event_id = r.event_id and d.claim = %(claim)s
"""
_FAILING: Final = """
update webhooks_lane set failures = failures + 1, failing_since = coalesce(failing_since, %(now)s)
where endpoint_id = %(endpoint)s returning failures, failing_since
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A delivery that this worker may send now."""

    endpoint_id: UUID
    event_id: UUID
    position: int
    attempts: int
    claim: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One attempt, made at `at`."""

    claimed: Claimed
    answer: Answer
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Failing:
    """How an endpoint fares after one more failure."""

    failures: int
    since: datetime


def endpoints_with_work(now: datetime) -> list[UUID]:
    """The endpoints for which something is due."""
    with connection.cursor() as cursor:
        cursor.execute(_WITH_WORK, {"now": now})
        return [row[0] for row in cursor.fetchall()]


def claim_due(endpoint_id: UUID, now: datetime, limit: int = BATCH_SIZE) -> list[Claimed]:
    """Take what has been due for longest, in book order; nothing while others have all there is to have."""
    claim = new_id()
    parameters: dict[str, Any] = {
        "endpoint": endpoint_id,
        "now": now,
        "claim": claim,
        "until": now + CLAIM_TIME,
        "concurrency": settings.WEBHOOKS_CONCURRENCY,
        "limit": limit,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LOCK_LANE, parameters)
        if cursor.fetchone() is None:
            return []
        cursor.execute(_CLAIM, parameters)
        return [
            Claimed(endpoint_id=endpoint_id, event_id=event_id, position=position, attempts=attempts, claim=claim)
            for event_id, position, attempts in cursor.fetchall()
        ]


def give_back(claimed: Sequence[Claimed]) -> None:
    """Let others send what was claimed and not sent."""
    if claimed:
        events = [one.event_id for one in claimed]
        held = Delivery.objects.filter(endpoint_id=claimed[0].endpoint_id, event_id__in=events, claim=claimed[0].claim)
        held.update(claim=None, claimed_until=None)


def record_successes(arrived: Sequence[Tried]) -> None:
    """They arrived: all of them in one transaction, under the one claim that they have."""
    if not arrived:
        return
    first = arrived[0].claimed
    with transaction.atomic(), connection.cursor() as cursor:
        Attempt.objects.bulk_create([_attempt(tried) for tried in arrived])
        rows = [
            {"event_id": str(t.claimed.event_id), "at": t.at.isoformat(), "result": t.answer.result} for t in arrived
        ]
        cursor.execute(
            _ARRIVED, {"endpoint": first.endpoint_id, "claim": first.claim, "rows": encode_json(rows).decode()}
        )
        cursor.execute(
            "update webhooks_lane set failures = 0, failing_since = null where endpoint_id = %s and failures > 0",
            [first.endpoint_id],
        )


def record_failure(tried: Tried, *, pauses: bool, is_final: bool = False) -> Failing:
    """It did not arrive: try again by the schedule, not earlier than the receiver asks for; after the last, no more.

    `pauses`: leave the whole endpoint alone for a while. `is_final`: the receiver wants no more of it.
    """
    one, answer, at = tried.claimed, tried.answer, tried.at
    wait = _asked_to_wait(answer.retry_after)
    due = None if is_final else schedule.next_attempt_at(one.attempts + 1, at)
    if due is not None:
        due = max(due, at + wait)
    with transaction.atomic():
        _attempt(tried).save(force_insert=True)
        # Only under the claim: who was too slow, or whose delivery was asked for again meanwhile, settles nothing.
        Delivery.objects.filter(endpoint_id=one.endpoint_id, event_id=one.event_id, claim=one.claim).update(
            status=Status.FAILED if due is None else Status.PENDING,
            next_attempt_at=due,
            attempts=one.attempts + 1,
            claim=None,
            claimed_until=None,
            last_attempt_at=at,
            last_result=answer.result,
        )
        with connection.cursor() as cursor:
            cursor.execute(_FAILING, {"endpoint": one.endpoint_id, "now": at})
            failures, since = cursor.fetchone()
            if pauses:
                cursor.execute(
                    "update webhooks_lane set not_before = %s where endpoint_id = %s",
                    [at + max(wait, schedule.pause_after(failures)), one.endpoint_id],
                )
    return Failing(failures=failures, since=since)


def find(endpoint_id: UUID, event_id: UUID) -> Delivery | None:
    """One delivery."""
    return Delivery.objects.filter(endpoint_id=endpoint_id, event_id=event_id).first()


def page(endpoint_id: UUID, limit: int, *, before: int | None = None, status: str | None = None) -> list[Delivery]:
    """Up to `limit` deliveries, the newest event first, before a position of the book."""
    found = Delivery.objects.filter(endpoint_id=endpoint_id).order_by("-position")
    if before is not None:
        found = found.filter(position__lt=before)
    if status is not None:
        found = found.filter(status=status)
    return list(found[:limit])


def of_events(event_ids: Collection[UUID]) -> dict[UUID, list[Delivery]]:
    """What was to be sent of these events, to whom and what became of it; by the key, so endpoint by endpoint."""
    endpoints = Lane.objects.values_list("endpoint_id", flat=True)
    found: defaultdict[UUID, list[Delivery]] = defaultdict(list)
    for delivery in Delivery.objects.filter(endpoint_id__in=list(endpoints), event_id__in=event_ids).order_by(
        "position", "endpoint_id"
    ):
        found[delivery.event_id].append(delivery)
    return dict(found)


def attempts_of(delivery: Delivery) -> list[Attempt]:
    """Every attempt that is still on record, the newest first."""
    return list(
        Attempt.objects.filter(endpoint_id=delivery.endpoint_id, event_id=delivery.event_id).order_by("-id")[:200]
    )


def _attempt(tried: Tried) -> Attempt:
    answer = tried.answer
    return Attempt(
        endpoint_id=tried.claimed.endpoint_id,
        event_id=tried.claimed.event_id,
        attempted_at=tried.at,
        duration_ms=answer.duration_ms,
        status_code=answer.status_code,
        error=answer.error,
        answer=answer.body,
    )


def _asked_to_wait(retry_after: str) -> timedelta:
    """`Retry-After` in seconds (RFC 9110, 10.2.3), within reason; dates are not worth their trouble here."""
    if not (retry_after.isascii() and retry_after.isdigit() and len(retry_after) <= 9):
        return timedelta()
    return min(timedelta(seconds=int(retry_after)), schedule.LONGEST_RETRY_AFTER)
