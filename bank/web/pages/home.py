"""The overview of a customer, and where everybody else begins."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from accounts.account import Status
from bank.identity import policy
from bank.web.access import SignedInRequest, signed_in
from bank.web.movements import lines_of
from bank.web.notices import notices_of
from bank.web.pages import live
from bank.web.tasks.account_task import AccountTask
from bank.web.tasks.cash import DepositTask, WithdrawTask
from bank.web.tasks.transfer import TransferTask
from readmodels import balances, customers, movements
from readmodels.balances import AccountRow

RECENT_MOVEMENTS = 5
NOTICES = 3
NOTICES_AMONG = 500  # of the last events of each account: the page with all of them looks further
OWN_TASKS: tuple[type[AccountTask], ...] = (TransferTask, DepositTask, WithdrawTask)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A task of the overview, or why it can't be done with any account."""

    title: StrOrPromise
    icon: str
    href: str
    obstacle: str


@signed_in
def overview(request: SignedInRequest) -> HttpResponse:
    """A customer's accounts, last movements and tasks; for staff, the room they work in."""
    customer_id = policy.customer_of(request.user)
    if customer_id is None:
        return _room_of(request)
    accounts = live.own_accounts(request)
    customer = customers.find(customer_id)
    recent = movements.recent([account.account_id for account in accounts], RECENT_MOVEMENTS)
    notices, _next = notices_of(request.user, accounts, 2 * NOTICES, look_back=NOTICES_AMONG)
    context = {
        "customer": customer,
        "accounts": accounts,
        "seen": live.seen_of(accounts),
        "notices": notices[:NOTICES],
        "lines": lines_of(recent, accounts),
        "offers": [_offer(request, task, accounts) for task in OWN_TASKS if _is_allowed(request, task, accounts)]
        + [Offer(title=_("Payees"), icon="users", href=reverse("web:payees"), obstacle="")],
    }
    return render(request, "web/overview.html", context)


@signed_in
def choose_account(request: SignedInRequest, task: type[AccountTask]) -> HttpResponse:
    """Which account a task of the overview is about; straight on where there is only one."""
    customer_id = policy.customer_of(request.user)
    if customer_id is None:
        return redirect("web:overview")
    tasks = [task(request.user, account) for account in _usable(request, task, balances.of_customer(customer_id))]
    if len(tasks) == 1:
        return redirect(tasks[0].form_url)
    return render(request, "web/choose_account.html", {"title": task.title, "tasks": tasks})


def _room_of(request: SignedInRequest) -> HttpResponse:
    if policy.lacks_second_factor(request.user):
        return redirect("web:security")
    if policy.may_see_customers(request.user):
        return redirect("web:find_customer")
    if policy.may_see_reports(request.user):
        return redirect("web:dashboard")
    return render(request, "web/no_room.html")


def _is_allowed(request: SignedInRequest, task: type[AccountTask], accounts: list[AccountRow]) -> bool:
    return any(task.is_allowed(request.user, account) for account in accounts)


def _usable(request: SignedInRequest, task: type[AccountTask], accounts: list[AccountRow]) -> list[AccountRow]:
    return [a for a in accounts if a.status != Status.CLOSED and task.is_allowed(request.user, a)]


def _offer(request: SignedInRequest, task: type[AccountTask], accounts: list[AccountRow]) -> Offer:
    """Offered where at least one account lets it through."""
    obstacles = [task(request.user, account).obstacle for account in _usable(request, task, accounts)]
    obstacle = "" if "" in obstacles else (obstacles[0] if obstacles else gettext("You have no open account."))
    return Offer(title=task.title, icon=task.icon, href=reverse(f"web:choose_{task.name}"), obstacle=obstacle)
