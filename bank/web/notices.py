"""How a notification reads: what happened or was refused, on which account, and where to look closer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise, StrPromise

from accounts.customer import PayeeAdded
from bank.identity import policy
from bank.identity.models import User
from bank.web import words
from bank.web.models import seen_until
from bank.web.movements import Line, lines_of
from ledger.records import RecordedEvent
from readmodels import balances, movements, notifications
from readmodels.balances import AccountRow
from readmodels.movements import Movement
from readmodels.notifications import LOOK_BACK, Notification, Refusal

# By the command's type: what the customer wanted.
_REFUSED: Final[Mapping[str, StrPromise]] = {
    "Withdraw": _("Withdrawal refused"),
    "Deposit": _("Deposit refused"),
    "Transfer": _("Transfer refused"),
    "RenameAccount": _("New name refused"),
    "AddPayee": _("New payee refused"),
    "RemovePayee": _("Removing a payee refused"),
}


# Where a long stretch tells nothing, the page looks behind it; so often, and not until it finds something.
_EMPTY_AT_MOST: Final = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A notification as a row of a page. `amount_minor` is signed; None where no money moved."""

    title: StrOrPromise
    detail: StrOrPromise
    href: str
    icon: str
    tone: str
    happened_at: datetime
    is_new: bool
    amount_minor: int | None = None
    currency: str = ""


def notices_of(
    person: User, accounts: Sequence[AccountRow], limit: int, behind: str = "", look_back: int = LOOK_BACK
) -> tuple[list[Notice], str]:
    """A customer's notices and the place of the next page, as readmodels.notifications.page gives it."""
    customer_id = policy.customer_of(person)
    assert customer_id is not None, "only customers are notified"
    actor = policy.actor_of(person, "web").id
    account_ids = [account.account_id for account in accounts]
    found, next_place = notifications.page(customer_id, account_ids, actor, limit, behind, look_back)
    for _again in range(_EMPTY_AT_MOST):
        if found or not next_place:
            break
        found, next_place = notifications.page(customer_id, account_ids, actor, limit, next_place, look_back)
    return _Writer(person, actor, accounts, found).notices(), next_place


class _Writer:
    """Puts one page of notifications into words."""

    def __init__(self, person: User, actor: str, accounts: Sequence[AccountRow], found: Sequence[Notification]) -> None:
        self._actor = actor
        self._found = found
        self._seen_until = seen_until(person)
        self._names = {account.account_id: account.name for account in accounts}
        events = [n.what for n in found if isinstance(n.what, RecordedEvent)]
        moved = [m for event in events if (m := movements.movement_of(event, 0)) is not None]
        lines = lines_of(movements.with_counterparties(moved), accounts)
        self._lines = {line.movement.event_id: line for line in lines}

    def notices(self) -> list[Notice]:
        return [self._notice(notification) for notification in self._found]

    def _notice(self, notification: Notification) -> Notice:
        what = notification.what
        told = self._of_refusal(what) if isinstance(what, Refusal) else self._of_event(what)
        return Notice(
            **told,
            happened_at=notification.happened_at,
            is_new=notification.happened_at > self._seen_until,
        )

    def _of_refusal(self, refusal: Refusal) -> dict[str, Any]:
        return {
            "title": _REFUSED.get(refusal.command_type, _("Refused")),
            "detail": words.of_refusal(refusal.reason),
            "href": reverse("web:receipt", args=[refusal.command_id]),
            "icon": "circle-x",
            "tone": "bad",
        }

    def _of_event(self, event: RecordedEvent) -> dict[str, Any]:
        href = self._href(event)
        account_name = self._names.get(event.stream_id, "")
        line = self._lines.get(event.id)
        if line is not None:
            return _of_movement(line, account_name) | {"href": href}
        detail = event.data.name if isinstance(event.data, PayeeAdded) else account_name
        return {"title": words.of_event(event.type), "detail": detail, "href": href, "icon": "info", "tone": "plain"}

    def _href(self, event: RecordedEvent) -> str:
        """To the receipt of what oneself has sent; else to the movement, or to the event that moved no money."""
        if event.metadata.get("actor") == self._actor or event.stream_id not in self._names:
            return reverse("web:receipt", args=[event.metadata["commandId"]])
        name = "web:movement" if event.id in self._lines else "web:account_event"
        return reverse(name, args=[event.stream_id, event.stream_position])


def _of_movement(line: Line, account_name: str) -> dict[str, Any]:
    movement: Movement = line.movement
    return {
        "title": line.title,
        "detail": " · ".join(part for part in (account_name, line.detail) if part),
        "icon": line.icon,
        "tone": "in" if line.is_credit else "plain",
        "amount_minor": movement.amount_minor,
        "currency": movement.currency,
    }


def accounts_of(person: User) -> list[AccountRow]:
    """Those whose events the person is notified of."""
    customer_id = policy.customer_of(person)
    return balances.of_customer(customer_id) if customer_id else []
