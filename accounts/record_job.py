"""Jobs about the record itself: verifications and exports that somebody asked for; their commands, events and state.

Nothing of the bank depends on them. They stand in the record because whoever checks it, or takes a copy of it, is part
of what happened.
"""

from datetime import datetime
from enum import StrEnum
from typing import Final, assert_never
from uuid import UUID

import msgspec
from msgspec.structs import force_setattr

from accounts.command import Command
from accounts.invalid import InvalidCommand
from accounts.refusals import RecordJobAlreadyRequested, RecordJobNotFound
from ledger.codec import event, event_types

CATEGORY: Final = "record_job"
MAX_POSITION: Final = 2**63 - 1
MAX_STREAMS: Final = 100


class JobKind(StrEnum):
    """What is to be done with the record."""

    VERIFICATION = "verification"
    EXPORT = "export"


@event("VerificationRequested", version=1)
class VerificationRequested(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody wants to know whether entries `first` to `last` (none: to the end) are what was sealed."""

    first: int
    last: int | None
    occurred_at: datetime


@event("VerificationFinished", version=1)
class VerificationFinished(msgspec.Struct, frozen=True, kw_only=True):
    """The entries in question were verified. `finding`: what was found, if anything; `events`: how many are right.

    `first`, `last`: which entries. `position`, `until`: where it was found. `signed_to`: the last position that a
    signature covers; 0: none.
    """

    first: int
    last: int
    events: int
    signed_to: int
    finding: str | None
    position: int | None
    until: int | None
    occurred_at: datetime


@event("ExportRequested", version=1)
class ExportRequested(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody wants a copy of entries `first` to `last` (none: to the end), as far as they were sealed in that time.

    Only of these streams and of these types, where any are named.
    """

    first: int
    last: int | None
    since: datetime | None
    until: datetime | None
    stream_ids: list[UUID]
    event_types: list[str]
    occurred_at: datetime


@event("ExportMade", version=1)
class ExportMade(msgspec.Struct, frozen=True, kw_only=True):
    """The copy was made: so many events of positions `first` to `last`, so many bytes with this SHA-256."""

    first: int
    last: int
    events: int
    size_bytes: int
    sha256: str
    occurred_at: datetime


@event("ExportDownloaded", version=1)
class ExportDownloaded(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody took the copy along."""

    occurred_at: datetime


RecordJobEvent = VerificationRequested | VerificationFinished | ExportRequested | ExportMade | ExportDownloaded


class RecordJob(msgspec.Struct, frozen=True, kw_only=True):
    """The folded state."""

    job_id: UUID
    kind: JobKind
    is_finished: bool = False
    downloads: int = 0


class _AboutJob(Command, frozen=True, kw_only=True):
    job_id: UUID


class _OfRange(_AboutJob, frozen=True, kw_only=True):
    first: int = 1
    last: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.first <= MAX_POSITION:
            raise InvalidCommand("first", "invalid_number", "Must be a position: a whole number from 1.")
        if self.last is not None and not self.first <= self.last <= MAX_POSITION:
            raise InvalidCommand("last", "invalid_number", "Must be a position that is not before the first.")


class RequestVerification(_OfRange, frozen=True, kw_only=True):
    """Check the record, or a range of it, against its hashes and signatures."""


class NoteVerification(_AboutJob, frozen=True, kw_only=True):
    """Put on record what a verification found."""

    first: int
    last: int
    events: int
    signed_to: int
    finding: str | None = None
    position: int | None = None
    until: int | None = None


class RequestExport(_OfRange, frozen=True, kw_only=True):
    """Copy the record, or a part of it, into a file that proves itself."""

    since: datetime | None = None
    until: datetime | None = None
    stream_ids: list[UUID] = []
    event_types: list[str] = []

    def __post_init__(self) -> None:
        _OfRange.__post_init__(self)
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise InvalidCommand("until", "invalid_timestamp", "Must be later than the beginning.")
        if len(self.stream_ids) > MAX_STREAMS:
            raise InvalidCommand("stream_ids", "too_long", "Name at most {most} streams.", most=MAX_STREAMS)
        known = {kind.name for kind in event_types()}
        for name in self.event_types:
            if name not in known:
                raise InvalidCommand(
                    "event_types", "unknown_event_type", "There is no event type {name}.", name=name[:100]
                )
        force_setattr(self, "stream_ids", sorted(set(self.stream_ids)))
        force_setattr(self, "event_types", sorted(set(self.event_types)))


class NoteExport(_AboutJob, frozen=True, kw_only=True):
    """Put on record that the copy was made."""

    first: int
    last: int
    events: int
    size_bytes: int
    sha256: str


class NoteExportDownload(_AboutJob, frozen=True, kw_only=True):
    """Put on record that somebody takes the copy along."""


RecordJobCommand = RequestVerification | NoteVerification | RequestExport | NoteExport | NoteExportDownload


def evolve(job: RecordJob | None, event: RecordJobEvent, job_id: UUID) -> RecordJob:
    """The state after `event`. History has happened: this never refuses."""
    if isinstance(event, VerificationRequested):
        return RecordJob(job_id=job_id, kind=JobKind.VERIFICATION)
    if isinstance(event, ExportRequested):
        return RecordJob(job_id=job_id, kind=JobKind.EXPORT)
    assert job is not None, "a job is asked for before anything else"
    match event:
        case VerificationFinished() | ExportMade():
            return msgspec.structs.replace(job, is_finished=True)
        case ExportDownloaded():
            return msgspec.structs.replace(job, downloads=job.downloads + 1)
        case _:
            assert_never(event)


def decide(job: RecordJob | None, command: RecordJobCommand) -> list[RecordJobEvent]:
    """Refuses an id that is taken, and what is about no such job. What a job came to is put on record once."""
    match command:
        case RequestVerification():
            _guard_new(job)
            return [VerificationRequested(first=command.first, last=command.last, occurred_at=command.at)]
        case RequestExport():
            _guard_new(job)
            return [_export_requested(command)]
        case NoteVerification():
            return [] if _guard_there(job, JobKind.VERIFICATION).is_finished else [_verification_finished(command)]
        case NoteExport():
            return [] if _guard_there(job, JobKind.EXPORT).is_finished else [_export_made(command)]
        case NoteExportDownload():
            if not _guard_there(job, JobKind.EXPORT).is_finished:
                raise RecordJobNotFound
            return [ExportDownloaded(occurred_at=command.at)]
        case _:
            assert_never(command)


def _guard_new(job: RecordJob | None) -> None:
    if job is not None:
        raise RecordJobAlreadyRequested


def _guard_there(job: RecordJob | None, kind: JobKind) -> RecordJob:
    if job is None or job.kind is not kind:
        raise RecordJobNotFound
    return job


def _export_requested(command: RequestExport) -> ExportRequested:
    return ExportRequested(
        first=command.first,
        last=command.last,
        since=command.since,
        until=command.until,
        stream_ids=command.stream_ids,
        event_types=command.event_types,
        occurred_at=command.at,
    )


def _verification_finished(command: NoteVerification) -> VerificationFinished:
    return VerificationFinished(
        first=command.first,
        last=command.last,
        events=command.events,
        signed_to=command.signed_to,
        finding=command.finding,
        position=command.position,
        until=command.until,
        occurred_at=command.at,
    )


def _export_made(command: NoteExport) -> ExportMade:
    return ExportMade(
        first=command.first,
        last=command.last,
        events=command.events,
        size_bytes=command.size_bytes,
        sha256=command.sha256,
        occurred_at=command.at,
    )
