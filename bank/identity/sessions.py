"""A person's sessions: where somebody is signed in, since when, and ending them."""

import logging
import re
import time
from collections.abc import Callable
from typing import Final

from allauth.usersessions.models import UserSession
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext

from bank.identity import recording
from bank.identity.models import User

logger = logging.getLogger(__name__)

_NOTED_EVERY_SECONDS: Final = 60
_MOST_REMEMBERED: Final = 10_000
# The first that fits: browsers say that they are others, too.
_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


class SessionsMiddleware:
    """Notes that a session was used, once a minute at most: it is for people to read, not to rely on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response
        self._noted: dict[str, float] = {}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        # Only where a view asked who it is anyway: nothing is loaded for this.
        user = getattr(request, "_cached_user", None)
        key = request.session.session_key if isinstance(user, User) else None
        if key and time.monotonic() - self._noted.get(key, -_NOTED_EVERY_SECONDS) >= _NOTED_EVERY_SECONDS:
            self._note(request, key)
        return response

    def _note(self, request: HttpRequest, key: str) -> None:
        if len(self._noted) >= _MOST_REMEMBERED:
            self._noted.clear()
        self._noted[key] = time.monotonic()
        try:
            if not UserSession.objects.filter(session_key=key).update(last_seen_at=timezone.now()):
                UserSession.objects.create_from_request(request)
        except DatabaseError as error:
            logger.warning("a session's use was not noted: %s", type(error).__name__)


def sessions_of(user: User) -> list[UserSession]:
    """Those that are open, the one that was used last first."""
    sessions: list[UserSession] = UserSession.objects.purge_and_list(user)
    return sorted(sessions, key=lambda session: session.last_seen_at, reverse=True)


def end_session(request: HttpRequest, user: User, session_id: int) -> bool:
    """Sign out there; False where this person has no such session."""
    session = UserSession.objects.filter(user=user, pk=session_id).first()
    if session is not None:
        _end(request, user, session)
    return session is not None


def end_other_sessions(request: HttpRequest, user: User) -> None:
    """Sign out everywhere but here."""
    for session in UserSession.objects.filter(user=user).exclude(session_key=request.session.session_key):
        _end(request, user, session)


def _end(request: HttpRequest, user: User, session: UserSession) -> None:
    """On record first."""
    recording.signed_out(request, user)
    session.end()


def device(user_agent: str) -> str:
    """ "Firefox on Linux", as far as the browser tells."""
    browser = next((words for mark, words in _BROWSERS if re.search(rf"\b{mark}", user_agent)), gettext("A browser"))
    system = next((words for mark, words in _SYSTEMS if mark in user_agent), "")
    return gettext("%(browser)s on %(system)s") % {"browser": browser, "system": system} if system else browser
