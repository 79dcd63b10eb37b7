"""Runs: who works on which job, how far it is, and what becomes of one whose worker was killed.

A worker claims a job, says every second that it lives, and stops when somebody else has claimed it meanwhile. A job
whose worker is silent for half a minute is claimed by the next. So a job may run twice at once for a moment, which
harms nothing: what it comes to is put on record once, and only the claim's owner writes.
"""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID

import msgspec
import psycopg

from bank.jobs.models import Status
from ledger.codec import decode_json, encode_json
from ledger.connections import cursor
from ledger.errors import LedgerError
from ledger.ids import new_id

SILENT_SECONDS: Final = 30.0
MAX_ATTEMPTS: Final = 3
_BEAT_SECONDS: Final = 1.0

# The oldest job that nobody works on: without a run, or with one whose worker is silent.
_CLAIM: Final = """
insert into jobs_run as r (job_id, status, claim, attempts, worker, started_at, heartbeat_at, done, total, details,
                           error, traceback)
select j.job_id, 'running', %(claim)s, 1, %(worker)s, now(), now(), 0, 0, '{}', '', ''
from readmodels_record_job j left join jobs_run o using (job_id)
where j.finished_at is null and (o.job_id is null or (
    o.status = 'running' and o.heartbeat_at < now() - make_interval(secs => %(silent)s)))
order by j.asked_at, j.job_id limit 1
on conflict (job_id) do update
set claim = excluded.claim, worker = excluded.worker, started_at = now(), heartbeat_at = now(), done = 0, total = 0,
    attempts = r.attempts + 1
where r.status = 'running' and r.heartbeat_at < now() - make_interval(secs => %(silent)s)
returning job_id, attempts
"""
# With the id of the event that asked for it, read by its place alone: whatever was done to it, the job goes on.
_JOB: Final = """
select j.kind, j.asked, j.correlation_id, e.id
from readmodels_record_job j left join ledger_event e on e.stream_id = j.job_id and e.stream_position = 1
where j.job_id = %s
"""
_BEAT: Final = """
update jobs_run set heartbeat_at = now(), done = %s, total = %s where job_id = %s and claim = %s and status = 'running'
"""
_END: Final = """
update jobs_run set status = %(status)s, finished_at = now(), heartbeat_at = now(), details = %(details)s::jsonb,
    error = %(error)s, traceback = %(traceback)s, done = %(done)s, total = %(total)s
where job_id = %(job)s and claim = %(claim)s and status = 'running'
"""


class ClaimLost(Exception):
    """Somebody else works on the job now: this worker was silent for too long."""


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """A job that this worker works on. `asked`: what for, as its event says; `event_id`: that event, None if gone."""

    job_id: UUID
    claim: UUID
    attempts: int
    kind: str
    asked: dict[str, Any]
    correlation_id: UUID
    event_id: UUID | None


def claim_next() -> Claimed | None:
    """The oldest job that nobody works on, now this worker's; None where there is none."""
    claim = new_id()
    values = {"claim": claim, "worker": worker_name(), "silent": SILENT_SECONDS}
    with cursor() as cur:
        row = cur.execute(_CLAIM, values).fetchone()
        if row is None:
            return None
        job_id, attempts = row
        job = cur.execute(_JOB, (job_id,)).fetchone()
    assert job is not None, "it was claimed from there"
    kind, asked, correlation_id, event_id = job
    return Claimed(
        job_id=job_id,
        claim=claim,
        attempts=attempts,
        kind=kind,
        asked=decode_json(asked),
        correlation_id=correlation_id,
        event_id=event_id,
    )


class Pulse:
    """Says that a job's worker lives, and how far it is. `show` costs next to nothing and is called often."""

    def __init__(self, claimed: Claimed) -> None:
        self._claimed = claimed
        self._ended = threading.Event()
        self._is_lost = False
        self.done = 0
        self.total = 0

    def show(self, done: int, total: int) -> None:
        """Now `done` of `total` are done. Raises ClaimLost."""
        self.done, self.total = done, total
        if self._is_lost:
            raise ClaimLost

    def beat(self) -> None:
        """Say it now. Raises ClaimLost."""
        with cursor() as cur:
            cur.execute(_BEAT, (self.done, self.total, self._claimed.job_id, self._claimed.claim))
            self._is_lost = cur.rowcount == 0
        if self._is_lost:
            raise ClaimLost

    @contextmanager
    def beating(self) -> Iterator["Pulse"]:
        """Say it every second, as long as the block."""
        thread = threading.Thread(target=self._go_on, name="pulse", daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._ended.set()
            thread.join()

    def _go_on(self) -> None:
        while not self._ended.wait(_BEAT_SECONDS):
            try:
                self.beat()
            except ClaimLost:
                return
            except (psycopg.Error, LedgerError):
                continue  # the database is away: the work itself will tell


def end(
    claimed: Claimed, pulse: Pulse, *, details: dict[str, Any] | None = None, error: str = "", trace: str = ""
) -> None:
    """The job is done, or has failed for the reason `error`; nothing where somebody else has it."""
    values = {
        "status": (Status.FAILED if error else Status.DONE).value,
        "details": encode_json(details or {}).decode(),
        "error": error,
        "traceback": trace,
        "done": pulse.done,
        "total": pulse.total,
        "job": claimed.job_id,
        "claim": claimed.claim,
    }
    with cursor() as cur:
        cur.execute(_END, values)


def worker_name() -> str:
    """This process, as people find it."""
    return f"{socket.gethostname()}, process {os.getpid()}"
