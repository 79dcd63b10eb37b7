"""What the bank runs on: health as /readyz tells it, sealer, workers, queues, Valkey, and the database."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise, StrPromise

from bank.identity import policy
from bank.jobs.models import ScheduledRun
from bank.ops import health, machinery
from bank.ops.metrics.exposing import may_scrape
from bank.ops.metrics.ledger import LedgerState, read_ledger
from bank.web.access import SignedInRequest, allowed, signed_in
from bank.web.pages.operations.seen import answer
from ledger.connections import transaction

PART_WORDS: Final[Mapping[str, StrPromise]] = {
    "database": _("Database"),
    "valkey": _("Valkey"),
    "worker": _("Workers"),
}
HEALTH_WORDS: Final[Mapping[str, StrPromise]] = {
    health.OK: _("In order"),
    health.DEGRADED: _("Limping"),
    health.UNAVAILABLE: _("Away"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of /readyz in words."""

    name: StrOrPromise
    health: str
    words: StrOrPromise


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealing:
    """The sealer in figures; seconds are 0 where nothing waits, None where there is nothing yet."""

    position: int
    unsealed: int
    unsealed_seconds: float
    gaps: int
    signed_position: int | None
    signed_seconds: float | None
    unsigned_seconds: float


@allowed(policy.may_operate)
@signed_in
def machinery_page(request: SignedInRequest) -> HttpResponse:
    """It asks again by itself; that it always has something new to say is its nature."""
    parts = parts_of(health.readiness())
    with transaction() as cur:
        sealing = _sealing(read_ledger(cur))
        database = machinery.database(cur)
    valkey = machinery.valkey()
    context: dict[str, Any] = {
        "parts": parts,
        "is_well": all(part.health == health.OK for part in parts),
        "sealing": sealing,
        "database": database,
        "valkey": valkey,
        "workers": machinery.workers(valkey.workers) if valkey else [],
        "beat_seconds": _beat_seconds(),
        "may_scrape": may_scrape(request.META.get("REMOTE_ADDR", ""), request.headers),
    }
    return answer(request, "web/operations/machinery.html", timezone.now(), context)


def parts_of(readiness: Mapping[str, str]) -> list[Part]:
    """In the order in which they are asked."""
    return [
        Part(name=PART_WORDS.get(name, name), health=value, words=HEALTH_WORDS[value])
        for name, value in readiness.items()
    ]


def _sealing(ledger: LedgerState) -> Sealing:
    return Sealing(
        position=ledger.position,
        unsealed=ledger.unsealed,
        unsealed_seconds=ledger.seconds_since(ledger.unsealed_since),
        gaps=ledger.gaps,
        signed_position=ledger.signed_position,
        signed_seconds=ledger.seconds_since(ledger.signed_at) if ledger.signed_at else None,
        unsigned_seconds=ledger.seconds_since(ledger.unsigned_since),
    )


def _beat_seconds() -> float | None:
    """Since anything that beat sends was last begun; None before the first."""
    last = ScheduledRun.objects.order_by("-started_at").values_list("started_at", flat=True).first()
    return max((timezone.now() - last).total_seconds(), 0.0) if last else None
