"""A stream's state for people: in a sentence, and field by field; and what differs between two of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from django.utils.translation import gettext, ngettext
from django_stubs_ext import StrOrPromise

from accounts.account import Account
from accounts.aggregates import State
from accounts.customer import Customer
from accounts.log_in import LogIn
from accounts.webhook_endpoint import WebhookEndpoint
from bank.web.formats import MINUS, grouped, plain_amount, signed_amount
from bank.web.pages.audit.values import label_of, value_html


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of a state at two versions; `then` and `now` are the same where it did not change."""

    label: StrOrPromise
    then: StrOrPromise
    now: StrOrPromise
    has_changed: bool
    change: str = ""


def in_words(state: State) -> str:
    """The state as a sentence or two; empty where there is none for this kind."""
    match state:
        case Account():
            return _account_in_words(state)
        case Customer():
            if state.is_erased:
                return gettext("The personal data is erased.")
            count = len(state.payee_ids)
            return ngettext(
                "The customer is registered and keeps %(shown)s payee.",
                "The customer is registered and keeps %(shown)s payees.",
                count,
            ) % {"shown": grouped(count)}
        case WebhookEndpoint():
            return _endpoint_in_words(state)
        case LogIn():
            return _log_in_in_words(state)
        case _:
            return ""


def fields_of(then: Any, now: Any) -> list[Field]:
    """Every field of one kind of state, at two versions; None is a state that was not there yet."""
    before, after = _plain(then), _plain(now)
    return [
        Field(
            label=label_of(name),
            then=value_html(name, before[name], before) if name in before else "",
            now=value_html(name, after[name], after) if name in after else "",
            has_changed=before.get(name) != after.get(name) or (name in before) != (name in after),
            change=_change(name, before, after),
        )
        for name in dict.fromkeys([*before, *after])
    ]


def _plain(state: Any) -> dict[str, Any]:
    return {} if state is None else msgspec.structs.asdict(state)


def _change(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """By how much an amount changed; what a list gained and lost."""
    old, new = before.get(name), after.get(name)
    if old == new or old is None or new is None:
        return ""
    if name.endswith("_minor") and isinstance(after.get("currency"), str):
        return f"{'+' if new > old else ''}{signed_amount(new - old, after['currency'])}"
    if isinstance(old, (list, tuple)) and isinstance(new, (list, tuple)):
        gained, lost = [x for x in new if x not in old], [x for x in old if x not in new]
        return ", ".join([*(f"+ {x}" for x in gained), *(f"{MINUS} {x}" for x in lost)])
    return ""


def _account_in_words(account: Account) -> str:
    facts = {
        "balance": signed_amount(account.balance_minor, account.currency),
        "available": plain_amount(max(account.available_minor, 0), account.currency),
    }
    match account.status.value:
        case "open":
            return gettext("The account is open. Its balance is %(balance)s, and %(available)s can be spent.") % facts
        case "frozen":
            return (
                gettext("The account is frozen: money can come in, but not go out. Its balance is %(balance)s.") % facts
            )
        case _:
            return gettext("The account is closed for ever. Its balance is %(balance)s.") % facts


def _endpoint_in_words(endpoint: WebhookEndpoint) -> str:
    count = len(endpoint.event_types)
    told = (
        ngettext("It is told of events of %(shown)s type.", "It is told of events of %(shown)s types.", count)
        % {"shown": grouped(count)}
        if count
        else gettext("It is told of all events.")
    )
    match endpoint.status.value:
        case "active":
            return told
        case "disabled":
            return gettext("It is disabled: nothing is sent to it.")
        case _:
            return gettext("It is removed for ever.")


def _log_in_in_words(log_in: LogIn) -> str:
    count = log_in.failures_since_success
    roles = ", ".join(log_in.roles) or gettext("none")
    failures = ngettext(
        "%(shown)s failure since somebody got in last.", "%(shown)s failures since somebody got in last.", count
    ) % {"shown": grouped(count)}
    return f"{gettext('Roles: %(roles)s.') % {'roles': roles}} {failures}"
