"""What the dashboard shows: the day beside the usual, what there is altogether, and trends."""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bank.identity import policy
from bank.reconciliation import reading as reconciliation
from bank.web import formats, reasons
from bank.web.reports import activity, cash, distribution, flows, growth, usual
from bank.web.reports.report import Asked, Report, Section
from readmodels import balance_distribution, daily_flows, general_ledger, refusals
from readmodels import growth as growth_of_the_bank

# What the dashboard asks of each report that it shows a part of.
TRENDS: Final[tuple[Report, ...]] = (flows.REPORT, cash.REPORT, growth.REPORT, distribution.REPORT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A figure. `words`: beside what it is to be seen; `share`: percent of the usual; `href`: where it comes from.

    `state`: "ok", "bad" or "late" where the figure is good, bad or old news.
    """

    label: str
    figure: str
    words: str = ""
    share: int | None = None
    href: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A part of a report, and where the whole of it is, with the filters that there are."""

    section: Section
    href: str
    words: str


def _sections(_asked: Asked) -> list[Section]:
    """The dashboard has tiles and trends instead."""
    return []


DASHBOARD: Final = Report(
    name="dashboard",
    title=_("Dashboard"),
    about=_("The day beside the usual, and how the bank has developed."),
    icon="gauge",
    projections=(*("daily_flows", "cash_position", "growth", "balance_distribution", "activity", "general_ledger"),),
    sections=_sections,
    currencies=daily_flows.currencies,
)


def tiles_of_the_day(asked: Asked) -> list[Tile]:
    """Today in one currency: amounts beside those of a whole usual day, movements beside those up to this hour."""
    today = usual.of_day(asked.today, asked.currency)
    by_query = urlencode({"from": str(asked.today), "to": str(asked.today), "currency": asked.currency})
    href = f"{reverse('web:daily_flows')}?{by_query}"
    net_flow = gettext("Net flow")
    figures: list[tuple[str, Callable[[flows.Flows], int]]] = [
        (gettext("Deposits"), lambda day: day.deposits_minor),
        (gettext("Withdrawals"), lambda day: day.withdrawals_minor),
        (gettext("Transfers inside"), lambda day: day.transfers_minor),
        (net_flow, lambda day: day.net_minor),
    ]
    tiles = []
    for label, of_day in figures:
        minor = of_day(today.so_far)
        usual_minor = of_day(today.usual) if today.usual is not None else None
        tiles.append(
            Tile(
                label=label,
                figure=formats.money_html(minor, asked.currency),
                words=_beside(asked, usual_minor),
                share=_share(minor, usual_minor) if label != net_flow else None,
                href=href,
            )
        )
    return [*tiles, _movements(asked), _refusals(asked)]


def tiles_of_the_bank(asked: Asked) -> list[Tile]:
    """What there is altogether, and whether the books agree."""
    there_is = growth_of_the_bank.at_end_of(asked.today)
    held_minor = sum(band.total_minor for band in balance_distribution.bands(asked.currency))
    by_currency = urlencode({"currency": asked.currency})
    return [
        Tile(
            label=gettext("Customers"),
            figure=formats.grouped(there_is.customers if there_is else 0),
            href=reverse("web:growth"),
        ),
        Tile(
            label=gettext("Open accounts"),
            figure=formats.grouped(there_is.accounts if there_is else 0),
            words=gettext("in all currencies"),
            href=reverse("web:growth"),
        ),
        Tile(
            label=gettext("All balances together"),
            figure=formats.money_html(held_minor, asked.currency),
            href=f"{reverse('web:balance_distribution')}?{by_currency}",
        ),
        _trial_balance(asked),
        _reconciliation(asked),
    ]


def trends(asked: Asked) -> list[Trend]:
    """The first section of each report, of the range that was asked for."""
    found = []
    for report in TRENDS:
        query = {name: value for name, value in asked.query.items() if report.has_period or name == "currency"}
        href = reverse(report.url_name) + (f"?{urlencode(query)}" if query else "")
        found.append(Trend(section=report.sections(asked)[0], href=href, words=str(report.title)))
    return found


def _movements(asked: Asked) -> Tile:
    now = datetime.now(ZoneInfo(settings.BANK_TIME_ZONE))
    hours = usual.by_this_hour(now.date(), now.hour, asked.currency, daily_flows.first_day(asked.currency))
    words = gettext("nothing to compare with yet")
    if hours.usual is not None:
        words = gettext("usual by this hour on a %(weekday)s: %(count)s") % {
            "weekday": activity.weekday_name(now.date()),
            "count": formats.grouped(hours.usual),
        }
    return Tile(
        label=gettext("Movements"),
        figure=formats.grouped(hours.so_far),
        words=words,
        share=_share(hours.so_far, hours.usual),
        href=f"{reverse('web:activity')}?{urlencode(asked.query)}",
    )


def _refusals(asked: Asked) -> Tile:
    """How often the bank said no today; counted in the log, and so never behind."""
    found = refusals.by_day(refusals.RefusalFilter(from_date=asked.today, to_date=asked.today))
    counts: Counter[str] = Counter()
    for day in found:
        counts.update(day.counts)
    words = ""
    if counts:
        words = gettext("most often: %(reason)s") % {"reason": reasons.of_code(counts.most_common(1)[0][0])}
    return Tile(
        label=gettext("Refusals"),
        figure=formats.grouped(counts.total()),
        words=words,
        href=f"{reverse('web:refusals')}?{urlencode({'from': str(asked.today), 'to': str(asked.today)})}",
    )


def _beside(asked: Asked, usual_minor: int | None) -> str:
    if usual_minor is None:
        return gettext("nothing to compare with yet")
    return format_html(
        gettext("usual on a whole {weekday}: {amount}"),
        weekday=activity.weekday_name(asked.today),
        amount=formats.money_html(usual_minor, asked.currency),
    )


def _share(so_far: int, is_usual: int | None) -> int | None:
    """Percent of the usual; None where nothing is usual."""
    return round(100 * so_far / is_usual) if is_usual else None


def _trial_balance(asked: Asked) -> Tile:
    """Debits less credits of each currency; anything but zero is an error of this program."""
    differences: defaultdict[str, int] = defaultdict(int)
    for turnover in general_ledger.trial_balance(asked.today):
        differences[turnover.currency] += turnover.balance_minor
    unequal = {currency: minor for currency, minor in differences.items() if minor}
    if unequal:
        amounts = ", ".join(formats.signed_amount(minor, currency) for currency, minor in unequal.items())
        figure, words, state = amounts, gettext("debits and credits differ: tell somebody at once"), "bad"
    else:
        figure = formats.money_html(0, asked.currency)
        words, state = gettext("debits and credits are equal in every currency"), "ok"
    return Tile(
        label=gettext("Trial balance"), figure=figure, words=words, state=state, href=reverse("web:trial_balance")
    )


def _reconciliation(asked: Asked) -> Tile:
    """Whether what the bank keeps twice agrees, as the last run found."""
    alarm = reconciliation.alarm()
    figure, words, state = gettext("All agrees"), "", "ok"
    if alarm.last_run_at is not None:
        words = format_html(gettext("looked at {when}"), when=formats.moment_html(alarm.last_run_at))
    if alarm.is_on:
        figure, state = formats.grouped(alarm.breaks), "bad"
        words = gettext("differences: tell somebody at once")
    elif alarm.is_late:
        figure, state = gettext("Not known"), "late"
        words = words or gettext("nobody has looked yet")
    href = reverse("web:reconciliation") if policy.may_see_reconciliation(asked.by) else ""
    return Tile(label=gettext("Reconciliation"), figure=figure, words=words, state=state, href=href)
