"""The receipt of a command: what was done, once, and what the balance was right after it."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString

from accounts.account import (
    Account,
    AccountClosed,
    AccountFrozen,
    AccountOpened,
    AccountUnfrozen,
    DepositMade,
    OverdraftLimitSet,
    TransferReceived,
    TransferSent,
    WithdrawalMade,
)
from accounts.customer import CustomerRegistered, PayeeAdded
from accounts.handler import Outcome, find_outcome
from bank.identity import policy
from bank.web.access import SignedInRequest, signed_in
from bank.web.formats import iban_html, money_html
from bank.web.online import online_of
from bank.web.pages import webhook_receipt
from ledger.records import RecordedEvent
from readmodels import balances, customers

TITLES: Final = {
    "Deposit": "Deposit done",
    "Withdraw": "Withdrawal done",
    "Transfer": "Transfer done",
    "FreezeAccount": "Account frozen",
    "UnfreezeAccount": "Account unfrozen",
    "SetOverdraftLimit": "Overdraft limit set",
    "CloseAccount": "Account closed",
    "OpenAccount": "Account opened",
    "RegisterCustomer": "Customer registered",
    "AddPayee": "Payee added",
    "RemovePayee": "Payee removed",
    **webhook_receipt.TITLES,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A line of the receipt."""

    label: str
    value: str | SafeString
    note: str | SafeString = ""
    is_main: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Where one may want to go now."""

    label: str
    href: str


@signed_in
def receipt(request: SignedInRequest, command_id: UUID) -> HttpResponse:
    """For whoever sent the command, and for auditors; to everybody else there is none."""
    outcome = find_outcome(command_id)
    is_sender = outcome is not None and outcome.actor == policy.actor_of(request.user, "web").id
    if outcome is None or not (is_sender or policy.may_audit(request.user)):
        raise Http404
    context = {
        "outcome": outcome,
        "title": TITLES.get(outcome.command_type, "Done") if outcome.accepted else "Refused: nothing was changed",
        "facts": _facts(request, outcome),
        "steps": _steps(request, outcome),
        "online": online_of(request, next(iter(outcome.customers), None)),
        "has_secret": is_sender and webhook_receipt.has_secret_to_show(outcome),
    }
    return render(request, "web/receipt.html", context)


def _facts(request: SignedInRequest, outcome: Outcome) -> list[Fact]:
    facts: list[Fact] = []
    for event in outcome.events:
        account = outcome.accounts.get(event.stream_id)
        if isinstance(event.data, TransferReceived):
            continue  # its other event, TransferSent, has said it all
        facts += _facts_of(event, account)
    seen = [account for account in outcome.accounts.values() if policy.may_see_account(request.user, account)]
    for account in seen:
        facts += _state_after(account, is_only=len(seen) == 1)
    return facts


def _facts_of(event: RecordedEvent, account: Account | None) -> list[Fact]:
    data = event.data
    here = [Fact(label="Account", value=account.name, note=iban_html(account.iban))] if account else []
    match data:
        case DepositMade() | WithdrawalMade():
            return [_amount(data.amount_minor, data.currency), *here, _reference(data.reference)]
        case TransferSent():
            sent_from = [Fact(label="From", value=account.name, note=iban_html(account.iban))] if account else []
            return [_amount(data.amount_minor, data.currency), *sent_from, _to(data), _reference(data.reference)]
        case AccountFrozen() | AccountUnfrozen() | AccountClosed():
            return [*here, Fact(label="Reason", value=data.reason or "None")]
        case OverdraftLimitSet():
            limit = money_html(data.overdraft_limit_minor, account.currency) if account else ""
            return [Fact(label="Overdraft limit", value=limit, is_main=True), *here]
        case AccountOpened():
            return [
                Fact(label="IBAN", value=iban_html(data.iban), is_main=True),
                Fact(label="Name of the account", value=data.name),
                Fact(label="Overdraft limit", value=money_html(data.overdraft_limit_minor, data.currency)),
            ]
        case CustomerRegistered():
            return [
                Fact(label="Name", value=data.name, is_main=True),
                Fact(label="Email", value=data.email or "None"),
            ]
        case PayeeAdded():
            return [Fact(label="Payee", value=data.name, is_main=True), Fact(label="IBAN", value=iban_html(data.iban))]
        case _:
            return here or [Fact(label=label, value=value) for label, value in webhook_receipt.lines_of(event)]


def _amount(minor: int, currency: str) -> Fact:
    return Fact(label="Amount", value=money_html(minor, currency), is_main=True)


def _reference(reference: str) -> Fact:
    return Fact(label="Reference", value=reference or "None")


def _to(sent: TransferSent) -> Fact:
    target = balances.find(sent.to_account_id)
    if target is None:
        return Fact(label="To", value=str(sent.to_account_id))
    return Fact(label="To", value=target.customer_name, note=iban_html(target.iban))


def _state_after(account: Account, *, is_only: bool) -> list[Fact]:
    """As it was right after the command, for ever: not as it is when the receipt is read."""
    suffix = "" if is_only else f", {account.name}"
    return [
        Fact(label=f"Balance after it{suffix}", value=money_html(account.balance_minor, account.currency)),
        Fact(label=f"Available after it{suffix}", value=money_html(account.available_minor, account.currency)),
    ]


def _steps(request: SignedInRequest, outcome: Outcome) -> list[Step]:
    steps = [
        Step(label=f"Go to {account.name}", href=reverse("web:account", args=[account_id]))
        for account_id, account in outcome.accounts.items()
        if policy.may_see_account(request.user, account)
    ]
    if policy.customer_of(request.user) in outcome.customers:
        steps.append(Step(label="Go to the payees", href=reverse("web:payees")))
    if policy.may_serve_customers(request.user):
        for customer_id in outcome.customers:
            if customers.find(customer_id) is not None:
                steps.append(Step(label="Open an account", href=reverse("web:open_account", args=[customer_id])))
                steps.append(Step(label="Go to the customer", href=reverse("web:customer", args=[customer_id])))
    if policy.may_operate(request.user):
        steps += [Step(label=label, href=href) for label, href in webhook_receipt.steps_of(outcome)]
    return steps or [Step(label="Go to the overview", href=reverse("web:overview"))]
