"""Staff find a customer and see what the customer has."""

import contextlib
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from bank.identity import invitations, policy
from bank.web.access import SignedInRequest, allowed, signed_in
from bank.web.online import online_of
from bank.web.tasks.engine import SeeOther, run_check, run_form
from bank.web.tasks.onboarding import OpenAccountTask, RegisterTask
from readmodels import balances, customers
from readmodels.balances import AccountRow
from readmodels.customers import CustomerRow

_FOUND_AT_MOST: Final = 25
# What staff type is a name or an IBAN: it stays in the session, out of addresses and their logs.
_SESSION_KEY: Final = "customer_search"


class FindForm(forms.Form):
    """Whom to look for."""

    q = forms.CharField(
        label="Name, email or IBAN",
        min_length=2,
        max_length=140,
        widget=forms.TextInput(attrs={"type": "search", "class": "form-control", "autocomplete": "off"}),
        error_messages={
            "required": "Enter a name, an email address or an IBAN.",
            "min_length": "Enter at least two characters.",
        },
    )


@dataclass(slots=True, kw_only=True)
class Found:
    """A customer with those accounts that the search was about."""

    customer: CustomerRow
    accounts: list[AccountRow] = field(default_factory=list)


@allowed(policy.may_see_customers)
@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def find_customer(request: SignedInRequest) -> HttpResponse:
    """POST keeps what to look for in the session; GET shows whom that finds."""
    if request.method == "POST":
        form = FindForm(request.POST)
        if form.is_valid():
            request.session[_SESSION_KEY] = form.cleaned_data["q"]
            return SeeOther(reverse("web:find_customer"))
        return render(request, "web/find_customer.html", {"form": form}, status=422)
    text = str(request.session.get(_SESSION_KEY, ""))
    context = {
        "form": FindForm(initial={"q": text}),
        "text": text,
        "found": _search(text) if text else None,
        "found_at_most": _FOUND_AT_MOST,
        "may_serve": policy.may_serve_customers(request.user),
    }
    return render(request, "web/find_customer.html", context)


@allowed(policy.may_see_customers)
@signed_in
def customer_page(request: SignedInRequest, customer_id: UUID) -> HttpResponse:
    """A customer with all accounts and what can be done."""
    customer = _customer_or_404(customer_id)
    context = {
        "customer": customer,
        "accounts": balances.of_customer(customer_id),
        "online": online_of(request, customer_id),
        "may_serve": policy.may_serve_customers(request.user),
    }
    return render(request, "web/customer.html", context)


@allowed(policy.may_serve_customers)
@signed_in
@require_POST
def invite(request: SignedInRequest, customer_id: UUID) -> HttpResponse:
    """A new invitation instead of the one before; none for who signs in already."""
    with contextlib.suppress(invitations.HasLogIn):
        invitations.invite(request, _customer_or_404(customer_id), request.user)
    return SeeOther(reverse("web:customer", args=[customer_id]))


@allowed(policy.may_serve_customers)
@signed_in
def register(request: SignedInRequest) -> HttpResponse:
    """The form of a new customer."""
    return run_form(request, RegisterTask(request.user))


@allowed(policy.may_serve_customers)
@signed_in
def register_check(request: SignedInRequest) -> HttpResponse:
    """Its check page."""
    return run_check(request, RegisterTask(request.user))


@allowed(policy.may_serve_customers)
@signed_in
def open_account(request: SignedInRequest, customer_id: UUID) -> HttpResponse:
    """The form of a new account."""
    return run_form(request, OpenAccountTask(request.user, _customer_or_404(customer_id)))


@allowed(policy.may_serve_customers)
@signed_in
def open_account_check(request: SignedInRequest, customer_id: UUID) -> HttpResponse:
    """Its check page."""
    return run_check(request, OpenAccountTask(request.user, _customer_or_404(customer_id)))


def _customer_or_404(customer_id: UUID) -> CustomerRow:
    customer = customers.find(customer_id)
    if customer is None:
        raise Http404
    return customer


def _search(text: str) -> list[Found]:
    """Customers by name or email, and those whose accounts match; each once."""
    found = {row.customer_id: Found(customer=row) for row in customers.search(text, _FOUND_AT_MOST)}
    for account in balances.search(text, _FOUND_AT_MOST):
        if account.customer_id in found or len(found) < _FOUND_AT_MOST:
            found.setdefault(account.customer_id, Found(customer=account.customer)).accounts.append(account)
    return list(found.values())
