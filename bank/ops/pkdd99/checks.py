"""After the import: the reports are brought up to date, and every account's balance is compared wherever it stands."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from time import monotonic, sleep
from typing import Final
from uuid import UUID

from django.db.models import Case, Count, F, Sum, When

from accounts.money import format_minor
from bank.ops.pkdd99.files import CURRENCY
from bank.ops.pkdd99.summary import Booked
from ledger import checkpoints
from ledger.connections import cursor
from ledger.consistency import has_passed
from ledger.runner import drain
from readmodels import daily_flows, movements
from readmodels.balances import AccountRow
from readmodels.daily_flows import DailyFlow
from readmodels.history import account_at
from readmodels.movements import MovementRow

_SIGNED: Final = Case(
    When(kind__in=("deposit", "transfer_received"), then=F("amount_minor")), default=-F("amount_minor")
)
_REPORTS: Final = (movements.PROJECTION.name, daily_flows.PROJECTION.name)
_PAGE: Final = 500
_TRIES: Final = 3
_WAIT_SECONDS: Final = 600.0
_POLL_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class Finding:
    """One comparison: what it is about, and what is wrong, if anything."""

    about: str
    wrong: list[str]

    @property
    def passed(self) -> bool:
        return not self.wrong


class ReportsBehind(Exception):
    """The reports cannot be compared: a projection is paused, or does not arrive in time."""


def bring_reports_up(token: str | None) -> None:
    """Seal and project until the reports have passed `token`, beside workers that do the same."""
    deadline = monotonic() + _WAIT_SECONDS
    while True:
        busy = drain()
        if all(has_passed(report, token) for report in _REPORTS) if token else not busy:
            return
        _refuse_paused()
        if monotonic() > deadline:
            raise ReportsBehind(f"The reports have not arrived within {_WAIT_SECONDS:.0f} s.")
        sleep(_POLL_SECONDS)


def _refuse_paused() -> None:
    with cursor() as cur:
        paused = [report for report in _REPORTS if any(c.status == "paused" for c in checkpoints.read(cur, report))]
    if paused:
        raise ReportsBehind(f"The reports cannot be checked: {', '.join(paused)} paused at an event that failed.")


def check(booked: Mapping[UUID, Booked], progress: Callable[[str, int, int], None]) -> Iterator[Finding]:
    """Compare inline balances, live folds and reports with each other and, where nothing else happened, with the files.

    The bank may be at work meanwhile: what differs is looked at again before it counts as wrong.
    """
    account_ids = iter(booked)
    done, only_imported = 0, 0
    in_models, in_files = list[str](), list[str]()
    progress("checking accounts", 0, len(booked))
    while page := list(islice(account_ids, _PAGE)):
        in_models += _again_if_wrong(partial(_wrong_in_models, page))
        for account_id, reported in _reported(page).items():
            if reported.movements != booked[account_id].movements:
                continue
            only_imported += 1
            if reported != booked[account_id]:
                files, reports = _czk(booked[account_id].sum_minor), _czk(reported.sum_minor)
                in_files.append(f"{account_id}: {files} in the files, {reports} in the reports")
        done += len(page)
        progress("checking accounts", done, len(booked))
    yield Finding(f"{done:,} accounts: inline balance = live fold = sum of the movements in the reports", in_models)
    others = f" ({done - only_imported:,} have other movements too)" if done > only_imported else ""
    yield Finding(f"{only_imported:,} accounts: balance = sum of the files' movements{others}", in_files)
    flows = _again_if_wrong(_wrong_flows)
    yield Finding("daily flows: what came less what went is the sum of all balances, in every currency", flows)


def _wrong_in_models(account_ids: Sequence[UUID]) -> list[str]:
    inline = dict(AccountRow.objects.filter(pk__in=account_ids).values_list("pk", "balance_minor"))
    reported = _reported(account_ids)
    wrong = []
    for account_id in account_ids:
        found = account_at(account_id)
        folded = found[0].balance_minor if found else None
        if not inline.get(account_id) == folded == reported[account_id].sum_minor:
            wrong.append(
                f"{account_id}: inline {_czk(inline.get(account_id))}, live {_czk(folded)},"
                f" reports {_czk(reported[account_id].sum_minor)}"
            )
    return wrong


def _reported(account_ids: Sequence[UUID]) -> dict[UUID, Booked]:
    """What the reports' movements add up to; nothing, for an account without any."""
    rows = MovementRow.objects.filter(account_id__in=account_ids).values("account_id")
    sums = rows.annotate(movements=Count("event_id"), total=Sum("amount_minor"))
    nothing = dict.fromkeys(account_ids, Booked())
    return nothing | {row["account_id"]: Booked(row["movements"], int(row["total"])) for row in sums}


def _czk(minor: int | None) -> str:
    return "none" if minor is None else format_minor(minor, CURRENCY)


def _wrong_flows() -> list[str]:
    flows = DailyFlow.objects.values("currency").annotate(net=Sum(_SIGNED)).values_list("currency", "net")
    balances = AccountRow.objects.values("currency").annotate(total=Sum("balance_minor"))
    net = {currency: int(total) for currency, total in flows}
    return [
        f"{currency}: flows {format_minor(net.get(currency, 0), currency)}, balances {format_minor(total, currency)}"
        for currency, total in balances.values_list("currency", "total")
        if net.get(currency, 0) != total
    ]


def _again_if_wrong(look: Callable[[], list[str]]) -> list[str]:
    """What is wrong still, after the reports have had the chance to catch up."""
    wrong = look()
    for _ in range(_TRIES - 1):
        if not wrong:
            break
        bring_reports_up(None)
        wrong = look()
    return wrong
