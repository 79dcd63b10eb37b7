"""Walks past operations: all well, a report that stops at an event, parked events, rebuilds, jobs late and failed."""

from collections.abc import Iterator
from datetime import timedelta

from django.utils import timezone

from accounts.record_job import JobKind
from bank.identity.models import Role
from bank.jobs.models import ScheduledRun
from ledger.connections import transaction
from ledger.runner import drain
from tests.jobs.steps import ask
from tests.journeys.person import Person
from tests.journeys.walks import LONG_WORD, Cast, somebody_new, walk

Stops = Iterator[tuple[str, Person]]
_FLOWS = "/operations/projections/daily_flows"
_STATES = "/operations/projections/stream_states"


@walk(
    "web:operations",
    "web:operations_projections",
    "web:operations_projection",
    "web:pause_projection_check",
    "web:resume_projection_check",
    "web:rebuild_projection_check",
)
def projections(cast: Cast) -> Stops:
    drain()
    operator = cast.somebody(signed_in=somebody_new("operator", Role.OPERATIONS, Role.AUDITOR))
    operator.open("/operations")
    yield "operations", operator
    operator.open("/operations/projections")
    yield "projections, all well", operator
    operator.open("/operations/projections/history")
    yield "a projection without tables", operator
    operator.open(f"{_FLOWS}/pause")
    yield "pause, check", operator
    operator.press("Pause projection")
    operator.page.get_by_role("heading", name="Projection paused").wait_for()
    yield "projection paused", operator
    _stop("daily_flows", 4)
    operator.open(_FLOWS)
    yield "a projection that stopped at an event", operator
    operator.open("/reports/daily-flows")
    yield "a report whose projection stopped", operator
    operator.open(f"{_FLOWS}/resume")
    yield "resume, check", operator
    operator.open(f"{_FLOWS}/rebuild")
    yield "rebuild, check", operator
    operator.press("Rebuild projection")
    operator.page.get_by_role("heading", name="Rebuild asked for").wait_for()
    with transaction() as cur:
        cur.execute(
            "insert into ledger_checkpoint (projection, rebuilding, position, events_per_second)"
            " values ('daily_flows', true, 20, 0.01)"
        )
    operator.open(_FLOWS)
    yield "a projection that is being rebuilt", operator
    operator.open("/operations/projections")
    yield "projections, some in need", operator
    operator.open("/operations")
    yield "operations, some in need", operator
    operator.open(f"{_FLOWS}?after=nonsense")
    yield "projection, nonsense in the address", operator


@walk(
    "web:operations_projection",
    "web:retry_all_parked_check",
    "web:retry_parked_check",
    "web:discard_parked",
    "web:discard_parked_check",
)
def parked_events(cast: Cast) -> Stops:
    drain()
    with transaction() as cur:
        cur.execute(
            "insert into ledger_parked (projection, position, stream_id, error)"
            " select 'stream_states', n, gen_random_uuid(), %s from generate_series(1, 22) n",
            (f"ValueError: {LONG_WORD * 3}",),
        )
    operator = cast.somebody(signed_in=somebody_new("operator", Role.OPERATIONS, Role.AUDITOR))
    operator.open(_STATES)
    yield "parked events", operator
    operator.open(f"{_STATES}/parked/1/retry")
    yield "retry, check", operator
    operator.open(f"{_STATES}/parked/1/discard")
    yield "discard", operator
    operator.press("Continue")
    yield "discard, no reason", operator
    operator.fill("Reason", LONG_WORD)
    operator.press("Continue")
    yield "discard, check", operator
    operator.press("Discard for this projection")
    operator.page.get_by_role("heading", name="Parked event discarded").wait_for()
    yield "discarded", operator
    operator.open(f"{_STATES}/retry")
    yield "retry all, check", operator
    operator.press("Retry all parked events")
    operator.page.get_by_role("heading", name="Retry asked for").wait_for()
    operator.open(_STATES)
    yield "parked events, a retry asked for", operator
    operator.open(f"{_STATES}/parked/1/discard")
    yield "discard, given up already", operator


@walk("web:operations_jobs", "web:operations_machinery", "web:runbook")
def machinery(cast: Cast) -> Stops:
    operator = cast.somebody(signed_in=somebody_new("operator", Role.OPERATIONS, Role.AUDITOR))
    operator.open("/operations/jobs")
    yield "jobs, none yet", operator
    now = timezone.now()
    run = {"worker": "w", "runs": 3, "milliseconds": 12.0}
    ScheduledRun.objects.create(name="jobs", task="jobs.run", started_at=now, finished_at=now, **run)
    ScheduledRun.objects.create(name="advance", task="ledger.advance", started_at=now - timedelta(hours=1), **run)
    failed = {"failed_at": now, "failures": 1, "error": f"Broken: {LONG_WORD}"}
    ScheduledRun.objects.create(
        name="reconcile", task="reconciliation.run", started_at=now, finished_at=now, **run, **failed
    )
    for _ in range(21):
        ask(JobKind.VERIFICATION)
    ask(JobKind.EXPORT)
    operator.open("/operations/jobs")
    yield "jobs", operator
    operator.open("/operations/jobs?before=nonsense")
    yield "jobs, nonsense in the address", operator
    operator.open("/operations/machinery")
    yield "machinery", operator
    operator.go("Runbook")
    yield "runbook", operator


def _stop(name: str, position: int) -> None:
    """The event behind this position cannot be applied."""
    with transaction() as cur:
        cur.execute(
            "update ledger_checkpoint set status = 'paused', failures = 3, position = %s, error_position = %s,"
            " error = %s where projection = %s and not rebuilding",
            (position, position + 1, f"ValueError: {LONG_WORD * 3}", name),
        )
