"""Which language a page speaks: the person's choice, else what the browser asks for, else English.

The choice lies in a cookie, so that a page of errors needs no database to speak it, and with the user, whose next
sign-in brings it to another browser. The API, health and metrics speak English whatever anybody chose; so does the
admin, whose tables and columns are called as in the database.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers

from bank.identity.models import User

_ALWAYS_ENGLISH: Final = ("/admin/", "/api/", "/livez", "/readyz", "/metrics")
_ENGLISH: Final = "en"


class LanguageMiddleware:
    """Answers each request in its language, and leaves the thread in English for the next one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith(_ALWAYS_ENGLISH):
            with translation.override(_ENGLISH):
                return self._get_response(request)
        language = translation.get_language_from_request(request)
        request.LANGUAGE_CODE = language  # where Django and allauth look for it
        with translation.override(language):
            response = self._get_response(request)
        if isinstance(response, StreamingHttpResponse) and not response.is_async:
            response.streaming_content = _speaking(language, iter(response))
        response.headers.setdefault("Content-Language", language)
        patch_vary_headers(response, ["Accept-Language", "Cookie"])
        kept = getattr(request, "language_to_keep", "")
        if kept:
            keep_in_browser(response, kept)
        return response


def is_known(language: str) -> bool:
    """Whether the bank speaks it."""
    return language in dict(settings.LANGUAGES)


def keep(user: User, language: str) -> None:
    """The person's choice from now on, in every browser from the next sign-in there."""
    User.objects.filter(pk=user.pk).update(language=language)


def keep_in_browser(response: HttpResponseBase, language: str) -> None:
    """This browser's choice."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=bool(settings.SESSION_COOKIE_SECURE),
        httponly=True,
        samesite="Lax",
    )


def language_of(user: Any) -> str:
    """In which language to write to somebody: as chosen; else as the page speaks that causes the letter."""
    chosen = getattr(user, "language", "")
    return chosen if is_known(chosen) else translation.get_language() or _ENGLISH


def listen() -> None:
    """Choices come along when somebody signs in."""
    user_logged_in.connect(_bring_along, dispatch_uid="bank.web.languages")


def _bring_along(request: HttpRequest, user: User, **_: Any) -> None:
    """The user's choice wins over the browser's, which may be another's; who has made none takes the browser's."""
    in_browser = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    if is_known(user.language):
        request.language_to_keep = user.language  # type: ignore[attr-defined]
    elif is_known(in_browser):
        keep(user, in_browser)


def _speaking(language: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """What is written while it is sent is written in the same language."""
    while True:
        with translation.override(language):
            try:
                chunk = next(chunks)
            except StopIteration:
                return
        yield chunk
