"""Security: everything by which a person gets in, in one place: password, second factors, sessions, API tokens."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from bank.api.scopes import scopes_for
from bank.api.tokens import tokens_in_use
from bank.identity import policy
from bank.identity.models import User
from bank.identity.sessions import device, end_other_sessions, end_session, sessions_of
from bank.web.access import SignedInRequest, signed_in
from bank.web.pages.tokens import words_of
from bank.web.tasks.engine import SeeOther


@signed_in
def security_page(request: SignedInRequest) -> HttpResponse:
    """What there is, and the way to change each."""
    user = request.user
    context = {
        "has_password": user.has_usable_password(),
        "lacks_second_factor": policy.lacks_second_factor(user),
        **_second_factors(user),
        "sessions": [(session, device(session.user_agent), session.is_current()) for session in sessions_of(user)],
        "tokens": [(token, words_of(token)) for token in tokens_in_use(user)],
        "may_make_tokens": bool(scopes_for(user)),
    }
    return render(request, "web/security.html", context)


@signed_in
@require_POST
def end(request: SignedInRequest, session_id: int) -> HttpResponse:
    """Sign out there; another person's session does not exist."""
    if session_id >= 2**63 or not end_session(request, request.user, session_id):
        raise Http404
    return SeeOther(reverse("web:security"))


@signed_in
@require_POST
def end_others(request: SignedInRequest) -> HttpResponse:
    """Sign out everywhere but here."""
    end_other_sessions(request, request.user)
    return SeeOther(reverse("web:security"))


def _second_factors(user: User) -> dict[str, Any]:
    """`app`, `passkeys`, and how many recovery codes are left (None: there are none)."""
    factors = list(Authenticator.objects.filter(user=user).order_by("created_at"))
    by_kind = {factor.type: factor for factor in factors}
    codes = by_kind.get(Authenticator.Type.RECOVERY_CODES)
    return {
        "app": by_kind.get(Authenticator.Type.TOTP),
        "passkeys": [factor for factor in factors if factor.type == Authenticator.Type.WEBAUTHN],
        "codes_left": None if codes is None else len(codes.wrap().get_unused_codes()),
    }
