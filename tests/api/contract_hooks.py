"""For Schemathesis: texts that only the bank can make, and things that are there, so that calls reach the rules."""

import json
import os
import secrets
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import schemathesis
from hypothesis import strategies as st
from schemathesis.core.parameters import ParameterLocation

from accounts.money import exponent_of

# By parameter: ids and names of things that are there. Set by the test that runs this.
THERE: dict[str, list[Any]] = json.loads(os.environ.get("CONTRACT_THERE", "{}"))
_TIMES_OUT_OF_TEN = 8

_DAYS = st.dates().map(lambda day: day.isoformat())
_MOMENTS = st.datetimes().map(lambda moment: moment.isoformat(timespec="seconds") + "Z")
# The accounts of this test are in euros.
_AMOUNTS = st.decimals(0, 10**12, places=exponent_of("EUR")).map(str)

schemathesis.openapi.format("date", _DAYS)
schemathesis.openapi.format("date-time", _MOMENTS)
schemathesis.openapi.format("amount", _AMOUNTS)
schemathesis.openapi.format("iban", st.sampled_from(THERE.get("iban", ["LU729991870500056350"])))
schemathesis.openapi.format("consistency-token", st.sampled_from(THERE.get("consistency_token", ["AAAA"])))
schemathesis.openapi.format("cursor", st.just("AAAA"))


@schemathesis.hook
def before_load_schema(_context: Any, raw_schema: dict[str, Any]) -> None:
    """Leave out how long a batch may be: ten thousand lines take a minute to make. Tests of batches look at that."""
    call = raw_schema["paths"]["/api/v1/batches"]["post"]
    for content in call["requestBody"]["content"].values():
        content["schema"].pop("maxItems")


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: dict[str, Any]) -> None:
    """Name things that are there, where the call was to be a good one; leave bad ones as they are."""
    if case.headers and not _is_good(case, ParameterLocation.HEADER):
        return  # after an edit, Schemathesis would take the bad header for a good one
    if _is_good(case, ParameterLocation.PATH):
        for name in case.path_parameters or {}:
            _take_one_that_is_there(case.path_parameters, name)
    if _is_good(case, ParameterLocation.QUERY):
        _mend_query(case.query)
    if case.headers:
        _mend_headers(case.headers)
    if _is_good(case, ParameterLocation.BODY):
        for command in case.body if isinstance(case.body, list) else [case.body]:
            _mend_command(command)


def _mend_query(query: dict[str, Any]) -> None:
    """What the document says in words only: parameters that exclude each other, and texts that the bank makes."""
    query.pop("cursor", None)  # is of one list
    if "wait" in query:
        query["wait"] = 0
    if "consistent_with" in query:
        query["consistent_with"] = secrets.choice(THERE["consistency_token"])
    if "as_of" in query and "version" in query:
        query.pop("as_of")


def _mend_headers(headers: dict[str, str]) -> None:
    """A key of its own for most calls."""
    if "Idempotency-Key" in headers and _mostly():
        headers["Idempotency-Key"] = str(uuid4())


def _mend_command(command: Any) -> None:
    """What the document says in words only: of which currency a limit is, how far back a replay goes."""
    if not isinstance(command, dict):
        return
    for name in ("account_id", "customer_id", "from", "to"):
        if name in command:
            _take_one_that_is_there(command, name)
    if "since" in command:
        command["since"] = datetime.now(UTC).isoformat(timespec="seconds")
    if "overdraft_limit" in command and "currency" in command:
        command["overdraft_limit"] = {"amount": "100", "currency": command["currency"]}


@schemathesis.serializer("application/x-ndjson")
def lines(_context: Any, value: Any) -> bytes:
    """A list as lines; what is no list as one line."""
    items = value if isinstance(value, list) else [value]
    return b"".join(json.dumps(item).encode() + b"\n" for item in items)


@schemathesis.deserializer("application/x-ndjson")
def items(_context: Any, response: Any) -> Any:
    """The lines of an answer as a list."""
    return [json.loads(line) for line in response.content.splitlines()]


def _is_good(case: Any, location: ParameterLocation) -> bool:
    """Whether this part of the call is there, and was to be as the document wants it."""
    meta = getattr(case, "meta", None)
    if meta is None:
        return False
    component = meta.components.get(location)
    return bool((component or meta.generation).mode.is_positive)


def _take_one_that_is_there(values: dict[str, Any], name: str) -> None:
    if name in THERE and _mostly():
        values[name] = secrets.choice(THERE[name])


def _mostly() -> bool:
    return secrets.randbelow(10) < _TIMES_OUT_OF_TEN
