"""The rules of an account, one by one, on both sides of every boundary: frozen, limited, renamed, closed."""

import pytest

from accounts.account_commands import (
    MAX_BALANCE_MINOR,
)
from accounts.command import Command
from accounts.invalid import InvalidCommand
from accounts.refusals import (
    AccountIsClosed,
    AccountIsFrozen,
    AccountIsNotFrozen,
    BalanceNotZero,
    CurrencyMismatch,
    InsufficientFunds,
    NameUnchanged,
)
from tests.accounts.about_an_account import (
    ABOUT_ONE_ACCOUNT,
    CLOSED,
    FROZEN,
    UNFROZEN,
    close,
    deposit,
    freeze,
    given_two,
    limited,
    rename,
    renamed,
    sent_and_received,
    set_limit,
    transfer,
    unfreeze,
    withdraw,
    withdrawn,
)
from tests.spec import (
    ACCOUNT_ID,
    DEPOSITED_100,
    OPENED,
    deposited,
    given,
    opened,
)

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
