"""Made-up events, jobs and differences: what the style guide's samples of the auditors' pages are made of."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, Final

from bank.web.styleguide.things import ID

_NOW: Final = datetime(2026, 11, 23, 9, 41, tzinfo=UTC)
JSON: Final = '{\n  "amount_minor": 2450,\n  "currency": "EUR",\n  "reference": "Dinner"\n}'
PAGER: Final = SimpleNamespace(newest="#", newer="#", older="#")


def _event(kind: str, amount_minor: int | None) -> SimpleNamespace:
    return SimpleNamespace(
        position=18_234,
        type=kind,
        recorded_at=_NOW,
        occurred_at=_NOW,
        stream_id=ID,
        amount_minor=amount_minor,
        currency="EUR",
    )


def _line(kind: str, amount_minor: int | None, *, is_unknown: bool = False) -> SimpleNamespace:
    return SimpleNamespace(
        event=_event(kind, amount_minor),
        kind="Account",
        stream_href="#",
        actor="ada.lovelace",
        actor_href="#",
        is_unknown=is_unknown,
    )


EVENTS: Final = [_line("DepositMade", 24_50), _line("AccountFlown", None, is_unknown=True)]


def _difference(subject: object, *, is_stream: bool, has_values: bool) -> SimpleNamespace:
    return SimpleNamespace(
        check="Balances and events",
        field="balance_minor",
        is_stream=is_stream,
        difference=SimpleNamespace(subject=subject, since=_NOW, gone_at=_NOW),
        has_values=has_values,
        expected="24.50",
        found="24.51",
    )


DIFFERENCES: Final = [
    _difference(ID, is_stream=True, has_values=True),
    _difference("EUR", is_stream=False, has_values=False),
]


def _row(number: int, title: str, amount_minor: int, balance_minor: int | None) -> SimpleNamespace:
    return SimpleNamespace(
        number=number,
        title=title,
        detail="Dinner",
        href="#",
        occurred_at=_NOW,
        amount_minor=amount_minor,
        balance_minor=balance_minor,
    )


def explained(*, is_known: bool) -> dict[str, Any]:
    """A balance that is explained; or one whose events cannot all be read."""
    return {
        "rows": [
            _row(3, "Deposit", 24_50, 524_50 if is_known else None),
            _row(4, "Withdrawal", -4_50, 520_00 if is_known else None),
        ],
        "currency": "EUR",
        "last": 5,
        "here": "#",
        "keeps": "",
        "after": 2,
        "before_minor": 500_00 if is_known else None,
        "reached": 4,
        "sum_minor": 520_00 if is_known else None,
        "next_after": 4 if is_known else None,
        "newest_after": 4,
    }


def job(state: str) -> SimpleNamespace:
    """A job about the record in this state."""
    begun = state != "waiting"
    run = SimpleNamespace(
        total=100_000, done=62_000, worker="jobs@bank", error="The database's disk is full.", traceback="DiskFull"
    )
    return SimpleNamespace(
        state=state,
        percent=62,
        is_open=state in ("waiting", "running", "lost"),
        run=run if begun else None,
        row=SimpleNamespace(
            kind="export", job_id=ID, asked_at=_NOW, finished_at=None if state in ("waiting", "running") else _NOW
        ),
    )


JOB_STATES: Final = ("waiting", "running", "lost", "failed", "done")


def projection(state: str) -> SimpleNamespace:
    """A projection that fares so."""
    return SimpleNamespace(
        status={"stopped": "paused", "paused": "paused", "failing": "failing"}.get(state, "running"),
        error="ValueError: odd" if state in ("stopped", "failing") else None,
        lag_seconds=42.0 if state == "behind" else 0.1,
        parked=3 if state == "parked" else 0,
        rebuild={"rebuilding": SimpleNamespace(error=None), "not rebuilt": SimpleNamespace(error="odd")}.get(state),
    )


PROJECTION_STATES: Final = (
    *("going on", "behind", "failing", "stopped", "paused", "parked"),
    *("rebuilding", "not rebuilt"),
)
TABLES: Final = [
    SimpleNamespace(
        name="ledger_event_1", bounds="FOR VALUES FROM ('1') TO ('10000001')", size_bytes=734_003_200, rows=9_999_871
    ),
    SimpleNamespace(name="ledger_event_rest", bounds="DEFAULT", size_bytes=24_576, rows=0),
]
