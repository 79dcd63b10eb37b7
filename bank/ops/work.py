"""What this thread is working on: a request or a task. Log lines, SQL comments and tasks sent say whose they are."""

from contextvars import ContextVar, Token
from dataclasses import dataclass
from typing import Any, Final, Protocol
from uuid import UUID

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from bank.web.middleware import correlation_id


class Work(Protocol):
    """A piece of work, under the id that links everything it causes."""

    @property
    def request_id(self) -> str: ...

    @property
    def route(self) -> str | None: ...

    def fields(self) -> dict[str, str | None]:
        """What a log line says of it."""
        ...


_current: Final[ContextVar[Work | None]] = ContextVar("work", default=None)


def begin(work: Work) -> Token[Work | None]:
    """From now on, in this context, until `end`."""
    return _current.set(work)


def end(token: Token[Work | None]) -> None:
    """Back to what was before."""
    _current.reset(token)


def current() -> Work | None:
    """What is being worked on; None at a start, in a shell, in beat."""
    return _current.get()


@dataclass(frozen=True, slots=True)
class RequestWork:
    """A request. Route and actor become known while it is answered."""

    request: HttpRequest

    @property
    def request_id(self) -> str:
        return str(correlation_id(self.request))

    @property
    def route(self) -> str | None:
        """The template of the path; None before it is resolved, and where there is none."""
        match = self.request.resolver_match
        return None if match is None else f"/{match.route}"

    @property
    def actor(self) -> str | None:
        """As in the command log, "user:7"; None for whoever has not signed in. Never asks the database."""
        user: Any = getattr(self.request, "_cached_user", None) or vars(self.request).get("user")
        if isinstance(user, SimpleLazyObject) or not getattr(user, "is_authenticated", False):
            return None
        return f"user:{user.pk}"

    def fields(self) -> dict[str, str | None]:
        return {"request_id": self.request_id, "actor": self.actor, "route": self.route}


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskWork:
    """A Celery task. `request_id` is that of the request that caused it, or its own where beat sent it."""

    request_id: str
    task: str
    task_id: str

    @property
    def route(self) -> str | None:
        return self.task

    def fields(self) -> dict[str, str | None]:
        return {"request_id": self.request_id, "task": self.task, "task_id": self.task_id}


def request_id_from(text: object) -> str | None:
    """The id that came along with a task, if it is one."""
    try:
        return str(UUID(text)) if isinstance(text, str) else None
    except ValueError:
        return None
