"""Jobs about the record: done once, taken up again where a worker was killed, and no half file for anybody."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from accounts.record_job import JobKind
from bank.jobs import cleaning, files, runs, working
from bank.jobs.asking import Job, State
from bank.jobs.models import ExportPart, Run
from bank.jobs.runs import ClaimLost, Pulse
from ledger.ids import new_id
from ledger.reading import read_stream
from ledger.sealing import seal_all
from tests.jobs.steps import ask, done, file_of, found
from tests.ledger.owner import a_book
from tests.ledger.test_proof_export import proven

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_key")]

FILLS_THE_DISK = """
create function tests_fill_disk() returns trigger language plpgsql as
$$ begin raise exception 'no space left on device' using errcode = 'disk_full'; end $$;
create trigger tests_fill_disk before insert on jobs_exportpart for each row when (new.number >= 1)
execute function tests_fill_disk();
"""


def silent(job_id: UUID, seconds: float = runs.SILENT_SECONDS + 1) -> None:
    """The job's worker was killed that long ago."""
    Run.objects.filter(job_id=job_id).update(heartbeat_at=timezone.now() - timedelta(seconds=seconds))


def types_of(job_id: UUID) -> list[str]:
    return [event.type for event in read_stream(job_id)]


def parts_of(job: Job) -> int:
    return ExportPart.objects.filter(job_id=job.row.job_id).count()


@contextmanager
def a_full_disk() -> Iterator[None]:
    """From an export's second piece on."""
    with connection.cursor() as cursor:
        cursor.execute(FILLS_THE_DISK)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("drop function tests_fill_disk cascade")


def test_a_job_waits_for_a_worker_is_done_and_stands_in_the_record() -> None:
    events = a_book(signed=True)
    job_id = ask(JobKind.VERIFICATION)
    assert found(job_id).state is State.WAITING
    assert working.run_all() == 1
    job = found(job_id)
    assert (job.state, job.is_right, job.percent) == (State.DONE, True, 100)
    assert job.row.outcome == {
        "first": 1, "last": events, "events": events, "signed_to": events,
        "finding": None, "position": None, "until": None,
    }  # fmt: skip
    assert types_of(job_id) == ["VerificationRequested", "VerificationFinished"]
    finished = list(read_stream(job_id))[-1]
    assert finished.metadata["actor"] == "system:jobs"
    assert finished.metadata["correlationId"] == str(job.row.correlation_id)
    assert working.run_all() == 0


def test_jobs_are_done_in_the_order_in_which_they_were_asked_for() -> None:
    a_book()
    jobs = [ask(JobKind.VERIFICATION), ask(JobKind.EXPORT), ask(JobKind.VERIFICATION)]
    assert working.run_all() == 3
    begun = Run.objects.order_by("started_at").values_list("job_id", flat=True)
    assert list(begun) == jobs


def test_a_job_that_somebody_works_on_is_left_to_them() -> None:
    a_book()
    job_id = ask(JobKind.VERIFICATION)
    assert runs.claim_next() is not None
    assert found(job_id).state is State.RUNNING
    assert working.run_all() == 0


def test_a_job_whose_worker_was_killed_is_seen_as_lost_and_taken_up_again() -> None:
    a_book()
    job_id = ask(JobKind.VERIFICATION)
    runs.claim_next()
    silent(job_id)
    assert found(job_id).state is State.LOST
    assert working.run_all() == 1
    job = found(job_id)
    assert job.run is not None
    assert (job.state, job.run.attempts) == (State.DONE, 2)


def test_a_job_whose_worker_is_killed_again_and_again_is_given_up_with_words() -> None:
    a_book()
    job_id = ask(JobKind.EXPORT)
    for _ in range(runs.MAX_ATTEMPTS):
        assert runs.claim_next() is not None
        silent(job_id)
    assert working.run_all() == 1
    job = found(job_id)
    assert job.run is not None
    assert job.state is State.FAILED
    assert job.run.error.startswith("interrupted 3 times")
    assert working.run_all() == 0


def test_a_worker_that_was_silent_for_too_long_stops_and_writes_nothing() -> None:
    a_book()
    job_id = ask(JobKind.EXPORT)
    slow = runs.claim_next()
    assert slow is not None
    silent(job_id)
    assert working.run_all() == 1
    made = file_of(found(job_id))
    pulse = Pulse(slow)
    with pytest.raises(ClaimLost):
        pulse.beat()
    with pytest.raises(ClaimLost):
        pulse.show(1, 2)
    with pytest.raises(ClaimLost):
        files.write(slow, [b"{}\n"], pulse)
    runs.end(slow, pulse, error="too late")
    job = found(job_id)
    assert (job.state, file_of(job)) == (State.DONE, made)
    assert types_of(job_id) == ["ExportRequested", "ExportMade"]


def test_a_job_that_runs_twice_at_once_comes_to_one_outcome() -> None:
    a_book()
    job_id = ask(JobKind.VERIFICATION)
    one = runs.claim_next()
    assert one is not None
    silent(job_id)
    other = runs.claim_next()
    assert other is not None
    working._run(other)
    working._run(one)
    assert types_of(job_id) == ["VerificationRequested", "VerificationFinished"]
    assert found(job_id).state is State.DONE


def test_progress_is_kept_while_the_job_goes_on() -> None:
    a_book()
    job_id = ask(JobKind.VERIFICATION)
    claimed = runs.claim_next()
    assert claimed is not None
    pulse = Pulse(claimed)
    pulse.show(5, 20)
    pulse.beat()
    assert found(job_id).percent == 25


def test_a_range_that_the_book_does_not_have_is_said_in_words() -> None:
    a_book()
    job = done(JobKind.VERIFICATION, first=5, last=1_000)
    assert job.run is not None
    assert job.state is State.FAILED
    assert job.run.error == "there are no positions 5 to 1000: the book ends at 20"
    assert "NoSuchRange" in job.run.traceback


# --- exports ---------------------------------------------------------------------------------------------------------


def test_an_export_proves_itself_and_is_the_one_that_was_put_on_record() -> None:
    events = a_book(signed=True)
    job = done(JobKind.EXPORT)
    content = file_of(job)
    assert job.row.outcome is not None
    assert job.row.outcome["sha256"] == hashlib.sha256(content).hexdigest()
    assert job.row.outcome["size_bytes"] == len(content)
    assert (job.row.outcome["events"], job.row.outcome["last"]) == (events, events)
    assert proven(content).startswith("20 events (positions 1 to 20), 20 of them signed")


def test_a_file_of_many_pieces_is_put_together_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "PART_BYTES", 1_000)
    a_book(signed=True)
    job = done(JobKind.EXPORT)
    assert parts_of(job) > 5
    assert proven(file_of(job)).startswith("20 events")


def test_an_export_is_of_the_streams_and_the_types_that_were_asked_for() -> None:
    a_book(signed=True)
    asked = done(JobKind.VERIFICATION)
    seal_all()
    of_type = done(JobKind.EXPORT, event_types=["VerificationRequested"])
    assert proven(file_of(of_type)).startswith("1 events (of the types VerificationRequested), 0 of them signed")
    of_stream = done(JobKind.EXPORT, stream_ids=[asked.row.job_id], event_types=["VerificationFinished"])
    said = proven(file_of(of_stream))
    assert said.startswith("1 events (of 1 streams and of the types VerificationFinished)")


def test_an_export_is_of_what_was_sealed_in_the_time_that_was_asked_for() -> None:
    a_book()
    between = timezone.now()
    a_book()
    assert done(JobKind.EXPORT, until=between).row.outcome["last"] == 20  # type: ignore[index]
    later = done(JobKind.EXPORT, since=between)
    assert later.row.outcome is not None
    assert (later.row.outcome["first"], later.row.outcome["last"]) == (21, 40)
    both = done(JobKind.EXPORT, first=5, since=between - timedelta(days=1), until=between)
    assert both.row.outcome is not None
    assert (both.row.outcome["first"], both.row.outcome["last"]) == (5, 20)


def test_a_time_in_which_nothing_was_sealed_is_said_in_words() -> None:
    a_book()
    job = done(JobKind.EXPORT, since=timezone.now() + timedelta(days=1))
    assert job.run is not None
    assert job.run.error == "in this time nothing was put into the book at these positions"


def test_a_full_disk_is_said_in_words_and_no_half_file_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "PART_BYTES", 1_000)
    a_book()
    with a_full_disk():
        job = done(JobKind.EXPORT)
    assert job.run is not None
    assert job.state is State.FAILED
    assert job.run.error == "the database's disk is full: nothing was kept"
    assert parts_of(job) == 0
    assert types_of(job.row.job_id) == ["ExportRequested"]


def test_what_a_killed_worker_left_of_a_file_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "PART_BYTES", 1_000)
    a_book(signed=True)
    job_id = ask(JobKind.EXPORT)
    killed = runs.claim_next()
    assert killed is not None
    files._insert(killed, 0, bytearray(b"half of a file"))
    silent(job_id)
    working.run_all()
    job = found(job_id)
    assert proven(file_of(job)).startswith("20 events")
    assert not ExportPart.objects.filter(claim=killed.claim).exists()


def test_files_are_deleted_after_their_time_and_what_was_made_stays_known(settings: Settings) -> None:
    a_book()
    old, new = done(JobKind.EXPORT), done(JobKind.EXPORT)
    settings.EXPORTS_KEEP_DAYS = 7
    assert cleaning.clean() == 0
    with connection.cursor() as cursor:
        cursor.execute(
            "update readmodels_record_job set finished_at = now() - interval '8 days' where job_id = %s",
            [old.row.job_id],
        )
    assert cleaning.clean() == 1
    assert cleaning.clean() == 0
    assert (parts_of(old), parts_of(new)) == (0, 1)
    gone = found(old.row.job_id)
    assert gone.run is not None
    assert gone.run.file_deleted_at is not None
    assert gone.row.outcome == old.row.outcome


def test_pieces_that_nobody_will_finish_are_deleted() -> None:
    a_book(signed=True)
    kept = done(JobKind.EXPORT)
    ExportPart.objects.create(job_id=new_id(), claim=new_id(), number=0, data=b"x")
    ExportPart.objects.create(job_id=kept.row.job_id, claim=new_id(), number=0, data=b"x")
    cleaning.clean()
    assert ExportPart.objects.count() == 1
    assert proven(file_of(kept)).startswith("20 events")
