"""Counts what the ledger does. The instruments are made with the first thing to count: most commands count nothing."""

from typing_extensions import override

from bank.ops.metrics.later import count_later
from ledger.observing import Hindrance, Observer
from ledger.store import Batch


class Counting(Observer):
    """Registered once in every process that runs Django."""

    @override
    def appended(self, batch: Batch, seconds: float) -> None:
        count_later(_count_append, batch, seconds)

    @override
    def hindered(self, why: Hindrance) -> None:
        from bank.ops.metrics import instruments

        instruments.count_hindrance(why)

    @override
    def sealed(self, count: int, seconds: float) -> None:
        from bank.ops.metrics import instruments

        instruments.count_seal(count, seconds)

    @override
    def applied(self, projection: str, count: int, seconds: float) -> None:
        from bank.ops.metrics import instruments

        instruments.count_projection(projection, count, seconds)

    @override
    def stumbled(self, projection: str) -> None:
        from bank.ops.metrics import instruments

        instruments.count_failure(projection)

    @override
    def verified(self, *, right: bool) -> None:
        from bank.ops.metrics import instruments

        instruments.count_verification(right=right)


def _count_append(batch: Batch, seconds: float) -> None:
    from bank.ops.metrics import instruments

    instruments.count_append(batch, seconds)
