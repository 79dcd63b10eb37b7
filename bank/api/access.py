"""Which accounts a caller sees, and what roles and scopes together let them do."""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from rest_framework.request import Request

from bank.access_records.recording import API, Look, record_looks
from bank.api.base import credential_of, user_of
from bank.api.fields import parse_uuid
from bank.api.problems import Problem, forbidden, insufficient_scope, not_found
from bank.api.scopes import Scope
from bank.identity import policy
from bank.identity.models import User
from readmodels import balances
from readmodels.balances import AccountRow

_READING: Final = frozenset({"GET", "HEAD"})


def account_in_path(request: Request, text: str) -> AccountRow:
    """The account that the path names, if the caller sees it; else Problem (404).

    Whoever reads another's leaves an access record; who sends a command for it stands in the command log.
    """
    row = credential_of(request).account if parse_uuid(text) is not None else None
    if row is None or not policy.may_see_account(user_of(request), row):
        raise account_not_found()
    if request.method in _READING and not policy.owns(user_of(request), row):
        leave_records(request, [Look(row.customer_id, row.account_id)])
    return row


def leave_records(request: Request, looks: Iterable[Look]) -> None:
    """Before the caller is told of customers: a record of each look at another's data."""
    record_looks(getattr(request, "_request", request), user_of(request), looks, API)


def find_account(reference: UUID | str) -> AccountRow | None:
    """Any account of this bank, by id or compact IBAN."""
    return balances.find(reference) if isinstance(reference, UUID) else balances.find_by_iban(reference)


def account_not_found(pointer: str | None = None) -> Problem:
    """404; the same for what does not exist and for what is another customer's."""
    return not_found("account_not_found", "There is no such account.", pointer)


def require_deposit(request: Request, row: AccountRow) -> None:
    """Staff by the cash desk's scope; owners, where the bank lets them, by that of payments."""
    user = user_of(request)
    _require_any(
        request,
        (policy.may_run_cash_desk(user), Scope.CASH_WRITE),
        (policy.may_deposit_own(user, row), Scope.PAYMENTS_WRITE),
    )


def require_withdrawal(request: Request, row: AccountRow) -> None:
    """Staff by the cash desk's scope, owners by that of payments."""
    user = user_of(request)
    _require_any(
        request, (policy.may_run_cash_desk(user), Scope.CASH_WRITE), (policy.owns(user, row), Scope.PAYMENTS_WRITE)
    )


def require_transfer(request: Request, row: AccountRow) -> None:
    """Owners by the scope of payments; staff by it or by the cash desk's."""
    user = user_of(request)
    is_staff = policy.may_run_cash_desk(user)
    _require_any(
        request,
        (is_staff, Scope.CASH_WRITE),
        (is_staff or policy.owns(user, row), Scope.PAYMENTS_WRITE),
    )


def require_role(allowed: bool) -> None:
    """Problem (403) unless the policy allows it."""
    if not allowed:
        raise forbidden()


def sees_all_customers(user: User) -> bool:
    """Whether lists hold every customer (True) or the caller alone (False); Problem (403) for who is neither."""
    if policy.may_see_customers(user):
        return True
    require_role(policy.customer_of(user) is not None)
    return False


def _require_any(request: Request, *ways: tuple[bool, Scope]) -> None:
    """One way that the role allows must have its scope. Which scope is missing is told only to whom it would help."""
    open_ways = [scope for allowed, scope in ways if allowed]
    credential = credential_of(request)
    if any(credential.grants(scope) for scope in open_ways):
        return
    raise insufficient_scope(open_ways) if open_ways else forbidden()
