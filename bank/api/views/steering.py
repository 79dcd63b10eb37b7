"""What staff do to an account: freeze, unfreeze, close, set the overdraft limit."""

from typing import ClassVar

from rest_framework.request import Request

from accounts.account_commands import CloseAccount, FreezeAccount, UnfreezeAccount
from accounts.command import Command
from bank.api import building
from bank.api.access import account_in_path, require_role
from bank.api.answers import Answer
from bank.api.base import user_of
from bank.api.commanding import CommandView, Intent
from bank.api.fields import StrictSerializer
from bank.api.requests import OverdraftLimitRequest, ReasonRequest
from bank.api.schema.operation import receipt
from bank.api.scopes import Scope
from bank.identity import policy
from readmodels.balances import AccountRow


class _StaffView(CommandView):
    scopes = {"POST": (Scope.CUSTOMERS_WRITE,)}
    body_form: ClassVar[StrictSerializer]

    def post(self, request: Request, account_id: str) -> Answer:
        row = account_in_path(request, account_id)
        require_role(policy.may_serve_customers(user_of(request)))
        intent = self.read_intent(request, self.body_form)
        return self.receipt(request, self.command(intent, row), intent, row)

    def command(self, intent: Intent, row: AccountRow) -> Command:
        raise NotImplementedError


class _WithReasonView(_StaffView):
    body_form = ReasonRequest()
    command_type: ClassVar[type[FreezeAccount] | type[UnfreezeAccount] | type[CloseAccount]]

    def command(self, intent: Intent, row: AccountRow) -> Command:
        return building.with_reason(self.command_type, intent, row.account_id)


class FreezeView(_WithReasonView):
    """Stop debits. Staff only."""

    command_type = FreezeAccount
    contract = {
        "POST": receipt(
            "freezeAccount",
            "The account frozen",
            refusals={409: ("account_closed", "account_frozen")},
            example={"reason": "Lost card"},
        )
    }


class UnfreezeView(_WithReasonView):
    """Allow debits again. Staff only."""

    command_type = UnfreezeAccount
    contract = {
        "POST": receipt(
            "unfreezeAccount",
            "The account open again",
            refusals={409: ("account_closed", "account_not_frozen")},
            example={"reason": "Card found"},
        )
    }


class CloseView(_WithReasonView):
    """Close an account whose balance is zero, for ever. Staff only."""

    command_type = CloseAccount
    contract = {
        "POST": receipt(
            "closeAccount",
            "The account closed",
            refusals={409: ("account_closed",), 422: ("balance_not_zero",)},
            example={"reason": "Moved away"},
        )
    }


class OverdraftLimitView(_StaffView):
    """Set how far below zero the balance may go; a limit below what is in use stops further debits. Staff only."""

    body_form = OverdraftLimitRequest()
    contract = {
        "POST": receipt(
            "setOverdraftLimit",
            "The overdraft limit set",
            refusals={409: ("account_closed",), 422: ("currency_mismatch",)},
            example={"overdraft_limit": {"amount": "100.00", "currency": "EUR"}},
        )
    }

    def command(self, intent: Intent, row: AccountRow) -> Command:
        return building.set_overdraft_limit(intent, row.account_id)
