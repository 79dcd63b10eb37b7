"""Double entry: whatever happens, both sides are equal, and nothing that moves money is forgotten."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.account import (
    AccountClosed,
    AccountEvent,
    AccountFrozen,
    AccountOpened,
    AccountRenamed,
    AccountUnfrozen,
    DepositMade,
    OverdraftLimitSet,
    TransferReceived,
    TransferSent,
    WithdrawalMade,
    evolve,
)
from accounts.account_commands import transfer
from accounts.money import CURRENCIES
from accounts.postings import (
    CONTROL,
    ENTRIES,
    ENTRIES_BY_TYPE,
    NATURES,
    AccountClass,
    MoneyEvent,
    balances_of,
    postings,
)
from ledger.codec import event_types
from tests.spec import ACCOUNT_ID, AT, OTHER_ID, opened
from tests.steps import transfer as a_transfer

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "JOURNAL.md").read_text()
amounts = st.integers(min_value=1, max_value=10**17)
currencies = st.sampled_from(CURRENCIES)
BOTH = {"currency": currencies, "amount_minor": amounts, "reference": st.just(""), "occurred_at": st.just(AT)}
TRANSFER = BOTH | {"transfer_id": st.uuids()}
money_events = st.one_of(
    st.builds(DepositMade, **BOTH),
    st.builds(WithdrawalMade, **BOTH),
    st.builds(TransferSent, **TRANSFER, to_account_id=st.just(OTHER_ID)),
    st.builds(TransferReceived, **TRANSFER, from_account_id=st.just(OTHER_ID)),
)
WITHOUT_MONEY: list[AccountEvent] = [
    opened(overdraft_limit_minor=5_00),
    AccountFrozen(reason="", occurred_at=AT),
    AccountUnfrozen(reason="", occurred_at=AT),
    OverdraftLimitSet(overdraft_limit_minor=7_00, occurred_at=AT),
    AccountClosed(reason="", occurred_at=AT),
    AccountRenamed(name="Savings", occurred_at=AT),
]


@given(money_events)
def test_each_event_alone_is_balanced_in_its_currency(event: MoneyEvent) -> None:
    lines = postings(event)
    assert sum(line.debit_minor for line in lines) == sum(line.credit_minor for line in lines) == event.amount_minor
    assert {line.currency for line in lines} == {event.currency}
    assert all(min(line.debit_minor, line.credit_minor) == 0 for line in lines)
    assert sum(balances_of(lines).values()) == 0


@given(amounts, currencies)
def test_both_events_of_a_transfer_leave_nothing_in_transit_and_owe_customers_the_same(
    minor: int, currency: str
) -> None:
    source, target = (
        evolve(None, AccountOpened(**{**msgspec.structs.asdict(opened(currency)), "overdraft_limit_minor": minor}), i)
        for i in (ACCOUNT_ID, OTHER_ID)
    )
    if minor > 10**15:  # more than one command may move
        minor = 10**15
    command = a_transfer(ACCOUNT_ID, OTHER_ID, minor, currency)
    sent, received = transfer(source, target, command)
    lines = [line for event in (*sent, *received) for line in postings(event)]
    assert len(lines) == 4
    assert set(balances_of(lines).values()) == {0}
    assert balances_of(postings(sent[0]))[AccountClass.TRANSFERS_IN_TRANSIT, currency] == -minor


@given(st.lists(money_events, max_size=30))
def test_any_history_is_balanced_in_each_currency(events: list[MoneyEvent]) -> None:
    balances = balances_of(line for event in events for line in postings(event))
    for currency in {event.currency for event in events}:
        assert sum(balance for (_, code), balance in balances.items() if code == currency) == 0


@given(st.lists(money_events, max_size=30))
def test_the_control_account_is_what_the_accounts_balance_is(events: list[MoneyEvent]) -> None:
    in_euros = [msgspec.structs.replace(event, currency="EUR") for event in events]
    account = evolve(None, opened("EUR"), ACCOUNT_ID)
    for event in in_euros:
        account = evolve(account, event, ACCOUNT_ID)
    balances = balances_of(line for event in in_euros for line in postings(event))
    assert -balances.get((CONTROL, "EUR"), 0) == account.balance_minor


@pytest.mark.parametrize("event", WITHOUT_MONEY, ids=lambda event: type(event).__name__)
def test_what_moves_no_money_posts_nothing(event: AccountEvent) -> None:
    assert postings(event) == ()


def test_no_event_that_carries_an_amount_is_forgotten() -> None:
    with_amount = {kind.cls for kind in event_types() if "amount_minor" in kind.cls.__struct_fields__}
    assert with_amount == set(ENTRIES) == set(get_args(MoneyEvent))
    assert {*ENTRIES, *map(type, WITHOUT_MONEY)} == set(get_args(AccountEvent))


def test_the_names_are_those_under_which_the_events_are_stored() -> None:
    stored: dict[str, Any] = {kind.name: kind.cls for kind in event_types()}
    assert {name: stored[name] for name in ENTRIES_BY_TYPE} == {kind.__name__: kind for kind in ENTRIES}


def test_every_account_class_has_a_nature_and_is_posted_to() -> None:
    assert set(NATURES) == set(AccountClass)
    assert {c for entry in ENTRIES.values() for c in (entry.debit, entry.credit)} == set(AccountClass)


def test_the_document_has_the_same_table() -> None:
    words = {c: c.value.replace("_", " ") for c in AccountClass}
    for kind, entry in ENTRIES.items():
        assert f"| `{kind.__name__}` | {words[entry.debit]} | {words[entry.credit]} |" in DOCUMENT
    for account_class, nature in NATURES.items():
        assert f"| {words[account_class]} | {nature.value} |" in DOCUMENT
    assert DOCUMENT.count("| `") - DOCUMENT.count("| `/") == len(ENTRIES)


def test_a_deposit_is_cash_and_owed_to_the_customer() -> None:
    event = DepositMade(amount_minor=25_00, currency="EUR", reference="", occurred_at=datetime(2026, 3, 1, tzinfo=UTC))
    debit, credit = postings(event)
    assert (debit.account_class, debit.debit_minor) == (AccountClass.CASH, 25_00)
    assert (credit.account_class, credit.credit_minor) == (AccountClass.CUSTOMER_DEPOSITS, 25_00)
