"""Balances (inline): right in the moment in which a command is answered."""

from uuid import UUID

import pytest

from accounts.account_commands import (
    CloseAccount,
    FreezeAccount,
    RenameAccount,
    SetOverdraftLimit,
    UnfreezeAccount,
)
from accounts.handler import handle, handle_all
from accounts.money import Money
from ledger.ids import new_id
from readmodels import balances
from readmodels.balances import AccountRow
from tests.chance import a_seed, chances
from tests.readmodels.histories import folded, live, three_accounts
from tests.spec import envelope
from tests.steps import BY, a_customer, an_account, deposit, do, open_for, register, transfer, withdraw

pytestmark = pytest.mark.django_db(transaction=True)


def row_of(account_id: UUID) -> AccountRow:
    row = balances.find(account_id)
    assert row is not None
    return row


def test_an_account_shows_what_was_asked_for_when_it_was_opened() -> None:
    customer_id = a_customer("Ada Lovelace")
    command = open_for(customer_id, currency="KWD", overdraft_limit_minor=70, name="Holidays")
    do(command)
    row = row_of(command.account_id)
    assert (row.customer_id, row.customer_name, row.name, row.iban) == (
        customer_id,
        "Ada Lovelace",
        "Holidays",
        command.iban,
    )
    assert (row.currency, row.status, row.version, row.opened_at) == ("KWD", "open", 1, command.at)
    assert (row.balance_minor, row.held_minor, row.overdraft_limit_minor, row.available_minor) == (0, 0, 70, 70)


def test_every_command_shows_at_once() -> None:
    account_id, other_id = an_account(100), an_account()
    do(withdraw(account_id, 30))
    assert row_of(account_id).balance_minor == 70
    do(transfer(account_id, other_id, 20))
    assert (row_of(account_id).balance_minor, row_of(other_id).balance_minor) == (50, 20)
    do(SetOverdraftLimit(account_id=account_id, overdraft_limit=Money(5, "EUR"), **envelope()))
    assert row_of(account_id).available_minor == 55
    do(FreezeAccount(account_id=account_id, **envelope()))
    assert row_of(account_id).status == "frozen"
    do(UnfreezeAccount(account_id=account_id, **envelope()))
    assert row_of(account_id).status == "open"
    do(RenameAccount(account_id=account_id, name="Holidays", **envelope()))
    assert (row_of(account_id).name, row_of(account_id).balance_minor) == ("Holidays", 50)
    do(withdraw(account_id, 50))
    do(CloseAccount(account_id=account_id, **envelope()))
    assert (row_of(account_id).status, row_of(account_id).version) == ("closed", 10)
    assert row_of(account_id).name == "Holidays"


def test_an_account_opened_and_used_in_one_batch_shows_its_end() -> None:
    registering = register("Grace Hopper")
    opening = open_for(registering.customer_id, overdraft_limit_minor=1)
    account_id = opening.account_id
    limit = SetOverdraftLimit(account_id=account_id, overdraft_limit=Money(9, "EUR"), **envelope())
    rename = RenameAccount(account_id=account_id, name="Holidays", **envelope())
    handle_all([registering, opening, deposit(account_id, 10), limit, rename, withdraw(account_id, 15)], by=BY)
    row = row_of(account_id)
    assert (row.balance_minor, row.overdraft_limit_minor, row.version, row.customer_name) == (-5, 9, 5, "Grace Hopper")
    assert row.name == "Holidays"


def test_balances_equal_the_folds_whatever_happened() -> None:
    chance = chances(a_seed())("balances")
    for _ in range(5):
        accounts = three_accounts()
        live(accounts, chance, 150)
        for account_id in accounts:
            state, version = folded(account_id)
            row = row_of(account_id)
            for field in ("customer_id", "iban", "name", "currency", "status", "opened_at", "available_minor"):
                assert getattr(row, field) == getattr(state, field), field
            for field in ("balance_minor", "held_minor", "overdraft_limit_minor"):
                assert getattr(row, field) == getattr(state, field), field
            assert row.version == version


def test_balances_of_a_large_batch_equal_the_folds() -> None:
    accounts = [an_account(100) for _ in range(50)]
    handle_all(
        [transfer(accounts[i % 50], accounts[(i * 7 + 1) % 50], 3) for i in range(2_000) if i % 50 != (i * 7 + 1) % 50],
        by=BY,
    )
    for account_id in accounts:
        state, version = folded(account_id)
        assert (row_of(account_id).balance_minor, row_of(account_id).version) == (state.balance_minor, version)
    assert sum(row_of(account_id).balance_minor for account_id in accounts) == 5_000


def test_an_account_is_found_by_id_and_by_iban() -> None:
    account_id = an_account()
    row = row_of(account_id)
    by_iban = balances.find_by_iban(row.iban)
    assert by_iban is not None
    assert by_iban.account_id == account_id
    assert balances.find(new_id()) is None
    assert balances.find_by_iban("LU280019400644750000") is None


def test_a_customer_sees_the_oldest_account_first_and_closed_ones_last() -> None:
    customer_id = a_customer()
    first, second, third = (an_account(customer_id=customer_id) for _ in range(3))
    an_account()
    handle(CloseAccount(account_id=first, **envelope()), by=BY)
    assert [row.account_id for row in balances.of_customer(customer_id)] == [second, third, first]
    assert balances.of_customer(a_customer()) == []


def test_pages_of_accounts_neither_skip_nor_repeat_while_accounts_are_opened() -> None:
    customer_id = a_customer()
    expected = [an_account(customer_id=customer_id) for _ in range(7)]
    found: list[UUID] = []
    while page := balances.page(3, found[-1] if found else None, customer_id):
        assert len(page) <= 3
        found += [row.account_id for row in page]
        an_account(customer_id=a_customer())
    assert found == sorted(expected)
    assert len(balances.page(100)) > 7
