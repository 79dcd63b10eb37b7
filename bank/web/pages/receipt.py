"""The receipt of a command: what was done, once, and what the balance was right after it."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from accounts.account import (
    Account,
    AccountClosed,
    AccountFrozen,
    AccountOpened,
    AccountRenamed,
    AccountUnfrozen,
    DepositMade,
    OverdraftLimitSet,
    TransferReceived,
    TransferSent,
    WithdrawalMade,
)
from accounts.customer import CustomerRegistered, PayeeAdded
from accounts.handler import Outcome, find_outcome
from bank.access_records.recording import looks_at_outcome, record_looks
from bank.identity import policy
from bank.identity.models import User
from bank.web.access import SignedInRequest, signed_in
from bank.web.formats import iban_html, money_html
from bank.web.online import online_of
from bank.web.pages import steering_receipt, webhook_receipt
from bank.web.receivers import name_of_receiver
from ledger.records import RecordedEvent
from readmodels import balances, customers

TITLES: Final[dict[str, StrOrPromise]] = {
    "Deposit": _("Deposit done"),
    "Withdraw": _("Withdrawal done"),
    "Transfer": _("Transfer done"),
    "FreezeAccount": _("Account frozen"),
    "UnfreezeAccount": _("Account unfrozen"),
    "SetOverdraftLimit": _("Overdraft limit set"),
    "CloseAccount": _("Account closed"),
    "RenameAccount": _("Account renamed"),
    "OpenAccount": _("Account opened"),
    "RegisterCustomer": _("Customer registered"),
    "AddPayee": _("Payee added"),
    "RemovePayee": _("Payee removed"),
    **webhook_receipt.TITLES,
    **steering_receipt.TITLES,
}
# What a slip can be printed for, to be handed over the counter.
CASH: Final = frozenset({"Deposit", "Withdraw"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A line of the receipt."""

    label: StrOrPromise
    value: StrOrPromise | SafeString
    note: StrOrPromise | SafeString = ""
    is_main: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Where one may want to go now."""

    label: StrOrPromise
    href: str


@signed_in
def receipt(request: SignedInRequest, command_id: UUID) -> HttpResponse:
    """What was done, or why it was not."""
    outcome = visible_outcome(request, command_id)
    is_sender = _is_sender(request, outcome)
    context = {
        "outcome": outcome,
        "title": TITLES.get(outcome.command_type, _("Done")) if outcome.accepted else _("Refused: nothing was changed"),
        "facts": _facts(request, outcome),
        "steps": _steps(request, outcome),
        "online": online_of(request, next(iter(outcome.customers), None)),
        "has_secret": is_sender and webhook_receipt.has_secret_to_show(outcome),
        "is_of_cash": outcome.accepted and outcome.command_type in CASH,
    }
    return render(request, "web/receipt.html", context)


def visible_outcome(request: SignedInRequest, command_id: UUID) -> Outcome:
    """For whoever sent the command, and for auditors; to everybody else there is none (404).

    Whoever is not the customer whose account it is about leaves an access record.
    """
    outcome = find_outcome(command_id)
    if outcome is None or not (_is_sender(request, outcome) or policy.may_audit(request.user)):
        raise Http404
    record_looks(request, request.user, looks_at_outcome(request.user, outcome))
    return outcome


def _is_sender(request: SignedInRequest, outcome: Outcome) -> bool:
    return outcome.actor == policy.actor_of(request.user, "web").id


def _facts(request: SignedInRequest, outcome: Outcome) -> list[Fact]:
    facts = [Fact(label=label, value=value) for label, value in steering_receipt.lines_of(outcome)]
    for event in outcome.events:
        account = outcome.accounts.get(event.stream_id)
        if isinstance(event.data, TransferReceived):
            continue  # its other event, TransferSent, has said it all
        facts += _facts_of(request.user, event, account)
    seen = [account for account in outcome.accounts.values() if policy.may_see_account(request.user, account)]
    for account in seen:
        facts += _state_after(account, is_only=len(seen) == 1)
    return facts


def _facts_of(person: User, event: RecordedEvent, account: Account | None) -> list[Fact]:
    data = event.data
    here = [Fact(label=_("Account"), value=account.name, note=iban_html(account.iban))] if account else []
    match data:
        case DepositMade() | WithdrawalMade():
            return [_amount(data.amount_minor, data.currency), *here, _reference(data.reference)]
        case TransferSent():
            sent_from = [Fact(label=_("From"), value=account.name, note=iban_html(account.iban))] if account else []
            return [
                _amount(data.amount_minor, data.currency),
                *sent_from,
                _to(person, data),
                _reference(data.reference),
            ]
        case AccountFrozen() | AccountUnfrozen() | AccountClosed():
            return [*here, Fact(label=_("Reason"), value=data.reason or _("None"))]
        case OverdraftLimitSet():
            limit = money_html(data.overdraft_limit_minor, account.currency) if account else ""
            return [Fact(label=_("Overdraft limit"), value=limit, is_main=True), *here]
        case _:
            return _facts_of_names(event, account)


def _facts_of_names(event: RecordedEvent, account: Account | None) -> list[Fact]:
    data = event.data
    match data:
        case AccountOpened():
            return [
                Fact(label=_("IBAN"), value=iban_html(data.iban), is_main=True),
                Fact(label=_("Name of the account"), value=data.name),
                Fact(label=_("Overdraft limit"), value=money_html(data.overdraft_limit_minor, data.currency)),
            ]
        case AccountRenamed():
            iban = Fact(label=_("IBAN"), value=iban_html(account.iban)) if account else None
            return [Fact(label=_("New name"), value=data.name, is_main=True), *([iban] if iban else [])]
        case CustomerRegistered():
            return [
                Fact(label=_("Name"), value=data.name, is_main=True),
                Fact(label=_("Email"), value=data.email or _("None")),
            ]
        case PayeeAdded():
            return [
                Fact(label=_("Payee"), value=data.name, is_main=True),
                Fact(label=_("IBAN"), value=iban_html(data.iban)),
            ]
        case _:
            return [Fact(label=label, value=value) for label, value in webhook_receipt.lines_of(event)]


def _amount(minor: int, currency: str) -> Fact:
    return Fact(label=_("Amount"), value=money_html(minor, currency), is_main=True)


def _reference(reference: str) -> Fact:
    return Fact(label=_("Reference"), value=reference or _("None"))


def _to(person: User, sent: TransferSent) -> Fact:
    target = balances.find(sent.to_account_id)
    if target is None:
        return Fact(label=_("To"), value=str(sent.to_account_id))
    return Fact(label=_("To"), value=name_of_receiver(person, target), note=iban_html(target.iban))


def _state_after(account: Account, *, is_only: bool) -> list[Fact]:
    """As it was right after the command, for ever: not as it is when the receipt is read."""
    suffix = "" if is_only else f", {account.name}"
    balance, available = gettext("Balance after it"), gettext("Available after it")
    return [
        Fact(label=f"{balance}{suffix}", value=money_html(account.balance_minor, account.currency)),
        Fact(label=f"{available}{suffix}", value=money_html(account.available_minor, account.currency)),
    ]


def _steps(request: SignedInRequest, outcome: Outcome) -> list[Step]:
    steps = [
        Step(label=gettext("Go to %(name)s") % {"name": account.name}, href=reverse("web:account", args=[account_id]))
        for account_id, account in outcome.accounts.items()
        if policy.may_see_account(request.user, account)
    ]
    if policy.customer_of(request.user) in outcome.customers:
        steps.append(Step(label=_("Go to the payees"), href=reverse("web:payees")))
    if policy.may_serve_customers(request.user):
        for customer_id in outcome.customers:
            if customers.find(customer_id) is not None:
                steps.append(Step(label=_("Open an account"), href=reverse("web:open_account", args=[customer_id])))
                steps.append(Step(label=_("Go to the customer"), href=reverse("web:customer", args=[customer_id])))
    if policy.may_operate(request.user):
        found = (*webhook_receipt.steps_of(outcome), *steering_receipt.steps_of(outcome))
        steps += [Step(label=label, href=href) for label, href in found]
    return steps or [Step(label=_("Go to the overview"), href=reverse("web:overview"))]
