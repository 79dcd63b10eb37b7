"""The rules of an account, one by one, on both sides of every boundary: opening it, and moving money."""

from typing import Any

import pytest

from accounts.account import (
    DepositMade,
)
from accounts.account_commands import (
    MAX_BALANCE_MINOR,
)
from accounts.invalid import InvalidCommand
from accounts.refusals import (
    AccountAlreadyOpened,
    AccountNotFound,
    CurrencyMismatch,
    CustomerNotFound,
    InsufficientFunds,
    LimitExceeded,
    SameAccount,
)
from tests.accounts.about_an_account import (
    CLOSED,
    FROZEN,
    deposit,
    given_two,
    open_account,
    sent_and_received,
    transfer,
    withdraw,
    withdrawn,
)
from tests.spec import (
    ACCOUNT_ID,
    AT,
    DEPOSITED_100,
    OPENED,
    OTHER_ID,
    Given,
    deposited,
    given,
    opened,
)

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
