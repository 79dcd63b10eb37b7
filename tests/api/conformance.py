"""Whether an answer is what the document says: its status, media type, body, headers and code."""

import json
import re
from functools import cache
from typing import Any

import jsonschema_rs

from bank.api.batch_lines import NDJSON
from bank.api.schema.headers import ANSWER_HEADERS
from bank.api.views.docs import document

# What any path below /api may answer without an operation that lists it: said once, in the document's own words.
_ANYWHERE = {404: "not_found", 405: "method_not_allowed", 500: "internal_error"}


class NotAsDescribed(AssertionError):
    """The answer and the document differ."""


def check(method: str, path: str, response: Any) -> None:
    """Raises NotAsDescribed where the document does not have this answer."""
    method = "get" if method == "HEAD" else method.lower()
    template = template_of(path.partition("?")[0])
    operation = document()["paths"].get(template, {}).get(method)
    status = response.status_code
    if operation is None or (status == 500 and "500" not in operation["responses"]):
        _check_unlisted(status, response)
        return
    described = resolve(operation["responses"].get(str(status)))
    if described is None:
        raise NotAsDescribed(f"{method} {template} answers {status}: {response.content[:300]!r}")
    _check_headers(described.get("headers", {}), response)
    _check_body(template, method, status, described.get("content"), response)


def _read(media_type: str, content: bytes) -> Any:
    if media_type == NDJSON:
        return [json.loads(line) for line in content.splitlines()]
    return json.loads(content)


@cache
def template_of(path: str) -> str | None:
    """The path template of the document that this path is of."""
    for template in document()["paths"]:
        if re.fullmatch(re.sub(r"{\w+}", "[^/]+", template), path):
            return str(template)
    return None


def resolve(part: Any) -> Any:
    """What a reference stands for."""
    if isinstance(part, dict) and set(part) == {"$ref"}:
        found: Any = document()
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        return resolve(found)
    return part


@cache
def validator(where: tuple[str, ...]) -> jsonschema_rs.Draft202012Validator:
    """For the schema at this place of the document."""
    found: Any = document()
    for step in where:
        found = resolve(found)[step]
    return validator_of(found)


def validator_of(schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
    """For a schema whose references lead into the document."""
    return _compiled(json.dumps(schema))


@cache
def _compiled(schema: str) -> jsonschema_rs.Draft202012Validator:
    whole = {**json.loads(schema), "components": document()["components"]}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True, ignore_unknown_formats=True)


def _check_unlisted(status: int, response: Any) -> None:
    if status < 400 or not response.headers.get("Content-Type", "").startswith("application/problem+json"):
        return  # not of the API, or not described yet: other tests look for these
    expected = _ANYWHERE.get(status)
    if expected is not None and json.loads(response.content)["code"] != expected:
        raise NotAsDescribed(f"{status}: {response.content[:300]!r}")


def _check_headers(described: dict[str, Any], response: Any) -> None:
    for name, reference in described.items():
        header = resolve(reference)
        value = response.headers.get(name)
        if value is None and header.get("required"):
            raise NotAsDescribed(f"no {name} in an answer with status {response.status_code}")
        if value is not None:
            validator_of(header["schema"]).validate(value)
    if unlisted := {name for name in ANSWER_HEADERS if name in response.headers} - set(described):
        raise NotAsDescribed(f"{sorted(unlisted)} in an answer with status {response.status_code}")


def _check_body(template: str | None, method: str, status: int, content: Any, response: Any) -> None:
    if not response.content or content is None:
        assert not (content is None and response.content), "a body where none is described"
        return
    media_type = response.headers["Content-Type"]
    if media_type not in content:
        raise NotAsDescribed(f"{method} {template} answers {status} as {media_type}")
    where = ("paths", str(template), method, "responses", str(status), "content", media_type, "schema")
    try:
        validator(where).validate(_read(media_type, response.content))
    except jsonschema_rs.ValidationError as error:
        raise NotAsDescribed(f"{method} {template} {status}: {error} in {response.content[:2000]!r}") from None
