"""From the sealed book to deliveries: for every event and every endpoint subscribed at that place, one, exactly once.

It runs as asynchronous projections do, in book order, its rows and its checkpoint in one transaction. But its rows are
sent, so they are effects and no read model: they can't be thrown away and made again. `Progress` says how far the book
has become deliveries, and whatever stands before it makes none, whoever reads the book again: a rebuild, a lost
checkpoint. That is why it names no tables of its own to be rebuilt, and why an event that fails stops it
(`OnError.PAUSE`) instead of being put aside.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from accounts.webhook_endpoint import (
    WebhookEndpointDisabled,
    WebhookEndpointEnabled,
    WebhookEndpointRegistered,
    WebhookEndpointRemoved,
    WebhookReplayRequested,
    WebhookTestRequested,
)
from ledger.codec import decode_json, encode_json
from ledger.connections import Cursor
from ledger.projections import AsyncProjection
from ledger.records import RecordedEvent

NAME: Final = "webhook_deliveries"

_ROWS_AT_ONCE: Final = 5_000  # many endpoints times many events would fill the memory

_ADD: Final = """
insert into webhooks_delivery (endpoint_id, event_id, position, event_type, status, round, attempts, asked_at,
                               next_attempt_at, last_result)
select d.endpoint_id, d.event_id, d.position, d.event_type, 'pending', 1, 0, now(), now(), ''
from json_to_recordset(%s::json) as d(endpoint_id uuid, event_id uuid, position bigint, event_type text)
on conflict (endpoint_id, event_id) do nothing
"""
_AGAIN: Final = """
set status = 'pending', round = d.round + 1, attempts = 0, asked_at = now(), next_attempt_at = now(), claim = null,
    claimed_until = null
"""
_REPLAY_ONE: Final = f"update webhooks_delivery d {_AGAIN} where d.endpoint_id = %s and d.event_id = %s"
# Also what was missed while the endpoint was disabled, and what was cleaned away since; nothing of the time before it
# was registered. `first`: events are sealed after they are recorded.
_REPLAY_SINCE: Final = f"""
insert into webhooks_delivery as d (endpoint_id, event_id, position, event_type, status, round, attempts, asked_at,
                                    next_attempt_at, last_result)
select %(endpoint)s, e.id, n.position, e.type, 'pending', 1, 0, now(), now(), ''
from ledger_entry n join ledger_event e using (sequence)
where n.position >= %(first)s and n.position < %(before)s and e.recorded_at >= %(since)s
  and e.stream_id <> %(endpoint)s and e.type <> 'WebhookTestRequested' and (%(all)s or e.type = any(%(types)s))
on conflict (endpoint_id, event_id) do update {_AGAIN}
"""
_SUBSCRIBE: Final = """
insert into webhooks_subscription (endpoint_id, event_types, is_active, registered_position)
select s.endpoint_id, s.event_types, s.is_active, s.registered_position
from json_to_recordset(%s::json)
     as s(endpoint_id uuid, event_types jsonb, is_active boolean, registered_position bigint)
on conflict (endpoint_id) do update set is_active = excluded.is_active
"""
_UNSUBSCRIBE: Final = "delete from webhooks_subscription where endpoint_id = %s"
_OPEN_LANE: Final = """
insert into webhooks_lane (endpoint_id, not_before, failures) values (%s, now(), 0)
on conflict (endpoint_id) do update set not_before = now(), failing_since = null, failures = 0
"""
_CANCEL: Final = """
update webhooks_delivery set status = 'cancelled', next_attempt_at = null, claim = null, claimed_until = null
where endpoint_id = %s and status = 'pending'
"""
_MOVE: Final = """
insert into webhooks_progress (id, position) values (1, %s)
on conflict (id) do update set position = excluded.position
"""


@dataclass(slots=True)
class _Subscribed:
    """A subscription while the batch runs over it. No `types`: all."""

    types: frozenset[str]
    is_active: bool
    registered_position: int
    is_changed: bool = False

    def wants(self, event: RecordedEvent, endpoint_id: UUID) -> bool:
        """A test is for its own endpoint alone; of what else is done to itself, an endpoint is not told."""
        if isinstance(event.data, WebhookTestRequested):
            return event.stream_id == endpoint_id
        if not self.is_active or event.stream_id == endpoint_id:
            return False
        return not self.types or event.type in self.types


@dataclass(slots=True)
class _Batch:
    """Events of one batch on their way into rows."""

    cur: Cursor
    subscriptions: dict[UUID, _Subscribed]
    waiting: list[dict[str, Any]] = field(default_factory=list)

    def take(self, event: RecordedEvent) -> None:
        """One event: the deliveries of whoever is subscribed where it stands; then what it changes for those behind."""
        assert event.position is not None, "sealed events have a position"
        for endpoint_id, subscribed in self.subscriptions.items():
            if subscribed.wants(event, endpoint_id):
                self.waiting.append(
                    {
                        "endpoint_id": endpoint_id,
                        "event_id": event.id,
                        "position": event.position,
                        "event_type": event.type,
                    }
                )
        if len(self.waiting) >= _ROWS_AT_ONCE:
            self.flush()
        match event.data:
            case WebhookEndpointRegistered():
                types = frozenset(event.data.event_types)
                self.subscriptions[event.stream_id] = _Subscribed(types, True, event.position, is_changed=True)
                self.cur.execute(_OPEN_LANE, (event.stream_id,))
            case WebhookEndpointEnabled():
                self._turn(event.stream_id, is_active=True)
                self.cur.execute(_OPEN_LANE, (event.stream_id,))
            case WebhookEndpointDisabled():
                self._turn(event.stream_id, is_active=False)
            case WebhookEndpointRemoved():
                self.flush()
                del self.subscriptions[event.stream_id]
                self.cur.execute(_UNSUBSCRIBE, (event.stream_id,))
                self.cur.execute(_CANCEL, (event.stream_id,))
            case WebhookReplayRequested():
                self.flush()
                self._replay(event, event.data)
            case _:
                pass  # of no consequence to who is subscribed

    def flush(self) -> None:
        """Write what waits."""
        if self.waiting:
            self.cur.execute(_ADD, (encode_json(self.waiting).decode(),))
            self.waiting = []
        changed = [
            {
                "endpoint_id": endpoint_id,
                "event_types": sorted(s.types),
                "is_active": s.is_active,
                "registered_position": s.registered_position,
            }
            for endpoint_id, s in self.subscriptions.items()
            if s.is_changed
        ]
        if changed:
            self.cur.execute(_SUBSCRIBE, (encode_json(changed).decode(),))

    def _turn(self, endpoint_id: UUID, *, is_active: bool) -> None:
        subscribed = self.subscriptions[endpoint_id]
        subscribed.is_active, subscribed.is_changed = is_active, True

    def _replay(self, event: RecordedEvent, asked: WebhookReplayRequested) -> None:
        if asked.since is None:
            self.cur.execute(_REPLAY_ONE, (event.stream_id, asked.event_id))
            return
        subscribed = self.subscriptions[event.stream_id]
        parameters = {
            "endpoint": event.stream_id,
            "first": max(subscribed.registered_position + 1, _first_position_since(self.cur, asked.since)),
            "before": event.position,
            "since": asked.since,
            "all": not subscribed.types,
            "types": sorted(subscribed.types),
        }
        self.cur.execute(_REPLAY_SINCE, parameters)


def apply(cursor: Cursor, events: Sequence[RecordedEvent]) -> None:
    """The deliveries of a batch; of events that have become deliveries before, none."""
    row = cursor.execute("select position from webhooks_progress where id = 1").fetchone()
    reached = row[0] if row else 0
    fresh = [event for event in events if event.position is not None and event.position > reached]
    if not fresh:
        return
    batch = _Batch(cursor, _subscriptions(cursor))
    for event in fresh:
        batch.take(event)
    batch.flush()
    cursor.execute(_MOVE, (fresh[-1].position,))


PROJECTION = AsyncProjection(
    name=NAME,
    description="Which event goes to which webhook endpoint: once each, in book order. Never made anew: it is sent.",
    apply=apply,
    tables=(),
)


def _subscriptions(cur: Cursor) -> dict[UUID, _Subscribed]:
    cur.execute("select endpoint_id, event_types, is_active, registered_position from webhooks_subscription")
    return {
        endpoint_id: _Subscribed(frozenset(decode_json(types)), is_active, position)
        for endpoint_id, types, is_active, position in cur.fetchall()
    }


def _first_position_since(cur: Cursor, moment: datetime) -> int:
    """The first position sealed at or after `moment`: times rise with positions, so halving finds it by the key."""
    row = cur.execute("select coalesce(max(position), 0) from ledger_entry").fetchone()
    low, high = 1, (row[0] if row else 0) + 1
    while low < high:
        middle = (low + high) // 2
        found = cur.execute("select sealed_at >= %s from ledger_entry where position = %s", (moment, middle)).fetchone()
        if found is not None and found[0]:
            high = middle
        else:
            low = middle + 1
    return low
