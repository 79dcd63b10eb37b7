"""Bare Django views, without middleware, that read and write the same rows: the floor under the HTTP API.

Settings and URLs of their own server process; nothing of it is part of the bank.
"""

from typing import Any
from uuid import UUID

import msgspec
import psycopg
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

from bank.settings import *  # noqa: F403 - a settings module, too
from bank.settings import DATABASES

# Nothing but what knows the names of tables and columns.
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "ledger", "accounts", "readmodels"]
AUTH_USER_MODEL = "auth.User"
AUTHENTICATION_BACKENDS = []
MIDDLEWARE = []
ROOT_URLCONF = "benchmarks.http_floor"
DATABASES["default"]["OPTIONS"]["prepare_threshold"] = 0


class Money(msgspec.Struct):
    """As the API has it."""

    amount: str
    currency: str


class Deposit(msgspec.Struct):
    """The same body that the API gets."""

    amount: Money
    reference: str = ""


_read = msgspec.json.Decoder(Deposit).decode
_write = msgspec.json.Encoder().encode


def deposit(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """One deposit by one statement: head, event, command log and balance, without any rule."""
    from benchmarks.floor import deposit_in_one

    sent = _read(request.body)
    minor = int(sent.amount.amount.replace(".", ""))
    version, balance_minor = deposit_in_one(_cursor(), account_id, minor, sent.reference)
    return _json({"id": account_id, "version": version, "balance_minor": balance_minor}, 201)


def account(_request: HttpRequest, account_id: UUID) -> HttpResponse:
    """The row of an account with its holder, and its version as the ETag."""
    from readmodels.balances import _SELECT

    row = _cursor().execute(f"{_SELECT} where a.account_id = %s", (account_id,), prepare=True).fetchone()
    assert row is not None
    answer = _json(row)
    answer.headers["ETag"] = f'"{row[9]}"'
    return answer


def movements(_request: HttpRequest, account_id: UUID) -> HttpResponse:
    """The last 50 movements of an account."""
    from readmodels.movements import _PAGE

    statement = _PAGE.format(conditions="m.account_id = %s")
    return _json(_cursor().execute(statement, (account_id, 51), prepare=True).fetchall())


def _cursor() -> psycopg.Cursor[Any]:
    connection.ensure_connection()
    return psycopg.Cursor(connection.connection)


def _json(body: object, status: int = 200) -> HttpResponse:
    return HttpResponse(_write(body), status=status, content_type="application/json")


urlpatterns = [
    path("accounts/<uuid:account_id>/deposits", deposit),
    path("accounts/<uuid:account_id>", account),
    path("accounts/<uuid:account_id>/transactions", movements),
]
