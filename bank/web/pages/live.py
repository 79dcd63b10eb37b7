"""Balances that change while one looks: a page asks every few seconds whether what it shows is still so.

Asked is with what the page has seen. While that is still so the answer is empty (204), after one statement; a request
that waited for a change would hold one of the few threads that there are.
"""

from collections.abc import Sequence
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render

from bank.identity import policy
from bank.web.access import SignedInRequest, allowed, signed_in, visible_account
from readmodels import balances
from readmodels.balances import AccountRow


@signed_in
def balance_now(request: SignedInRequest, account_id: UUID) -> HttpResponse:
    """The figures of the account page; with `of=task` those above the form of a task."""
    account = visible_account(request, account_id)
    if request.GET.get("seen") == str(account.version):
        return HttpResponse(status=204)
    template = "tasks/account_now.html" if request.GET.get("of") == "task" else "web/balance_now.html"
    return render(request, template, {"account": account, "is_live": True})


@allowed(policy.banks_here)
@signed_in
def balances_now(request: SignedInRequest) -> HttpResponse:
    """The cards of the overview."""
    accounts = own_accounts(request)
    now = seen_of(accounts)
    if request.GET.get("seen") == now:
        return HttpResponse(status=204)
    changed = _changed(accounts, request.GET.get("seen", ""))
    return render(request, "web/balances_now.html", {"accounts": accounts, "seen": now, "changed": changed})


def own_accounts(request: SignedInRequest) -> list[AccountRow]:
    """The customer's accounts, as the overview shows them."""
    customer_id = policy.customer_of(request.user)
    return balances.of_customer(customer_id) if customer_id else []


def seen_of(accounts: Sequence[AccountRow]) -> str:
    """The state of all these accounts, as a page sends it back: their versions, in an order that stays."""
    return ".".join(str(account.version) for account in _in_order(accounts))


def _changed(accounts: Sequence[AccountRow], seen: str) -> list[AccountRow]:
    """Those that moved on since; all of them where one was opened meanwhile."""
    versions = seen.split(".")
    ordered = _in_order(accounts)
    if len(versions) != len(ordered):
        return list(accounts)
    return [a for a, version in zip(ordered, versions, strict=True) if str(a.version) != version]


def _in_order(accounts: Sequence[AccountRow]) -> list[AccountRow]:
    """Of their opening: a page's order changes when one is closed."""
    return sorted(accounts, key=lambda account: (account.opened_at, account.account_id))
