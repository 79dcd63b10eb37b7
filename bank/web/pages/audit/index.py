"""The auditors' rooms, as a page of links."""

from django.http import HttpResponse
from django.shortcuts import render

from bank.identity import policy
from bank.web.access import SignedInRequest, allowed, signed_in
from bank.web.rooms import links_of


@allowed(policy.may_audit)
@signed_in
def audit_index(request: SignedInRequest) -> HttpResponse:
    """Every room that there is for this person."""
    return render(request, "web/audit/index.html", {"links": links_of("audit", request.user, request.path)})
