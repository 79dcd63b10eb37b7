"""Doing jobs, one after the other: what each kind comes to, and what is said where one cannot be done."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import psycopg
from django.utils import timezone

from accounts.handler import Actor, handle
from accounts.record_job import JobKind, NoteExport, NoteVerification
from accounts.refusals import KeyReused
from bank.jobs import files, runs
from bank.jobs.runs import Claimed, ClaimLost, Pulse
from bank.ops.logs import withheld
from ledger import checkpoints
from ledger.book import sealed_between
from ledger.connections import cursor
from ledger.errors import LedgerError, StoreUnavailable
from ledger.export import Selection, export_lines
from ledger.ids import derived_id
from ledger.keys import trusted_keys
from ledger.verification import verify

logger = logging.getLogger(__name__)

BY: Final = Actor(id="system:jobs", channel="job")
Details = dict[str, Any]


class NothingSealed(LedgerError):
    """In the time that was asked for nothing was sealed."""


def run_all() -> int:
    """Do the jobs that nobody works on, the oldest first; how many."""
    count = 0
    while (claimed := runs.claim_next()) is not None:
        _run(claimed)
        count += 1
    return count


def _run(claimed: Claimed) -> None:
    """To its end, good or bad. Where the database is away it stands, and is taken up again."""
    pulse = Pulse(claimed)
    if claimed.attempts > runs.MAX_ATTEMPTS:
        runs.end(claimed, pulse, error=f"interrupted {runs.MAX_ATTEMPTS} times: the worker was killed, or its machine")
        return
    try:
        with pulse.beating():
            details = _WORK[JobKind(claimed.kind)](claimed, pulse)
    except ClaimLost:
        logger.warning("the job %s is somebody else's now", claimed.job_id)
    except StoreUnavailable:
        raise
    except (psycopg.errors.DiskFull, psycopg.errors.OutOfMemory) as error:
        _fail(claimed, pulse, "the database's disk is full: nothing was kept", error)
    except psycopg.OperationalError:
        raise
    except LedgerError as error:
        _fail(claimed, pulse, str(error), error)
    except Exception as error:
        logger.exception("the job %s failed", claimed.job_id)
        _fail(claimed, pulse, f"{type(error).__name__}, a fault of the program", error)
    else:
        runs.end(claimed, pulse, details=details)


def _fail(claimed: Claimed, pulse: Pulse, words: str, error: Exception) -> None:
    files.delete(claimed.job_id)
    runs.end(claimed, pulse, error=words, trace=withheld(checkpoints.error_text(error)))


def _verify(claimed: Claimed, pulse: Pulse) -> Details:
    found = verify(first=claimed.asked["first"], last=claimed.asked["last"], keys=trusted_keys(), progress=pulse.show)
    pulse.beat()
    finding = found.finding
    command = NoteVerification(
        **_about(claimed),
        first=found.first,
        last=found.last,
        events=found.events,
        signed_to=found.signed_to,
        finding=finding.kind.value if finding else None,
        position=finding.position if finding else None,
        until=finding.until if finding else None,
    )
    _note(command, claimed)
    return {
        "message": finding.message if finding else "",
        "checkpoints": found.checkpoints,
        "head_hash": found.head_hash.hex(),
        "seconds": round(found.seconds, 3),
        "away": found.away,
    }


def _export(claimed: Claimed, pulse: Pulse) -> Details:
    selection = _selection(claimed.asked)
    files.delete(claimed.job_id)
    made = files.write(claimed, export_lines(selection, pulse.show), pulse)
    pulse.beat()  # whoever is silent for long must not say that it is made
    command = NoteExport(
        **_about(claimed),
        first=made.first,
        last=made.last,
        events=made.events,
        size_bytes=made.size_bytes,
        sha256=made.sha256,
    )
    _note(command, claimed)
    return {"checkpoints": made.checkpoints}


def _selection(asked: dict[str, Any]) -> Selection:
    """What was asked for, in positions. Raises NothingSealed."""
    first, last = asked["first"], asked["last"]
    since, until = (datetime.fromisoformat(at) if at else None for at in (asked["since"], asked["until"]))
    if since or until:
        with cursor() as cur:
            sealed_first, sealed_last = sealed_between(cur, since, until)
        first, last = max(first, sealed_first), sealed_last if last is None else min(last, sealed_last)
        if first > last:
            raise NothingSealed("in this time nothing was put into the book at these positions")
    return Selection(
        first=first, last=last, streams=tuple(map(UUID, asked["stream_ids"])), types=tuple(asked["event_types"])
    )


_WORK: Final[dict[JobKind, Callable[[Claimed, Pulse], Details]]] = {
    JobKind.VERIFICATION: _verify,
    JobKind.EXPORT: _export,
}


def _about(claimed: Claimed) -> dict[str, Any]:
    return {
        "command_id": derived_id(claimed.job_id, "outcome"),
        "at": timezone.now(),
        "job_id": claimed.job_id,
    }


def _note(command: NoteVerification | NoteExport, claimed: Claimed) -> None:
    """Put it on record, once: another worker that did the same job may have been quicker."""
    try:
        handle(command, by=BY, correlation_id=claimed.correlation_id, causation_id=claimed.event_id)
    except KeyReused:
        logger.warning("what the job %s came to was on record already", claimed.job_id)
        raise ClaimLost from None
