"""What every template knows: the bank's name, whether this is the demo, and the chosen theme."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

THEME_COOKIE = "theme"
THEMES = ("light", "dark")


def bank(request: HttpRequest) -> dict[str, Any]:
    """`theme` is "light" or "dark" where the person chose one, else "": then the system's preference decides."""
    return {"bank_name": settings.BANK_NAME, "demo": settings.DEMO, "theme": theme_of(request)}


def theme_of(request: HttpRequest) -> str:
    """From the cookie alone, so that it works when session and database do not."""
    theme = request.COOKIES.get(THEME_COOKIE, "")
    return theme if theme in THEMES else ""
