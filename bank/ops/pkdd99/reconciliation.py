"""Whether the file's balances agree with its movements: day by day, and with the sum of all so far."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from bank.ops.pkdd99.chain import Step, order_day
from bank.ops.pkdd99.spool import Spooled


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDay:
    """One account's movements of one day in the order that the reported balances tell.

    `opening_minor` is where the account's last day ended by the file (0 on its first), `closing_minor` where this
    one does.
    """

    account_id: int
    date: date
    movements: tuple[Spooled, ...]
    opening_minor: int
    closing_minor: int
    chains: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """An account-day that no order of its movements explains.

    `expected_minor` is the closing balance that the file reports, `computed_minor` its opening balance plus what was
    booked; `book_minor` is the sum of all that was booked for the account up to this day's end.
    """

    account_id: int
    date: date
    expected_minor: int
    computed_minor: int
    book_minor: int

    @property
    def difference_minor(self) -> int:
        """What the file has more than the day's movements explain; 0 where only balances within the day are off."""
        return self.expected_minor - self.computed_minor

    @property
    def drift_minor(self) -> int:
        """What the file has more than all movements up to here explain: the sum of the account's differences."""
        return self.expected_minor - self.book_minor


@dataclass(slots=True)
class Reconciliation:
    """Grows with each day of each account, which have to come in the order of their dates."""

    days: int = 0
    matching: int = 0
    in_step: int = 0
    differences: Counter[int] = field(default_factory=Counter)
    _reported: dict[int, int] = field(default_factory=dict)
    _book: dict[int, int] = field(default_factory=dict)

    @property
    def breaks(self) -> int:
        return self.days - self.matching

    def order(self, movements: Sequence[Spooled]) -> AccountDay:
        """Order the movements of an account's next day, which this makes its last known one."""
        first = movements[0].movement
        opening = self._reported.get(first.account_id, 0)
        steps = [Step(m.movement.change_minor, m.movement.balance_minor) for m in movements]
        found = order_day(opening, steps)
        self._reported[first.account_id] = found.closing_minor
        return AccountDay(
            account_id=first.account_id,
            date=first.date,
            movements=tuple(movements[index] for index in found.order),
            opening_minor=opening,
            closing_minor=found.closing_minor,
            chains=found.chains,
        )

    def close(self, day: AccountDay, booked: Sequence[Spooled]) -> Break | None:
        """Count the day, of which `booked` came into the book; a break where the file says otherwise."""
        booked_minor = sum(m.movement.change_minor for m in booked)
        book_minor = self._book[day.account_id] = self._book.get(day.account_id, 0) + booked_minor
        self.days += 1
        self.in_step += book_minor == day.closing_minor
        if day.chains and len(booked) == len(day.movements):
            self.matching += 1
            return None
        broken = Break(
            account_id=day.account_id,
            date=day.date,
            expected_minor=day.closing_minor,
            computed_minor=day.opening_minor + booked_minor,
            book_minor=book_minor,
        )
        self.differences[broken.difference_minor] += 1
        return broken

    def drifts(self) -> Counter[int]:
        """How many accounts end how far from the sum of their movements, by the file's last balance."""
        return Counter(self._reported[account_id] - book for account_id, book in self._book.items())
