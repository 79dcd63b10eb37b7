"""What an operator can do about parked events: see them, have them applied again, give one up for a reason."""

import hashlib
import io
import threading
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command

from ledger import parking, steering
from ledger.connections import Cursor
from ledger.ids import new_id
from ledger.parking import parked
from ledger.projections import OnError
from ledger.records import RecordedEvent
from ledger.sealing import seal_all
from ledger.steering import Act, Order, Steered
from tests.ledger.book import write
from tests.ledger.seen import positions_seen, seen_events
from tests.ledger.test_runner import failing_on, stumble_until_parked

pytestmark = pytest.mark.django_db(transaction=True)


def said(*arguments: str) -> str:
    out = io.StringIO()
    call_command("parked_events", *arguments, stdout=out)
    return out.getvalue()


def test_parked_events_are_listed_given_up_for_a_reason_and_applied() -> None:
    bad = write(count=4)
    seal_all()
    with seen_events(before=failing_on("event 2"), on_error=OnError.PARK) as projection:
        assert said("test_seen") == "nothing is parked\n"
        stumble_until_parked(projection)
        listed = said("test_seen").splitlines()
        assert [f"position {n}, stream {bad}" in line for n, line in enumerate(listed, 2)] == [True, True, True]
        assert listed[0].endswith("ValueError: cannot read event 2")

        with pytest.raises(CommandError, match=r"0 applied; 3 still wait: .*cannot read event 2"):
            said("test_seen", "--retry", str(bad))
        with pytest.raises(CommandError, match="say why"):
            said("test_seen", "--discard", "2", "--reason", " ")
        with pytest.raises(CommandError, match="no parked event at position 1"):
            said("test_seen", "--discard", "1", "--reason", "none such")

        assert said("test_seen", "--discard", "2", "--reason", "no event of ours").startswith("discarded position 2")
        assert said("test_seen", "--retry", str(bad)).startswith("2 applied")
        assert positions_seen() == [1, 3, 4]
        kept = said("test_seen", "--all").splitlines()
        assert kept[0].endswith("discarded by system:operator: no event of ours")
        assert said("test_seen") == "nothing is parked\n"


def test_what_is_to_be_done_needs_a_projection() -> None:
    with pytest.raises(CommandError, match="name the projection"):
        said("--discard", "1", "--reason", "which one?")


def order(act: Act, command_id: UUID | None = None, **fields: Any) -> Steered:
    """Somebody of operations has it done."""
    command = Order(
        act=act,
        projection="test_seen",
        command_id=command_id or new_id(),
        fingerprint=hashlib.sha256(repr((act, fields)).encode()).digest(),
        actor="user:7",
        channel="web",
        correlation_id=new_id(),
        **fields,
    )
    return steering.steer(command, lambda _cur: {"projection": "test_seen"})


def test_another_try_is_asked_for_and_done_by_a_worker_once() -> None:
    bugs = ["event 2"]

    def fail(cur: Cursor, events: Sequence[RecordedEvent]) -> None:
        failing_on(*bugs)(cur, events)

    write(count=3)
    seal_all()
    with seen_events(before=fail, on_error=OnError.PARK) as projection:
        stumble_until_parked(projection)
        assert order(Act.RETRY, position=2).refusal is None
        assert [(p.position, p.retry_by) for p in parked("test_seen")] == [(2, "user:7"), (3, "user:7")]
        parking.retry_requested()  # the bug is still there
        assert [(p.position, p.retry_at) for p in parked("test_seen")] == [(2, None), (3, None)]
        bugs.clear()
        parking.retry_requested()
        assert positions_seen() == [1], "a try that failed is not made again until somebody asks"
        assert order(Act.RETRY).refusal is None
        for _ in range(2):  # beat and a wake-up may both send it
            parking.retry_requested()
        assert positions_seen() == [1, 2, 3]
        assert {(p.resolution, p.resolved_by) for p in parked("test_seen", unresolved=False)} == {("applied", "user:7")}
        assert order(Act.RETRY).refusal == "event_not_parked"


def test_an_event_is_given_up_by_a_command_once() -> None:
    write(count=3)
    seal_all()
    with seen_events(before=failing_on("event 2"), on_error=OnError.PARK) as projection:
        stumble_until_parked(projection)
        command_id = new_id()
        first = order(Act.DISCARD, command_id, position=2, reason="no event of ours")
        again = order(Act.DISCARD, command_id, position=2, reason="no event of ours")
        assert (first.refusal, again.refusal, first.replayed, again.replayed) == (None, None, False, True)
        assert order(Act.DISCARD, position=2, reason="once more").refusal == "event_not_parked"
        assert order(Act.DISCARD, position=1, reason="never was").refusal == "event_not_parked"
        (given_up,) = [p for p in parked("test_seen", unresolved=False) if p.resolution]
        assert (given_up.position, given_up.resolution, given_up.reason) == (2, "discarded", "no event of ours")
        assert given_up.resolved_by == "user:7"


def test_whoever_gives_an_event_up_while_it_is_tried_finds_it_applied() -> None:
    bugs = ["event 2"]
    answers: list[Steered] = []
    giving_up: list[threading.Thread] = []

    def fail(cur: Cursor, events: Sequence[RecordedEvent]) -> None:
        failing_on(*bugs)(cur, events)
        if not bugs and not giving_up:
            thread = threading.Thread(target=lambda: answers.append(order(Act.DISCARD, position=2, reason="late")))
            giving_up.append(thread)
            thread.start()
            thread.join(0.3)
            assert thread.is_alive(), "it waits for the try"

    stream_id = write(count=2)
    seal_all()
    with seen_events(before=fail, on_error=OnError.PARK) as projection:
        stumble_until_parked(projection)
        bugs.clear()
        assert parking.retry(projection, stream_id, by="user:8") == 1
        giving_up[0].join(30)
        assert [answer.refusal for answer in answers] == ["event_not_parked"]
        assert positions_seen() == [1, 2]
