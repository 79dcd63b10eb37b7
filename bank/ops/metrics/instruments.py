"""What every process counts and times.

No label has a value that a client can choose: routes are templates, methods those of HTTP, the rest are names of the
code. So the number of series is bounded, and nobody's data are in them. Importing this makes this process's files.
"""

import os
from collections import Counter as Tally
from collections.abc import Hashable, Iterable
from typing import Final, TypeVar

from prometheus_client import Counter, Gauge, Histogram, values

from bank.ops.metrics import FOLDER
from ledger.codec import type_of
from ledger.observing import Hindrance
from ledger.store import Batch

FOLDER.mkdir(parents=True, exist_ok=True)

_process_id = os.getpid()


def _after_fork() -> None:
    global _process_id
    _process_id = os.getpid()


# prometheus_client asks the system who it is with every count, which takes longer than to count.
os.register_at_fork(after_in_child=_after_fork)
values.ValueClass = values.MultiProcessValue(process_identifier=lambda: _process_id)  # type: ignore[no-untyped-call]

_SIZES: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000)
_SECONDS: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)

Instrument = TypeVar("Instrument", Counter, Histogram)
Thing = TypeVar("Thing", bound=Hashable)


class _Series(dict[tuple[str, ...], Instrument]):
    """The series of an instrument by the values of its labels: found in a tenth of the time that `labels` takes."""

    def __init__(self, instrument: Instrument) -> None:
        super().__init__()
        self._instrument: Instrument = instrument

    def __missing__(self, values: tuple[str, ...]) -> Instrument:
        one: Instrument = self._instrument.labels(*values)
        self[values] = one
        return one


def _counters(name: str, meaning: str, *labels: str) -> _Series[Counter]:
    return _Series(Counter(name, meaning, labels, registry=None))


def _times(name: str, meaning: str, *labels: str) -> _Series[Histogram]:
    return _Series(Histogram(name, meaning, labels, buckets=_SECONDS, registry=None))


# --- the command path -----------------------------------------------------------------------------------------------

_commands = _counters(
    "passbook_commands_total", "Commands recorded, by their outcome.", "type", "outcome", "refusal", "channel"
)
_events = _counters("passbook_events_total", "Events appended.", "type")
_append_commands = Histogram(
    "passbook_append_commands",
    "Commands in one append (group commit and batches alike).",
    buckets=_SIZES,
    registry=None,
)
_append_seconds = Histogram(
    "passbook_append_seconds",
    "From loading the streams of a batch to its commit; lost races apart.",
    buckets=_SECONDS,
    registry=None,
)
_hindrances = _counters("passbook_append_hindrances_total", "Appends tried again, given up or turned away.", "reason")
for _reason in Hindrance:
    _ = _hindrances[(_reason.value,)]  # zero from the beginning: an alarm needs something to rise from


def count_append(batch: Batch, seconds: float) -> None:
    """A batch was committed. About five microseconds for one command, less than half of one for each of many."""
    for (kind, refusal, channel), count in _tally([(c.type, c.refusal, c.channel) for c in batch.commands]):
        _commands[(kind, "refused" if refusal else "accepted", refusal or "", channel)].inc(count)
    for name, count in _tally([type_of(e.event).name for e in batch.events]):
        _events[(name,)].inc(count)
    _append_commands.observe(len(batch.commands))
    _append_seconds.observe(seconds)


def _tally(things: list[Thing]) -> Iterable[tuple[Thing, int]]:
    """How many there are of each; most batches have one command, which needs no counting."""
    return Tally(things).items() if len(things) > 1 else [(thing, 1) for thing in things]


def count_hindrance(why: Hindrance) -> None:
    """An append was tried again, given up or turned away."""
    _hindrances[(why.value,)].inc()


# --- behind the command path ----------------------------------------------------------------------------------------

_seal_events = Histogram("passbook_seal_batch_events", "Events sealed in one batch.", buckets=_SIZES, registry=None)
_seal_seconds = Histogram(
    "passbook_seal_batch_seconds", "Time to seal one batch, commit included.", buckets=_SECONDS, registry=None
)
_projection_events = _counters(
    "passbook_projection_batch_events_total", "Events that async projections were handed.", "projection"
)
_projection_seconds = _times("passbook_projection_batch_seconds", "Time for one batch, commit included.", "projection")
_projection_failures = _counters(
    "passbook_projection_failures_total", "Times that an event failed in an async projection.", "projection"
)
_verifications = _counters("passbook_verifications_total", "Verifications of the whole book.", "result")
_verified_at = Gauge(
    "passbook_verified_timestamp_seconds",
    "When the whole book was last verified and found right.",
    multiprocess_mode="max",
    registry=None,
)


def count_seal(count: int, seconds: float) -> None:
    """A batch of events was sealed."""
    _seal_events.observe(count)
    _seal_seconds.observe(seconds)


def count_projection(projection: str, count: int, seconds: float) -> None:
    """A projection is done with a batch."""
    _projection_events[(projection,)].inc(count)
    _projection_seconds[(projection,)].observe(seconds)


def count_failure(projection: str) -> None:
    """An event failed in a projection."""
    _projection_failures[(projection,)].inc()


def count_verification(*, right: bool) -> None:
    """The whole book was verified."""
    _verifications[("right" if right else "wrong",)].inc()
    if right:
        _verified_at.set_to_current_time()


# --- requests and tasks ---------------------------------------------------------------------------------------------

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_requests = _counters("passbook_http_requests_total", "Requests answered.", "route", "method", "status")
_request_seconds = _times("passbook_http_request_seconds", "Time to an answer's headers.", "route", "method")
_tasks = _counters("passbook_tasks_total", "Celery tasks that ended.", "task", "state")
_task_seconds = _times("passbook_task_seconds", "Time that a Celery task ran.", "task")


def count_request(route: str, method: str | None, status: int, seconds: float) -> None:
    """A request was answered. `route` is a template, never a path."""
    known = method if method in _METHODS else "other"
    _requests[(route, known, str(status))].inc()
    _request_seconds[(route, known)].observe(seconds)


def count_task(task: str, state: str, seconds: float) -> None:
    """A Celery task ended."""
    _tasks[(task, state)].inc()
    _task_seconds[(task,)].observe(seconds)
