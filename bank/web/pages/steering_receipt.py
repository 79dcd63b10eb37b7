"""What receipts say of orders to projections: what was steered, and how it stood right after."""

from typing import Any, Final

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from accounts.handler import Outcome
from bank.web.formats import grouped
from ledger.steering import Act
from readmodels import command_log

TITLES: Final[dict[str, StrOrPromise]] = {
    Act.PAUSE: _("Projection paused"),
    Act.RESUME: _("Projection resumed"),
    Act.REBUILD: _("Rebuild asked for"),
    Act.RETRY: _("Retry asked for"),
    Act.DISCARD: _("Parked event discarded"),
}


def lines_of(outcome: Outcome) -> list[tuple[StrOrPromise, StrOrPromise]]:
    """(label, value) of what the log keeps of an order; nothing for other commands."""
    said = _said(outcome)
    lines: list[tuple[StrOrPromise, StrOrPromise]] = []
    if "projection" in said or "name" in said:
        lines.append((_("Projection"), _name_of(said)))
    if "event" in said:
        lines.append((_("Event"), grouped(said["event"])))
    if "reason" in said:
        lines.append((_("Reason"), said["reason"]))
    if "position" in said:
        lines.append((_("Had read up to event"), grouped(said["position"])))
    return lines


def steps_of(outcome: Outcome) -> list[tuple[StrOrPromise, str]]:
    """(label, address) of where one may want to go now."""
    if outcome.command_type not in TITLES:
        return []
    try:
        href = reverse("web:operations_projection", args=[_name_of(_said(outcome))])
    except NoReverseMatch:  # refused: the log keeps no answer
        href = reverse("web:operations_projections")
    return [(_("Go to the projection"), href), (_("Go to all projections"), reverse("web:operations_projections"))]


def _name_of(said: dict[str, Any]) -> str:
    # The API's answer, which the log keeps for its orders, has the projection under its name.
    return str(said.get("projection") or said.get("name") or "")


def _said(outcome: Outcome) -> dict[str, Any]:
    if outcome.command_type not in TITLES:
        return {}
    logged = command_log.find(outcome.command_id)
    answer = logged.result.get("answer") if logged else None
    return answer if isinstance(answer, dict) else {}
