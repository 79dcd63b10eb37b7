"""What differs between two versions of a stream, field by field."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render

from bank.identity import policy
from bank.web.access import SignedInRequest, allowed, signed_in
from bank.web.pages.audit.places import SpanForm
from bank.web.pages.audit.state_fields import fields_of
from bank.web.pages.audit.stream import facts_of, looked_at
from ledger.partitions import EventsDetached
from readmodels import time_travel


@allowed(policy.may_audit)
@signed_in
def difference_page(request: SignedInRequest, stream_id: UUID) -> HttpResponse:
    """The versions `from` and `to` of the address: the first and the last, where it has none."""
    stream = looked_at(request, stream_id)
    given = request.GET.copy()
    for name, version in (("from", 1), ("to", stream.version)):
        if not given.get(name):
            given[name] = str(version)
    form = SpanForm(given, head=stream.version)
    context = {**facts_of(stream), "form": form}
    if not form.is_valid():
        return render(request, "web/audit/difference.html", context, status=400)
    first, last = form.cleaned_data["from"], form.cleaned_data["to"]
    try:
        then = time_travel.tell(stream, after=first - 1, to=first)
        now = time_travel.tell(stream, after=last - 1, to=last)
    except EventsDetached:
        return render(request, "web/audit/difference.html", {**context, "is_archived": True})
    is_known = then.after is not None and now.after is not None
    fields = fields_of(then.after, now.after) if is_known else []
    context |= {
        "first_version": first,
        "last_version": last,
        "events_between": last - first,
        "silence": then.silence or now.silence,
        "changed": [field for field in fields if field.has_changed],
        "same": [field for field in fields if not field.has_changed],
        "is_known": is_known,
    }
    return render(request, "web/audit/difference.html", context)
