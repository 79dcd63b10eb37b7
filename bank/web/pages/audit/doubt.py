"""What an event's page says where the event is not what was sealed: what was done, and what differs."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django_stubs_ext import StrOrPromise

from bank.web.pages.audit.jobs import FINDING_WORDS, MEANINGS
from ledger.rechecking import recheck
from ledger.records import RecordedEvent, Unreadable
from ledger.stored import StoredEvent
from readmodels import event_search


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A part of the event that the search remembers otherwise."""

    name: str
    was: str
    now: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A hash that does not hold; `message` says what was done exactly, in English, as verify_ledger does.

    `is_before`: the event is right, the hash of the entry before it is not.
    """

    title: StrOrPromise
    meaning: StrOrPromise
    message: str
    is_before: bool
    differences: list[Difference]


def doubt_about(event: StoredEvent) -> Doubt | None:
    """What is wrong with a sealed event; None where its hash covers it."""
    assert event.position is not None, "only what is sealed has a hash"
    finding = recheck(event.position)
    if finding is None:
        return None
    return Doubt(
        title=FINDING_WORDS[finding.kind],
        meaning=MEANINGS[finding.kind],
        message=str(finding),
        is_before=finding.position is not None and finding.position < event.position,
        differences=_differences(event),
    )


def _differences(event: StoredEvent) -> list[Difference]:
    # Whoever changes rows by hand may leave anything there.
    found: object = event.metadata
    metadata = {k: v for k, v in found.items() if isinstance(v, str)} if isinstance(found, dict) else {}
    recorded = RecordedEvent(
        id=event.id,
        type=event.type,
        schema_version=event.schema_version,
        stream_id=event.stream_id,
        stream_position=event.stream_position,
        position=event.position,
        recorded_at=event.recorded_at,
        data=Unreadable(stored=event.raw, problem=event.problem or "") if event.event is None else event.event,
        metadata=metadata,
    )
    return [
        Difference(name=name, was=_text(was), now=_text(now)) for name, was, now in event_search.differences(recorded)
    ]


def _text(value: Any) -> str:
    if value is None:
        return ""
    return str(value) if isinstance(value, str | int | UUID) else value.isoformat()
