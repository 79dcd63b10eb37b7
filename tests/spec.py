"""given / when / then for deciders: pure, no database.

given(OPENED, DEPOSITED_100).when(withdraw("100.01")).then_refused(InsufficientFunds)
given(OPENED, DEPOSITED_100).and_account(OTHER_ID, OPENED).when(transfer("40.00")).then(SENT_40, RECEIVED_40)
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from accounts import account, customer
from accounts.account import AccountOpened, DepositMade
from accounts.aggregates import AGGREGATES, COMMANDS
from accounts.command import Command
from accounts.iban import iban_for
from accounts.refusals import Refused
from ledger.ids import new_id

AT = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
CUSTOMER_ID = UUID("00000000-0000-7000-8000-00000000c001")
ACCOUNT_ID = UUID("00000000-0000-7000-8000-00000000a001")
OTHER_ID = UUID("00000000-0000-7000-8000-00000000a002")

REGISTERED = customer.CustomerRegistered(name="Ada Lovelace", email="ada@example.org", occurred_at=AT)


def opened(currency: str = "EUR", overdraft_limit_minor: int = 0) -> AccountOpened:
    """An opening of the account under test."""
    return AccountOpened(
        customer_id=CUSTOMER_ID,
        iban=iban_for(ACCOUNT_ID),
        name="Everyday",
        currency=currency,
        overdraft_limit_minor=overdraft_limit_minor,
        occurred_at=AT,
    )


def deposited(amount_minor: int, currency: str = "EUR") -> DepositMade:
    """A deposit that was made."""
    return DepositMade(amount_minor=amount_minor, currency=currency, reference="", occurred_at=AT)


OPENED = opened()
DEPOSITED_100 = deposited(100_00)


@dataclass
class Given:
    """A history, and what a command does to it."""

    states: dict[UUID, Any] = field(default_factory=dict)
    events: list[Any] = field(default_factory=list)
    refusal: Refused | None = None

    def and_account(self, account_id: UUID, *events: Any) -> "Given":
        """The history of one more account."""
        return self._fold(account.CATEGORY, account_id, events)

    def and_customer(self, *events: Any) -> "Given":
        """The history of the customer."""
        return self._fold(customer.CATEGORY, CUSTOMER_ID, events)

    def when(self, command: Command) -> "Given":
        """Decide."""
        self.events, self.refusal = [], None
        try:
            decision = COMMANDS[type(command)].decide(command, lambda _, stream_id: self.states.get(stream_id))
        except Refused as refusal:
            self.refusal = refusal
        else:
            self.events = [event for _, _, events in decision for event in events]
            for category, stream_id, events in decision:
                self._fold(category, stream_id, tuple(events))
        return self

    def then(self, *events: Any) -> "Given":
        """Exactly these events came of it."""
        assert self.refusal is None, f"refused: {self.refusal!r}"
        assert self.events == list(events)
        return self

    def then_refused(self, kind: type[Refused], **fields: Any) -> None:
        """It was refused for this reason (and with these facts, where given), and nothing happened."""
        assert type(self.refusal) is kind, f"{self.refusal!r}, {self.events}"
        assert self.events == []
        if fields:
            assert self.refusal.fields == fields

    def _fold(self, category: str, stream_id: UUID, events: tuple[Any, ...]) -> "Given":
        for event in events:
            self.states[stream_id] = AGGREGATES[category].evolve(self.states.get(stream_id), event, stream_id)
        return self


def given(*events: Any) -> Given:
    """The history of the account under test (none: it was never opened), held by a registered customer."""
    return Given().and_customer(REGISTERED).and_account(ACCOUNT_ID, *events)


def envelope() -> dict[str, Any]:
    """What every command carries: a fresh id, the time of the test."""
    return {"command_id": new_id(), "at": AT}
