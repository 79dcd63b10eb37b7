"""Scopes: what a token may be used for, on top of what its user may do."""

from collections.abc import Collection
from enum import StrEnum

from bank.identity import policy
from bank.identity.models import User


class Scope(StrEnum):
    """A part of what the API can do. `*` is every part, also those that come later."""

    ACCOUNTS_READ = "accounts:read"
    PAYMENTS_WRITE = "payments:write"
    CASH_WRITE = "cash:write"
    CUSTOMERS_WRITE = "customers:write"
    AUDIT_READ = "audit:read"
    REPORTS_READ = "reports:read"
    OPERATIONS_WRITE = "operations:write"
    ALL = "*"


def scopes_for(user: User) -> list[Scope]:
    """Every scope that is of use to this user, by role."""
    serves = policy.may_run_cash_desk(user)
    is_customer = policy.customer_of(user) is not None
    of_use = {
        Scope.ACCOUNTS_READ: is_customer or policy.may_see_customers(user),
        Scope.PAYMENTS_WRITE: is_customer or serves,
        Scope.CASH_WRITE: serves,
        Scope.CUSTOMERS_WRITE: policy.may_serve_customers(user),
        Scope.AUDIT_READ: policy.may_audit(user),
        Scope.REPORTS_READ: policy.may_see_reports(user),
        Scope.OPERATIONS_WRITE: policy.may_operate(user),
    }
    return [scope for scope, useful in of_use.items() if useful]


def grants(held: Collection[str], wanted: Scope) -> bool:
    """Whether scopes `held` by a token cover `wanted`."""
    return wanted in held or Scope.ALL in held
