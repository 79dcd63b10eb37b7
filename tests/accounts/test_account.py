"""The rules of an account, one by one, on both sides of every boundary."""

from typing import Any
from uuid import UUID

import msgspec
import pytest

from accounts.account import (
    Account,
    AccountClosed,
    AccountFrozen,
    AccountOpened,
    AccountRenamed,
    AccountUnfrozen,
    DepositMade,
    OverdraftLimitSet,
    Status,
    TransferReceived,
    TransferSent,
    WithdrawalMade,
    evolve,
)
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
from accounts.aggregates import COMMANDS
from accounts.command import Command
from accounts.iban import iban_for
from accounts.invalid import InvalidCommand
from accounts.money import Money
from accounts.refusals import (
    AccountAlreadyOpened,
    AccountIsClosed,
    AccountIsFrozen,
    AccountIsNotFrozen,
    AccountNotFound,
    BalanceNotZero,
    CurrencyMismatch,
    CustomerNotFound,
    InsufficientFunds,
    LimitExceeded,
    NameUnchanged,
    SameAccount,
)
from tests.spec import (
    ACCOUNT_ID,
    AT,
    CUSTOMER_ID,
    DEPOSITED_100,
    OPENED,
    OTHER_ID,
    Given,
    deposited,
    envelope,
    given,
    opened,
)

FROZEN = AccountFrozen(reason="lost card", occurred_at=AT)
UNFROZEN = AccountUnfrozen(reason="card found", occurred_at=AT)
CLOSED = AccountClosed(reason="moved away", occurred_at=AT)


def withdrawn(minor: int, currency: str = "EUR") -> WithdrawalMade:
    return WithdrawalMade(amount_minor=minor, currency=currency, reference="", occurred_at=AT)


def limited(minor: int) -> OverdraftLimitSet:
    return OverdraftLimitSet(overdraft_limit_minor=minor, occurred_at=AT)


def open_account(**fields: Any) -> OpenAccount:
    asked = {"account_id": ACCOUNT_ID, "customer_id": CUSTOMER_ID, "iban": iban_for(ACCOUNT_ID), "name": "Everyday"}
    return OpenAccount(**{**asked, "currency": "EUR", **envelope(), **fields})


def deposit(minor: int, currency: str = "EUR", **fields: Any) -> Deposit:
    return Deposit(account_id=ACCOUNT_ID, amount=Money(minor, currency), **envelope(), **fields)


def withdraw(minor: int, currency: str = "EUR", **fields: Any) -> Withdraw:
    return Withdraw(account_id=ACCOUNT_ID, amount=Money(minor, currency), **envelope(), **fields)


def transfer(minor: int, currency: str = "EUR", *, to: UUID = OTHER_ID, reference: str = "") -> Transfer:
    return Transfer(
        from_account_id=ACCOUNT_ID,
        to_account_id=to,
        amount=Money(minor, currency),
        reference=reference,
        **envelope(),
    )


def set_limit(minor: int, currency: str = "EUR") -> SetOverdraftLimit:
    return SetOverdraftLimit(account_id=ACCOUNT_ID, overdraft_limit=Money(minor, currency), **envelope())


def freeze() -> FreezeAccount:
    return FreezeAccount(account_id=ACCOUNT_ID, reason="lost card", **envelope())


def unfreeze() -> UnfreezeAccount:
    return UnfreezeAccount(account_id=ACCOUNT_ID, reason="card found", **envelope())


def rename(name: str = "Holidays") -> RenameAccount:
    return RenameAccount(account_id=ACCOUNT_ID, name=name, **envelope())


def renamed(name: str = "Holidays") -> AccountRenamed:
    return AccountRenamed(name=name, occurred_at=AT)


def close() -> CloseAccount:
    return CloseAccount(account_id=ACCOUNT_ID, reason="moved away", **envelope())


ABOUT_ONE_ACCOUNT = [deposit(1), withdraw(1), set_limit(1), freeze(), unfreeze(), close(), rename()]


def given_two(*events: Any, other: tuple[Any, ...] = (OPENED,)) -> Given:
    """The account under test, and another one."""
    return given(*events).and_account(OTHER_ID, *other)


# --- opening


def test_an_account_is_opened_for_a_registered_customer() -> None:
    given().when(open_account(overdraft_limit_minor=50_00)).then(opened(overdraft_limit_minor=50_00))


def test_an_account_is_not_opened_for_an_unknown_customer() -> None:
    Given().when(open_account()).then_refused(CustomerNotFound)


@pytest.mark.parametrize("history", [(OPENED,), (OPENED, FROZEN), (OPENED, CLOSED)])
def test_an_account_is_opened_once(history: tuple[Any, ...]) -> None:
    given(*history).when(open_account()).then_refused(AccountAlreadyOpened)


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("currency", "XXX", "currency"),
        ("currency", "eur", "currency"),
        ("iban", "LU290019400644750000", "iban"),
        ("name", "", "name"),
        ("name", " ", "name"),
        ("name", "x" * 101, "name"),
        ("name", "a\nb", "name"),
        ("overdraft_limit_minor", -1, "overdraft_limit"),
        ("overdraft_limit_minor", MAX_BALANCE_MINOR + 1, "overdraft_limit"),
    ],
)
def test_an_opening_with_a_wrong_field_is_no_command(field: str, value: Any, named: str) -> None:
    with pytest.raises(InvalidCommand) as refused:
        open_account(**{field: value})
    assert refused.value.field == named


def test_an_opening_keeps_iban_and_name_in_one_form() -> None:
    command = open_account(iban="lu28 0019 4006 4475 0000", name="  Re\u0301serve ")
    assert (command.iban, command.name) == ("LU280019400644750000", "R\u00e9serve")


# --- deposits


def test_a_deposit_adds_to_the_balance() -> None:
    state = given(OPENED, DEPOSITED_100).when(deposit(25_00)).then(deposited(25_00)).states[ACCOUNT_ID]
    assert state.balance_minor == 125_00


def test_a_deposit_keeps_what_was_said_about_it() -> None:
    said = {"reference": "Rent", "operation": "VKLAD", "purpose": "SIPO", "counterparty": "AB 123"}
    given(OPENED).when(deposit(1, **said)).then(DepositMade(amount_minor=1, currency="EUR", occurred_at=AT, **said))


def test_a_deposit_up_to_what_an_account_may_hold_is_taken() -> None:
    given(OPENED, DEPOSITED_100).when(deposit(MAX_BALANCE_MINOR - 100_00)).then(deposited(MAX_BALANCE_MINOR - 100_00))


def test_a_deposit_of_a_cent_more_than_an_account_may_hold_is_refused() -> None:
    given(OPENED, DEPOSITED_100).when(deposit(MAX_BALANCE_MINOR - 100_00 + 1)).then_refused(
        LimitExceeded, limit_minor=MAX_BALANCE_MINOR, currency="EUR"
    )


def test_a_deposit_in_another_currency_is_refused() -> None:
    given(OPENED).when(deposit(1, "USD")).then_refused(CurrencyMismatch, account_currency="EUR", currency="USD")


# --- withdrawals


def test_a_withdrawal_takes_from_the_balance() -> None:
    state = given(OPENED, DEPOSITED_100).when(withdraw(25_00)).then(withdrawn(25_00)).states[ACCOUNT_ID]
    assert state.balance_minor == 75_00


def test_a_withdrawal_of_all_that_is_available_is_paid() -> None:
    given(OPENED, DEPOSITED_100).when(withdraw(100_00)).then(withdrawn(100_00))


def test_a_cent_more_than_what_is_available_is_refused() -> None:
    given(OPENED, DEPOSITED_100).when(withdraw(100_01)).then_refused(
        InsufficientFunds, available_minor=100_00, currency="EUR"
    )


def test_a_withdrawal_down_to_the_last_cent_of_the_overdraft_is_paid() -> None:
    given(opened(overdraft_limit_minor=50_00), DEPOSITED_100).when(withdraw(150_00)).then(withdrawn(150_00))


def test_a_cent_beyond_the_overdraft_is_refused() -> None:
    given(opened(overdraft_limit_minor=50_00), DEPOSITED_100).when(withdraw(150_01)).then_refused(
        InsufficientFunds, available_minor=150_00, currency="EUR"
    )


def test_an_overdraft_can_be_used_without_any_deposit() -> None:
    given(opened(overdraft_limit_minor=1)).when(withdraw(1)).then(withdrawn(1))


def test_a_withdrawal_in_another_currency_is_refused_before_the_balance_is_looked_at() -> None:
    given(OPENED).when(withdraw(1, "USD")).then_refused(CurrencyMismatch, account_currency="EUR", currency="USD")


# --- transfers


def sent_and_received(command: Transfer) -> tuple[TransferSent, TransferReceived]:
    amount = command.amount
    shared: dict[str, Any] = {
        "transfer_id": command.command_id,
        "amount_minor": amount.minor,
        "currency": amount.currency,
        "reference": command.reference,
        "occurred_at": AT,
    }
    return (
        TransferSent(to_account_id=command.to_account_id, **shared),
        TransferReceived(from_account_id=command.from_account_id, **shared),
    )


def test_a_transfer_is_one_event_on_each_side_with_the_same_transfer_id() -> None:
    command = transfer(40_00, reference="Dinner")
    after = given_two(OPENED, DEPOSITED_100).when(command).then(*sent_and_received(command))
    assert after.states[ACCOUNT_ID].balance_minor == 60_00
    assert after.states[OTHER_ID].balance_minor == 40_00


def test_a_transfer_of_all_that_is_available_is_sent_and_a_cent_more_is_refused() -> None:
    command = transfer(100_00)
    given_two(OPENED, DEPOSITED_100).when(command).then(*sent_and_received(command))
    given_two(OPENED, DEPOSITED_100).when(transfer(100_01)).then_refused(InsufficientFunds)


def test_a_transfer_to_the_account_itself_is_refused() -> None:
    given(OPENED, DEPOSITED_100).when(transfer(1, to=ACCOUNT_ID)).then_refused(SameAccount)


def test_a_transfer_from_an_unknown_account_to_itself_is_refused_as_such() -> None:
    given().when(transfer(1, to=ACCOUNT_ID)).then_refused(SameAccount)


def test_a_transfer_to_or_from_an_unknown_account_is_refused() -> None:
    given(OPENED, DEPOSITED_100).when(transfer(1)).then_refused(AccountNotFound)
    given().and_account(OTHER_ID, OPENED).when(transfer(1)).then_refused(AccountNotFound)


def test_a_transfer_across_currencies_is_refused_whichever_side_differs() -> None:
    given_two(OPENED, DEPOSITED_100, other=(opened("USD"),)).when(transfer(1)).then_refused(
        CurrencyMismatch, account_currency="USD", currency="EUR"
    )
    given_two(OPENED, DEPOSITED_100, other=(opened("USD"),)).when(transfer(1, "USD")).then_refused(
        CurrencyMismatch, account_currency="EUR", currency="USD"
    )
    given_two(OPENED, DEPOSITED_100).when(transfer(1, "USD")).then_refused(CurrencyMismatch)


def test_a_transfer_between_two_accounts_of_one_other_currency_is_sent() -> None:
    command = transfer(5, "JPY")
    given_two(opened("JPY"), deposited(5, "JPY"), other=(opened("JPY"),)).when(command).then(
        *sent_and_received(command)
    )


def test_a_transfer_beyond_what_the_receiver_may_hold_is_refused() -> None:
    nearly_full = (OPENED, deposited(MAX_BALANCE_MINOR - 1))
    command = transfer(1)
    given_two(OPENED, DEPOSITED_100, other=nearly_full).when(command).then(*sent_and_received(command))
    given_two(OPENED, DEPOSITED_100, other=nearly_full).when(transfer(2)).then_refused(LimitExceeded)


# --- frozen


def test_a_frozen_account_refuses_debits() -> None:
    given(OPENED, DEPOSITED_100, FROZEN).when(withdraw(1)).then_refused(AccountIsFrozen)
    given_two(OPENED, DEPOSITED_100, FROZEN).when(transfer(1)).then_refused(AccountIsFrozen)


def test_a_frozen_account_takes_credits() -> None:
    given(OPENED, FROZEN).when(deposit(1)).then(deposited(1))
    command = transfer(1)
    given_two(OPENED, DEPOSITED_100, other=(OPENED, FROZEN)).when(command).then(*sent_and_received(command))


def test_a_frozen_account_can_be_given_another_overdraft_limit() -> None:
    given(OPENED, FROZEN).when(set_limit(1)).then(limited(1))


def test_a_frozen_account_without_a_balance_can_be_closed() -> None:
    given(OPENED, FROZEN).when(close()).then(CLOSED)


def test_debits_go_on_after_unfreezing() -> None:
    given(OPENED, DEPOSITED_100, FROZEN).when(unfreeze()).then(UNFROZEN).when(withdraw(1)).then(withdrawn(1))


def test_only_what_is_not_frozen_can_be_frozen_and_only_what_is_can_be_unfrozen() -> None:
    given(OPENED).when(freeze()).then(FROZEN)
    given(OPENED, FROZEN).when(freeze()).then_refused(AccountIsFrozen)
    given(OPENED).when(unfreeze()).then_refused(AccountIsNotFrozen)
    given(OPENED, FROZEN, UNFROZEN).when(unfreeze()).then_refused(AccountIsNotFrozen)


# --- overdraft


def test_the_overdraft_limit_can_be_raised_and_lowered() -> None:
    given(OPENED).when(set_limit(70_00)).then(limited(70_00)).when(set_limit(0)).then(limited(0))


def test_lowering_the_overdraft_below_its_use_is_allowed_and_only_blocks_further_debits() -> None:
    overdrawn = (opened(overdraft_limit_minor=100_00), withdrawn(80_00))
    lowered = given(*overdrawn).when(set_limit(30_00)).then(limited(30_00))
    assert lowered.states[ACCOUNT_ID].available_minor == -50_00
    lowered.when(withdraw(1)).then_refused(InsufficientFunds, available_minor=-50_00, currency="EUR")


def test_after_lowering_credits_go_on_and_debits_come_back_with_the_first_cent_available() -> None:
    lowered = (opened(overdraft_limit_minor=100_00), withdrawn(80_00), limited(30_00))
    given(*lowered).when(deposit(50_00)).then(deposited(50_00)).when(withdraw(1)).then_refused(InsufficientFunds)
    given(*lowered).when(deposit(50_01)).then(deposited(50_01)).when(withdraw(1)).then(withdrawn(1))


def test_an_overdraft_limit_in_another_currency_is_refused() -> None:
    given(OPENED).when(set_limit(1, "USD")).then_refused(CurrencyMismatch, account_currency="EUR", currency="USD")


def test_an_overdraft_limit_is_at_least_zero_and_at_most_what_an_account_may_hold() -> None:
    assert set_limit(0).overdraft_limit.minor == 0
    assert set_limit(MAX_BALANCE_MINOR).overdraft_limit.minor == MAX_BALANCE_MINOR
    for minor in (-1, MAX_BALANCE_MINOR + 1):
        with pytest.raises(InvalidCommand) as refused:
            set_limit(minor)
        assert (refused.value.field, refused.value.code) == ("overdraft_limit", "invalid_amount")


# --- renaming


def test_an_account_is_called_by_its_new_name_and_by_the_old_one_again() -> None:
    again = (
        given(OPENED, DEPOSITED_100).when(rename()).then(renamed()).when(rename("Everyday")).then(renamed("Everyday"))
    )
    assert again.states[ACCOUNT_ID].name == "Everyday"
    assert again.states[ACCOUNT_ID].balance_minor == 100_00


def test_the_name_that_it_has_already_is_refused_however_it_is_typed() -> None:
    given(OPENED).when(rename("Everyday")).then_refused(NameUnchanged)
    given(OPENED, renamed("R\u00e9serve")).when(rename("  Re\u0301serve ")).then_refused(NameUnchanged)


def test_a_frozen_account_can_be_renamed() -> None:
    given(OPENED, FROZEN).when(rename()).then(renamed())


@pytest.mark.parametrize("name", ["", " ", "x" * 101, "a\nb", "a\u202eb", "\ud800"])
def test_a_name_that_an_account_could_not_be_opened_with_is_no_command(name: str) -> None:
    with pytest.raises(InvalidCommand) as refused:
        rename(name)
    assert refused.value.field == "name"


# --- closing


def test_an_account_with_a_zero_balance_can_be_closed() -> None:
    given(OPENED).when(close()).then(CLOSED)
    given(OPENED, DEPOSITED_100, withdrawn(100_00)).when(close()).then(CLOSED)


@pytest.mark.parametrize("balance_minor", [1, -1])
def test_a_cent_on_either_side_of_zero_keeps_an_account_from_being_closed(balance_minor: int) -> None:
    movement = deposited(1) if balance_minor > 0 else withdrawn(1)
    given(opened(overdraft_limit_minor=1), movement).when(close()).then_refused(
        BalanceNotZero, balance_minor=balance_minor, currency="EUR"
    )


@pytest.mark.parametrize("command", [transfer(1), *ABOUT_ONE_ACCOUNT])
def test_a_closed_account_refuses_everything(command: Command) -> None:
    given_two(OPENED, CLOSED).when(command).then_refused(AccountIsClosed)


def test_a_closed_account_receives_nothing() -> None:
    given_two(OPENED, DEPOSITED_100, other=(OPENED, CLOSED)).when(transfer(1)).then_refused(AccountIsClosed)


def test_an_account_that_was_frozen_when_it_was_closed_is_closed_and_no_longer_frozen() -> None:
    given(OPENED, FROZEN, CLOSED).when(unfreeze()).then_refused(AccountIsClosed)


# --- every command


@pytest.mark.parametrize("command", [transfer(1), *ABOUT_ONE_ACCOUNT])
def test_an_unknown_account_refuses_everything(command: Command) -> None:
    given().and_account(OTHER_ID, OPENED).when(command).then_refused(AccountNotFound)


def test_every_command_knows_its_streams_and_the_one_it_is_about_comes_first() -> None:
    for command in (open_account(), transfer(1), *ABOUT_ONE_ACCOUNT):
        (category, stream_id), *_ = COMMANDS[type(command)].streams(command)
        assert (category, stream_id) == ("account", ACCOUNT_ID)


@pytest.mark.parametrize("minor", [0, -1])
@pytest.mark.parametrize("build", [deposit, withdraw, transfer])
def test_an_amount_of_nothing_or_less_is_no_command(build: Any, minor: int) -> None:
    with pytest.raises(InvalidCommand) as refused:
        build(minor)
    assert (refused.value.field, refused.value.code) == ("amount", "invalid_amount")


@pytest.mark.parametrize("build", [deposit, withdraw, transfer])
def test_an_amount_in_no_currency_is_no_command(build: Any) -> None:
    with pytest.raises(InvalidCommand) as refused:
        build(1, "XXX")
    assert refused.value.code == "invalid_currency"


@pytest.mark.parametrize("build", [deposit, withdraw, transfer])
def test_the_longest_reference_is_taken_and_one_letter_more_is_no_command(build: Any) -> None:
    assert build(1, reference="x" * 140).reference == "x" * 140
    with pytest.raises(InvalidCommand) as refused:
        build(1, reference="x" * 141)
    assert (refused.value.field, refused.value.code) == ("reference", "too_long")


@pytest.mark.parametrize("field", ["reference", "operation", "purpose", "counterparty"])
@pytest.mark.parametrize("build", [deposit, withdraw])
def test_a_text_that_no_database_could_keep_is_no_command(build: Any, field: str) -> None:
    for text in ("a\x00b", "\ud800"):
        with pytest.raises(InvalidCommand) as refused:
            build(1, **{field: text})
        assert (refused.value.field, refused.value.code) == (field, "invalid_text")


@pytest.mark.parametrize("kind", [FreezeAccount, UnfreezeAccount, CloseAccount])
def test_a_reason_is_one_line_of_plain_text(kind: Any) -> None:
    assert kind(account_id=ACCOUNT_ID, reason=" why ", **envelope()).reason == "why"
    with pytest.raises(InvalidCommand) as refused:
        kind(account_id=ACCOUNT_ID, reason="a\nb", **envelope())
    assert refused.value.field == "reason"


# --- history


@pytest.mark.parametrize(
    ("event", "changed"),
    [
        (deposited(1), {"balance_minor": 1}),
        (withdrawn(1), {"balance_minor": -1}),
        (FROZEN, {"status": Status.FROZEN}),
        (CLOSED, {"status": Status.CLOSED}),
        (limited(7), {"overdraft_limit_minor": 7}),
        (renamed("B"), {"name": "B"}),
        (OPENED, {}),
    ],
)
def test_history_is_folded_without_asking_whether_a_rule_would_allow_it_today(
    event: Any, changed: dict[str, Any]
) -> None:
    closed = evolve(evolve(None, OPENED, ACCOUNT_ID), CLOSED, ACCOUNT_ID)
    after = evolve(closed, event, ACCOUNT_ID)
    assert msgspec.to_builtins(after) == {**msgspec.to_builtins(closed), **changed}


def test_an_opened_account_is_empty_open_and_as_it_was_asked_for() -> None:
    event: AccountOpened = opened("KWD", overdraft_limit_minor=5)
    account = evolve(None, event, ACCOUNT_ID)
    assert account == Account(
        account_id=ACCOUNT_ID,
        customer_id=CUSTOMER_ID,
        iban=event.iban,
        name="Everyday",
        currency="KWD",
        status=Status.OPEN,
        balance_minor=0,
        held_minor=0,
        overdraft_limit_minor=5,
        opened_at=AT,
    )
    assert account.available_minor == 5
