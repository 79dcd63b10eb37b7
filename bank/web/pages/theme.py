"""Light, dark, or as the system prefers: kept in a cookie, because it is the screen's, not the person's."""

from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from bank.identity.views import next_url
from bank.web.context import THEME_COOKIE, THEMES
from bank.web.tasks.engine import SeeOther

_MAX_AGE_SECONDS: Final = 365 * 24 * 60 * 60


@require_POST
def choose_theme(request: HttpRequest) -> HttpResponse:
    """Remembers the choice and goes back to the page; anything but light and dark means: as the system prefers."""
    response = SeeOther(next_url(request))
    theme = request.POST.get("theme", "")
    if theme in THEMES:
        response.set_cookie(
            THEME_COOKIE,
            theme,
            max_age=_MAX_AGE_SECONDS,
            secure=bool(settings.SESSION_COOKIE_SECURE),
            httponly=True,
            samesite="Lax",
        )
    else:
        response.delete_cookie(THEME_COOKIE, samesite="Lax")
    return response
