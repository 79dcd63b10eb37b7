"""What an import counts, and how it says so."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from accounts.money import format_minor
from accounts.outcome import Outcome
from bank.ops.pkdd99.files import CURRENCY
from bank.ops.pkdd99.reconciliation import Reconciliation

_SHOWN_DIFFERENCES = 5


@dataclass(slots=True)
class Booked:
    """How many of an account's movements came into the book, and their sum."""

    movements: int = 0
    sum_minor: int = 0


@dataclass(slots=True)
class Tally:
    """How many commands of one kind were carried out now, had been before, or were refused."""

    new: int = 0
    there_already: int = 0
    refused: int = 0

    def count(self, outcome: Outcome) -> None:
        if not outcome.accepted:
            self.refused += 1
        elif outcome.replayed:
            self.there_already += 1
        else:
            self.new += 1

    @property
    def total(self) -> int:
        return self.new + self.there_already + self.refused

    def __str__(self) -> str:
        return f"{self.new:,} new, {self.there_already:,} there already, {self.refused:,} refused"


@dataclass(slots=True)
class Summary:
    """What an import did. `seconds` run from the first row read to the last commit.

    `left_out` counts rows that cannot be read, `repeated` rows that stand in the files more than once (and count once),
    `later` movements after the last day asked for. `booked` holds what the files say of each account of the bank,
    `token` tells when the reports have passed the import.
    """

    customers: Tally = field(default_factory=Tally)
    accounts: Tally = field(default_factory=Tally)
    movements: Tally = field(default_factory=Tally)
    booked: dict[UUID, Booked] = field(default_factory=dict)
    token: str | None = None
    left_out: int = 0
    repeated: int = 0
    later: int = 0
    seconds: float = 0.0
    reconciliation: Reconciliation = field(default_factory=Reconciliation)

    @property
    def movements_per_second(self) -> float:
        return self.movements.total / self.seconds if self.seconds else 0.0

    def lines(self) -> Iterator[str]:
        """The summary for a terminal."""
        yield f"customers      {self.customers}"
        yield f"accounts       {self.accounts}"
        yield f"movements      {self.movements}"
        if self.left_out:
            yield f"               {self.left_out:,} rows cannot be read and were left out"
        if self.repeated:
            yield f"               {self.repeated:,} rows stand in the files more than once and count once"
        if self.later:
            yield f"               {self.later:,} later than the last day asked for"
        yield f"time           {self.seconds:.1f} s, {self.movements_per_second:,.0f} movements a second"
        yield from _reconciliation_lines(self.reconciliation)


def _reconciliation_lines(reconciliation: Reconciliation) -> Iterator[str]:
    days = reconciliation.days
    yield f"account-days   {days:,}"
    if not days:
        return
    yield f"  match        {_share(reconciliation.matching, days)}: some order yields the reported balances"
    yield f"  break        {_share(reconciliation.breaks, days)}: no order does"
    for difference, count in reconciliation.differences.most_common(_SHOWN_DIFFERENCES):
        yield f"    {_signed(difference):>10} {count:>10,} days"
    rest = len(reconciliation.differences) - _SHOWN_DIFFERENCES
    if rest > 0:
        yield f"    and {rest:,} other differences"
    yield f"  in step      {_share(reconciliation.in_step, days)}: they end at the sum of all movements so far"
    drifts = reconciliation.drifts()
    yield f"drift          {_share(drifts[0], drifts.total())} accounts end at the sum of their movements"
    if drifts[0] < drifts.total():
        yield f"               the others by {_signed(min(drifts))} to {_signed(max(drifts))} beside it"


def _share(part: int, whole: int) -> str:
    return f"{part:,} of {whole:,} ({part / whole:.2%})"


def _signed(minor: int) -> str:
    sign = "+" if minor > 0 else ""
    return f"{sign}{format_minor(minor, CURRENCY)} {CURRENCY}"
