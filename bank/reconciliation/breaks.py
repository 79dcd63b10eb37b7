"""What the reconciliation compares, and the form of a difference."""

from enum import StrEnum

import msgspec


class Check(StrEnum):
    """What is compared with what."""

    CONTROL = "control_account"  # the sum of all balances, and customer deposits in the general ledger
    TRANSIT = "in_transit"  # what is in transit, and nothing
    TRIAL = "trial_balance"  # all debits, and all credits
    ACCOUNT = "account"  # an account's row, and what its events fold to
    SNAPSHOT = "snapshot"  # a stream's snapshot, and what its events fold to


OF_STREAMS = frozenset({Check.ACCOUNT, Check.SNAPSHOT})


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """`found` is not what was `expected`. `subject`: the stream's id, or the currency; `field`: what of it."""

    check: Check
    subject: str
    field: str
    expected: str
    found: str

    @property
    def key(self) -> tuple[str, str, str]:
        """Which difference it is, whatever its size."""
        return self.check.value, self.subject, self.field

    def __str__(self) -> str:
        return f"{self.check} of {self.subject}: {self.field} is {self.found}, expected {self.expected}"
