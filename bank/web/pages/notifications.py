"""Notifications: what happened on one's accounts and what was refused, each with its receipt or movement."""

from typing import Final
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from bank.identity import policy
from bank.web.access import SignedInRequest, allowed, signed_in
from bank.web.models import note_seen
from bank.web.notices import accounts_of, notices_of
from readmodels.notifications import NoSuchPlace

PAGE_SIZE: Final = 25


@allowed(policy.banks_here)
@signed_in
def notifications_page(request: SignedInRequest) -> HttpResponse:
    """The newest first. What is on the first page counts as seen from then on."""
    behind = request.GET.get("behind", "")
    try:
        notices, next_place = notices_of(request.user, accounts_of(request.user), PAGE_SIZE, behind)
    except NoSuchPlace:
        raise Http404 from None
    if not behind and any(notice.is_new for notice in notices):
        note_seen(request.user, max(notice.happened_at for notice in notices))
    older = f"{reverse('web:notifications')}?{urlencode({'behind': next_place})}" if next_place else ""
    context = {"notices": notices, "older": older, "is_first": not behind}
    return render(request, "web/notifications.html", context)
