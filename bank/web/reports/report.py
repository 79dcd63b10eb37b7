"""What a report is to its page: a name, filters, and sections, each a table that a chart may be drawn from."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, Literal

from django import forms
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django_stubs_ext import StrOrPromise

from bank.identity.models import User
from bank.web import formats

ChartKind = Literal["bars", "stacked", "mirrored", "lines", "sideways"]
# The names of the chart's colours, as static/css/reports.css has them.
Series = Literal["", "in", "out", "between", "other", "more"]
SHADES: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the page is to show, of a valid form. `query`: as it was typed, for links that keep it; `by`: who asks."""

    from_date: date
    to_date: date
    currency: str
    today: date
    by: User
    query: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column besides the first. With a `series` it is drawn, in the colour of that name; `is_below`: downwards."""

    label: StrOrPromise
    series: Series = ""
    is_below: bool = False
    is_text: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What a cell says; `href` where it leads on."""

    html: str
    href: str = ""
    classes: str = "text-end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`head` names the row, `label` does on an axis, where there is little room."""

    head: str
    cells: Sequence[Cell]
    href: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A table, and how it is drawn. `id` is unique on a page; `first` heads the first column; `total`: the last row;
    `more_href`: where the rows go on."""

    id: str
    title: str
    first: StrOrPromise
    columns: Sequence[Column]
    rows: Sequence[Row]
    empty: StrOrPromise
    chart: ChartKind | None = None
    note: StrOrPromise = ""
    newest_first: bool = False
    is_heat: bool = False
    total: Row | None = None
    more_href: str = ""
    more_words: StrOrPromise = ""

    @property
    def drawn(self) -> list[Column]:
        """The columns that are drawn: the chart's legend."""
        return [column for column in self.columns if column.series]

    @property
    def size(self) -> str:
        """How high a chart has to be whose rows lie one below the other."""
        if self.chart != "sideways":
            return ""
        return "few" if len(self.rows) <= 4 else "many" if len(self.rows) > 12 else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A page of figures. `projections`: what it is made of, whose freshness it shows. `name` is that of its URL.

    `currencies`: which there are to choose from, None where a report knows none. `fields`: more filters than these.
    `lines`: the same as a file, its first line the head. `last`: of a report that is counted when it is asked for, and
    so made of no projection, what changes with its figures.
    """

    name: str
    title: StrOrPromise
    about: StrOrPromise
    icon: str
    projections: tuple[str, ...]
    sections: Callable[[Asked], list[Section]]
    lines: Callable[[Asked], Iterator[Sequence[str]]] | None = None
    currencies: Callable[[], list[str]] | None = None
    has_period: bool = True
    fields: Mapping[str, Callable[[], forms.Field]] = field(default_factory=dict)
    last: Callable[[], datetime | None] | None = None

    @property
    def url_name(self) -> str:
        """For `reverse`."""
        return f"web:{self.name}"

    @property
    def file_url_name(self) -> str:
        """Where its file is; empty where there is none."""
        return f"web:{self.name}_csv" if self.lines is not None else ""

    @property
    def path(self) -> str:
        """Where it is, below /reports."""
        return self.name.replace("_", "-")


def money_cell(minor: int, currency: str, *, href: str = "") -> Cell:
    """An amount."""
    return Cell(html=formats.money_html(minor, currency), href=href)


def number_cell(value: int, *, href: str = "") -> Cell:
    """A count."""
    html = format_html('<data class="num" value="{}">{}</data>', value, formats.grouped(value))
    return Cell(html=html, href=href)


def text_cell(text: str | SafeString, *, href: str = "") -> Cell:
    """Words."""
    return Cell(html=text, href=href, classes="")


def shaded_cell(value: int, most: int) -> Cell:
    """A count that is shaded, in four steps, by how large it is beside the largest of its neighbours."""
    shade = -(-value * SHADES // most) if most else 0
    return Cell(html=number_cell(value).html, classes=f"shade-{shade}")
