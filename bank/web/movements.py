"""How a movement reads: who or what, what for, which way."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

from readmodels.balances import AccountRow
from readmodels.movements import Movement

KIND_WORDS: Final[Mapping[str, StrPromise]] = {
    "deposit": _("Deposit"),
    "withdrawal": _("Withdrawal"),
    "transfer_sent": _("Transfer sent"),
    "transfer_received": _("Transfer received"),
}
_ICONS: Final[Mapping[str, str]] = {
    "deposit": "arrow-down-left",
    "withdrawal": "arrow-up-right",
    "transfer_sent": "arrow-up-right",
    "transfer_received": "arrow-down-left",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A movement as a row of a page."""

    movement: Movement
    title: str
    detail: str
    icon: str
    account_name: str = ""

    @property
    def is_credit(self) -> bool:
        """Whether money came in."""
        return self.movement.amount_minor > 0


def lines_of(movements: Iterable[Movement], own_accounts: Sequence[AccountRow]) -> list[Line]:
    """The movements as rows; transfers between `own_accounts` are named by the other account, not by its holder."""
    names = {account.account_id: account.name for account in own_accounts}
    return [_line(movement, names) for movement in movements]


def _line(movement: Movement, names: Mapping[UUID, str]) -> Line:
    title = title_of(movement, names)
    parts = [part for part in (movement.reference, movement.purpose) if part and part != movement.outside_party]
    if title != str(KIND_WORDS[movement.kind]):
        parts = parts or [str(KIND_WORDS[movement.kind])]
    return Line(
        movement=movement,
        title=title,
        detail=" · ".join(parts),
        icon=_ICONS[movement.kind],
        account_name=names.get(movement.account_id, ""),
    )


def title_of(movement: Movement, names: Mapping[UUID, str]) -> str:
    """The other side where it is known, else what was done."""
    other = movement.counterparty_account_id
    party = (names.get(other) if other else None) or movement.counterparty_name or movement.outside_party
    if not party:
        return str(KIND_WORDS[movement.kind])
    if movement.kind == "transfer_sent":
        return gettext("To %(party)s") % {"party": party}
    return gettext("From %(party)s") % {"party": party} if movement.kind == "transfer_received" else party
