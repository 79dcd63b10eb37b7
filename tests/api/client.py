"""A client of the API as its users write one: a token, JSON, idempotency keys."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from django.test import Client

from tests.api import conformance

PREFIX = "/api/v1"


@dataclass
class Answer:
    """What came back."""

    response: Any

    @property
    def status(self) -> int:
        return int(self.response.status_code)

    @property
    def body(self) -> Any:
        return json.loads(self.response.content)

    @property
    def code(self) -> str:
        """The problem's code; the answer must be a problem in full."""
        body = self.body
        assert self.header("Content-Type") == "application/problem+json"
        assert set(body) >= {"type", "title", "status", "detail", "instance", "code", "errors", "request_id"}
        assert body["status"] == self.status
        return str(body["code"])

    @property
    def pointers(self) -> list[str]:
        return [error["pointer"] for error in self.body["errors"]]

    def header(self, name: str) -> str | None:
        value: str | None = self.response.headers.get(name)
        return value


@dataclass
class Api:
    """Calls with one token (none: without)."""

    token: str | None = None
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def get(self, path: str, query: dict[str, Any] | None = None, /, **headers: str) -> Answer:
        """GET; `headers` with underscores for hyphens."""
        return self.send("GET", path + (f"?{urlencode(query)}" if query else ""), headers=headers)

    def post(self, path: str, body: Any = None, /, *, key: str | None = "", **headers: str) -> Answer:
        """POST with a fresh idempotency key, or the one given; None sends none."""
        if key is not None:
            headers["Idempotency_Key"] = key or str(uuid4())
        data = b"" if body is None else json.dumps(body).encode()
        return self.send("POST", path, data, headers=headers)

    def send(
        self,
        method: str,
        path: str,
        data: bytes = b"",
        content_type: str = "application/json",
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Any request; paths without the API's prefix get it."""
        sent = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        sent |= {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        whole = path if path.startswith("/api") else PREFIX + path
        response = self.client.generic(method, whole, data, content_type, headers=sent)
        conformance.check(method, whole, response)
        return Answer(response)


def eur(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "EUR"}
