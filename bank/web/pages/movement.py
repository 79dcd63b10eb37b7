"""One movement: both sides, and the event that made it."""

from dataclasses import dataclass
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext

from bank.access_records.recording import Look, record_looks
from bank.identity import policy
from bank.web.access import SignedInRequest, signed_in, visible_account
from bank.web.movements import KIND_WORDS, lines_of
from bank.web.words import of_operation
from ledger.partitions import EventsDetached
from ledger.records import RecordedEvent
from readmodels import balances, events, movements
from readmodels.balances import AccountRow
from readmodels.movements import Movement

_MAX_POSITION = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """Where the money came from or went to. `account` only where the viewer may open its page."""

    name: str
    iban: str = ""
    detail: str = ""
    account: AccountRow | None = None


@signed_in
def movement_page(request: SignedInRequest, account_id: UUID, stream_position: int) -> HttpResponse:
    """The movement at this place of the account's history."""
    account = visible_account(request, account_id)
    movement = movements.find(account_id, stream_position) if stream_position <= _MAX_POSITION else None
    if movement is None:
        raise Http404
    here, there = _side_of(account), _other_side(request, movement)
    from_side, to_side = (there, here) if movement.amount_minor > 0 else (here, there)
    own = balances.of_customer(account.customer_id) if policy.owns(request.user, account) else []
    context = {
        "account": account,
        "movement": movement,
        "line": lines_of([movement], own)[0],
        "kind": KIND_WORDS[movement.kind],
        "from_side": from_side,
        "to_side": to_side,
        "event": _event(account_id, stream_position),
        "shows_actor": policy.may_see_customers(request.user),
    }
    return render(request, "web/movement.html", context)


def _event(account_id: UUID, stream_position: int) -> RecordedEvent | None:
    """What the record says about it; None where that is archived: the movement itself is known without."""
    try:
        return events.find_event(account_id, stream_position)
    except EventsDetached:
        return None


def _side_of(account: AccountRow) -> Side:
    return Side(name=account.customer_name, iban=account.iban, detail=account.name, account=account)


def _other_side(request: SignedInRequest, movement: Movement) -> Side:
    if movement.counterparty_account_id is None:
        return Side(
            name=movement.outside_party or gettext("Outside this bank"), detail=of_operation(movement.operation)
        )
    other = balances.find(movement.counterparty_account_id)
    if other is not None and policy.may_see_account(request.user, other):
        record_looks(request, request.user, [Look(other.customer_id, other.account_id)])
        return _side_of(other)
    return Side(name=movement.counterparty_name, iban=movement.counterparty_iban)
