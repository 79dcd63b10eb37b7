"""The slip of a deposit or a withdrawal, to print and to hand over the counter: a page that is a sheet of paper."""

from typing import Final
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from accounts.account import Account, DepositMade, WithdrawalMade
from accounts.outcome import Outcome
from bank.identity.models import User
from bank.web.access import SignedInRequest, signed_in
from bank.web.formats import mask_iban
from bank.web.pages.receipt import visible_outcome

_TITLES: Final = {DepositMade: _("Cash paid in"), WithdrawalMade: _("Cash paid out")}
_OF_USERS: Final = "user:"


@signed_in
def slip(request: SignedInRequest, command_id: UUID) -> HttpResponse:
    """For whom its receipt is. What was refused, and what moved no cash, has none."""
    outcome = visible_outcome(request, command_id)
    event = next((event for event in outcome.events if type(event.data) in _TITLES), None)
    account = outcome.accounts.get(event.stream_id) if event else None
    if event is None or account is None:
        raise Http404
    context = {
        "outcome": outcome,
        "title": _TITLES[type(event.data)],
        "event": event,
        "account": account,
        "iban": mask_iban(account.iban),
        "teller": _teller(outcome, account),
    }
    return render(request, "web/slip.html", context)


def _teller(outcome: Outcome, account: Account) -> str:
    """Who served the customer; empty where nobody did."""
    number = outcome.actor.removeprefix(_OF_USERS)
    person = User.objects.filter(pk=number).first() if number.isdigit() else None
    if person is None or person.customer_id == account.customer_id:
        return ""
    return person.get_full_name() or person.get_username()
