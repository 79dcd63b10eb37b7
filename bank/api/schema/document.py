"""The generator: walks the views and puts together what they declare and what follows from it."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, Final

from drf_spectacular.drainage import error
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry, ResolvedComponent
from typing_extensions import override

from bank.api.base import ApiView
from bank.api.commanding import CommandView
from bank.api.schema import outside
from bank.api.schema.codes import problem_content, problem_description
from bank.api.schema.examples import example_of
from bank.api.schema.headers import BY_STATUS, COUNTED, EVERYWHERE, answer_headers, request_header
from bank.api.schema.inputs import body_schema, codes_of_body, codes_of_query
from bank.api.schema.operation import JSON, Operation
from bank.api.schema.parameters import path_parameters, query_parameters
from bank.api.schema.shapes import Schema, register, schema_of
from bank.api.schema.words import BEARER, tag_of, tags

# Statuses whose codes do not depend on the call: these answers are described once.
_SAME_FOR_ALL: Final = frozenset({401, 411, 413, 415, 429})


class ContractSchema(AutoSchema):
    """What a view declares about one of its methods, as an operation of the document."""

    @override
    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: ComponentRegistry
    ) -> Schema | None:
        view = self.view
        if not isinstance(view, ApiView) or method not in view.contract:
            error(f"{method} {path}: {type(view).__name__} has no contract for it")
            return None
        declared = view.contract[method]
        return _Describing(view, method, path, declared, registry).operation()


class ContractGenerator(SchemaGenerator):
    """The document, with what stands outside the framework's views: health, webhooks, tags."""

    @override
    def get_schema(self, request: Any = None, public: bool = False) -> Schema:
        document: Schema = super().get_schema(request=request, public=public)  # type: ignore[no-untyped-call]
        registry = ComponentRegistry()
        document["paths"] |= outside.paths(registry)
        document["webhooks"] = outside.webhooks(registry)
        for kind, components in registry.build({}).items():
            document["components"].setdefault(kind, {}).update(components)
        document["components"]["securitySchemes"] = BEARER
        document["components"] = {
            kind: dict(sorted(components.items())) for kind, components in sorted(document["components"].items())
        }
        document["tags"] = tags(document)
        _add_examples(document)
        return document


class _Describing:
    """One method of one view, on its way into the document."""

    def __init__(self, view: ApiView, method: str, path: str, declared: Operation, registry: ComponentRegistry) -> None:
        self.view = view
        self.method = method
        self.path = path
        self.declared = declared
        self.registry = registry
        self.is_command = method == "POST" and isinstance(view, CommandView)
        self.form = getattr(view, "body_form", None) if method == "POST" else None
        self.query = view.parameters.get(method)
        self.scopes = view.scopes.get(method, ())

    def operation(self) -> Schema:
        """The operation object."""
        declared = self.declared
        operation: Schema = {
            "operationId": declared.id,
            "summary": declared.summary,
            "description": self._description(),
            "tags": [tag_of(self.path)],
            "security": [{"bearer": [str(scope)]} for scope in self.scopes] or [{"bearer": []}],
            "parameters": [
                *path_parameters(self.path),
                *query_parameters(self.query, self.registry),
                *self._headers_taken(),
            ],
        }
        body = self._request_body()
        if body is not None:
            operation["requestBody"] = body
        operation["responses"] = self._responses()
        return operation

    def _description(self) -> str:
        words = self.declared.description or type(self.view).__doc__ or ""
        scopes = " or ".join(f"`{scope}`" for scope in self.scopes)
        return " ".join(words.split()) + (f"\n\nScope: {scopes}." if scopes else "\n\nAny token.")

    def _headers_taken(self) -> list[Schema]:
        names = [*(["Idempotency-Key"] if self.is_command else []), *self.declared.takes, "X-Request-ID"]
        return [request_header(name, self.registry) for name in names]

    def _request_body(self) -> Schema | None:
        declared = self.declared
        if declared.body_media:
            content: Schema = {
                media: {"schema": schema_of(body, self.registry)} for media, body in declared.body_media.items()
            }
            for media in content if declared.example is not None else ():
                content[media]["example"] = declared.example
            return {"required": True, "content": content}
        if self.form is None:
            return None
        content = {JSON: {"schema": body_schema(self.form, self.registry)}}
        if declared.example is not None:
            content[JSON]["example"] = declared.example
        # "One of these" has no field that is required, and still wants a body.
        is_required = any(f.required for f in self.form.fields.values()) or getattr(self.form, "one_of", False)
        return {"required": is_required, "content": content}

    def _responses(self) -> Schema:
        declared = self.declared
        success: Schema = {
            "description": declared.summary + ".",
            "headers": answer_headers([*EVERYWHERE, *COUNTED, *declared.headers], self.registry),
        }
        if declared.answer is not None:
            schema = schema_of(declared.answer, self.registry)
            success["content"] = {media: {"schema": schema} for media in declared.answer_media}
        responses = {str(declared.status): success}
        if "If-None-Match" in declared.takes:
            headers = answer_headers([*EVERYWHERE, *COUNTED, "ETag"], self.registry)
            responses["304"] = {"description": "What you have is still so.", "headers": headers}
        for status, codes in sorted(self._problems().items()):
            responses[str(status)] = self._problem(status, codes)
        return responses

    def _problem(self, status: int, codes: Iterable[str]) -> Schema:
        always = dict.fromkeys(EVERYWHERE, True) | BY_STATUS.get(status, {})
        if status != HTTPStatus.UNAUTHORIZED:
            always |= dict.fromkeys(COUNTED, False)
        if self.is_command and status in (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY):
            always["Idempotency-Replayed"] = False
        problem = {
            "description": problem_description(status, codes),
            "headers": answer_headers(always, self.registry),
            "content": problem_content(status, codes, self.registry),
        }
        if status not in _SAME_FOR_ALL or status in self.declared.problems:
            return problem
        return register(self.registry, ResolvedComponent.RESPONSE, f"Problem{status}", problem)

    def _problems(self) -> dict[int, set[str]]:
        """The codes of every status that this call can answer with, other than success."""
        found: dict[int, set[str]] = {
            400: {"bad_request", "unknown_parameter", "repeated_parameter", "invalid_input"},
            401: {"not_authenticated", "invalid_token"},
            429: {"rate_limited"},
            503: {"unavailable"},
        }
        if self.scopes:
            found[403] = {"insufficient_scope", "forbidden"}
        if self.query is not None:
            found[400] |= codes_of_query(self.query)
        if self.form is not None:
            found[400] |= codes_of_body(self.form)
        if self.form is not None or self.declared.body_media:
            found |= {411: {"length_required"}, 413: {"body_too_large"}, 415: {"unsupported_media_type"}}
        if self.is_command:
            found[400] |= {"idempotency_key_missing", "idempotency_key_invalid"}
            found[503] |= {"too_much_contention", "store_busy"}
            found |= {409: {"idempotency_in_flight"}, 422: {"idempotency_key_reused"}}
        if "If-Match" in self.declared.takes:
            found[400].add("invalid_if_match")
            found[412] = {"precondition_failed"}
        for status, codes in self.declared.problems.items():
            found.setdefault(status, set()).update(codes)
        return found


def _add_examples(document: Schema) -> None:
    """Give every successful answer an example, put together from those of its parts."""
    components = document["components"]["schemas"]
    for methods in document["paths"].values():
        for operation in methods.values():
            for response in operation["responses"].values():
                for content in response.get("content", {}).values():
                    if "example" not in content and "examples" not in content:
                        content["example"] = example_of(content["schema"], components)
