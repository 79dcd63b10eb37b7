"""Double entry: what each event that moves money posts to the general ledger. docs/JOURNAL.md has the same as a table.

Every event alone posts as much on one side as on the other, in one currency. A transfer is two events over two
accounts: what the first leaves in transit the second takes out again, so that both together leave nothing there.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

import msgspec

from accounts.account import (
    AccountEvent,
    DepositMade,
    TransferReceived,
    TransferSent,
    WithdrawalMade,
)


class AccountClass(StrEnum):
    """The accounts of the general ledger."""

    CASH = "cash"
    CUSTOMER_DEPOSITS = "customer_deposits"
    TRANSFERS_IN_TRANSIT = "transfers_in_transit"


class Nature(StrEnum):
    """What an account class is to the bank: assets grow on the debit side, liabilities on the credit side."""

    ASSET = "asset"
    LIABILITY = "liability"


NATURES: Final = {
    AccountClass.CASH: Nature.ASSET,
    AccountClass.CUSTOMER_DEPOSITS: Nature.LIABILITY,
    AccountClass.TRANSFERS_IN_TRANSIT: Nature.LIABILITY,
}
# What customers have with the bank, all together: their balances, summed up, must be what stands here.
CONTROL: Final = AccountClass.CUSTOMER_DEPOSITS

MoneyEvent = DepositMade | WithdrawalMade | TransferSent | TransferReceived


class Entry(msgspec.Struct, frozen=True):
    """Where the amount of an event goes."""

    debit: AccountClass
    credit: AccountClass


class Posting(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the journal: an amount in minor units, on one of the two sides."""

    account_class: AccountClass
    currency: str
    debit_minor: int = 0
    credit_minor: int = 0


ENTRIES: Final[dict[type[MoneyEvent], Entry]] = {
    DepositMade: Entry(AccountClass.CASH, AccountClass.CUSTOMER_DEPOSITS),
    WithdrawalMade: Entry(AccountClass.CUSTOMER_DEPOSITS, AccountClass.CASH),
    TransferSent: Entry(AccountClass.CUSTOMER_DEPOSITS, AccountClass.TRANSFERS_IN_TRANSIT),
    TransferReceived: Entry(AccountClass.TRANSFERS_IN_TRANSIT, AccountClass.CUSTOMER_DEPOSITS),
}

# The same by the names under which the events are stored.
ENTRIES_BY_TYPE: Final[dict[str, Entry]] = {kind.__name__: entry for kind, entry in ENTRIES.items()}


def postings(event: AccountEvent) -> tuple[Posting, ...]:
    """The lines of an event, the debit first; none of one that moves no money."""
    if not isinstance(event, MoneyEvent):
        return ()
    return lines_of(ENTRIES[type(event)], event.currency, event.amount_minor)


def lines_of(entry: Entry, currency: str, amount_minor: int) -> tuple[Posting, Posting]:
    """An amount, or the sum of many that go the same way, on both of its sides."""
    return (
        Posting(account_class=entry.debit, currency=currency, debit_minor=amount_minor),
        Posting(account_class=entry.credit, currency=currency, credit_minor=amount_minor),
    )


def balances_of(lines: Iterable[Posting]) -> dict[tuple[AccountClass, str], int]:
    """Debits less credits of each account class and currency, in minor units."""
    balances: dict[tuple[AccountClass, str], int] = {}
    for line in lines:
        account = line.account_class, line.currency
        balances[account] = balances.get(account, 0) + line.debit_minor - line.credit_minor
    return balances
