"""Confirming who one is before what would do harm in wrong hands; asked once, then not for some minutes."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar
from urllib.parse import urlencode

from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

P = ParamSpec("P")
R = TypeVar("R", bound=HttpRequest)


def must_confirm(request: HttpRequest) -> bool:
    """Whether this session has not said lately who it is. Who has neither password nor second factor is not asked."""
    return not did_recently_reauthenticate(request)


def ask_to_confirm(back_to: str) -> HttpResponse:
    """Asks, and leads back."""
    return HttpResponseRedirect(f"{reverse('account_reauthenticate')}?{urlencode({'next': back_to})}")


def confirmed(
    view: Callable[Concatenate[R, P], HttpResponseBase],
) -> Callable[Concatenate[R, P], HttpResponseBase]:
    """Lets past who confirmed lately, asks the others first. To be put below `signed_in`."""

    @wraps(view)
    def guarded(request: R, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if must_confirm(request):
            return ask_to_confirm(request.get_full_path())
        return view(request, *args, **kwargs)

    return guarded
