"""The headers of requests and answers, each described once."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from drf_spectacular.plumbing import ComponentRegistry, ResolvedComponent

from bank.api.idempotency import LONGEST_KEY
from bank.api.schema.shapes import Schema, register

_TAG: Final = r'(W/)?"[!#-~]*"'
_UUID: Final = {"type": "string", "format": "uuid"}

REQUEST_HEADERS: Final[dict[str, dict[str, Any]]] = {
    "X-Request-ID": {
        "description": "An id of your own, a UUID in the usual form. It becomes the `correlationId` of what the "
        "request causes and comes back in the answer; anything else is passed over and an id is made.",
        "schema": {"type": "string"},
    },
    "Idempotency-Key": {
        "description": f"Names this command among yours, for ever: 1 to {LONGEST_KEY} printable ASCII characters, bare "
        "or in quotes (RFC 9651, 3.3.3). The same key with the same request gets the recorded answer again.",
        "required": True,
        "schema": {
            "type": "string",
            "pattern": rf'^([!#-~]([ -~]{{0,{LONGEST_KEY - 2}}}[!-~])?|"([ !#-\[\]-~]|\\["\\]){{1,{LONGEST_KEY}}}")$',
        },
        "example": "9f8e0f6e-0f0c-4a56-9d5e-6b0c3f3f0a11",
    },
    "If-Match": {
        "description": 'The `ETag` of the account as you know it, such as `"7"`. Where it has moved on, nothing '
        "happens and the answer is 412.",
        "schema": {"type": "string", "pattern": rf"^(\*|{_TAG}([ \t]*,[ \t]*{_TAG})*)$"},
    },
    "If-None-Match": {
        "description": "The `ETag` of what you have: where it is still so, the answer is 304 without a body.",
        "schema": {"type": "string"},
    },
}

ANSWER_HEADERS: Final[dict[str, dict[str, Any]]] = {
    "X-Request-ID": {
        "description": "The id of this request: yours, if you sent one.",
        "required": True,
        "schema": _UUID,
    },
    "ETag": {
        "description": "The version of the account, in quotes.",
        "required": True,
        "schema": {"type": "string", "pattern": '^"[1-9][0-9]*"$'},
        "example": '"7"',
    },
    "Location": {
        "description": "Where the new resource is.",
        "required": True,
        "schema": {"type": "string", "format": "uri-reference"},
    },
    "Consistency-Token": {
        "description": "Hand it to a report as `consistent_with`, and the report counts this command.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]+$"},
    },
    "Idempotency-Replayed": {
        "description": "`true` where this is the recorded answer of an earlier request with the same key.",
        "schema": {"type": "string", "const": "true"},
    },
    "Retry-After": {
        "description": "Seconds to wait before the same request makes sense again.",
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
        "example": "1",
    },
    "WWW-Authenticate": {
        "description": "The challenge of RFC 6750: what is wrong with the token, and which scopes would do.",
        "schema": {"type": "string", "pattern": "^Bearer "},
        "example": 'Bearer realm="passbook", error="invalid_token"',
    },
    "RateLimit": {
        "description": "How many requests this token may still make (`r`) in how many seconds (`t`).",
        "schema": {"type": "string", "pattern": '^"token";r=[0-9]+;t=[0-9]+$'},
        "example": '"token";r=59999;t=60',
    },
    "RateLimit-Policy": {
        "description": "How many requests a token may make (`q`) in how many seconds (`w`).",
        "schema": {"type": "string", "pattern": '^"token";q=[0-9]+;w=[0-9]+$'},
        "example": '"token";q=60000;w=60',
    },
}
# On every answer, whatever its status.
EVERYWHERE: Final = ("X-Request-ID",)
# On every answer to a known token, unless the bank counts no requests.
COUNTED: Final = ("RateLimit", "RateLimit-Policy")
# On answers with this status besides; True: always.
BY_STATUS: Final[dict[int, dict[str, bool]]] = {
    401: {"WWW-Authenticate": True},
    403: {"WWW-Authenticate": False},
    409: {"Retry-After": False},
    429: {"Retry-After": True},
    503: {"Retry-After": True},
}


def answer_headers(names: Iterable[str] | Mapping[str, bool], registry: ComponentRegistry) -> Schema:
    """The headers of an answer, by reference; a mapping says which of them are always there."""
    always = names if isinstance(names, Mapping) else {}
    found = {}
    for name in names:
        header = dict(ANSWER_HEADERS[name])
        is_required = always.get(name, header.pop("required", False))
        key = name if is_required else f"{name}-at-times"
        found[name] = register(registry, ResolvedComponent.HEADER, key, {**header, "required": is_required})
    return found


def request_header(name: str, registry: ComponentRegistry) -> Schema:
    """The parameter of this name, by reference."""
    return register(
        registry, ResolvedComponent.PARAMETER, name, {"name": name, "in": "header", **REQUEST_HEADERS[name]}
    )
