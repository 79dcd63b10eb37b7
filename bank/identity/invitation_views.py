"""The page behind an invitation's link: a password, and one is in."""

from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from bank.identity import invitations
from bank.identity.forms import NewPasswordForm


@sensitive_post_parameters("password1", "password2")
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """GET: who is invited, and the form. POST: the log-in, and a session with it."""
    try:
        found, customer = invitations.find(token)
    except invitations.NotOpen:
        return _not_open(request)
    person = invitations.person_for(found, customer)
    form = NewPasswordForm(request.POST or None, user=person)
    if request.method != "POST" or not form.is_valid():
        context = {"form": form, "customer": customer, "username": found.username}
        return render(request, "identity/invitation.html", context, status=422 if form.is_bound else 200)
    try:
        person = invitations.accept(request, found, customer, form.cleaned_data["password1"])
    except invitations.NotOpen:
        return _not_open(request)
    record_authentication(request, person, method="invitation")
    response: HttpResponse = perform_login(request, person, redirect_url=reverse("web:overview"))
    return response


def _not_open(request: HttpRequest) -> HttpResponse:
    return render(request, "identity/invitation_not_open.html", status=410)
