"""Where time travel begins: an id or an IBAN leads to its stream, or to what came of a request."""

from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _

from accounts.iban import parse_iban
from accounts.invalid import InvalidCommand
from bank.identity import policy
from bank.web.access import SignedInRequest, allowed, signed_in
from ledger.stored import category_of
from readmodels import balances, causation

_NOTHING = _("Nothing is on record under this id.")


class FindForm(forms.Form):
    """An id, of whatever, or the IBAN of an account of this bank, which becomes the account's id."""

    id = forms.CharField(
        label=_("Id or IBAN"),
        max_length=100,
        widget=forms.TextInput(
            attrs={"class": "form-control", "type": "search", "autocomplete": "off", "spellcheck": "false"}
        ),
        error_messages={"required": _("Enter an id or an IBAN.")},
    )

    def clean_id(self) -> UUID:
        """The id itself. Raises ValidationError for what is neither, and for an IBAN that this bank never gave."""
        text: str = self.cleaned_data["id"]
        try:
            return UUID(text)
        except ValueError:
            pass
        try:
            account = balances.find_by_iban(parse_iban(text))
        except InvalidCommand:
            raise ValidationError(
                _("This is no id, which has 32 digits and letters a to f, and no IBAN either.")
            ) from None
        if account is None:
            raise ValidationError(_NOTHING)
        return account.account_id


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
        form.add_error("id", _NOTHING)
    return render(request, "web/audit/find.html", {"form": form}, status=400)
