"""Payees: whom a customer keeps to send money to."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render

from bank.identity import policy
from bank.web.access import SignedInRequest, allowed, signed_in
from bank.web.tasks.engine import begin_check, run_check, run_form
from bank.web.tasks.payees import AddPayeeTask, RemovePayeeTask
from readmodels import customers, payees
from readmodels.customers import CustomerRow


@allowed(policy.may_keep_payees)
@signed_in
def payees_page(request: SignedInRequest) -> HttpResponse:
    """The list."""
    return render(request, "web/payees.html", {"payees": payees.of_customer(_customer(request).customer_id)})


@allowed(policy.may_keep_payees)
@signed_in
def add_payee(request: SignedInRequest) -> HttpResponse:
    """The form of a new payee."""
    return run_form(request, AddPayeeTask(request.user, _customer(request)))


@allowed(policy.may_keep_payees)
@signed_in
def add_payee_check(request: SignedInRequest) -> HttpResponse:
    """Its check page."""
    return run_check(request, AddPayeeTask(request.user, _customer(request)))


@allowed(policy.may_keep_payees)
@signed_in
def remove_payee(request: SignedInRequest, payee_id: UUID) -> HttpResponse:
    """To the check page: there is nothing to fill in."""
    return begin_check(request, _removal(request, payee_id))


@allowed(policy.may_keep_payees)
@signed_in
def remove_payee_check(request: SignedInRequest, payee_id: UUID) -> HttpResponse:
    """Its check page."""
    return run_check(request, _removal(request, payee_id))


def _removal(request: SignedInRequest, payee_id: UUID) -> RemovePayeeTask:
    """404 for a payee that is not there for this customer."""
    customer = _customer(request)
    payee = payees.find(customer.customer_id, payee_id)
    if payee is None:
        raise Http404
    return RemovePayeeTask(request.user, customer, payee)


def _customer(request: SignedInRequest) -> CustomerRow:
    customer_id = policy.customer_of(request.user)
    customer = customers.find(customer_id) if customer_id else None
    if customer is None:
        raise Http404
    return customer
