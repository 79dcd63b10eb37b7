"""A person's own API tokens. One is made by who has confirmed who it is, shown once, and revoked at a press."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django import forms
from django.core import signing
from django.db import IntegrityError, transaction
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST
from django_stubs_ext import StrOrPromise

from accounts.invalid import InvalidCommand
from accounts.text import clean_text
from bank.api.models import ApiToken
from bank.api.scopes import Scope, scopes_for
from bank.api.tokens import issue_token, revoke_token, tokens_in_use
from bank.identity import policy, recording
from bank.identity.confirming import confirmed
from bank.identity.models import User
from bank.web.access import SignedInRequest, signed_in
from bank.web.tasks.engine import SeeOther
from bank.web.words import of_invalid
from ledger.ids import new_id

MOST_TOKENS: Final = 50
_LABEL_LENGTH: Final = 100
_LIFETIMES: Final = ((7, _("7 days")), (30, _("30 days")), (90, _("90 days")), (365, _("A year")))
_SCOPE_WORDS: Final = {
    Scope.ACCOUNTS_READ: _("See customers, accounts and movements"),
    Scope.PAYMENTS_WRITE: _("Withdraw and transfer"),
    Scope.CASH_WRITE: _("Run the cash desk, for any customer"),
    Scope.CUSTOMERS_WRITE: _("Register customers, open and manage accounts"),
    Scope.AUDIT_READ: _("Read every event and every command"),
    Scope.REPORTS_READ: _("Read the reports"),
    Scope.OPERATIONS_WRITE: _("Steer projections and webhooks"),
}


class TokenForm(forms.Form):
    """A token to be made: what for, what it may do, for how long."""

    label = forms.CharField(
        label=_("What it is for"),
        help_text=_("So that you can tell your tokens apart."),
        max_length=1_000,
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
        error_messages={"required": _("Enter what the token is for.")},
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"),
        error_messages={
            "required": _("Choose at least one thing that the token may do."),
            "invalid_choice": _("Choose from the list what the token may do."),
        },
    )
    days = forms.TypedChoiceField(
        label=_("How long it is good for"),
        choices=_LIFETIMES,
        coerce=int,
        initial=90,
        widget=forms.Select(attrs={"class": "form-select"}),
        error_messages={
            "required": _("Choose how long the token is good for."),
            "invalid_choice": _("Choose from the list how long the token is good for."),
        },
    )

    def __init__(self, user: User, data: Any = None) -> None:
        super().__init__(data)
        scopes = self.fields["scopes"]
        assert isinstance(scopes, forms.MultipleChoiceField)
        scopes.choices = [(scope.value, _SCOPE_WORDS[scope]) for scope in scopes_for(user)]

    def clean_label(self) -> str:
        """By the same rule as every other line of text."""
        try:
            return clean_text(self.cleaned_data["label"], "label", max_length=_LABEL_LENGTH, required=True)
        except InvalidCommand as error:
            raise forms.ValidationError(of_invalid(error)) from None


@signed_in
@confirmed
@require_http_methods(["GET", "HEAD", "POST"])
def make_token(request: SignedInRequest) -> HttpResponse:
    """GET: the form. POST: a token, shown in the answer and never again."""
    if request.method != "POST":
        return _page(request, TokenForm(request.user))
    form = TokenForm(request.user, request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    if len(tokens_in_use(request.user)) >= MOST_TOKENS:
        message = gettext("You have %(most)s tokens, the most there can be. Revoke one that you do not need.")
        form.add_error(None, message % {"most": MOST_TOKENS})
        return _page(request, form, status=422)
    return _made(request, form)


@signed_in
@require_POST
def revoke(request: SignedInRequest, token_id: int) -> HttpResponse:
    """The token opens nothing from now on; another person's does not exist."""
    token = ApiToken.objects.filter(pk=token_id, user=request.user).first() if token_id < 2**63 else None
    if token is None:
        raise Http404
    with transaction.atomic():
        # The event comes last, and undoes the change where it fails.
        if revoke_token(token):
            recording.token_revoked(request.user, token, policy.actor_of(request.user, "web"), request)
    return SeeOther(reverse("web:security"))


def _made(request: SignedInRequest, form: TokenForm) -> HttpResponse:
    """The page with the secret. A form that comes again, by a double click or a reload, makes no second token."""
    try:
        request_id = UUID(_signer(request.user).unsign(request.POST.get("ticket", "")))
    except (signing.BadSignature, ValueError):
        form.add_error(None, _("This form cannot be used any more. Send it again from here."))
        return _page(request, form, status=422)
    values = form.cleaned_data
    try:
        with transaction.atomic():
            token, secret = issue_token(
                request.user,
                label=values["label"],
                scopes=[Scope(name) for name in values["scopes"]],
                lifetime=timedelta(days=values["days"]),
                request_id=request_id,
            )
            recording.token_made(request.user, token, policy.actor_of(request.user, "web"), request)
    except IntegrityError:
        return render(request, "web/token_made.html", {"secret": ""}, status=409)
    return render(request, "web/token_made.html", {"secret": secret, "token": token}, status=201)


def _page(request: SignedInRequest, form: TokenForm, *, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "ticket": _signer(request.user).sign(str(new_id())),
        "chosen": form["scopes"].value() or [],
    }
    return render(request, "web/token_make.html", context, status=status)


def words_of(token: ApiToken) -> list[StrOrPromise]:
    """What it may do."""
    known: dict[str, StrOrPromise] = {str(scope): words for scope, words in _SCOPE_WORDS.items()}
    if "*" in token.scopes:
        return [_("Everything that your roles allow")]
    return [known.get(scope, scope) for scope in token.scopes]


def _signer(user: User) -> signing.TimestampSigner:
    return signing.TimestampSigner(salt=f"bank.web.security.token:{user.pk}")
