"""What the tables' owner does to the record by hand is named by the job that checks it: what was done, and where."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.record_job import JobKind
from bank.jobs.asking import State
from ledger.reading import read_stream
from tests.jobs.steps import done
from tests.ledger.owner import a_book, change_entries, change_event, put_in, rehash_from, sequence_at, tamper
from tests.ledger.test_proof_tampering import EVENTS, an_inserted_event, cut_tail

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_key")]


def swap(one: int, other: int) -> None:
    def changed(entries: dict[int, list[Any]]) -> dict[int, list[Any]]:
        entries[one], entries[other] = entries[other], entries[one]
        return entries

    change_entries(changed)


def insert(position: int) -> None:
    sequence = an_inserted_event()
    put_in(position, lambda _: [sequence, bytes(32)])
    tamper("update ledger_sealer_state set position = %s", EVENTS + 1)


def rewrite(position: int) -> None:
    change_event(position, "data = '{}'")
    rehash_from(position)


DEEDS: dict[str, tuple[Callable[[], None], str, int]] = {
    "changed": (lambda: change_event(10, "data = jsonb_set(data, '{reason}', '\"another\"')"), "changed", 10),
    "deleted": (lambda: tamper("delete from ledger_event where sequence = %s", sequence_at(7)), "missing", 7),
    "entry deleted": (lambda: tamper("delete from ledger_entry where position = 7"), "missing", 7),
    "inserted": (lambda: insert(10), "inserted", 10),
    "swapped": (lambda: swap(5, 17), "swapped", 5),
    "cut": (lambda: cut_tail(4), "cut tail", EVENTS - 3),
    "rewritten": (lambda: rewrite(10), "rewritten", 1),
}


@pytest.mark.parametrize("deed", DEEDS)
def test_the_job_names_what_was_done_and_where(deed: str) -> None:
    do_it, kind, position = DEEDS[deed]
    a_book(signed=True)
    do_it()
    job = done(JobKind.VERIFICATION)
    assert job.state is State.DONE
    assert not job.is_right
    assert job.row.outcome is not None
    assert (job.row.outcome["finding"], job.row.outcome["position"]) == (kind, position)
    assert job.details["message"]
    finished = list(read_stream(job.row.job_id))[-1].data
    assert (finished.finding, finished.position) == (kind, position)


def test_a_range_before_the_deed_is_right() -> None:
    a_book(signed=True)
    change_event(10, "data = '{}'")
    assert done(JobKind.VERIFICATION, last=9).is_right
    assert not done(JobKind.VERIFICATION, first=8, last=12).is_right
