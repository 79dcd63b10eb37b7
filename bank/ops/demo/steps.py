"""The kinds of things that happen in the demo bank, each a command that the bank is going to accept.

A small book of balances is kept while the plan is made, so that nobody spends what is not there; the two refusals that
the demo wants are asked for.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from accounts.account_commands import (
    CloseAccount,
    Deposit,
    FreezeAccount,
    SetOverdraftLimit,
    Transfer,
    UnfreezeAccount,
    Withdraw,
)
from accounts.command import Command
from accounts.money import Money, exponent_of
from bank.ops.demo.people import PEOPLE
from ledger.ids import derived_id

SEED: Final = UUID("7d2f3c52-8f0e-5a55-9d53-0d6b1d9d6a4e")

# What a euro buys, roughly, so that a household's figures read right in every currency.
_PER_EURO: Final = {"EUR": 1, "JPY": 160, "CZK": 25, "KWD": 0.33}
_CURRENCIES: Final = {account.key: account.currency for person in PEOPLE for account in person.accounts}


def account_id(key: str) -> UUID:
    """The id of a demo account."""
    return derived_id(SEED, "account", key)


def customer_id(person_key: str) -> UUID:
    """The id of a demo customer."""
    return derived_id(SEED, "customer", person_key)


def command_id(name: str) -> UUID:
    """The id of the command of the step of this name."""
    return derived_id(SEED, "step", name)


@dataclass(slots=True)
class Book:
    """Balances while the plan is made, so that nobody spends what is not there."""

    balance_minor: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    overdraft_minor: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    frozen: set[str] = field(default_factory=set)

    def take(self, key: str, minor: int) -> bool:
        """Whether the account could pay that; if so, it has."""
        if key in self.frozen or minor <= 0 or minor > self.balance_minor[key] + self.overdraft_minor[key]:
            return False
        self.balance_minor[key] -= minor
        return True


Making = Callable[["Step", Book], Command | None]


@dataclass(frozen=True, slots=True)
class Step:
    """Something that is to happen at a moment, under a name of its own."""

    at: datetime
    name: str
    making: Making

    def command(self, book: Book) -> Command | None:
        """The command, as the book stands; None where the account does not allow it."""
        return self.making(self, book)


def _money(key: str, euros: float) -> Money:
    """That many euros' worth in the account's currency."""
    currency = _CURRENCIES[key]
    return Money(round(euros * _PER_EURO[currency] * 10 ** exponent_of(currency)), currency)


def paid_in(
    key: str, euros: float, reference: str, operation: str = "", purpose: str = "", counterparty: str = ""
) -> Making:
    """Money from outside."""

    def command(step: Step, book: Book) -> Command:
        amount = _money(key, euros)
        book.balance_minor[key] += amount.minor
        return Deposit(
            command_id=command_id(step.name),
            at=step.at,
            account_id=account_id(key),
            amount=amount,
            reference=reference,
            operation=operation,
            purpose=purpose,
            counterparty=counterparty,
        )

    return command


def paid_out(key: str, euros: float, reference: str, operation: str, purpose: str, counterparty: str) -> Making:
    """Money to outside."""

    def command(step: Step, book: Book) -> Command | None:
        amount = _money(key, euros)
        if not book.take(key, amount.minor):
            return None
        return _withdraw(step, key, amount, reference, operation, purpose, counterparty)

    return command


def too_much(key: str, reference: str, operation: str, purpose: str, counterparty: str) -> Making:
    """Money to outside that the bank refuses: a hundred or two more than there is, in round figures."""

    def command(step: Step, book: Book) -> Command:
        hundred = _money(key, 100)
        available_minor = book.balance_minor[key] + book.overdraft_minor[key]
        amount = Money((available_minor // hundred.minor + 2) * hundred.minor, hundred.currency)
        return _withdraw(step, key, amount, reference, operation, purpose, counterparty)

    return command


def too_late(key: str, euros: int, operation: str, counterparty: str) -> Making:
    """Money to outside that the bank refuses because the account is frozen."""

    def command(step: Step, _: Book) -> Command:
        return _withdraw(step, key, _money(key, euros), "", operation, "", counterparty)

    return command


def _withdraw(
    step: Step, key: str, amount: Money, reference: str, operation: str, purpose: str, counterparty: str
) -> Withdraw:
    return Withdraw(
        command_id=command_id(step.name),
        at=step.at,
        account_id=account_id(key),
        amount=amount,
        reference=reference,
        operation=operation,
        purpose=purpose,
        counterparty=counterparty,
    )


def sent(source: str, target: str, euros: float, reference: str) -> Making:
    """A transfer between two accounts in the same currency."""

    def command(step: Step, book: Book) -> Command | None:
        amount = _money(source, euros)
        if not book.take(source, amount.minor):
            return None
        book.balance_minor[target] += amount.minor
        return _transfer(step, source, target, amount, reference)

    return command


def _transfer(step: Step, source: str, target: str, amount: Money, reference: str) -> Transfer:
    return Transfer(
        command_id=command_id(step.name),
        at=step.at,
        from_account_id=account_id(source),
        to_account_id=account_id(target),
        amount=amount,
        reference=reference,
    )


def overdraft(key: str, euros: int) -> Making:
    """An overdraft limit."""

    def command(step: Step, book: Book) -> Command:
        limit = _money(key, euros)
        book.overdraft_minor[key] = limit.minor
        return SetOverdraftLimit(
            command_id=command_id(step.name), at=step.at, account_id=account_id(key), overdraft_limit=limit
        )

    return command


def freeze(key: str, reason: str) -> Making:
    """Debits are stopped."""

    def command(step: Step, book: Book) -> Command:
        book.frozen.add(key)
        return FreezeAccount(command_id=command_id(step.name), at=step.at, account_id=account_id(key), reason=reason)

    return command


def unfreeze(key: str, reason: str) -> Making:
    """Debits are allowed again."""

    def command(step: Step, book: Book) -> Command:
        book.frozen.discard(key)
        return UnfreezeAccount(command_id=command_id(step.name), at=step.at, account_id=account_id(key), reason=reason)

    return command


def close(key: str, reason: str) -> Making:
    """The account, empty by then, is closed."""

    def command(step: Step, _: Book) -> Command:
        return CloseAccount(command_id=command_id(step.name), at=step.at, account_id=account_id(key), reason=reason)

    return command


def sent_all(source: str, target: str, reference: str) -> Making:
    """A transfer of all that is there."""

    def command(step: Step, book: Book) -> Command:
        amount = Money(book.balance_minor[source], _CURRENCIES[source])
        book.take(source, amount.minor)
        book.balance_minor[target] += amount.minor
        return _transfer(step, source, target, amount, reference)

    return command


def down_to(key: str, euros: int, reference: str, counterparty: str) -> Making:
    """Spend until that is left."""

    def command(step: Step, book: Book) -> Command | None:
        excess = book.balance_minor[key] - _money(key, euros).minor
        return paid_out(key, excess / 100, reference, "Card payment", "Repairs", counterparty)(step, book)

    return command
