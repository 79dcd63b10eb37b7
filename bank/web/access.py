"""Who gets past a page's door: signed in, allowed by the policy, and only to accounts that exist for them."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from uuid import UUID

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.cache import patch_cache_control, patch_vary_headers

from bank.access_records.recording import Look, record_looks
from bank.identity import policy
from bank.identity.models import User
from bank.web.typed import page_again
from readmodels import balances
from readmodels.balances import AccountRow

P = ParamSpec("P")


class SignedInRequest(HttpRequest):
    """A request behind `signed_in`."""

    user: User


View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def signed_in(view: Callable[Concatenate[SignedInRequest, P], HttpResponseBase]) -> View[P]:
    """Asks to sign in first, and keeps the answer out of every cache: it is somebody's money."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not isinstance(request.user, User):
            return _ask_to_sign_in(request)
        response = view(request, *args, **kwargs)  # type: ignore[arg-type]
        patch_cache_control(response, no_store=True, private=True)
        patch_vary_headers(response, ["HX-Request"])
        return response

    return guarded


def allowed(rule: Callable[[policy.Person], bool]) -> Callable[[View[P]], View[P]]:
    """Lets past only those for whom `rule` holds; 403 for the others. To be put above `signed_in`'s view."""

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if request.user.is_authenticated and not rule(request.user):
                if policy.lacks_second_factor(request.user):
                    return redirect("web:security")
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def visible_account(request: SignedInRequest, account_id: UUID) -> AccountRow:
    """The account, or 404 where it does not exist for this person: another's and none look the same.

    Whoever is not its customer leaves an access record.
    """
    account = balances.find(account_id)
    if account is None or not policy.may_see_account(request.user, account):
        raise Http404
    record_looks(request, request.user, [Look(account.customer_id, account.account_id)])
    return account


def _ask_to_sign_in(request: HttpRequest) -> HttpResponse:
    """A page sends to the sign-in and back, and what was typed comes along. A swap lets the whole page do so.

    What is asked for beside a form (a hint, or `of=task`) is left out instead: the page that would load again is being
    filled in.
    """
    if request.headers.get("HX-Request") == "true":
        response = HttpResponse(status=204)
        if request.method == "GET" and request.GET.get("of") != "task":
            response.headers["HX-Refresh"] = "true"
        return response
    return redirect_to_login(page_again(request) or request.get_full_path())
