"""Whatever is asked for in whatever order: no debit below what is available, no money appears or vanishes."""

from typing import Any
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from accounts.account import Account, AccountEvent, Status
from accounts.account_commands import (
    MAX_BALANCE_MINOR,
    CloseAccount,
    Deposit,
    FreezeAccount,
    OpenAccount,
    RenameAccount,
    SetOverdraftLimit,
    Transfer,
    UnfreezeAccount,
    Withdraw,
)
from accounts.aggregates import AGGREGATES, COMMANDS, Decision
from accounts.command import Command
from accounts.customer import Customer
from accounts.iban import iban_for
from accounts.money import Money
from accounts.refusals import InsufficientFunds, Refused
from tests.spec import AT, CUSTOMER_ID, envelope

# Accounts 1 to 3 are there from the start, 1 and 2 in euros, 3 in yen; 4 may never be opened.
ids = st.sampled_from([UUID(int=n) for n in (1, 1, 2, 2, 3, 4)])
# Small numbers, so that balances meet zero, limits and each other, and more in than out; and a few at the upper end.
small, huge = st.integers(1, 40), st.integers(MAX_BALANCE_MINOR - 40, MAX_BALANCE_MINOR)
amounts = st.one_of(small, small, small, huge)
incoming = st.one_of(st.integers(1, 200), small, small, huge)
limits = st.integers(0, 40)
currencies = st.sampled_from(["EUR"] * 5 + ["JPY"])


class Bank(RuleBasedStateMachine):
    """A model of the whole write side without a database: what went in, what went out, and every event."""

    def __init__(self) -> None:
        super().__init__()
        self.states: dict[UUID, Any] = {CUSTOMER_ID: Customer(customer_id=CUSTOMER_ID, registered_at=AT)}
        self.events: dict[UUID, list[AccountEvent]] = {}
        self.paid_in_minor: dict[str, int] = {}

    @initialize(limit=limits)
    def begin_with_three_accounts(self, limit: int) -> None:
        for number, (currency, overdraft) in enumerate([("EUR", limit), ("EUR", 0), ("JPY", limit)], 1):
            self.open(UUID(int=number), currency, overdraft)
            self.deposit(UUID(int=number), 100, currency)

    @rule(account_id=ids, currency=currencies, limit=limits)
    def open(self, account_id: UUID, currency: str, limit: int) -> None:
        self.ask(
            OpenAccount(
                account_id=account_id,
                customer_id=CUSTOMER_ID,
                iban=iban_for(account_id),
                name="Everyday",
                currency=currency,
                overdraft_limit_minor=limit,
                **envelope(),
            )
        )

    @rule(account_id=ids, minor=incoming, currency=currencies)
    def deposit(self, account_id: UUID, minor: int, currency: str) -> None:
        if self.ask(Deposit(account_id=account_id, amount=Money(minor, currency), **envelope())):
            self.paid_in_minor[currency] = self.paid_in_minor.get(currency, 0) + minor

    @rule(account_id=ids, minor=amounts, currency=currencies)
    def withdraw(self, account_id: UUID, minor: int, currency: str) -> None:
        available = self.available(account_id)
        if self.ask(Withdraw(account_id=account_id, amount=Money(minor, currency), **envelope())):
            self.paid_in_minor[currency] = self.paid_in_minor.get(currency, 0) - minor
            assert available is not None
            assert self.available(account_id) == available - minor >= 0

    @rule(source=ids, receiver=ids, minor=amounts, currency=currencies)
    def transfer(self, source: UUID, receiver: UUID, minor: int, currency: str) -> None:
        available = self.available(source)
        command = Transfer(from_account_id=source, to_account_id=receiver, amount=Money(minor, currency), **envelope())
        if self.ask(command):
            assert source != receiver
            assert available is not None
            assert self.available(source) == available - minor >= 0

    @rule(account_id=ids, kind=st.sampled_from([FreezeAccount] + [UnfreezeAccount] * 3))
    def freeze_or_unfreeze(self, account_id: UUID, kind: type[FreezeAccount | UnfreezeAccount]) -> None:
        self.ask(kind(account_id=account_id, **envelope()))

    @rule(account_id=ids, minor=limits, currency=currencies)
    def set_limit(self, account_id: UUID, minor: int, currency: str) -> None:
        self.ask(SetOverdraftLimit(account_id=account_id, overdraft_limit=Money(minor, currency), **envelope()))

    @rule(account_id=ids, name=st.sampled_from(["Everyday", "Holidays"]))
    def rename(self, account_id: UUID, name: str) -> None:
        if self.ask(RenameAccount(account_id=account_id, name=name, **envelope())):
            assert self.states[account_id].name == name

    @rule(account_id=ids)
    def close(self, account_id: UUID) -> None:
        if self.ask(CloseAccount(account_id=account_id, **envelope())):
            assert self.states[account_id].balance_minor == 0

    @invariant()
    def the_balances_of_each_currency_add_up_to_what_was_paid_in(self) -> None:
        sums: dict[str, int] = {}
        for account in self.accounts():
            sums[account.currency] = sums.get(account.currency, 0) + account.balance_minor
        assert {k: v for k, v in sums.items() if v} == {k: v for k, v in self.paid_in_minor.items() if v}

    @invariant()
    def every_state_is_the_fold_of_its_events(self) -> None:
        for account_id, events in self.events.items():
            state = None
            for event in events:
                state = AGGREGATES["account"].evolve(state, event, account_id)
            assert state == self.states[account_id]

    @invariant()
    def no_account_holds_more_than_it_may_and_no_closed_one_holds_anything(self) -> None:
        for account in self.accounts():
            assert account.balance_minor <= MAX_BALANCE_MINOR
            assert account.status is not Status.CLOSED or account.balance_minor == 0

    def ask(self, command: Command) -> bool:
        """Decide it as the handler does; whether it was accepted."""
        before = dict(self.states)
        closed = {a.account_id for a in self.accounts() if a.status is Status.CLOSED}
        frozen = {a.account_id for a in self.accounts() if a.status is Status.FROZEN}
        try:
            decision = COMMANDS[type(command)].decide(command, lambda _, stream_id: self.states.get(stream_id))
        except Refused as reason:
            refusal = reason
        else:
            return self.remember(decision, closed, frozen)
        assert self.states == before, "a refusal changes nothing"
        assert str(refusal)
        if isinstance(refusal, InsufficientFunds):
            assert isinstance(command, Withdraw | Transfer)
            assert refusal.fields["available_minor"] < command.amount.minor
        return False

    def remember(self, decision: Decision, closed: set[UUID], frozen: set[UUID]) -> bool:
        """Fold what was decided into the states."""
        for category, stream_id, events in decision:
            assert events, "an accepted command does something to each stream that it writes"
            assert stream_id not in closed
            for event in events:
                assert stream_id not in frozen or type(event).__name__ not in {"WithdrawalMade", "TransferSent"}
                self.states[stream_id] = AGGREGATES[category].evolve(self.states.get(stream_id), event, stream_id)
                self.events.setdefault(stream_id, []).append(event)
        return True

    def accounts(self) -> list[Account]:
        return [state for state in self.states.values() if isinstance(state, Account)]

    def available(self, account_id: UUID) -> int | None:
        account = self.states.get(account_id)
        return account.available_minor if account else None


TestBank = Bank.TestCase
TestBank.settings = settings(max_examples=300, stateful_step_count=50, deadline=None)
