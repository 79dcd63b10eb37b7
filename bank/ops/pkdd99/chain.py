"""The order of an account's movements within one day, told by the balances that the file reports after each.

A movement takes the account from the balance before it (reported balance - amount) to the reported balance. With
balances as nodes and movements as edges, an order in which every reported balance comes true is a trail that starts at
the opening balance and uses every edge once: an Eulerian trail (Hierholzer 1873). A day that has none falls into the
fewest trails that use every edge once, joined by jumps to the nearest one, so that it still has an order and a closing
balance.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """One movement as reported: what it adds (negative for a debit) and the balance after it, in minor units."""

    change_minor: int
    balance_minor: int

    @property
    def before_minor(self) -> int:
        """The balance that this movement must have met."""
        return self.balance_minor - self.change_minor


@dataclass(frozen=True, slots=True)
class DayOrder:
    """`order` lists the indexes of the day's steps; `jumps` counts the steps that do not follow on the one before."""

    order: tuple[int, ...]
    closing_minor: int
    jumps: int

    @property
    def chains(self) -> bool:
        """Whether this order yields every reported balance."""
        return self.jumps == 0


def order_day(opening_minor: int, steps: Sequence[Step]) -> DayOrder:
    """Put the steps of one account and day in the order that the reported balances tell, from the opening balance on.

    Time grows with n log n in the number of steps. Where several orders serve, steps given earlier come earlier.
    """
    if len(steps) == 1:
        only = steps[0]
        return DayOrder((0,), only.balance_minor, int(only.before_minor != opening_minor))
    day = _Day(steps)
    trails = [day.walk(begin) for begin in (opening_minor, *day.begins(opening_minor))]
    first, *others = [day.with_circles(opening_minor if i == 0 else None, trail) for i, trail in enumerate(trails)]
    return _join(opening_minor, steps, first, others, day)


class _Day:
    """The steps not walked yet, by the balance that they leave from."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = steps
        self._leaving: dict[int, list[int]] = defaultdict(list)
        for index in range(len(steps) - 1, -1, -1):
            self._leaving[steps[index].before_minor].append(index)

    def begins(self, opening: int) -> list[int]:
        """The balances, beside `opening`, from which a trail has to begin: more steps leave them than reach them."""
        surplus = Counter({balance: len(indexes) for balance, indexes in self._leaving.items()})
        surplus.subtract(step.balance_minor for step in self._steps)
        surplus[opening] -= 1
        return sorted((+surplus).elements())

    def walk(self, balance: int) -> list[int]:
        """Steps, each from where the last one arrived, until none leaves from there."""
        trail: list[int] = []
        while self._leaving.get(balance):
            trail.append(self._leaving[balance].pop())
            balance = self._steps[trail[-1]].balance_minor
        return trail

    def with_circles(self, balance: int | None, trail: list[int]) -> list[int]:
        """`trail` with the circles put in that touch it. Once every trail has been walked, only circles are left."""
        ahead, found = trail[::-1], list[int]()
        at = self._steps[trail[0]].before_minor if balance is None else balance
        while True:
            ahead += reversed(self.walk(at))
            if not ahead:
                return found
            found.append(ahead.pop())
            at = self._steps[found[-1]].balance_minor

    def left(self) -> list[int]:
        """The balances on circles that no trail touches."""
        return [balance for balance, indexes in self._leaving.items() if indexes]

    def is_left(self, balance: int) -> bool:
        return bool(self._leaving.get(balance))


def _join(opening: int, steps: Sequence[Step], first: list[int], trails: Sequence[list[int]], day: _Day) -> DayOrder:
    """Follow each trail by the one that begins nearest to where it ended; a circle may begin at any of its balances."""
    begins = sorted(
        [(steps[trail[0]].before_minor, number) for number, trail in enumerate(trails)]
        + [(balance, -1) for balance in day.left()]
    )
    order, at, jumps = first, steps[first[-1]].balance_minor if first else opening, 0
    while begins:
        balance, number = begins.pop(_nearest(begins, at))
        if number == -1 and not day.is_left(balance):
            continue
        order += trails[number] if number >= 0 else day.with_circles(balance, [])
        at = steps[order[-1]].balance_minor
        jumps += 1
    return DayOrder(tuple(order), at, jumps)


def _nearest(begins: Sequence[tuple[int, int]], balance: int) -> int:
    """The index of the nearest of `begins`; of two as near, the lower."""
    above = bisect_left(begins, (balance, -1))
    if above == len(begins) or (above > 0 and balance - begins[above - 1][0] <= begins[above][0] - balance):
        return above - 1
    return above
