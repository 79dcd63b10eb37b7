"""The account page: what is on it, what moved, and what can be done."""

import csv
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.text import slugify
from django.utils.translation import override

from accounts.money import format_minor
from bank.identity import policy
from bank.web.access import SignedInRequest, signed_in, visible_account
from bank.web.filters import MovementFilterForm
from bank.web.movements import KIND_WORDS, lines_of
from bank.web.sparkline import Sparkline, sparkline_of
from bank.web.tasks.catalogue import tasks_for
from readmodels import balances, ends_of_days, movements
from readmodels.balances import AccountRow
from readmodels.movements import Movement, MovementFilter

PAGE_SIZE = 25
CSV_CHUNK = 500
SPARKLINE_DAYS = 90
CSV_HEADER = (
    "date", "kind", "amount", "currency", "balance_after", "counterparty", "reference", "operation", "purpose",
    "recorded_at", "event_id",
)  # fmt: skip


@signed_in
def account_page(request: SignedInRequest, account_id: UUID) -> HttpResponse:
    """Balance, movements by the filters of the URL, tasks."""
    account = visible_account(request, account_id)
    form = MovementFilterForm(request.GET, currency=account.currency)
    found, has_more = _page_of(account, form) if form.is_valid() else ([], False)
    own = balances.of_customer(account.customer_id) if policy.owns(request.user, account) else []
    context: dict[str, Any] = {
        "account": account,
        "is_owner": policy.owns(request.user, account),
        "may_audit": policy.may_audit(request.user),
        "tasks": tasks_for(request.user, account),
        "form": form,
        "filters": form.query(),
        "lines": lines_of(found, own),
        "next_before": found[-1].stream_position if has_more else None,
    }
    if not _is_swap(request):
        context["sparkline"] = _sparkline(account)
    return render(request, "web/account.html", context, status=200 if form.is_valid() else 422)


@signed_in
def movements_csv(request: SignedInRequest, account_id: UUID) -> HttpResponseBase:
    """Every movement that fits the filters, the newest first, streamed."""
    account = visible_account(request, account_id)
    form = MovementFilterForm(request.GET, currency=account.currency)
    if not form.is_valid():
        return render(request, "web/filters_wrong.html", {"account": account, "form": form}, status=422)
    response = StreamingHttpResponse(_csv_lines(account_id, form.wanted()), content_type="text/csv; charset=utf-8")
    name = f"{slugify(account.name) or 'account'}-{account.iban[-4:]}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _is_swap(request: SignedInRequest) -> bool:
    """Whether htmx takes only the movements out of the answer."""
    return request.headers.get("HX-Target") in {"movements", "movement-rows"}


def _page_of(account: AccountRow, form: MovementFilterForm) -> tuple[list[Movement], bool]:
    found = movements.page(
        account.account_id, PAGE_SIZE + 1, form.begins_before(), form.wanted(), version=account.version
    )
    return found[:PAGE_SIZE], len(found) > PAGE_SIZE


def _sparkline(account: AccountRow) -> Sparkline | None:
    """The balance over the 90 days before the last movement: an account that sleeps shows its last season."""
    last = movements.page(account.account_id, 1, version=account.version)
    if not last:
        return None
    from_date = (last[0].occurred_at - timedelta(days=SPARKLINE_DAYS)).date()
    return sparkline_of(ends_of_days.balances_at_ends_of_days(account.account_id, from_date))


class _Echo:
    """What csv.writer writes to: hands each line straight on."""

    def write(self, line: str) -> str:
        return line


def _csv_lines(account_id: UUID, wanted: MovementFilter) -> Iterator[str]:
    """English, with plain numbers, whatever the page speaks: files are for programs, and add up in each language."""
    with override("en"):
        kinds = {kind: str(words) for kind, words in KIND_WORDS.items()}
    writer = csv.writer(_Echo())
    yield writer.writerow(CSV_HEADER)
    before: int | None = None
    while chunk := movements.page(account_id, CSV_CHUNK, before=before, filters=wanted):
        for movement in chunk:
            yield writer.writerow(_csv_row(movement, kinds[movement.kind]))
        before = chunk[-1].stream_position


def _csv_row(movement: Movement, kind: str) -> list[str]:
    texts = (movement.counterparty, movement.reference, movement.operation, movement.purpose)
    return [
        movement.occurred_at.isoformat(),
        kind,
        format_minor(movement.amount_minor, movement.currency),
        movement.currency,
        format_minor(movement.balance_minor, movement.currency),
        *map(_harmless, texts),
        movement.recorded_at.isoformat(),
        str(movement.event_id),
    ]


def _harmless(text: str) -> str:
    """Text that a spreadsheet would run as a formula gets an apostrophe in front (OWASP, CSV injection)."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
