"""An id of one kind of stream, taken for one of another kind."""

import pytest

from accounts.handler import find_outcome, handle
from accounts.refusals import AccountNotFound, CustomerNotFound, Refused
from readmodels import balances
from tests.steps import BY, a_customer, an_account, deposit, open_for, transfer

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_customer_is_not_an_account_and_an_account_is_no_customer() -> None:
    customer_id, account_id = a_customer(), an_account(100)
    expected = {
        deposit(customer_id, 1): AccountNotFound(),
        transfer(account_id, customer_id, 1): AccountNotFound(),
        open_for(account_id): CustomerNotFound(),
    }
    for command, refusal in expected.items():
        with pytest.raises(Refused) as raised:
            handle(command, by=BY)
        assert raised.value == refusal
        assert find_outcome(command.command_id) is not None
    row = balances.find(account_id)
    assert row is not None
    assert row.balance_minor == 100
