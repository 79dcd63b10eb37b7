"""The pages of verifications and exports: asked for, shown as they go on, and taken along on record."""

import hashlib
import re
from typing import Any
from uuid import UUID

import pytest

from accounts.record_job import JobKind
from bank.access_records.models import AccessRecord
from bank.identity.models import Role, User
from bank.jobs import cleaning, runs, working
from bank.jobs.models import ExportPart
from ledger.ids import new_id
from ledger.reading import read_stream
from ledger.sealing import seal_all
from tests.acting import as_owner
from tests.jobs.steps import ask, done, found
from tests.ledger.conftest import own_key
from tests.ledger.owner import change_event
from tests.steps import an_account
from tests.web.pages import Browser, Page, location
from tests.web.people import Customer, a_login

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_key")]
__all__ = ["own_key"]

VERIFICATION, EXPORTS = "/audit/verification", "/audit/exports"


@pytest.fixture
def auditor(bank: None) -> User:
    return a_login("auditor", Role.AUDITOR)


@pytest.fixture
def room(auditor: User) -> Browser:
    return Browser.signed_in(auditor)


def job_at(url: str) -> UUID:
    return UUID(url.rsplit("/", 1)[1])


def asked(room: Browser, page: str, button: str, **values: str) -> Page:
    """The page of the job that was asked for."""
    answer = room.send(room.open(page), button, **values)
    assert answer.status == 303, answer.text
    return room.open(location(answer))


def take(room: Browser, made: Page) -> Any:
    """The answer of a download, whose body nobody has read yet."""
    return room.client.post(f"{made.url}/download")


def some_events() -> None:
    an_account(100)
    seal_all()


# --- verification ----------------------------------------------------------------------------------------------------


def test_a_verification_is_asked_for_shown_as_it_goes_on_and_says_what_it_found(room: Browser, auditor: User) -> None:
    some_events()
    page = asked(room, VERIFICATION, "Verify")
    assert "Waiting for a worker" in page.text
    job_id = job_at(page.url)
    requested = next(iter(read_stream(job_id)))
    assert (requested.type, requested.metadata["actor"]) == ("VerificationRequested", f"user:{auditor.pk}")
    claimed = runs.claim_next()
    assert claimed is not None
    pulse = runs.Pulse(claimed)
    pulse.show(30, 60)
    pulse.beat()
    running = room.open(page.url)
    assert "30 of 60 positions, 50 %" in running.text
    working._run(claimed)
    finished = room.open(page.url)
    assert "All right" in finished.text
    assert "hx-get" not in finished.html.split('id="job"', 1)[1].split(">", 1)[0]
    listed = room.open(VERIFICATION)
    assert "All right" in listed.text
    assert "auditor" in listed.text


def test_while_nothing_is_new_the_page_is_not_sent_again(room: Browser) -> None:
    some_events()
    page = asked(room, VERIFICATION, "Verify")
    seen = page.html.split("seen=", 1)[1][:8]
    assert room.open(f"{page.url}?seen={seen}").status == 204
    assert room.open(f"{VERIFICATION}?seen={room.open(VERIFICATION).html.split('seen=', 1)[1][:8]}").status == 204
    working.run_all()
    assert room.open(f"{page.url}?seen={seen}").status == 200


def test_what_was_tampered_with_is_said_with_its_place(room: Browser) -> None:
    some_events()
    with as_owner():
        change_event(2, "data = jsonb_set(data, '{reference}', '\"another\"')")
    page = asked(room, VERIFICATION, "Verify")
    working.run_all()
    told = room.open(page.url)
    assert "Changed" in told.text
    assert "is not what was sealed" in told.text
    assert "/audit/events/2" in told.html
    words = " ".join(told.text.split())
    assert "1 event from position 1 on" in words
    assert "what stands behind it was not checked" in words
    assert "No checkpoint ends before what was found" in words
    assert "Nothing of it yet" not in words
    assert "Changed" in room.open(VERIFICATION).text


def test_a_double_click_asks_once_and_other_values_ask_again(room: Browser) -> None:
    some_events()
    form = room.open(VERIFICATION)
    first = room.send(form, "Verify", last="1")
    assert location(room.send(form, "Verify", last="1")) == location(first)
    assert location(room.send(form, "Verify", last="2")) != location(first)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"first": "0"}, "First position: enter a whole number from 1."),
        ({"first": "x"}, "First position: enter a whole number from 1."),
        ({"last": "9" * 30}, "Last position: enter a whole number from 1."),
        ({"first": "5", "last": "4"}, "Must be a position that is not before the first."),
    ],
)
@pytest.mark.parametrize(("page", "button"), [(VERIFICATION, "Verify"), (EXPORTS, "Make the export")])
def test_positions_that_cannot_be_are_said(
    room: Browser, page: str, button: str, values: dict[str, str], words: str
) -> None:
    answer = room.send(room.open(page), button, **values)
    assert answer.status == 422
    assert words in answer.text


@pytest.mark.parametrize("page", [VERIFICATION, EXPORTS])
def test_nonsense_in_the_address_is_400_with_words(room: Browser, page: str) -> None:
    answer = room.open(f"{page}?before=yesterday")
    assert answer.status == 400
    assert "not what this page understands" in answer.text
    assert room.open(f"{page}/{new_id()}").status == 404
    assert room.open(f"{page}?before={new_id()}").status == 200


def test_a_job_that_came_to_nothing_says_why(room: Browser) -> None:
    some_events()
    page = asked(room, VERIFICATION, "Verify", first="1000")
    working.run_all()
    told = room.open(page.url)
    assert "This could not be done." in told.text
    assert "the book ends at" in told.text
    assert re.search(r'<p lang="en">[^<]*the book ends at', told.html), "its words are English on Czech pages as well"


def test_jobs_of_one_kind_are_not_shown_as_the_other(room: Browser) -> None:
    some_events()
    assert room.open(f"{EXPORTS}/{ask(JobKind.VERIFICATION)}").status == 404
    assert room.open(f"{VERIFICATION}/{ask(JobKind.EXPORT)}").status == 404


def test_lists_go_on_behind_their_last_line(room: Browser) -> None:
    some_events()
    jobs = [ask(JobKind.VERIFICATION) for _ in range(23)]
    first = room.open(VERIFICATION)
    older = room.open(first.links["Older"].split("#")[0])
    shown = (*([job for job in jobs if f"/verification/{job}" in page.html] for page in (first, older)),)
    assert (shown[1], shown[0]) == (jobs[:3], jobs[3:])


# --- exports ---------------------------------------------------------------------------------------------------------


def test_an_export_is_made_and_taken_along_and_both_stand_in_the_record(room: Browser, auditor: User) -> None:
    some_events()
    page = asked(room, EXPORTS, "Make the export")
    assert "Download" not in page.text
    assert room.post(f"{page.url}/download", {}).status == 410
    working.run_all()
    made = room.open(page.url)
    assert made.form("Download").action == f"{made.url}/download"
    answer = take(room, made)
    content = b"".join(answer.streaming_content)
    job = found(job_at(page.url))
    assert job.row.outcome is not None
    assert hashlib.sha256(content).hexdigest() == job.row.outcome["sha256"]
    assert answer.headers["Content-Length"] == str(len(content))
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="passbook-1-')
    events = list(read_stream(job.row.job_id))
    assert [event.type for event in events] == ["ExportRequested", "ExportMade", "ExportDownloaded"]
    assert [event.metadata["actor"] for event in events] == [f"user:{auditor.pk}", "system:jobs", f"user:{auditor.pk}"]
    assert "auditor" in room.open(page.url).text.split("Taken along by")[1]


def test_a_cut_download_can_be_begun_anew(room: Browser) -> None:
    some_events()
    made = room.open(f"{EXPORTS}/{done(JobKind.EXPORT).row.job_id}")
    cut = take(room, made)
    next(iter(cut.streaming_content))
    cut.close()
    again = b"".join(take(room, made).streaming_content)
    assert len(again) == int(cut.headers["Content-Length"])
    assert found(job_at(made.url)).row.downloads == 2


def test_an_export_of_an_account_leaves_an_access_record_when_it_is_taken_along(room: Browser, ada: Customer) -> None:
    seal_all()
    job = done(JobKind.EXPORT, stream_ids=[ada.account_id])
    made = room.open(f"{EXPORTS}/{job.row.job_id}")
    assert not AccessRecord.objects.exists()
    room.send(made, "Download")
    record = AccessRecord.objects.get()
    assert (record.customer_id, record.account_id) == (ada.customer_id, ada.account_id)


def test_filters_are_kept_said_and_filled_in_again(room: Browser, ada: Customer) -> None:
    seal_all()
    values = {"from": "2020-01-01", "to": "2020-12-31", "streams": str(ada.account_id), "types": "DepositMade"}
    page = asked(room, EXPORTS, "Make the export", **values)
    working.run_all()
    told = room.open(page.url)
    assert "in this time nothing was put into the book" in told.text
    assert "DepositMade" in told.text
    again = room.open(told.links["Make it again"]).form("Make the export").fields
    assert {name: again[name] for name in values} == values


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"streams": "abc"}, "at least one of these is no number of a stream"),
        ({"from": "2020-01-02", "to": "2020-01-01"}, "To: must not be before From."),
        ({"from": "soon"}, "enter a date"),
        ({"types": "MoneyVanished"}, "Types of events: choose some of the list."),
    ],
)
def test_filters_that_cannot_be_are_said(room: Browser, values: dict[str, str], words: str) -> None:
    answer = room.send(room.open(EXPORTS), "Make the export", **values)
    assert answer.status == 422
    assert words in answer.text


def test_a_file_that_was_deleted_is_said_to_be_gone_and_can_be_made_again(room: Browser) -> None:
    some_events()
    job = done(JobKind.EXPORT)
    made = room.open(f"{EXPORTS}/{job.row.job_id}")
    with as_owner():
        ExportPart.objects.all().delete()
    cleaning.clean()
    assert room.send(made, "Download").status == 410
    told = room.open(made.url)
    assert "The file is not here any more." in told.text
    assert told.links["Make it again"] == EXPORTS
    assert [event.type for event in read_stream(job.row.job_id)] == ["ExportRequested", "ExportMade"]


def test_a_download_is_asked_for_by_a_form_only(room: Browser) -> None:
    some_events()
    job = done(JobKind.EXPORT)
    assert room.open(f"{EXPORTS}/{job.row.job_id}/download").status == 405


@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.AUDITOR, Role.ADMIN}])
@pytest.mark.parametrize("page", [VERIFICATION, EXPORTS])
def test_nobody_else_can_ask_for_anything(bank: None, role: Role, page: str) -> None:
    assert Browser.signed_in(a_login("somebody", role)).post(page, {}).status == 403
    assert working.run_all() == 0
