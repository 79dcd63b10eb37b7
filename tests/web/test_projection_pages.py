"""The projections' pages: how each fares, the levers, and what a report with a bug does to nobody else."""

import html
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID

import pytest

from accounts.account import DepositMade
from bank import tasks
from bank.identity.models import Role, User
from bank.web.words import STEERING_WORDS
from ledger import checkpoints, projections
from ledger.connections import Cursor, transaction
from ledger.models import Command
from ledger.parking import parked
from ledger.projections import async_projection
from ledger.records import RecordedEvent
from ledger.runner import drain
from ledger.steering import REFUSALS
from readmodels import command_log, freshness, projection_states
from tests.steps import deposit, do
from tests.web.pages import Browser, Page
from tests.web.people import Customer, a_login

pytestmark = pytest.mark.django_db(transaction=True)

FLOWS = "/operations/projections/daily_flows"
STATES = "/operations/projections/stream_states"


@pytest.fixture
def operator(bank: None) -> User:
    return a_login("operations", Role.OPERATIONS)


@pytest.fixture
def operations(operator: User) -> Browser:
    return Browser.signed_in(operator)


@contextmanager
def a_bug(name: str, amount_minor: int) -> Iterator[int]:
    """The projection cannot apply deposits of this amount, as long as the block; one is made, at that position."""

    def apply(cur: Cursor, events: Sequence[RecordedEvent]) -> None:
        for event in events:
            if isinstance(event.data, DepositMade) and event.data.amount_minor == amount_minor:
                raise ValueError("a bug of this version")
        right.apply(cur, events)

    right = async_projection(name)
    projections._registry[name] = replace(right, apply=apply)
    try:
        yield amount_minor
    finally:
        projections._registry[name] = right


def try_again_and_again(name: str) -> None:
    """As if the pauses between the tries had gone by."""
    for _ in range(checkpoints.MAX_FAILURES + 1):
        drain()
        with transaction() as cur:
            cur.execute("update ledger_checkpoint set retry_at = now() where projection = %s", (name,))


def steer(browser: Browser, start: str, confirm: str) -> Page:
    """A lever without a form: its check page, the button, the receipt."""
    return browser.follow(browser.send(browser.follow(browser.open(start)), confirm))


def poll_of(page: Page) -> str:
    return html.unescape(re.findall(r'hx-get="([^"]+)"', page.html)[0])


# --- projections


def test_every_projection_is_shown_with_how_it_fares(operations: Browser, ada: Customer) -> None:
    drain()
    page = operations.open("/operations/projections")
    assert "All projections go on." in page.text
    states = projection_states.states()
    for state in states:
        assert page.links[state.name] == f"/operations/projections/{state.name}"
    assert page.text.count("Goes on") == sum(state.lifecycle != "live" for state in states)
    assert operations.open(poll_of(page)).status == 204


def test_a_projection_that_is_behind_says_by_how_much(operations: Browser, ada: Customer) -> None:
    drain()
    before = freshness.as_of("daily_flows").position
    checkpoints.pause(async_projection("daily_flows"))
    do(deposit(ada.account_id, 1_00))
    drain()
    page = operations.open(FLOWS)
    assert f"Event {before:,} of {before + 1:,}" in page.text
    assert "1 event The oldest waits for" in page.text
    assert "Somebody has paused it." in page.text


@pytest.mark.parametrize("name", ["nothing", "%00", "daily_flows%20", "x" * 300])
def test_a_projection_that_is_none_is_not_found(operations: Browser, name: str) -> None:
    for page in ("", "/pause", "/pause/check", "/parked/1/discard"):
        assert operations.open(f"/operations/projections/{name}{page}").status == 404


@pytest.mark.parametrize("query", ["after=x", "after=0", "after=-1", "after=99999999999999999999", "after=%00"])
def test_nonsense_in_the_address_is_said(operations: Browser, query: str) -> None:
    assert "There is no such page of this list" in operations.open(f"{FLOWS}?{query}").text
    jobs = operations.open(f"/operations/jobs?{query.replace('after', 'before')}")
    assert (jobs.status, "There is no such page of this list" in jobs.text) == (422, True)


def test_pause_and_resume_are_recorded_commands_with_receipts(
    operations: Browser, operator: User, ada: Customer
) -> None:
    drain()
    start = operations.open(FLOWS).link("Pause projection")
    receipt = steer(operations, start, "Pause projection")
    assert "Projection paused" in receipt.text
    assert "daily_flows" in receipt.text
    assert receipt.link("Go to the projection") == FLOWS
    paused = operations.open(FLOWS)
    assert "Somebody has paused it." in paused.text
    assert "Pause projection" not in paused.links
    logged = command_log.find(UUID(receipt.url.rsplit("/", 1)[1]))
    assert logged is not None
    assert (logged.type, logged.actor, logged.channel) == ("PauseProjection", f"user:{operator.pk}", "web")
    receipt = steer(operations, paused.link("Resume projection"), "Resume projection")
    assert "Projection resumed" in receipt.text
    assert "Goes on" in operations.open(FLOWS).text


def test_a_lever_that_is_pressed_twice_is_pulled_once(operations: Browser, ada: Customer) -> None:
    check = operations.follow(operations.open(f"{FLOWS}/pause"))
    first, again = (operations.send(check, "Pause projection") for _ in range(2))
    assert first.response.headers["Location"] == again.response.headers["Location"]
    assert Command.objects.filter(type="PauseProjection").count() == 1


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("balances/pause", "Only projections that workers write can be paused and resumed."),
        ("history/rebuild", "The projection has no tables of its own"),
        ("stream_states/retry", "The event is not parked"),
    ],
)
def test_what_a_projection_cannot_is_said_on_the_check_page(operations: Browser, address: str, words: str) -> None:
    check = operations.follow(operations.open(f"/operations/projections/{address}"))
    assert words in check.text
    assert all("draft" not in form.fields for form in check.forms if form.buttons)


def test_a_rebuild_is_asked_for_shown_with_its_progress_and_done_by_a_worker(
    operations: Browser, ada: Customer
) -> None:
    drain()
    receipt = steer(operations, f"{FLOWS}/rebuild", "Rebuild projection")
    assert "Rebuild asked for" in receipt.text
    page = operations.open(FLOWS)
    assert "The rebuild waits for a worker." in page.text
    assert "Rebuild projection" not in page.links
    with transaction() as cur:
        cur.execute(
            "insert into ledger_checkpoint (projection, rebuilding, position, events_per_second)"
            " values ('daily_flows', true, 1, 0.01)"
        )
    page = operations.open(FLOWS)
    assert re.search(r"Rebuilt up to event 1 of \d+ About \d+ min left", page.text)
    assert re.search(r'<progress id="rebuild-bar" value="1" max="\d+">', page.html)
    with transaction() as cur:
        cur.execute("delete from ledger_checkpoint where rebuilding")
    generation = projection_states.states()[0].generation
    tasks.rebuild()
    page = operations.open(FLOWS)
    assert "Being rebuilt" not in page.text
    assert f"Generation {generation + 1}" in page.text


def test_a_rebuild_that_fails_says_why(operations: Browser, ada: Customer) -> None:
    do(deposit(ada.account_id, 7_77))
    drain()
    steer(operations, f"{FLOWS}/rebuild", "Rebuild projection")
    with a_bug("daily_flows", 7_77):
        tasks.rebuild()
    page = operations.open(FLOWS)
    assert "The last rebuild failed." in page.text
    assert "a bug of this version" in page.text
    steer(operations, page.link("Rebuild projection"), "Rebuild projection")
    tasks.rebuild()
    assert "The last rebuild failed." not in operations.open(FLOWS).text


def test_what_can_be_done_comes_anew_when_it_has_changed(operations: Browser, ada: Customer) -> None:
    drain()
    page = operations.open(FLOWS)
    assert operations.open(poll_of(page), **{"HX-Request": "true"}).status == 204
    checkpoints.pause(async_projection("daily_flows"))
    answer = operations.open(poll_of(page), **{"HX-Request": "true"})
    assert (answer.status, answer.response.headers.get("HX-Refresh")) == (204, "true")
    assert operations.open(poll_of(page)).status == 200


# --- a report with a bug


def test_a_report_with_a_bug_stops_alone_is_shown_with_its_event_and_is_right_after_the_fix(
    operations: Browser, ada: Customer
) -> None:
    do(deposit(ada.account_id, 1_00))
    drain()
    auditor = Browser.signed_in(a_login("both", Role.OPERATIONS, Role.AUDITOR))
    with a_bug("daily_flows", 7_77):
        do(deposit(ada.account_id, 7_77))
        try_again_and_again("daily_flows")
        culprit = freshness.as_of("daily_flows").position + 1
        others = [s for s in projection_states.states() if s.name != "daily_flows"]
        assert {(s.status, s.lag_events) for s in others} == {("running", 0)}
        assert ada.account.balance_minor == 500_00 + 1_00 + 7_77
        listed = operations.open("/operations/projections")
        assert "1 projection needs somebody" in listed.text
        assert listed.text.index("daily_flows") < listed.text.index("activity"), "first who needs somebody"
        page = operations.open(FLOWS)
        assert "Stopped by an error" in page.text
        assert f"Event {culprit:,} cannot be applied" in page.text
        assert "ValueError: a bug of this version" in page.text
        assert f"Look at event {culprit:,}" not in page.links, "events are for auditors"
        assert auditor.open(FLOWS).link(f"Look at event {culprit:,}") == f"/audit/events/{culprit}"
        report = operations.open("/reports/daily-flows")
        assert "These figures stand still." in report.text
        assert report.link("See what holds them up") == FLOWS
        steer(operations, f"{FLOWS}/resume", "Resume projection")  # too early: the bug is still there
        try_again_and_again("daily_flows")
        assert "Stopped by an error" in operations.open(FLOWS).text
    steer(operations, f"{FLOWS}/resume", "Resume projection")
    drain()
    page = operations.open(FLOWS)
    assert "Goes on" in page.text
    assert "cannot be applied" not in page.text
    assert "See what holds them up" not in operations.open("/reports/daily-flows").links
    assert freshness.as_of("daily_flows").lag_events == 0


def test_after_the_fix_a_rebuild_makes_a_stopped_report_right_as_well(operations: Browser, ada: Customer) -> None:
    with a_bug("daily_flows", 7_77):
        do(deposit(ada.account_id, 7_77))
        try_again_and_again("daily_flows")
    steer(operations, f"{FLOWS}/rebuild", "Rebuild projection")
    tasks.rebuild()
    assert "Goes on" in operations.open(FLOWS).text
    assert freshness.as_of("daily_flows").lag_events == 0


def test_whoever_does_not_operate_is_not_led_to_the_levers(ada: Customer) -> None:
    drain()
    checkpoints.pause(async_projection("daily_flows"))
    page = Browser.signed_in(a_login("teller", Role.TELLER)).open("/reports/daily-flows")
    assert "These figures stand still." in page.text
    assert "See what holds them up" not in page.links


# --- parked events


def test_parked_events_are_shown_retried_and_discarded_for_a_reason(operations: Browser, ada: Customer) -> None:
    drain()
    with a_bug("stream_states", 7_77):
        do(deposit(ada.account_id, 7_77))
        do(deposit(ada.account_id, 1_00))
        try_again_and_again("stream_states")
        first, second = (event.position for event in parked("stream_states"))
        page = operations.open(STATES)
        assert "2 events parked" in page.text
        assert "ValueError: a bug of this version" in page.text
        steer(operations, f"{STATES}/parked/{first}/retry", "Retry the stream")
        assert "A retry is asked for" in operations.open(STATES).text
        tasks.rebuild()
        assert [event.position for event in parked("stream_states")] == [first, second], "the bug is still there"
    receipt = operations.do(f"{STATES}/parked/{first}/discard", "Discard for this projection", reason="Told Ada")
    assert "Parked event discarded" in receipt.text
    assert "Told Ada" in receipt.text
    assert [event.position for event in parked("stream_states")] == [second]
    steer(operations, operations.open(STATES).link("Retry parked events"), "Retry all parked events")
    tasks.rebuild()
    page = operations.open(STATES)
    assert "None. Nothing was put aside here." in page.text
    kept = {event.position: (event.resolution, event.reason) for event in parked("stream_states", unresolved=False)}
    assert kept == {first: ("discarded", "Told Ada"), second: ("applied", "retried")}
    gone = operations.follow(operations.open(f"{STATES}/parked/{first}/retry"))
    assert "The event is not parked" in gone.text


def test_a_reason_must_be_one(operations: Browser, ada: Customer) -> None:
    with transaction() as cur:
        cur.execute(
            "insert into ledger_parked (projection, position, stream_id, error) values ('stream_states', 1, %s, 'odd')",
            (ada.account_id,),
        )
    form = operations.open(f"{STATES}/parked/1/discard")
    for reason in ("", "  ", "x" * 2_000):
        assert operations.send(form, "Continue", reason=reason).status == 422, reason
    assert parked("stream_states")[0].resolution is None


def test_many_parked_events_come_in_pages(operations: Browser, ada: Customer) -> None:
    with transaction() as cur:
        cur.execute(
            "insert into ledger_parked (projection, position, stream_id, error)"
            " select 'stream_states', n, gen_random_uuid(), 'odd' from generate_series(1, 25) n"
        )
    page = operations.open(STATES)
    assert page.text.count("Retry the stream") == 20
    later = operations.open(page.link("Later ones").partition("#")[0])
    assert later.text.count("Retry the stream") == 5
    assert "Later ones" not in later.links


def test_orders_have_words_in_every_language() -> None:
    assert STEERING_WORDS.keys() == REFUSALS.keys()
