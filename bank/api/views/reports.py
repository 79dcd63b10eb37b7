"""/reports: figures over all customers, from asynchronous read models that say how far they have come."""

from datetime import date
from typing import Final, TypedDict

from django.urls import reverse
from rest_framework.request import Request

from bank.api.access import require_role
from bank.api.answers import Answer
from bank.api.base import ApiView, user_of
from bank.api.bodies import AsOfBody, DailyFlowBody, WithAsOfBody, as_of_body, daily_flow_body
from bank.api.freshness import wait_until_consistent
from bank.api.paging import key_of_cursor, page_body
from bank.api.requests import DailyFlowsQuery, PageQuery
from bank.api.schema.operation import Operation, Page
from bank.api.scopes import Scope
from bank.identity import policy
from ledger.projections import async_projection
from readmodels import daily_flows, freshness
from readmodels.daily_flows import DailyFlow


class ReportBody(TypedDict):
    """A report, where it is, and how far it has come."""

    name: str
    description: str
    path: str
    as_of: AsOfBody


# The async read models that are reports, and where each is.
_REPORTS: Final = {"daily_flows": "api:daily-flows"}


class ReportsView(ApiView):
    """All of them, by name."""

    scopes = {"GET": (Scope.REPORTS_READ,)}
    parameters = {"GET": PageQuery()}
    contract = {"GET": Operation(id="listReports", summary="The reports that there are", answer=Page(item=ReportBody))}

    def get(self, request: Request) -> Answer:
        require_role(policy.may_see_reports(user_of(request)))
        after = key_of_cursor(request, self.query) or ""
        names = [name for name in sorted(_REPORTS) if name > after]
        return Answer(page_body(request, names, self.query["limit"], body=_report_body, key=str))


class DailyFlowsView(ApiView):
    """What came in and went out, by day, currency and kind."""

    scopes = {"GET": (Scope.REPORTS_READ,)}
    parameters = {"GET": DailyFlowsQuery()}
    contract = {
        "GET": Operation(
            id="showDailyFlows",
            summary="A page of the report",
            answer=Page(item=DailyFlowBody, more=WithAsOfBody),
            problems={503: ("not_yet_consistent",)},
        )
    }

    def get(self, request: Request) -> Answer:
        require_role(policy.may_see_reports(user_of(request)))
        wait_until_consistent("daily_flows", self.query)
        as_of = freshness.as_of("daily_flows")
        page = page_body(request, self._flows(request), self.query["limit"], body=daily_flow_body, key=_place)
        return Answer({**page, "as_of": as_of_body(as_of)})

    def _flows(self, request: Request) -> list[DailyFlow]:
        """The newest day first, behind the cursor; a day has a handful of rows, so the first of them may be dropped."""
        behind = key_of_cursor(request, self.query)
        to_date = self.query.get("to", date.max)
        if behind is not None:
            to_date = min(to_date, date.fromisoformat(behind[:10]))
        flows = daily_flows.between(self.query.get("from", date.min), to_date, currency=self.query.get("currency"))
        return [flow for flow in flows if behind is None or _is_behind(flow, behind)]


def _report_body(name: str) -> ReportBody:
    return {
        "name": name,
        "description": async_projection(name).description,
        "path": reverse(_REPORTS[name]),
        "as_of": as_of_body(freshness.as_of(name)),
    }


def _place(flow: DailyFlow) -> str:
    return f"{flow.date.isoformat()}/{flow.currency}/{flow.kind}"


def _is_behind(flow: DailyFlow, place: str) -> bool:
    """Whether the flow comes later in the list: an older day, or the rest of the same."""
    return flow.date.isoformat() != place[:10] or _place(flow) > place
