"""Staff find a customer and see what the customer has."""

import contextlib
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from bank.access_records.recording import Look, record_looks
from bank.identity import invitations, policy
from bank.web.access import SignedInRequest, allowed, signed_in
from bank.web.formats import mask_email, mask_iban
from bank.web.masking import mask_name
from bank.web.online import online_of
from bank.web.tasks.account_task import AccountTask
from bank.web.tasks.catalogue import tasks_for
from bank.web.tasks.engine import SeeOther, run_check, run_form
from bank.web.tasks.onboarding import OpenAccountTask, RegisterTask
from readmodels import balances, customers, finding
from readmodels.balances import AccountRow
from readmodels.customers import CustomerRow
from readmodels.finding import Found

PAGE_SIZE: Final = 25
# What staff type is a name or an IBAN: it stays in the session, out of addresses and their logs.
_SESSION_KEY: Final = "customer_search"


class FindForm(forms.Form):
    """Whom to look for."""

    q = forms.CharField(
        label=_("Name, email or IBAN"),
        min_length=2,
        max_length=140,
        widget=forms.TextInput(attrs={"type": "search", "class": "form-control", "autocomplete": "off"}),
        error_messages={
            "required": _("Enter a name, an email address or an IBAN."),
            "min_length": _("Enter at least two characters."),
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Masked:
    """A customer who was found, before anybody opens the page: enough to tell people apart."""

    customer_id: UUID
    name: str
    email: str
    ibans: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """An account of the customer's page, with what can be done to it and what can't be done just now."""

    account: AccountRow
    tasks: list[AccountTask]


@allowed(policy.may_see_customers)
@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def find_customer(request: SignedInRequest) -> HttpResponse:
    """POST keeps what to look for in the session; GET shows whom that finds."""
    here, may_serve = reverse("web:find_customer"), policy.may_serve_customers(request.user)
    if request.method == "POST":
        form = FindForm(request.POST)
        if form.is_valid():
            request.session[_SESSION_KEY] = form.cleaned_data["q"]
            return SeeOther(here)
        return render(request, "web/find_customer.html", {"form": form, "may_serve": may_serve}, status=422)
    text = str(request.session.get(_SESSION_KEY, ""))
    found = finding.customers(text, PAGE_SIZE + 1, after=_after(request)) if text else []
    context = {
        "form": FindForm(initial={"q": text}),
        "text": text,
        "found": [_masked(customer) for customer in found[:PAGE_SIZE]],
        "more_href": f"{here}?after={found[PAGE_SIZE - 1].customer_id}" if len(found) > PAGE_SIZE else "",
        "may_serve": may_serve,
    }
    return render(request, "web/find_customer.html", context)


@allowed(policy.may_see_customers)
@signed_in
def customer_page(request: SignedInRequest, customer_id: UUID) -> HttpResponse:
    """A customer with all accounts and what can be done."""
    customer = _customer_seen(request, customer_id)
    accounts = balances.of_customer(customer_id)
    context = {
        "customer": customer,
        "served": [Served(account=account, tasks=tasks_for(request.user, account)) for account in accounts],
        "opening": OpenAccountTask(request.user, customer),
        "online": online_of(request, customer_id),
        "may_serve": policy.may_serve_customers(request.user),
        "may_audit": policy.may_audit(request.user),
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
    return run_form(request, OpenAccountTask(request.user, _customer_seen(request, customer_id)))


@allowed(policy.may_serve_customers)
@signed_in
def open_account_check(request: SignedInRequest, customer_id: UUID) -> HttpResponse:
    """Its check page."""
    return run_check(request, OpenAccountTask(request.user, _customer_seen(request, customer_id)))


def _customer_or_404(customer_id: UUID) -> CustomerRow:
    customer = customers.find(customer_id)
    if customer is None:
        raise Http404
    return customer


def _customer_seen(request: SignedInRequest, customer_id: UUID) -> CustomerRow:
    """The customer, whom the page shows: whoever it is shown to leaves an access record. 404 where there is none."""
    customer = _customer_or_404(customer_id)
    record_looks(request, request.user, [Look(customer_id)])
    return customer


def _after(request: SignedInRequest) -> UUID | None:
    """Behind whom the page begins, by the address. 404 for what is no id."""
    text = request.GET.get("after")
    try:
        return UUID(text) if text else None
    except ValueError:
        raise Http404 from None


def _masked(found: Found) -> Masked:
    return Masked(
        customer_id=found.customer_id,
        name=mask_name(found.name),
        email=mask_email(found.email),
        ibans=[mask_iban(iban) for iban in found.ibans],
    )
