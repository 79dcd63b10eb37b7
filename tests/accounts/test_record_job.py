"""The rules of jobs about the record."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from accounts.invalid import InvalidCommand
from accounts.record_job import (
    MAX_STREAMS,
    ExportDownloaded,
    ExportMade,
    ExportRequested,
    JobKind,
    NoteExport,
    NoteExportDownload,
    NoteVerification,
    RecordJob,
    RequestExport,
    RequestVerification,
    VerificationFinished,
    VerificationRequested,
    evolve,
)
from accounts.refusals import RecordJobAlreadyRequested, RecordJobNotFound
from ledger.ids import new_id
from tests.spec import AT, Given, envelope

JOB_ID = UUID("00000000-0000-7000-8000-00000000b001")
STREAM_ID = UUID("00000000-0000-7000-8000-00000000a001")
CHECK_ASKED = VerificationRequested(first=1, last=None, occurred_at=AT)
CHECKED = VerificationFinished(
    first=1, last=9, events=9, signed_to=5, finding=None, position=None, until=None, occurred_at=AT
)
COPY_ASKED = ExportRequested(first=1, last=None, since=None, until=None, stream_ids=[], event_types=[], occurred_at=AT)
COPIED = ExportMade(first=1, last=9, events=9, size_bytes=900, sha256="ab" * 32, occurred_at=AT)
TAKEN = ExportDownloaded(occurred_at=AT)


def given(*events: Any) -> Given:
    found = Given()
    for event in events:
        found.states[JOB_ID] = evolve(found.states.get(JOB_ID), event, JOB_ID)
    return found


def about(kind: Any, **fields: Any) -> Any:
    return kind(**{"job_id": JOB_ID, **envelope(), **fields})


def checked() -> NoteVerification:
    command: NoteVerification = about(NoteVerification, first=1, last=9, events=9, signed_to=5)
    return command


def copied() -> NoteExport:
    command: NoteExport = about(NoteExport, first=1, last=9, events=9, size_bytes=900, sha256="ab" * 32)
    return command


def test_a_verification_is_asked_for_and_comes_to_something() -> None:
    given().when(about(RequestVerification)).then(CHECK_ASKED).when(checked()).then(CHECKED)


def test_an_export_is_asked_for_made_and_taken_along_as_often_as_wanted() -> None:
    story = given().when(about(RequestExport)).then(COPY_ASKED).when(copied()).then(COPIED)
    for count in (1, 2):
        story.when(about(NoteExportDownload)).then(TAKEN)
        assert story.states[JOB_ID] == RecordJob(job_id=JOB_ID, kind=JobKind.EXPORT, is_finished=True, downloads=count)


def test_what_a_job_came_to_is_put_on_record_once_however_many_workers_say_it() -> None:
    given(CHECK_ASKED, CHECKED).when(checked()).then()
    given(COPY_ASKED, COPIED).when(copied()).then()


@pytest.mark.parametrize("command", [about(RequestVerification), about(RequestExport)], ids=["check", "copy"])
def test_an_id_is_for_one_job(command: Any) -> None:
    given(CHECK_ASKED).when(command).then_refused(RecordJobAlreadyRequested)


@pytest.mark.parametrize(
    ("events", "command"),
    [
        ((), checked()),
        ((), copied()),
        ((COPY_ASKED,), checked()),
        ((CHECK_ASKED,), copied()),
        ((), about(NoteExportDownload)),
        ((CHECK_ASKED, CHECKED), about(NoteExportDownload)),
        ((COPY_ASKED,), about(NoteExportDownload)),
    ],
)
def test_what_no_such_job_can_have_come_to_is_refused(events: tuple[Any, ...], command: Any) -> None:
    given(*events).when(command).then_refused(RecordJobNotFound)


@pytest.mark.parametrize("kind", [RequestVerification, RequestExport])
@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("first", {"first": 0}),
        ("first", {"first": 2**63}),
        ("last", {"first": 5, "last": 4}),
        ("last", {"last": 2**63}),
    ],
)
def test_positions_that_cannot_be_are_invalid(kind: Any, field: str, fields: dict[str, int]) -> None:
    with pytest.raises(InvalidCommand) as invalid:
        about(kind, **fields)
    assert invalid.value.field == field


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        ("invalid_timestamp", {"since": AT, "until": AT}),
        ("unknown_event_type", {"event_types": ["MoneyVanished"]}),
        ("too_long", {"stream_ids": [new_id() for _ in range(MAX_STREAMS + 1)]}),
    ],
)
def test_an_export_that_nobody_can_mean_is_invalid(code: str, fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidCommand) as invalid:
        about(RequestExport, **fields)
    assert invalid.value.code == code


def test_streams_and_types_are_kept_once_and_in_order() -> None:
    command = about(
        RequestExport,
        event_types=["WithdrawalMade", "DepositMade", "DepositMade"],
        stream_ids=[STREAM_ID, STREAM_ID],
        since=AT,
        until=AT + timedelta(days=1),
    )
    assert (command.event_types, command.stream_ids) == (["DepositMade", "WithdrawalMade"], [STREAM_ID])
