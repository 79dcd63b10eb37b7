"""What the style guide shows: each component's states, with what a page would hand to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import SimpleNamespace
from typing import Any, Final

from accounts.refusals import InsufficientFunds
from bank.web.changes import Changes
from bank.web.formats import iban_html, money_html
from bank.web.movements import lines_of
from bank.web.online import Online
from bank.web.problems import FORM_EXPIRED, NOT_FOUND, SERVER_ERROR, UNAVAILABLE
from bank.web.reports.overview import Tile
from bank.web.styleguide import figures, records, things
from bank.web.tasks.task import Answer

LONG_WORD: Final = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"


class Inside(Enum):
    """What a component must stand in to be right: (before, after)."""

    PLAIN = ("", "")
    SUMMARY = ('<dl class="summary">', "</dl>")
    PANEL = ('<div class="panel">', "</div>")
    TABLE = ('<table class="table"><tbody>', "</tbody></table>")
    HERO = ('<div class="hero"><div class="hero-text">', "</div></div>")
    ROW = ('<div class="stack">', "</div>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A state: its name and the context that makes it."""

    state: str
    context: dict[str, Any] = field(default_factory=dict)
    inside: Inside = Inside.PLAIN


def _sample(state: str, inside: Inside = Inside.PLAIN, /, **context: Any) -> Sample:
    return Sample(state=state, context=context, inside=inside)


_ANSWERS: Final = [
    Answer(label="Amount", value=money_html(24_50, "EUR"), field="amount", is_main=True),
    Answer(label="To", value="Grace Hopper", note=iban_html("LU280019400644750000"), field="to"),
    Answer(label="Reference", value=LONG_WORD, field="reference"),
    Answer(label="Available after it", value=money_html(475_50, "EUR")),
]
_CHECK: Final = {"task": things.TASK, "answers": _ANSWERS, "query": "draft=sample", "token": "sample"}
_NO: Final = "The balance does not cover this withdrawal: 40.00 available."
_REFUSAL: Final = InsufficientFunds(available_minor=40_00, currency="EUR")
_TASKS: Final = [
    SimpleNamespace(title="Transfer money", icon="arrow-left-right", form_url="#", obstacle=""),
    SimpleNamespace(title="Withdraw money", icon="arrow-up-right", form_url="#", obstacle=""),
    SimpleNamespace(title="Close account", icon="lock", form_url="#", obstacle="The balance must be zero first."),
]
_ROOMS: Final = [
    SimpleNamespace(title="Commands", words="What was asked for.", icon="scroll-text", href="#", is_current=False),
    SimpleNamespace(title="Refusals", words=LONG_WORD, icon="circle-x", href="#", is_current=True),
    SimpleNamespace(title=LONG_WORD, words="Who looked.", icon="eye", href="#", is_current=False),
]
_BEHIND: Final = SimpleNamespace(position=18_200, lag_events=34, lag_seconds=12.4)
_LINES: Final = lines_of(things.MOVEMENTS, [])

SAMPLES: Final[Mapping[str, list[Sample]]] = {
    "mark": [_sample("the bank's mark")],
    "status": [_sample(word, status=word) for word in ("open", "frozen", "closed")],
    "endpoint_status": [_sample(word, status=word) for word in ("active", "disabled", "removed")],
    "delivery_status": [
        *(_sample(word, delivery=SimpleNamespace(status=word)) for word in ("delivered", "failed", "cancelled")),
        _sample("waiting", delivery=SimpleNamespace(status="pending", attempts=0)),
        _sample("waiting, tried twice", delivery=SimpleNamespace(status="pending", attempts=2)),
    ],
    "notice": [
        _sample("to know", picture="info", title="Everyday", words="€500.00 balance · €480.00 available"),
        _sample("done", kind="ok", picture="circle-check", words="Signed out everywhere else."),
        _sample("to mind", kind="warn", words="Copy it now: it is shown this once."),
        _sample("to mind, with a title", kind="warn", title="Not possible now.", words=_NO),
    ],
    "empty": [_sample("nothing yet", Inside.PANEL, picture="scroll-text", words="Nothing has come or gone yet.")],
    "account_card": [
        _sample("open", account=things.account()),
        _sample("frozen, overdrawn", account=things.account(balance_minor=-120_00, status="frozen")),
        _sample("closed", account=things.account(balance_minor=0, status="closed")),
        _sample("hostile name, large sum", account=things.account(name=LONG_WORD, balance_minor=123_456_789_00)),
    ],
    "account_cards": [_sample("two", accounts=[things.account(), things.account(status="frozen")])],
    "balance": [_sample("now", Inside.HERO, account=things.account(overdraft_limit_minor=0))],
    "notice_rows": [_sample("received, refused, new", Inside.TABLE, notices=things.NOTICES)],
    "notice_table": [_sample("a page", Inside.PANEL, caption="Notifications", notices=things.NOTICES)],
    "task_list": [_sample("offered, and why not", Inside.PANEL, tasks=_TASKS)],
    "side_tasks": [
        _sample("tasks", heading="What would you like to do?", tasks=_TASKS),
        _sample("none", heading="Tasks", tasks=[], words="You can look at this account, but not change it."),
        _sample("heading for screen readers only", heading="Tasks", tasks=_TASKS[:1], hides_heading=True),
    ],
    "checklist": [
        _sample("things to do first", is_blocked=True, conditions=things.CONDITIONS),
        _sample("nothing in the way", is_blocked=False, conditions=things.CONDITIONS[:1]),
    ],
    "field": [
        _sample("empty", Inside.ROW, field=things.form("plain")["reference"]),
        _sample("an amount", Inside.ROW, field=things.form("amount")["amount"], prefix="€"),
        _sample("wrong", Inside.ROW, field=things.wrong_form("wrong")["amount"], prefix="€"),
        _sample("a choice", Inside.ROW, field=things.form("choice")["kind"]),
    ],
    "field_error": [_sample("wrong", Inside.ROW, field=things.wrong_form("error")["amount"])],
    "filter_field": [
        _sample("empty", Inside.ROW, field=things.form("filter")["reference"]),
        _sample("wrong", Inside.ROW, field=things.wrong_form("filter-wrong")["amount"]),
    ],
    "error_summary": [
        _sample("two fields and the whole", form=things.wrong_form("summary")),
        _sample("with a heading of its own", form=things.wrong_form("other"), heading="Wrong filters"),
        _sample("nothing wrong", form=things.form("right")),
    ],
    "task_form": [
        _sample("empty", task=things.TASK, form=things.form("task"), ticket="sample"),
        _sample("with what is wrong", task=things.TASK, form=things.wrong_form("task-wrong"), ticket="sample"),
    ],
    "stale": [
        _sample("another balance", account=things.account(), changes=things.CHANGES),
        _sample("the same balance", account=things.account(), changes=Changes(told=[], earlier=7, then_minor=500_00)),
    ],
    "refusal": [_sample("refused", refusal=_NO)],
    "check_answers": [
        _sample("to be confirmed", **_CHECK),
        _sample("grave", **{**_CHECK, "task": things.GRAVE_TASK, "answers": _ANSWERS[:1]}),
        _sample("refused", **_CHECK, refusal=_NO),
    ],
    "fact": [
        _sample("a line", Inside.SUMMARY, label="Reference", value="Theatre tickets"),
        _sample(
            "stands out, with a note", Inside.SUMMARY, label="To", value="Grace", note="of this bank", is_main=True
        ),
        _sample("an id", Inside.SUMMARY, label="Receipt number", value=things.ID, is_code=True),
        _sample("to be changed", Inside.SUMMARY, label="Amount", value=money_html(24_50, "EUR"), change="#"),
    ],
    "facts": [_sample("lines", Inside.SUMMARY, facts=_ANSWERS)],
    "receipt_head": [
        _sample("done", accepted=True, title="Transfer done"),
        _sample("refused", Inside.ROW, accepted=False, title="Transfer refused", refusal=_NO),
    ],
    "receipt": [
        _sample("done", Inside.ROW, title="Transfer done", outcome=things.outcome(), facts=_ANSWERS),
        _sample("refused", Inside.ROW, title="Not done", outcome=things.outcome(refusal=_REFUSAL), facts=[]),
    ],
    "movement_rows": [
        _sample("with the balance after each", Inside.TABLE, lines=_LINES),
        _sample("with the account", Inside.TABLE, lines=_LINES, shows_account=True),
    ],
    "movement_table": [_sample("a page", Inside.PANEL, caption="Movements", lines=_LINES)],
    "more": [
        _sample("goes on", Inside.PANEL, href="#", rows="movement-rows", words="Show older movements"),
        _sample("the end", Inside.PANEL),
    ],
    "side": [
        _sample("an account that one may open", side=SimpleNamespace(account=things.account(), **things.ADA)),
        _sample("another's", side=SimpleNamespace(account=None, **things.ADA)),
        _sample("outside", side=SimpleNamespace(account=None, name="Café Lambda", detail="Card", iban="")),
    ],
    "event_facts": [
        _sample("sealed", Inside.SUMMARY, event=things.event(position=18_234)),
        _sample("not sealed yet, for staff", Inside.SUMMARY, event=things.event(position=0), shows_actor=True),
    ],
    "outcome": [_sample("accepted", refusal=None), _sample("refused", refusal="insufficient_funds")],
    "command_table": [
        _sample("accepted, refused, sent again", Inside.PANEL, caption="Commands", lines=things.COMMANDS)
    ],
    "event_table": [_sample("one read, one of an unknown type", Inside.PANEL, caption="Events", lines=records.EVENTS)],
    "json": [_sample("a payload", Inside.PANEL, text=records.JSON, heading="guide-json", id="guide-json")],
    "pager": [_sample("both ways", Inside.PANEL, pager=records.PAGER, target="main")],
    "explained": [
        _sample("known", **records.explained(is_known=True)),
        _sample("not known", **records.explained(is_known=False)),
    ],
    "differences": [
        _sample("of a stream and of a currency", Inside.PANEL, lines=records.DIFFERENCES, title="Breaks", has_end=True)
    ],
    "job_state": [
        _sample(state, line=SimpleNamespace(job=records.job(state), finding="")) for state in records.JOB_STATES
    ],
    "job_progress": [_sample(state, job=records.job(state)) for state in records.JOB_STATES],
    "job_facts": [_sample("done", Inside.SUMMARY, job=records.job("done"), line=SimpleNamespace(who="ada.lovelace"))],
    "rooms": [_sample("the second of three", label="Audit", links=_ROOMS)],
    "room_cards": [_sample("three", links=_ROOMS)],
    "fresh": [
        _sample("in step", as_of=SimpleNamespace(position=18_234, lag_events=0, lag_seconds=0.0)),
        _sample("behind", as_of=SimpleNamespace(position=18_200, lag_events=34, lag_seconds=12.4)),
    ],
    "projection_status": [
        _sample(state, Inside.ROW, state=records.projection(state)) for state in records.PROJECTION_STATES
    ],
    "rebuild_progress": [
        _sample("waiting", rebuild=SimpleNamespace(position=0, head=18_234, seconds_left=None)),
        _sample("under way", rebuild=SimpleNamespace(position=9_000, head=18_234, seconds_left=154.0)),
    ],
    "sizes": [
        _sample("partitions", Inside.PANEL, tables=records.TABLES, caption="Partitions of the events", has_bounds=True),
        _sample("tables", Inside.PANEL, tables=records.TABLES, caption="Largest tables"),
    ],
    "standstill": [
        _sample("behind", fresh=SimpleNamespace(as_of=_BEHIND, is_behind=True, is_paused=False)),
        _sample("standing still", fresh=SimpleNamespace(as_of=_BEHIND, is_behind=False, is_paused=True)),
        _sample("for operations", fresh=SimpleNamespace(as_of=_BEHIND, is_behind=False, is_paused=True), href="#"),
        _sample("in step", fresh=SimpleNamespace(as_of=_BEHIND, is_behind=False, is_paused=False)),
    ],
    "report_filters": [
        _sample("as usual", form=figures.filters("usual"), here="#"),
        _sample("wrong", form=figures.filters("wrong", days="8"), here="#", shows_errors=True),
    ],
    "report_table": [
        _sample("amounts", Inside.PANEL, section=figures.section("table")),
        _sample("shaded", Inside.PANEL, section=figures.heat("heat")),
    ],
    "chart": [_sample("drawn of a table elsewhere", Inside.PANEL, section=figures.section("chart"))],
    "figures": [
        _sample("chart and table", section=figures.section("figures")),
        _sample("the table on demand", section=figures.section("folded"), is_folded=True, href="#", words=LONG_WORD),
        _sample("nothing", section=figures.section("none", is_empty=True)),
    ],
    "tile": [
        _sample("a figure beside the usual", tile=Tile(label="Deposits", figure=money_html(24_50, "EUR"), share=62)),
        _sample("good news", tile=Tile(label="Trial balance", figure="0.00", words="All agrees.", state="ok")),
        _sample("bad news, leading on", tile=Tile(label=LONG_WORD, figure=LONG_WORD, href="#", state="bad")),
    ],
    "online": [
        _sample("signs in", online=Online(customer_id=things.ID, has_log_in=True)),
        _sample("invited", online=things.INVITED),
        _sample("neither", online=Online(customer_id=things.ID, has_log_in=False)),
    ],
    "problem": [
        _sample(
            str(problem.status),
            problem=problem,
            request_id=str(things.ID),
            again="/transfer" if problem is FORM_EXPIRED else "",
        )
        for problem in (FORM_EXPIRED, NOT_FOUND, SERVER_ERROR, UNAVAILABLE)
    ],
}
