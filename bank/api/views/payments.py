"""Money in, out and across: deposits, withdrawals and transfers."""

from rest_framework.request import Request

from accounts.account_commands import Deposit, Withdraw
from bank.api import building
from bank.api.access import (
    account_in_path,
    account_not_found,
    find_account,
    require_deposit,
    require_transfer,
    require_withdrawal,
)
from bank.api.answers import Answer
from bank.api.base import user_of
from bank.api.commanding import CommandView
from bank.api.requests import CashRequest, TransferRequest
from bank.api.schema.operation import receipt
from bank.api.scopes import Scope
from bank.identity import policy

_CASH_OR_PAYMENTS = (Scope.CASH_WRITE, Scope.PAYMENTS_WRITE)
_AN_AMOUNT = {"amount": "25.00", "currency": "EUR"}


class DepositsView(CommandView):
    """Staff at the cash desk; the owner too where the bank lets owners."""

    scopes = {"POST": _CASH_OR_PAYMENTS}
    body_form = CashRequest()
    contract = {
        "POST": receipt(
            "deposit",
            "Money paid in",
            refusals={409: ("account_closed",), 422: ("currency_mismatch", "limit_exceeded")},
            example={"amount": _AN_AMOUNT, "reference": "Gift"},
        )
    }

    def post(self, request: Request, account_id: str) -> Answer:
        row = account_in_path(request, account_id)
        require_deposit(request, row)
        intent = self.read_intent(request, self.body_form)
        return self.receipt(request, building.cash(Deposit, intent, row.account_id), intent, row)


class WithdrawalsView(CommandView):
    """The owner, and staff at the cash desk."""

    scopes = {"POST": _CASH_OR_PAYMENTS}
    body_form = CashRequest()
    contract = {
        "POST": receipt(
            "withdraw",
            "Money paid out",
            refusals={409: ("account_closed", "account_frozen"), 422: ("currency_mismatch", "insufficient_funds")},
            example={"amount": _AN_AMOUNT, "reference": "Cash"},
        )
    }

    def post(self, request: Request, account_id: str) -> Answer:
        row = account_in_path(request, account_id)
        require_withdrawal(request, row)
        intent = self.read_intent(request, self.body_form)
        return self.receipt(request, building.cash(Withdraw, intent, row.account_id), intent, row)


class TransfersView(CommandView):
    """The owner of `from`, and staff. `to` may be any account of the bank."""

    scopes = {"POST": _CASH_OR_PAYMENTS}
    body_form = TransferRequest()
    contract = {
        "POST": receipt(
            "transfer",
            "Money moved to another account",
            description="The owner of `from`, and staff. `to` may be any account of the bank. The receipt, `ETag` and "
            "`If-Match` are about the account of `from`.",
            refusals={
                409: ("account_closed", "account_frozen"),
                422: ("currency_mismatch", "insufficient_funds", "limit_exceeded", "same_account"),
            },
            example={
                "from": "ff54a805-229d-5d03-9d44-bcb91a03abd6",
                "to": "LU729991870500056350",
                "amount": _AN_AMOUNT,
                "reference": "Rent",
            },
        )
    }

    def post(self, request: Request) -> Answer:
        intent = self.read_intent(request, self.body_form)
        source = find_account(intent.values["from"])
        if source is None or not policy.may_see_account(user_of(request), source):
            raise account_not_found("/from")
        require_transfer(request, source)
        target = find_account(intent.values["to"])
        if target is None:
            raise account_not_found("/to")
        command = building.transfer(intent, source.account_id, target.account_id)
        return self.receipt(request, command, intent, source)
