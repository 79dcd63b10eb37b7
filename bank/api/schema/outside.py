"""What the document says besides the views of version 1: health, and what the bank sends by itself."""

from typing import Any, Final, Literal, NotRequired, TypedDict

from drf_spectacular.plumbing import ComponentRegistry

from bank.api.schema.headers import ANSWER_HEADERS, EVERYWHERE
from bank.api.schema.operation import JSON
from bank.api.schema.shapes import Schema, schema_of

Word = Literal["ok", "degraded", "unavailable"]


class LivenessBody(TypedDict):
    """The process answers."""

    status: Literal["ok"]


class PartsBody(TypedDict):
    """How each part of the bank is."""

    database: Word
    valkey: Word
    worker: Word


class ReadinessBody(TypedDict):
    """Whether a command sent now would be carried out; `degraded` parts make reports late, nothing else."""

    status: Word
    parts: NotRequired[PartsBody]


_HEADERS: Final = {name: ANSWER_HEADERS[name] for name in EVERYWHERE}


def paths(registry: ComponentRegistry) -> Schema:
    """The two paths without prefix and without token."""
    ready = {JSON: {"schema": schema_of(ReadinessBody, registry)}}
    retry = {**_HEADERS, "Retry-After": {**ANSWER_HEADERS["Retry-After"], "required": True}}
    return {
        "/livez": {
            "get": _health(
                "live",
                "Whether the process answers",
                {"200": _answer("It does.", {JSON: {"schema": schema_of(LivenessBody, registry)}})},
            )
        },
        "/readyz": {
            "get": _health(
                "ready",
                "Whether commands can be carried out",
                {
                    "200": _answer("They can.", ready),
                    "503": {**_answer("They cannot: `parts` says what is away.", ready), "headers": retry},
                },
            )
        },
    }


def webhooks(_registry: ComponentRegistry) -> Schema:
    """What the bank sends to registered addresses."""
    return {}


def _health(operation_id: str, summary: str, responses: Schema) -> Schema:
    return {
        "operationId": operation_id,
        "summary": summary,
        "description": "No token, no prefix.",
        "tags": ["Health"],
        "security": [],
        "responses": responses,
    }


def _answer(description: str, content: Schema) -> dict[str, Any]:
    return {"description": description, "headers": _HEADERS, "content": content}
