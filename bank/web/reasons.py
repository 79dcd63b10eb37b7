"""Why the bank refuses, in a few words: for what counts refusals and has no room for the facts of one."""

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

# By the refusal's code.
REASON_WORDS: Final[Mapping[str, StrPromise]] = {
    "account_not_found": _("no such account"),
    "account_already_opened": _("account opened already"),
    "customer_not_found": _("no such customer"),
    "customer_already_registered": _("customer registered already"),
    "customer_erased": _("personal data erased"),
    "payee_already_added": _("payee there already"),
    "payee_not_found": _("no such payee"),
    "too_many_payees": _("too many payees"),
    "account_frozen": _("account frozen"),
    "account_not_frozen": _("account not frozen"),
    "account_closed": _("account closed"),
    "insufficient_funds": _("balance too low"),
    "limit_exceeded": _("more than an account may hold"),
    "currency_mismatch": _("another currency"),
    "same_account": _("to the same account"),
    "balance_not_zero": _("balance not zero"),
    "name_unchanged": _("name unchanged"),
    "iban_taken": _("IBAN taken"),
    "id_taken": _("id taken"),
    "webhook_endpoint_not_found": _("no such webhook endpoint"),
    "webhook_endpoint_already_registered": _("webhook endpoint registered already"),
    "webhook_endpoint_disabled": _("webhook endpoint disabled"),
    "webhook_endpoint_not_disabled": _("webhook endpoint not disabled"),
    "webhook_endpoint_removed": _("webhook endpoint removed"),
    "record_job_not_found": _("no such job about the record"),
    "record_job_already_requested": _("job about the record requested already"),
    "key_reused": _("id used for another command"),
    "projection_not_async": _("projection that no worker writes"),
    "projection_is_live": _("projection without tables"),
    "event_not_parked": _("event not parked"),
}


def of_code(code: str) -> str:
    """In words; the code itself where there are none for it."""
    return str(REASON_WORDS.get(code, code))
