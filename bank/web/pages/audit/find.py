"""Where time travel begins: an id leads to its stream, or to what came of a request."""

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _

from bank.identity import policy
from bank.web.access import SignedInRequest, allowed, signed_in
from ledger.stored import category_of
from readmodels import causation


class FindForm(forms.Form):
    """An id, of whatever."""

    id = forms.UUIDField(
        label=_("Id"),
        widget=forms.TextInput(
            attrs={"class": "form-control", "type": "search", "autocomplete": "off", "spellcheck": "false"}
        ),
        error_messages={
            "required": _("Enter an id."),
            "invalid": _("This is no id: it has 32 digits and letters a to f."),
        },
    )


@allowed(policy.may_audit)
@signed_in
def find_page(request: SignedInRequest) -> HttpResponse:
    """The form; an id that is on record leads on."""
    if "id" not in request.GET:
        return render(request, "web/audit/find.html", {"form": FindForm()})
    form = FindForm(request.GET)
    if form.is_valid():
        wanted = form.cleaned_data["id"]
        if category_of(wanted) is not None:
            return redirect("web:audit_stream", wanted)
        if causation.is_known(wanted):
            return redirect("web:audit_correlation", wanted)
        form.add_error("id", _("Nothing is on record under this id."))
    return render(request, "web/audit/find.html", {"form": form}, status=400)
