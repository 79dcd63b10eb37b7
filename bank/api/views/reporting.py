"""What reports have in common: who may read them, how far they have come, and their rows in pages."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, ClassVar, Final

from django.utils import timezone
from rest_framework.request import Request
from typing_extensions import override

from bank.api.access import require_role
from bank.api.answers import Answer
from bank.api.base import ApiView, user_of
from bank.api.bodies import AsOfBody, WithAsOfBody, as_of_body
from bank.api.freshness import wait_until_consistent
from bank.api.paging import key_of_cursor, page_body
from bank.api.requests import PeriodQuery
from bank.api.schema.operation import Operation, Page
from bank.api.scopes import Scope
from bank.identity import policy
from ledger.projections import AsyncProjection, projection_named
from ledger.records import rfc3339
from readmodels import events, freshness

_DATE_LENGTH: Final = len("2026-03-29")


def operation_of_report(operation_id: str, summary: str, item: Any) -> dict[str, Operation]:
    """How the document describes it."""
    answer = Page(item=item, more=WithAsOfBody)
    problems = {503: ("not_yet_consistent",)}
    return {"GET": Operation(id=operation_id, summary=summary, answer=answer, problems=problems)}


class ReportView(ApiView):
    """A page of a report. A list is short, or else `rows` begin near the cursor; what stands before it is dropped."""

    scopes = {"GET": (Scope.REPORTS_READ,)}
    projection: ClassVar[str]
    body: ClassVar[Callable[[Any], Any]]

    def get(self, request: Request) -> Answer:
        require_role(policy.may_see_reports(user_of(request)))
        if _is_async(self.projection):
            wait_until_consistent(self.projection, self.query)
        # The freshness first: the figures are then at least as new as it says.
        as_of = as_of_report(self.projection)
        behind = key_of_cursor(request, self.query)
        rows = self.rows(behind)
        if behind is not None:
            rows = [row for row in rows if self.is_behind(self.place(row), behind)]
        page = page_body(request, rows, self.query["limit"], body=type(self).body, key=self.place)
        return Answer({**page, "as_of": as_of})

    @abstractmethod
    def rows(self, behind: str | None) -> Sequence[Any]:
        """The report in its order, from the cursor's place or before it on."""

    @abstractmethod
    def place(self, row: Any) -> str:
        """Where a row stands."""

    def is_behind(self, place: str, other: str) -> bool:
        """Whether the first place comes later in the list."""
        return place > other


class DaysView(ReportView):
    """The newest day first; a day has a row, or one for each currency and kind."""

    parameters = {"GET": PeriodQuery()}

    @override
    def place(self, row: Any) -> str:
        return f"{row.date.isoformat()}/{getattr(row, 'currency', '')}/{getattr(row, 'kind', '')}"

    @override
    def is_behind(self, place: str, other: str) -> bool:
        day, its_day = place[:_DATE_LENGTH], other[:_DATE_LENGTH]
        return day < its_day or (day == its_day and place > other)

    @override
    def rows(self, behind: str | None) -> Sequence[Any]:
        last, after = self.query.get("to", date.max), ("", "")
        if behind is not None and (day := date.fromisoformat(behind[:_DATE_LENGTH])) <= last:
            currency, _, kind = behind[_DATE_LENGTH + 1 :].partition("/")
            last, after = day, (currency, kind)
        return self.days(self.query.get("from", date.min), last, self.query.get("currency"), after)

    @abstractmethod
    def days(self, from_date: date, to_date: date, currency: str | None, after: tuple[str, str]) -> Sequence[Any]:
        """The rows of these days, at least as many as the page needs; `after`: the currency and kind on `to_date` that
        the page before ended with."""


def as_of_report(projection: str) -> AsOfBody:
    """What is counted when asked is as of the last event that there is."""
    if _is_async(projection):
        return as_of_body(freshness.as_of(projection))
    return {"position": events.head_position(), "timestamp": rfc3339(timezone.now()), "lag_events": 0}


def _is_async(projection: str) -> bool:
    return isinstance(projection_named(projection), AsyncProjection)
