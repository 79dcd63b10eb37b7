"""The rooms of each section that the main navigation has one item for: their index, and the links between them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from bank.identity import policy
from bank.web.reports.catalogue import REPORTS
from bank.web.reports.overview import DASHBOARD


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A page that needs no more than its name: `url_name` takes no arguments. `words`: what is to be found there."""

    title: StrOrPromise
    words: StrOrPromise
    icon: str
    url_name: str
    rule: Callable[[policy.Person], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomLink:
    """A room as a link; `is_current` where the page belongs to it."""

    title: StrOrPromise
    words: StrOrPromise
    icon: str
    href: str
    is_current: bool


AUDIT_ROOMS: Final[list[Room]] = [
    Room(
        title=_("Events"),
        words=_("Everything that ever happened, by whatever you look for, each event with its proof."),
        icon="scroll-text",
        url_name="web:audit_events",
        rule=policy.may_audit,
    ),
    Room(
        title=_("Commands"),
        words=_("Everything that anybody asked for, accepted or refused, by whom and through which channel."),
        icon="sliders-horizontal",
        url_name="web:audit_commands",
        rule=policy.may_audit,
    ),
    Room(
        title=_("Time travel"),
        words=_("Any account, customer or log-in at any version and moment; and all that came of a request."),
        icon="clock",
        url_name="web:audit_streams",
        rule=policy.may_audit,
    ),
    Room(
        title=_("Refusals"),
        words=_("How often the bank said no, day by day, and why."),
        icon="circle-x",
        url_name="web:audit_refusals",
        rule=policy.may_audit,
    ),
    Room(
        title=_("Actors"),
        words=_("What somebody did: commands, log-ins, roles, and at whom they looked."),
        icon="users",
        url_name="web:audit_actors",
        rule=policy.may_audit,
    ),
    Room(
        title=_("Verification"),
        words=_("Whether the record is what was sealed and signed; if not, where, and what was done to it."),
        icon="shield-check",
        url_name="web:audit_verification",
        rule=policy.may_audit,
    ),
    Room(
        title=_("Exports"),
        words=_("Copies of the record, or of a part of it, that prove themselves without the bank."),
        icon="download",
        url_name="web:audit_exports",
        rule=policy.may_audit,
    ),
    Room(
        title=_("Access records"),
        words=_("Who was shown which customer's data, when and where."),
        icon="eye",
        url_name="web:access_records",
        rule=policy.may_audit,
    ),
    Room(
        title=_("Tables"),
        words=_("Events, commands and streams as they are stored, to read and never to change."),
        icon="book-open-text",
        url_name="admin:index",
        rule=policy.may_read_tables,
    ),
    Room(
        title=_("Reconciliation"),
        words=_("Whether what the bank keeps twice agrees, and what does not."),
        icon="shield-check",
        url_name="web:reconciliation",
        rule=policy.may_see_reconciliation,
    ),
]
REPORT_ROOMS: Final[list[Room]] = [
    *(
        Room(
            title=report.title,
            words=report.about,
            icon=report.icon,
            url_name=report.url_name,
            rule=policy.may_see_reports,
        )
        for report in (DASHBOARD, *REPORTS)
    ),
    Room(
        title=_("Trial balance"),
        words=_("Every account class at any date, and that debits and credits are equal."),
        icon="landmark",
        url_name="web:trial_balance",
        rule=policy.may_see_reports,
    ),
    Room(
        title=_("General ledger"),
        words=_("Cash, customer deposits and transfers in transit, day by day."),
        icon="book-open-text",
        url_name="web:general_ledger",
        rule=policy.may_see_reports,
    ),
    Room(
        title=_("Journal"),
        words=_("The events of a day that moved money, each with both of its sides."),
        icon="scroll-text",
        url_name="web:journal",
        rule=policy.may_see_reports,
    ),
]
OPERATION_ROOMS: Final[list[Room]] = [
    Room(
        title=_("Projections"),
        words=_("How far each has come and what holds it up; pause, resume, rebuild, and what was put aside."),
        icon="gauge",
        url_name="web:operations_projections",
        rule=policy.may_operate,
    ),
    Room(
        title=_("Jobs"),
        words=_("What runs by itself and when it last did, and what somebody asked for."),
        icon="clock",
        url_name="web:operations_jobs",
        rule=policy.may_operate,
    ),
    Room(
        title=_("Machinery"),
        words=_("Sealer, workers, queues, Valkey and the database: whether they are well, and how large."),
        icon="monitor",
        url_name="web:operations_machinery",
        rule=policy.may_operate,
    ),
    Room(
        title=_("Reconciliation"),
        words=_("Whether what the bank keeps twice agrees, and what does not."),
        icon="shield-check",
        url_name="web:reconciliation",
        rule=policy.may_see_reconciliation,
    ),
    Room(
        title=_("Webhooks"),
        words=_("Who is told of events outside the bank, and whether they listen."),
        icon="bell",
        url_name="web:webhooks",
        rule=policy.may_operate,
    ),
]
SECTIONS: Final[dict[str, list[Room]]] = {
    "audit": AUDIT_ROOMS,
    "reports": REPORT_ROOMS,
    "operations": OPERATION_ROOMS,
}
SECTION_TITLES: Final[dict[str, StrOrPromise]] = {
    "audit": _("Audit"),
    "reports": _("Reports"),
    "operations": _("Operations"),
}


def links_of(section: str, person: policy.Person, here: str) -> list[RoomLink]:
    """The rooms of a section that the person may enter; `here` is the path of the page that shows them."""
    return [
        RoomLink(
            title=room.title,
            words=room.words,
            icon=room.icon,
            href=(href := reverse(room.url_name)),
            is_current=covers(href, here),
        )
        for room in SECTIONS[section]
        if room.rule(person)
    ]


def covers(href: str, here: str) -> bool:
    """Whether the page at `here` is the one at `href`, or below it."""
    return here == href or here.startswith(f"{href.rstrip('/')}/")
