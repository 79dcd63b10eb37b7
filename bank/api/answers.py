"""Answers: JSON, written as soon as they are made, with no template or renderer between."""

from collections.abc import Mapping
from typing import Any, Final

from django.http import HttpResponse

from ledger.codec import encode_json

JSON: Final = "application/json"


class Answer(HttpResponse):
    """`body` as UTF-8 JSON (RFC 8259), whatever the client says that it accepts; None is no body at all."""

    def __init__(
        self,
        body: Any = None,
        status: int = 200,
        *,
        headers: Mapping[str, str] | None = None,
        content_type: str = JSON,
    ) -> None:
        content = b"" if body is None else encode_json(body)
        super().__init__(content, content_type, status, headers=None if headers is None else dict(headers))
        if not content:
            del self.headers["Content-Type"]


def add_headers(response: HttpResponse, headers: Mapping[str, str]) -> None:
    """Headers that the bank wrote, none of which needs Django's look for what must not be in one."""
    store = response.headers._store  # noqa: SLF001
    for name, value in headers.items():
        store[name.lower()] = (name, value)
