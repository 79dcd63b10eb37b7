"""What can be wrong with the book, and the first thing that is."""

from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """What was done to the book."""

    CHANGED = "changed"  # an event, or its hash, is not what it was when it was sealed
    MISSING = "missing"  # an entry or an event is gone
    SWAPPED = "swapped"  # two entries stand in each other's place
    INSERTED = "inserted"  # something stands there that was never sealed there
    CUT_TAIL = "cut tail"  # the book ends before what was sealed, or signed
    REWRITTEN = "rewritten"  # the hashes follow from each other, but not to the one that was signed
    CHECKPOINT = "checkpoint"  # a signed checkpoint is itself not right
    UNSEALED = "unsealed"  # committed a while ago and still without a place in the book: does the sealer run?


class Finding(msgspec.Struct, frozen=True):
    """`position` is the first bad one, or, with `until`, the range in which it lies; None where there is none."""

    kind: Kind
    message: str
    position: int | None = None
    until: int | None = None

    def __str__(self) -> str:
        """One line for people."""
        if self.position is None:
            where = ""
        elif self.until is None or self.until == self.position:
            where = f" at position {self.position}"
        else:
            where = f" somewhere from position {self.position} to {self.until}"
        return f"{self.kind}{where}: {self.message}"
