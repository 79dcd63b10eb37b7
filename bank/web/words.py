"""What the domain says in codes and English, in words of the page's language: refusals, invalid input, events."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

from accounts.invalid import InvalidCommand
from accounts.money import Money
from accounts.refusals import Refused
from bank.web.formats import plain_number
from ledger.records import RecordedEvent

# By the refusal's code; names in brackets are its fields, amounts as people write them.
REFUSAL_WORDS: Final[Mapping[str, StrPromise]] = {
    "account_not_found": _("There is no such account."),
    "account_already_opened": _("There is an account with this id already."),
    "customer_not_found": _("There is no such customer."),
    "customer_already_registered": _("There is a customer with this id already."),
    "customer_erased": _("The customer's personal data was erased: nobody is left to hold an account."),
    "payee_already_added": _("This IBAN is among the payees already."),
    "payee_not_found": _("There is no such payee."),
    "too_many_payees": _("At most %(limit)s payees can be kept: remove one first."),
    "account_frozen": _("The account is frozen: money can come in, but not go out."),
    "account_not_frozen": _("The account is not frozen."),
    "account_closed": _("The account is closed."),
    "insufficient_funds": _("The balance does not cover this: %(available)s available."),
    "limit_exceeded": _("An account may hold at most %(limit)s."),
    "currency_mismatch": _("The account is kept in %(account_currency)s, not in %(currency)s."),
    "same_account": _("The money would go to the account that it comes from."),
    "balance_not_zero": _("The balance must be zero before the account can be closed: it is %(balance)s."),
    "name_unchanged": _("The account has this name already."),
    "iban_taken": _("Another account has this IBAN already."),
    "id_taken": _("Something of another kind has this id already."),
    "webhook_endpoint_not_found": _("There is no such webhook endpoint."),
    "webhook_endpoint_already_registered": _("There is a webhook endpoint with this id already."),
    "webhook_endpoint_disabled": _("The webhook endpoint is disabled: nothing is sent to it."),
    "webhook_endpoint_not_disabled": _("The webhook endpoint is not disabled."),
    "webhook_endpoint_removed": _("The webhook endpoint was removed."),
    "record_job_not_found": _("There is no such job about the record, or it is not made yet."),
    "record_job_already_requested": _("There is a job about the record with this id already."),
    "key_reused": _("The command's id was used before, for another command."),
}
# Of orders to projections, which no rule of the bank refuses.
STEERING_WORDS: Final[Mapping[str, StrPromise]] = {
    "projection_not_async": _("Only projections that workers write can be paused and resumed."),
    "projection_is_live": _("The projection has no tables of its own: there is nothing to rebuild."),
    "event_not_parked": _("The event is not parked: it was applied or given up already, or never was."),
}
# What happened, by the type of its event.
EVENT_WORDS: Final[Mapping[str, StrPromise]] = {
    "AccountOpened": _("Account opened"),
    "AccountFrozen": _("Account frozen"),
    "AccountUnfrozen": _("Account unfrozen"),
    "AccountClosed": _("Account closed"),
    "AccountRenamed": _("Account renamed"),
    "OverdraftLimitSet": _("Overdraft limit set"),
    "DepositMade": _("Deposit made"),
    "WithdrawalMade": _("Withdrawal made"),
    "TransferSent": _("Transfer sent"),
    "TransferReceived": _("Transfer received"),
    "CustomerRegistered": _("Customer registered"),
    "CustomerInvited": _("Customer invited"),
    "PersonalDataErased": _("Personal data erased"),
    "PayeeAdded": _("Payee added"),
    "PayeeRemoved": _("Payee removed"),
    "SignedIn": _("Signed in"),
    "SignedOut": _("Signed out"),
    "SignInFailed": _("Sign-in failed"),
    "PasswordChanged": _("Password changed"),
    "RolesChanged": _("Roles changed"),
    "TokenMade": _("Token made"),
    "TokenRevoked": _("Token revoked"),
    "SecondFactorAdded": _("Second factor added"),
    "SecondFactorRemoved": _("Second factor removed"),
    "WebhookEndpointRegistered": _("Webhook registered"),
    "WebhookEndpointEnabled": _("Webhook enabled"),
    "WebhookEndpointDisabled": _("Webhook disabled"),
    "WebhookEndpointRemoved": _("Webhook removed"),
    "WebhookSecretRotated": _("Secret rotated"),
    "WebhookTestRequested": _("Test of a webhook requested"),
    "WebhookReplayRequested": _("Repetition of messages requested"),
    "VerificationRequested": _("Verification requested"),
    "VerificationFinished": _("Verification finished"),
    "ExportRequested": _("Export requested"),
    "ExportMade": _("Export made"),
    "ExportDownloaded": _("Export downloaded"),
}
# What the bank itself writes into events as the way in which money moved; all else is data, and stays as it is.
_OPERATIONS: Final[Mapping[str, StrPromise]] = {"cash desk": gettext_lazy("cash desk")}


def of_refusal(refusal: Refused | None) -> str:
    """Why the bank refused. A refusal that has no words here says its own."""
    if refusal is None:
        return ""
    template = REFUSAL_WORDS.get(refusal.code) or STEERING_WORDS.get(refusal.code)
    return str(template) % _facts_of(refusal) if template is not None else str(refusal)


def of_invalid(invalid: InvalidCommand) -> str:
    """What is wrong with what was typed."""
    template = gettext(invalid.template)
    return template.format(**invalid.facts) if invalid.facts else template


def of_event(event_type: str) -> str:
    """What happened; the type itself where there are no words for it."""
    return str(EVENT_WORDS.get(event_type, event_type))


def mark_of_event(event: RecordedEvent) -> str:
    """By what programs and auditors know it: its type and its id, in no language."""
    return f"{event.type} {event.id}"


def of_operation(operation: str) -> str:
    """How money moved."""
    return str(_OPERATIONS.get(operation, operation))


def _facts_of(refusal: Refused) -> dict[str, Any]:
    """The fields, and each amount of them under its name without the unit."""
    facts = dict(refusal.fields)
    for name, value in refusal.fields.items():
        if name.endswith("_minor"):
            money = Money(value, refusal.fields["currency"])
            sign = "-" if value < 0 else ""
            amount = f"{sign}{plain_number(value, money.currency)} {money.currency}"
            facts.setdefault(name.removesuffix("_minor"), amount)
    return facts
