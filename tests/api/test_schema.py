"""The OpenAPI document: valid, whole, strict, the same every time, and true in its examples."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml
from django.core.management import call_command
from django.test import Client
from openapi_spec_validator import validate

from bank.api import urls
from bank.api.problems import CONTENT_TYPE, REFUSAL_STATUSES
from bank.api.schema.codes import MEANINGS
from bank.api.scopes import Scope
from bank.api.views.docs import document
from tests.api.client import Api
from tests.api.conformance import resolve, validator_of
from tests.api.given import a_user, an_account, api_of
from tests.api.test_docs import codes_in_the_source

METHODS = ("get", "post", "put", "patch", "delete")
# Answered by layers below the calls, so that no call lists them; the document's introduction does.
OF_NO_CALL = {"not_found", "method_not_allowed", "not_acceptable", "internal_error"}
# Payees are kept, and accounts renamed, in pages alone: only what became of a command tells of these.
OF_NO_CALL |= {"payee_not_found", "payee_already_added", "too_many_payees", "name_unchanged"}
# So are verifications and exports asked for.
OF_NO_CALL |= {"record_job_not_found", "record_job_already_requested"}
# Of the machinery: no field of a call can have them.
OF_NO_FIELD = {"invalid_number", "invalid_object", "invalid"}


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


EVERY_OPERATION = [pytest.param(operation, id=operation["operationId"]) for _, _, operation in operations()]


def test_the_document_is_valid() -> None:
    validate(document())
    out = StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=out)
    assert yaml.safe_load(out.getvalue()) == json.loads(json.dumps(document()))
    assert document()["openapi"].startswith("3.1.")


def test_every_url_and_method_of_the_api_is_described() -> None:
    described = {(re.sub(r"{(\w+)}", r"<\1>", path), method) for path, method, _ in operations()}
    answered = set()
    for pattern in urls.urlpatterns:
        path = "/api/v1/" + re.sub(r"<\w+:(\w+)>", r"<\1>", str(pattern.pattern))
        view = pattern.callback.view_class  # type: ignore[attr-defined]
        answered |= {(path, method) for method in METHODS if hasattr(view, method)}
    assert described == answered | {("/livez", "get"), ("/readyz", "get")}


def test_a_call_that_is_not_described_fails_the_document(monkeypatch: pytest.MonkeyPatch) -> None:
    view = next(p.callback.view_class for p in urls.urlpatterns if p.name == "me")  # type: ignore[attr-defined]
    monkeypatch.setattr(view, "contract", {})
    with pytest.raises(Exception, match="warnings"):
        call_command("spectacular", "--fail-on-warn", stdout=StringIO())


def test_the_document_is_the_same_every_time() -> None:
    program = (
        "import django, zlib; django.setup()\n"
        "from bank.api.views.docs import document\n"
        "print(zlib.crc32(repr(document()).encode()))"
    )
    seeds = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert seeds[0] == seeds[1] != ""


@pytest.mark.parametrize(
    ("query", "accept", "media_type"),
    [
        ("", "*/*", "application/vnd.oai.openapi"),
        ("", "application/json", "application/vnd.oai.openapi+json"),
        ("", "application/vnd.oai.openapi+json", "application/vnd.oai.openapi+json"),
        ("", "application/yaml", "application/vnd.oai.openapi"),
        ("", "text/html", "application/vnd.oai.openapi"),
        ("?format=json", "*/*", "application/vnd.oai.openapi+json"),
        ("?format=yaml", "application/json", "application/vnd.oai.openapi"),
    ],
)
def test_it_is_served_in_the_form_that_is_asked_for(query: str, accept: str, media_type: str) -> None:
    answer = Client().get(f"/api/schema/{query}", headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == media_type
    read = json.loads if media_type.endswith("json") else yaml.safe_load
    assert read(answer.content) == json.loads(json.dumps(document()))
    for path in ("/api/schema/", "/api/docs/"):
        answer = Client(enforce_csrf_checks=True).post(path)
        assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
        assert answer.headers["Allow"].startswith("GET, HEAD")


@pytest.mark.parametrize("operation", EVERY_OPERATION)
def test_every_operation_says_what_it_is(operation: dict[str, Any]) -> None:
    assert re.fullmatch(r"[a-z][A-Za-z]+", operation["operationId"])
    assert operation["summary"]
    assert operation["description"]
    assert {*operation["tags"]} <= {tag["name"] for tag in document()["tags"]}
    for parameter in map(resolve, operation.get("parameters", [])):
        assert len(parameter["description"]) > 10
        assert parameter["schema"]
    for response in map(resolve, operation["responses"].values()):
        assert response["description"]
        assert "X-Request-ID" in response["headers"]


@pytest.mark.parametrize("operation", EVERY_OPERATION)
def test_problems_list_their_codes_and_show_each(operation: dict[str, Any]) -> None:
    for status, response in operation["responses"].items():
        for media_type, content in (resolve(response).get("content") or {}).items():
            if media_type != CONTENT_TYPE:
                continue
            codes = content["schema"]["properties"]["code"]["enum"]
            assert codes == sorted(set(codes))
            assert set(content["examples"]) == set(codes)
            assert all(f"`{code}`" in resolve(response)["description"] for code in codes)
            assert content["schema"]["properties"]["status"] == {"const": int(status)}


def test_every_code_is_listed_by_some_call_and_has_a_meaning() -> None:
    listed = {
        code
        for _, _, operation in operations()
        for response in map(resolve, operation["responses"].values())
        for content in (response.get("content") or {}).values()
        for code in content["schema"].get("properties", {}).get("code", {}).get("enum", [])
    }
    assert set(MEANINGS) - listed <= OF_NO_CALL
    assert (codes_in_the_source() | set(REFUSAL_STATUSES)) - listed <= OF_NO_CALL | OF_NO_FIELD


def test_security_lists_the_scopes_and_only_health_is_open() -> None:
    scheme = document()["components"]["securitySchemes"]["bearer"]
    assert all(f"`{scope}`" in scheme["description"] for scope in Scope)
    for path, method, operation in operations():
        if operation["security"] == []:
            assert path in ("/livez", "/readyz")
            continue
        wanted = {scope for way in operation["security"] for scope in way["bearer"]}
        pattern = next(
            p for p in urls.urlpatterns if "/api/v1/" + re.sub(r"<\w+:(\w+)>", r"{\1}", str(p.pattern)) == path
        )
        view = pattern.callback.view_class  # type: ignore[attr-defined]
        assert wanted == {str(scope) for scope in view.scopes.get(method.upper(), ())}


def test_bodies_are_as_strict_as_the_server() -> None:
    """No object takes names that it does not list, no text is without limit or pattern."""
    for path, _, operation in operations():
        for content in operation.get("requestBody", {}).get("content", {}).values():
            for where, schema in walk(content["schema"], path):
                if schema.get("type") == "object":
                    assert schema.get("additionalProperties") is False or "unevaluatedProperties" in schema, where
                if schema.get("type") == "string" and not where.endswith(("/amount", "/currency")):
                    assert {"enum", "pattern", "format", "const"} & set(schema), where


def walk(schema: dict[str, Any], where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """A schema and those in it, references followed."""
    schema = resolve(schema)
    yield where, schema
    for name, inner in schema.get("properties", {}).items():
        yield from walk(inner, f"{where}/{name}")
    if isinstance(schema.get("items"), dict):
        yield from walk(schema["items"], f"{where}/items")
    for keyword in ("oneOf", "anyOf"):
        if "properties" not in schema:
            for inner in schema.get(keyword, []):
                yield from walk(inner, where)


@pytest.mark.parametrize("operation", EVERY_OPERATION)
def test_every_example_is_what_its_schema_says(operation: dict[str, Any]) -> None:
    holders = [operation.get("requestBody", {}), *map(resolve, operation["responses"].values())]
    contents = [content for holder in holders for content in (holder.get("content") or {}).values()]
    for content in contents:
        examples = [resolve(example)["value"] for example in content.get("examples", {}).values()]
        if "example" in content:
            examples.append(content["example"])
        assert examples, "nothing to look at"
        for example in examples:
            if not isinstance(example, str):
                validator_of(content["schema"]).validate(example)
    for parameter in map(resolve, operation.get("parameters", [])):
        if "example" in parameter:
            validator_of(parameter["schema"]).validate(parameter["example"])


def test_components_show_examples_that_they_take() -> None:
    for schema in document()["components"]["schemas"].values():
        for _, inner in walk(schema, ""):
            for example in inner.get("examples", []):
                validator_of(inner).validate(example)


COMMANDS = [
    pytest.param(path, operation, id=operation["operationId"])
    for path, method, operation in operations()
    # The others' own tests send theirs.
    if method == "post" and path.startswith(("/api/v1/accounts", "/api/v1/transfers", "/api/v1/customers"))
]


@pytest.mark.django_db
@pytest.mark.parametrize(("path", "operation"), COMMANDS)
def test_the_examples_of_commands_can_be_sent(path: str, operation: dict[str, Any], ada_id: UUID) -> None:
    """As they stand, but for the ids of things that this bank has."""
    body = operation["requestBody"]["content"]["application/json"]["example"]
    admin = api_of(a_user("admin"), "*")
    empty = path.endswith("/close")
    account = an_account(ada_id, 0 if empty else 500_00)
    other = an_account(ada_id)
    if path.endswith("/unfreeze"):
        admin.post(f"{account.path}/freeze")
    ids = {"customer_id": str(ada_id), "from": str(account.id), "to": other.iban}
    sent = {name: ids.get(name, value) for name, value in body.items()}
    answer = admin.post(path.format(account_id=account.id), sent)
    assert answer.status == 201, answer.body


def test_the_example_of_a_problem_is_what_the_bank_says() -> None:
    answer = Api().get("/me")
    described = resolve(document()["paths"]["/api/v1/me"]["get"]["responses"]["401"])
    example = resolve(described["content"][CONTENT_TYPE]["examples"]["not_authenticated"])["value"]
    assert {**example, "instance": "/api/v1/me", "request_id": answer.body["request_id"]} == answer.body
