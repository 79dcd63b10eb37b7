"""What the document says besides the views of version 1: health, and what the bank sends by itself."""

from typing import Any, Final, Literal, NotRequired, TypedDict

from drf_spectacular.plumbing import ComponentRegistry

from bank.api.schema.events import event_schemas
from bank.api.schema.headers import ANSWER_HEADERS, EVERYWHERE
from bank.api.schema.operation import JSON
from bank.api.schema.shapes import Schema, component, schema_of

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


def webhooks(registry: ComponentRegistry) -> Schema:
    """What the bank sends to registered addresses."""
    for name, schema in event_schemas().items():
        component(registry, name, schema)
    event = {"$ref": "#/components/schemas/Event"}
    return {
        "event": {
            "post": {
                "operationId": "receiveEvent",
                "summary": "An event of the book",
                "description": "Signed as Standard Webhooks says, sent at least once, and again under the same "
                '`webhook-id`. The public form of the event; fields with personal data read "(withheld)".',
                "tags": ["Webhooks"],
                "security": [],
                "parameters": [
                    _sent_header("webhook-id", "The message's id: keep those that you have done.", "string"),
                    _sent_header("webhook-timestamp", "Seconds since 1970 of this attempt.", "integer"),
                    _sent_header("webhook-signature", "`v1,` and a signature; several, apart by blanks.", "string"),
                ],
                "requestBody": {"required": True, "content": {JSON: {"schema": event}}},
                "responses": {
                    "2XX": {"description": "Taken. Any other answer, and none in 15 seconds: sent again later."},
                    "410": {"description": "Gone: the endpoint is disabled."},
                },
            }
        }
    }


def _sent_header(name: str, description: str, kind: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": True, "description": description, "schema": {"type": kind}}


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
