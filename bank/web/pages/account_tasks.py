"""The form and the check page of every task of an account."""

from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from bank.identity.rate_limits import rate_limit
from bank.web.access import SignedInRequest, signed_in, visible_account
from bank.web.tasks.account_task import AccountTask
from bank.web.tasks.engine import run_check, run_form
from bank.web.tasks.transfer import iban_hint


@signed_in
def task_form(request: SignedInRequest, account_id: UUID, task: type[AccountTask]) -> HttpResponse:
    """The form of `task`."""
    return run_form(request, _task(request, account_id, task))


@signed_in
def task_check(request: SignedInRequest, account_id: UUID, task: type[AccountTask]) -> HttpResponse:
    """The check page of `task`."""
    return run_check(request, _task(request, account_id, task))


@signed_in
@require_POST
def show_iban_hint(request: SignedInRequest) -> HttpResponse:
    """Whether an IBAN is an account's, while it is typed. Posted, so that it stays out of addresses and their logs.

    Each answer tells something about an account (to staff, whose it is), so nobody gets many in a minute.
    """
    taken = rate_limit("iban_hint", settings.IBAN_HINT_RATE_LIMIT).take(str(request.user.pk))
    if taken is not None and not taken.allowed:
        return HttpResponse(status=429, headers={"Retry-After": str(taken.reset_seconds)})
    text, is_known = iban_hint(request.user, request.POST.get("iban", "")[:100])
    return render(request, "tasks/iban_hint.html", {"text": text, "is_known": is_known})


def _task(request: SignedInRequest, account_id: UUID, task: type[AccountTask]) -> AccountTask:
    """404 for an account that is not there for this person, 403 for a task that the policy does not allow."""
    account = visible_account(request, account_id)
    if not task.is_allowed(request.user, account):
        raise PermissionDenied
    return task(request.user, account)
