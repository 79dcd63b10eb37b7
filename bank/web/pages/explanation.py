"""Explain this balance: the very events that make it, from the account's opening on, with their running sum."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from accounts.account import (
    AccountClosed,
    AccountFrozen,
    AccountOpened,
    AccountRenamed,
    AccountUnfrozen,
    OverdraftLimitSet,
)
from bank.identity import policy
from bank.web.access import SignedInRequest, signed_in, visible_account
from bank.web.explained import ExplainedEvent
from bank.web.movements import lines_of
from ledger.partitions import EventsDetached
from readmodels import balances, events, history, movements
from readmodels.balances import AccountRow
from readmodels.history import Step
from readmodels.movements import Movement

PAGE_SIZE = 50
_MAX_POSITION = 2**31 - 1
# What happened, in words, where no money moved.
EVENT_WORDS: Final[Mapping[type[Any], StrOrPromise]] = {
    AccountOpened: _("Account opened"),
    AccountFrozen: _("Account frozen"),
    AccountUnfrozen: _("Account unfrozen"),
    OverdraftLimitSet: _("Overdraft limit set"),
    AccountClosed: _("Account closed"),
    AccountRenamed: _("Account renamed"),
}


@signed_in
def balance_explained(request: SignedInRequest, account_id: UUID) -> HttpResponse:
    """The balance of now."""
    account = visible_account(request, account_id)
    return _explain(request, account, None)


@signed_in
def movement_explained(request: SignedInRequest, account_id: UUID, stream_position: int) -> HttpResponse:
    """The balance after a movement."""
    account = visible_account(request, account_id)
    movement = movements.find(account_id, stream_position) if stream_position <= _MAX_POSITION else None
    if movement is None:
        raise Http404
    return _explain(request, account, movement)


@signed_in
def event_page(request: SignedInRequest, account_id: UUID, stream_position: int) -> HttpResponse:
    """An event of the account that moved no money; those that did have the page of their movement."""
    account = visible_account(request, account_id)
    if not 1 <= stream_position <= account.version:
        raise Http404
    try:
        event = events.find_event(account_id, stream_position)
    except EventsDetached:
        event = None
    if event is None:
        raise Http404
    if type(event.data) not in EVENT_WORDS:
        return redirect("web:movement", account_id, stream_position)
    context = {
        "account": account,
        "event": event,
        "title": EVENT_WORDS[type(event.data)],
        "name": getattr(event.data, "name", ""),
        "overdraft_limit_minor": getattr(event.data, "overdraft_limit_minor", None),
        # Staff's words are for staff.
        "reason": getattr(event.data, "reason", "") if policy.may_see_customers(request.user) else "",
        "shows_actor": policy.may_see_customers(request.user),
    }
    return render(request, "web/account_event.html", context)


def _explain(request: SignedInRequest, account: AccountRow, movement: Movement | None) -> HttpResponse:
    last = movement.stream_position if movement else account.version
    balance_minor = movement.balance_minor if movement else account.balance_minor
    after = _after(request, last)
    context: dict[str, Any] = {
        "account": account,
        "movement": movement,
        "balance_minor": balance_minor,
        "first": after + 1,
        "last": last,
        "after": after,
        "newest_after": max(last - PAGE_SIZE, 0),
    }
    try:
        before_minor, steps = history.steps(account.account_id, after=after, to=last, limit=PAGE_SIZE)
    except EventsDetached:
        return render(request, "web/explained.html", {**context, "is_archived": True})
    reached = steps[-1].event.stream_position
    sum_minor = steps[-1].balance_minor
    own = balances.of_customer(account.customer_id) if policy.owns(request.user, account) else []
    context |= {
        "before_minor": before_minor,
        "currency": account.currency,
        "keeps": "",
        "rows": _rows(account, steps, own),
        "reached": reached,
        "sum_minor": sum_minor,
        "next_after": reached if reached < last else None,
        "is_wrong": reached == last and sum_minor != balance_minor,
    }
    return render(request, "web/explained.html", context)


def _after(request: SignedInRequest, last: int) -> int:
    """Behind which event the page begins, by the address. 404 where that leaves none."""
    text = request.GET.get("after", "0")
    after = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(_MAX_POSITION)) else last
    if after >= last:
        raise Http404
    return after


def _rows(account: AccountRow, steps: Sequence[Step], own: Sequence[AccountRow]) -> list[ExplainedEvent]:
    lines = {line.movement.stream_position: line for line in lines_of([s.movement for s in steps if s.movement], own)}
    rows = []
    for step in steps:
        position = step.event.stream_position
        line = lines.get(position)
        page = "web:account_event" if line is None else "web:movement"
        rows.append(
            ExplainedEvent(
                number=position,
                occurred_at=step.event.data.occurred_at,
                title=EVENT_WORDS[type(step.event.data)] if line is None else line.title,
                detail="" if line is None else line.detail,
                href=reverse(page, args=[account.account_id, position]),
                amount_minor=step.movement.amount_minor if step.movement else 0,
                balance_minor=step.balance_minor,
            )
        )
    return rows
