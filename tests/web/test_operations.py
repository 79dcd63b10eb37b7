"""The operations' rooms: what needs somebody, scheduled tasks and jobs, the machinery, the runbook."""

import html
import re
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from django.conf import settings as configured
from django.utils import timezone
from pytest_django import Settings

from bank.identity.models import Role, User
from bank.jobs.models import ScheduledRun
from bank.web.durations import duration_text
from bank.web.pages.operations.jobs import SCHEDULED_WORDS
from bank.web.pages.operations.runbook import RUNBOOK, blocks_of
from ledger import checkpoints
from ledger.connections import transaction
from ledger.projections import async_projection
from ledger.runner import drain
from tests.acting import as_owner
from tests.jobs.steps import ask
from tests.web.pages import Browser, Page
from tests.web.people import Customer, a_login

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def operator(bank: None) -> User:
    return a_login("operations", Role.OPERATIONS)


@pytest.fixture
def operations(operator: User) -> Browser:
    return Browser.signed_in(operator)


def poll_of(page: Page) -> str:
    return html.unescape(re.findall(r'hx-get="([^"]+)"', page.html)[0])


# --- the index


def test_the_index_lists_its_rooms_and_says_how_it_is_there(operations: Browser, ada: Customer) -> None:
    drain()
    page = operations.open("/operations")
    for words in ("Projections", "Jobs", "Machinery", "Reconciliation", "Webhooks"):
        assert any(link.startswith(words) for link in page.links), words
    assert "All go on" in page.text
    checkpoints.pause(async_projection("daily_flows"))
    assert operations.open(poll_of(page)).status == 200
    page = operations.open("/operations")
    assert "1 needs somebody" in page.text
    assert operations.open(poll_of(page)).status == 204


def test_the_rooms_lead_to_each_other(operations: Browser) -> None:
    for address in ("projections", "jobs", "machinery", "reconciliation"):
        page = operations.open(f"/operations/{address}")
        assert page.html.count('aria-current="page"') == 2, address
        assert {"Projections", "Jobs", "Machinery", "Reconciliation", "Webhooks"} <= page.links.keys()


# --- jobs


def test_before_beat_has_sent_anything_the_page_says_so(operations: Browser) -> None:
    page = operations.open("/operations/jobs")
    assert "No scheduled task has run yet." in page.text
    assert "Nobody has asked for a verification or an export." in page.text
    assert page.text.count("Not yet") == len(configured.CELERY_BEAT_SCHEDULE)


def test_every_scheduled_task_has_words() -> None:
    assert SCHEDULED_WORDS.keys() == configured.CELERY_BEAT_SCHEDULE.keys()


def test_scheduled_tasks_are_shown_with_their_last_runs_the_late_and_failed_first(operations: Browser) -> None:
    now = timezone.now()
    common = {"worker": "w", "runs": 3, "milliseconds": 12.0}
    with as_owner():
        ScheduledRun.objects.create(name="jobs", task="jobs.run", started_at=now, finished_at=now, **common)
        ScheduledRun.objects.create(
            **common, name="advance", task="ledger.advance", started_at=now - timedelta(minutes=2)
        )
        ScheduledRun.objects.create(
            **common | {"runs": 9},
            name="reconcile",
            task="reconciliation.run",
            started_at=now,
            finished_at=now,
            failed_at=now,
            failures=1,
            error="Broken: odd",
        )
    page = operations.open("/operations/jobs")
    assert "2 scheduled tasks are late or failed" in page.text
    assert "Broken: odd" in page.text
    order = [page.text.index(words) for words in ("ledger.advance", "reconciliation.run", "ledger.ensure_partitions")]
    assert order == sorted(order)
    assert operations.open(poll_of(page)).status == 204


def test_jobs_are_listed_for_operations_and_open_for_auditors(operations: Browser) -> None:
    from accounts.record_job import JobKind

    for kind in (JobKind.VERIFICATION, JobKind.EXPORT):
        for _ in range(11):
            ask(kind)
    page = operations.open("/operations/jobs")
    assert page.text.count("Waiting for a worker") == 20
    assert not any(link.startswith("/audit") for link in page.links.values())
    older = operations.open(page.link("Older").partition("#")[0])
    assert older.text.count("Waiting for a worker") == 2
    both = Browser.signed_in(a_login("both", Role.OPERATIONS, Role.AUDITOR)).open("/operations/jobs")
    assert sum(link.startswith("/audit/exports/") for link in both.links.values()) in range(1, 12)


# --- machinery


def test_the_machinery_is_shown(operations: Browser, ada: Customer) -> None:
    drain()
    page = operations.open("/operations/machinery")
    assert page.status == 200
    assert "All parts are in order." in page.text
    assert "Queue celery" in page.text
    assert "PostgreSQL 1" in page.text
    assert re.search(r"ledger_event_1 FOR VALUES FROM", page.text)
    assert re.search(r"Connections \d+ of at most \d+", page.text)
    assert page.links["Metrics"] == "/metrics"
    assert page.links["Health as /readyz tells it"] == "/readyz"


def test_the_oldest_transaction_is_told_to_the_roles_of_the_bank(operations: Browser) -> None:
    with transaction() as cur:
        cur.execute("select 1")
        page = operations.open("/operations/machinery")
    assert "idle in transaction" in page.text
    assert "passbook ledger" in page.text


def test_without_valkey_the_rest_is_shown(operations: Browser, settings: Settings, tmp_path: Path) -> None:
    settings.REDIS_URL = f"unix://{tmp_path}/away.sock"
    page = operations.open("/operations/machinery")
    assert page.status == 200
    assert "Valkey does not answer." in page.text
    assert "Without Valkey the workers cannot be asked." in page.text
    assert "Not all parts are in order." in page.text
    assert "Oldest transaction" in page.text


def test_metrics_are_offered_to_whom_they_answer(operations: Browser, settings: Settings) -> None:
    settings.METRICS_TOKEN = "secret"
    assert "Metrics" not in operations.open("/operations/machinery").links


# --- the runbook


def test_every_alarm_has_its_place_in_the_runbook(operations: Browser) -> None:
    page = operations.open("/operations/runbook")
    rules = yaml.safe_load(RUNBOOK.with_name("alerts.yml").read_text())
    alarms = [rule["alert"] for group in rules["groups"] for rule in group["rules"]]
    assert len(alarms) > 10
    for alarm in alarms:
        assert f'id="{alarm.lower()}"' in page.html, alarm


def test_the_runbook_is_escaped_and_reads_as_the_file() -> None:
    heading, paragraph, steps = blocks_of(
        "# Title\n\n## One\n\n<b> `a<b` [x](#y) [z](../z.md)\n\n1. first\n   on\n2. second"
    )
    assert (heading.anchor, heading.lines[0]) == ("one", "One")
    assert paragraph.lines[0] == '&lt;b&gt; <code>a&lt;b</code> <a href="#y">x</a> z'
    assert steps.lines == ("first on", "second")


# --- durations


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "0 s"),
        (0.44, "0.4 s"),
        (2, "2 s"),
        (12.3, "12 s"),
        (59.6, "1 min"),
        (90, "1 min"),
        (3_600, "1 h"),
        (7_500, "2 h 5 min"),
        (86_400, "1 d"),
        (90_000, "1 d 1 h"),
        (86_400 * 1_234 + 60, "1,234 d"),
    ],
)
def test_how_long_it_takes_is_said_in_the_two_largest_units(seconds: float, words: str) -> None:
    assert duration_text(seconds) == words
