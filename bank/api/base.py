"""The base of every view: authentication, scopes and query parameters, declared by each view for each method."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, ClassVar, Final, cast
from urllib.parse import unquote_to_bytes

from django.db import connection
from django.http import HttpRequest, HttpResponse
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.views import APIView
from typing_extensions import override

from bank.api import errors, in_flight, rates
from bank.api.answers import JSON, add_headers
from bank.api.authentication import BearerAuthentication
from bank.api.fields import QuerySerializer, StrictSerializer, read
from bank.api.problems import InputError, bad_request, insufficient_scope, invalid_input, not_found, status_problem
from bank.api.schema.operation import Operation
from bank.api.scopes import Scope
from bank.api.strict_json import MAX_BODY_BYTES, parse_object, refuse_longer
from bank.api.tokens import Credential
from bank.identity.models import User

_NO_PARAMETERS = QuerySerializer()
_HEADERS: Final = {"Cache-Control": "private, no-cache"}
# They keep nothing of a request.
_AUTHENTICATORS: Final = (BearerAuthentication(),)
_NEGOTIATION: Final = BaseContentNegotiation()  # there is one format, so nothing to negotiate
_READING: Final = frozenset({"GET", "HEAD"})
_JSON_CHARSETS = frozenset({"", "utf-8", "utf8"})


class ApiView(APIView):
    """A view says which scopes open each method (any one of them; none listed: every token does) and which query
    parameters the method takes. `self.query` then holds these, read; unknown ones were refused.
    """

    authentication_classes = (BearerAuthentication,)
    permission_classes = ()
    throttle_classes = ()
    metadata_class = None
    http_method_names = ["get", "head", "post"]

    contract: ClassVar[Mapping[str, Operation]] = {}  # what clients read of each method: see bank/api/schema
    scopes: ClassVar[Mapping[str, tuple[Scope, ...]]] = {}
    parameters: ClassVar[Mapping[str, QuerySerializer]] = {}
    methods: ClassVar[tuple[str, ...]] = ()  # those that it has, and HEAD with GET
    query: dict[str, Any]
    # A reader whose connection to the database broke asks again, once: PostgreSQL may have restarted since the last.
    reads_again = True
    headers: dict[str, str]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.methods = tuple(n.upper() for n in cls.http_method_names if hasattr(cls, "get" if n == "head" else n))

    @override
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """From the request to its answer; the framework's way does the same by many more steps."""
        self.args, self.kwargs = args, kwargs
        self.headers = dict(_HEADERS)
        try:
            response = self._answer(request)
        except BaseException:
            self._let_go()
            raise
        if response.status_code >= HTTPStatus.BAD_REQUEST:
            self._let_go()  # nothing is recorded under the key, or is told by the log from now on
        add_headers(response, self.headers)
        return response

    @override
    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        context = {"view": self, "args": args, "kwargs": kwargs}
        return Request(request, authenticators=_AUTHENTICATORS, negotiator=_NEGOTIATION, parser_context=context)

    @override
    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        self.perform_authentication(request)
        credential = credential_of(request)
        self.headers |= rates.count(credential.token_id)
        method = "GET" if request.method == "HEAD" else str(request.method)
        if method not in self.methods:
            raise status_problem(405)
        wanted = self.scopes.get(method, ())
        if wanted and not any(credential.grants(scope) for scope in wanted):
            raise insufficient_scope(wanted)
        self.query = _read_query(request, self.parameters.get(method, _NO_PARAMETERS))

    def _answer(self, request: HttpRequest) -> HttpResponse:
        try:
            return self._carry_out(request)
        except Exception as error:
            if self.reads_again and request.method in _READING and errors.is_lost_connection(error):
                self.reads_again = False
                connection.close_if_unusable_or_obsolete()
                return self._answer(request)
            answer = errors.respond(error, request, self.methods)
            if answer is None:
                raise
            return answer

    def _carry_out(self, plain: HttpRequest) -> HttpResponse:
        self.request = request = self.initialize_request(plain, *self.args, **self.kwargs)
        self.initial(request, *self.args, **self.kwargs)
        handler: Callable[..., HttpResponse] = getattr(self, str(request.method).lower())
        return handler(request, *self.args, **self.kwargs)

    def read_body(self, request: Request, serializer: StrictSerializer) -> tuple[dict[str, Any], dict[str, Any]]:
        """The body as it was sent and as the serializer reads it; an absent body is an empty object."""
        body = _json_object(request)
        return body, read(serializer, body)

    def _let_go(self) -> None:
        """Let others use the idempotency key, if this call was the one at work on it."""
        credential = getattr(getattr(self, "request", None), "_auth", None)
        if isinstance(credential, Credential) and credential.claimed:
            in_flight.let_go()


class NoSuchResource(ApiView):
    """Every path of the API that is none: 404 before any token is looked at."""

    @override
    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise not_found("not_found", "There is no such resource.")


def user_of(request: Request) -> User:
    """Who calls; past `initial` there is always someone."""
    return cast(User, request.user)


def credential_of(request: Request) -> Credential:
    """The token that the call came with."""
    return cast(Credential, request.auth)


def _read_query(request: Request, serializer: QuerySerializer) -> dict[str, Any]:
    sent = request.META.get("QUERY_STRING", "")
    if not sent and serializer is _NO_PARAMETERS:
        return {}
    parameters = request.query_params
    repeated = [
        InputError(f"/{name}", "repeated_parameter", "A query parameter may be given once.")
        for name, values in parameters.lists()
        if len(values) > 1
    ]
    if repeated:
        raise invalid_input(repeated)
    values = read(serializer, parameters.dict())
    if not _is_utf8(sent):
        raise bad_request("bad_request", "The query is not UTF-8.")
    return values


def _is_utf8(query: str) -> bool:
    """Whether the octets of the query, unescaped, are text; Django would put U+FFFD in the place of odd ones."""
    try:
        unquote_to_bytes(query.encode("latin-1")).decode("utf-8")
    except UnicodeError:
        return False
    return True


def _json_object(request: Request) -> dict[str, Any]:
    sent = request.META
    media_type, _, options = sent.get("CONTENT_TYPE", "").partition(";")
    if sent.get("HTTP_CONTENT_ENCODING", "identity").strip().lower() not in {"", "identity"}:
        raise status_problem(415)  # a small body that unpacks to a large one is no way in
    has_body = sent.get("CONTENT_LENGTH") not in (None, "", "0")
    if not has_body and sent.get("HTTP_TRANSFER_ENCODING"):
        raise status_problem(411)  # WSGI hands over no body without a length: it must not be taken for an empty one
    if not has_body:
        return {}  # whatever its type would be: servers make one up where the client sent none
    charset = next((o.split("=", 1)[1] for o in options.lower().split(";") if o.strip().startswith("charset=")), "")
    if media_type.strip().lower() != JSON or charset.strip(' "') not in _JSON_CHARSETS:
        raise status_problem(415)
    refuse_longer(sent.get("CONTENT_LENGTH"), MAX_BODY_BYTES)
    return parse_object(request._request.read(MAX_BODY_BYTES + 1))  # noqa: SLF001 - the framework's way is longer
