"""Gauges of the ledger: read from the database at the scrape, equal to what the ledger itself says."""

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from ledger import checkpoints, parking
from ledger.keys import trusted_keys
from ledger.projections import OnError, async_projections
from ledger.runner import advance_once, drain
from ledger.sealing import seal_all
from ledger.signing import sign_head
from ledger.verification import verify
from readmodels import freshness
from tests.ledger.book import foreign_transaction, write, write_and_roll_back
from tests.ledger.seen import forget_the_pause, seen_events
from tests.ledger.test_runner import failing_on
from tests.observing.scrapes import Scrape
from tests.steps import an_account

pytestmark = pytest.mark.django_db(transaction=True)


def look() -> Scrape:
    response = Client().get("/metrics")
    assert response.status_code == 200
    return Scrape.of(response.content.decode())


def make_events_older(seconds: float) -> None:
    """As if every event had been recorded that much earlier."""
    with connection.cursor() as cursor:
        cursor.execute("select tableoid::regclass::text from ledger_event group by 1")
        for (partition,) in cursor.fetchall():
            make_older(partition, "recorded_at", seconds)


def make_older(table: str, column: str, seconds: float) -> None:
    """What only the tables' owner can do."""
    with connection.cursor() as cursor:
        cursor.execute(f"alter table {table} disable trigger {table}_append_only")
        cursor.execute(f"update {table} set {column} = {column} - make_interval(secs => %s)", [seconds])
        cursor.execute(f"alter table {table} enable always trigger {table}_append_only")


def test_what_waits_to_be_sealed_is_the_seal_lag() -> None:
    write(count=3)
    seal_all()
    write(count=4)
    make_events_older(seconds=30)
    found = look()
    assert found.value("passbook_database_up") == 1
    assert found.value("passbook_ledger_sealed_position") == 3
    assert found.value("passbook_ledger_head_position") == 7
    assert found.value("passbook_ledger_unsealed_events") == 4
    assert 30 <= (found.value("passbook_ledger_seal_lag_seconds") or 0) < 60
    seal_all()
    found = look()
    assert found.value("passbook_ledger_unsealed_events") == 0
    assert found.value("passbook_ledger_seal_lag_seconds") == 0
    assert found.value("passbook_ledger_sealed_position") == 7


def test_sealing_is_counted_in_batches() -> None:
    before = look()
    write(count=6)
    seal_all()
    seal_all()  # nothing left: no batch
    after = look()
    assert after.since(before, "passbook_seal_batch_events_count") == 1
    assert after.since(before, "passbook_seal_batch_events_sum") == 6
    assert after.since(before, "passbook_seal_batch_seconds_count") == 1


def test_numbers_that_may_still_come_are_gaps() -> None:
    with foreign_transaction():
        write_and_roll_back(2)
        write()
        seal_all()
        assert look().value("passbook_ledger_gaps") == 1
    seal_all()
    seal_all()
    assert look().value("passbook_ledger_gaps") == 0


def test_every_projection_has_its_position_and_lag_as_its_pages_say() -> None:
    an_account(1_00)
    drain()
    an_account(1_00)
    make_events_older(seconds=20)
    found = look()
    for projection in async_projections():
        says = freshness.as_of(projection.name)
        assert found.value("passbook_projection_position", projection=projection.name) == says.position
        assert found.value("passbook_projection_lag_events", projection=projection.name) == says.lag_events > 0
        lag_seconds = found.value("passbook_projection_lag_seconds", projection=projection.name)
        assert lag_seconds == pytest.approx(says.lag_seconds, abs=2)
        assert found.value("passbook_ledger_head_position") == says.head
    drain()
    found = look()
    for projection in async_projections():
        assert found.value("passbook_projection_lag_events", projection=projection.name) == 0
        assert found.value("passbook_projection_lag_seconds", projection=projection.name) == 0
        assert found.value("passbook_projection_status", projection=projection.name, status="running") == 1


def test_a_projection_with_shards_is_as_far_as_the_last_of_them() -> None:
    write(count=5)
    seal_all()
    with seen_events(shards=2) as projection:
        advance_once(projection, 0)
        assert look().value("passbook_projection_position", projection="test_seen") == 0
        advance_once(projection, 1)
        assert look().value("passbook_projection_position", projection="test_seen") == 5


def test_batches_of_a_projection_are_counted() -> None:
    write(count=5)
    seal_all()
    with seen_events(batch_size=2) as projection:
        before = look()
        while advance_once(projection).more:
            pass
        after = look()
        labels = {"projection": "test_seen"}
        assert after.since(before, "passbook_projection_batch_events_total", **labels) == 5
        assert after.since(before, "passbook_projection_batch_seconds_count", **labels) == 3
        assert after.value("passbook_projection_applied_events_total", **labels) == 5


def test_parked_events_are_told_until_somebody_resolves_them() -> None:
    stream_id = write(count=3)
    seal_all()
    with seen_events(before=failing_on("event 2"), on_error=OnError.PARK) as projection:
        before = look()
        for _ in range(checkpoints.MAX_FAILURES):
            advance_once(projection)
            forget_the_pause()
        advance_once(projection)
        found = look()
        assert found.value("passbook_projection_parked_events", projection="test_seen") == 2
        failed = found.since(before, "passbook_projection_failures_total", projection="test_seen")
        assert failed == checkpoints.MAX_FAILURES
        for event in parking.parked("test_seen"):
            assert event.stream_id == stream_id
            parking.discard(projection, event.position, by="user:1", reason="a test")
        assert look().value("passbook_projection_parked_events", projection="test_seen") == 0


def test_a_projection_that_fails_is_retrying_and_then_paused() -> None:
    write(count=3)
    seal_all()
    with seen_events(before=failing_on("event 2")) as projection:
        seen = []
        for _ in range(checkpoints.MAX_FAILURES):
            advance_once(projection)
            forget_the_pause()
            found = look()
            states = ("running", "retrying", "paused")
            seen += [s for s in states if found.value("passbook_projection_status", projection="test_seen", status=s)]
        assert seen == ["retrying"] * (checkpoints.MAX_FAILURES - 1) + ["paused"]


def test_what_is_not_signed_is_told_and_when_the_last_signature_was_made() -> None:
    write(count=2)
    seal_all()
    make_older("ledger_entry", "sealed_at", seconds=100)
    found = look()
    assert found.value("passbook_ledger_signed_position") == 0
    assert found.value("passbook_ledger_checkpoint_age_seconds") is None
    assert 100 <= (found.value("passbook_ledger_unsigned_seconds") or 0) < 130
    sign_head()
    found = look()
    assert found.value("passbook_ledger_signed_position") == 2
    assert found.value("passbook_ledger_unsigned_seconds") == 0
    age = found.value("passbook_ledger_checkpoint_age_seconds")
    assert age is not None
    assert age < 30


def test_a_verification_that_finds_everything_right_leaves_its_time() -> None:
    write(count=2)
    seal_all()
    before = look()
    assert verify(keys=trusted_keys([])).ok
    after = look()
    assert after.since(before, "passbook_verifications_total", result="right") == 1
    told = after.value("passbook_verified_timestamp_seconds")
    assert told == pytest.approx(timezone.now().timestamp(), abs=30)


def test_without_the_database_the_scrape_says_so_and_still_has_the_counts(database_away: None) -> None:
    found = look()
    assert found.value("passbook_database_up") == 0
    assert found.labels_of("passbook_projection_position") == []
    assert found.labels_of("passbook_http_requests_total")
