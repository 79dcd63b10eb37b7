"""/reports: figures over all customers, from asynchronous read models that say how far they have come."""

from datetime import date

from rest_framework.request import Request
from rest_framework.response import Response

from bank.api.access import require_role
from bank.api.base import ApiView, user_of
from bank.api.bodies import as_of_body, daily_flow_body
from bank.api.freshness import wait_until_consistent
from bank.api.requests import DailyFlowsQuery
from bank.api.scopes import Scope
from bank.identity import policy
from readmodels import daily_flows, freshness


class DailyFlowsView(ApiView):
    """What came in and went out, by day, currency and kind."""

    scopes = {"GET": (Scope.REPORTS_READ,)}
    parameters = {"GET": DailyFlowsQuery()}

    def get(self, request: Request) -> Response:
        require_role(policy.may_see_reports(user_of(request)))
        wait_until_consistent("daily_flows", self.query)
        as_of = freshness.as_of("daily_flows")
        flows = daily_flows.between(
            self.query.get("from", date.min), self.query.get("to", date.max), currency=self.query.get("currency")
        )
        return Response({"data": [daily_flow_body(flow) for flow in flows], "as_of": as_of_body(as_of)})
