"""Liveness and readiness: what a load balancer may conclude from them."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings

from bank.ops import health
from ledger.runner import drain
from tests.acting import as_owner
from tests.api.given import a_customer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def away() -> Iterator[None]:
    """PostgreSQL cannot be reached."""
    parameters = connection.settings_dict
    host = parameters["HOST"]
    connection.close()
    parameters["HOST"] = "/nonexistent"
    yield
    parameters["HOST"] = host


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


def test_everything_up_is_ready(client: Client) -> None:
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {"status": "ok", "parts": {"database": "ok", "valkey": "ok", "worker": "ok"}}
    assert response.headers["Cache-Control"] == "no-store"


def test_without_the_database_nothing_can_be_served(client: Client, away: None) -> None:
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "1"
    assert response.json()["status"] == "unavailable"
    assert response.json()["parts"]["database"] == "unavailable"
    assert response.json()["parts"]["valkey"] == "ok"


def test_alive_is_alive_without_the_database(client: Client, away: None) -> None:
    response = client.get("/livez")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_without_valkey_commands_still_work_so_it_is_ready_but_degraded(client: Client, settings: Settings) -> None:
    settings.REDIS_URL = "unix:///nonexistent/valkey.sock"
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json()["parts"] == {"database": "ok", "valkey": "degraded", "worker": "ok"}


def test_a_worker_that_leaves_events_lying_is_degraded(client: Client) -> None:
    a_customer()
    assert client.get("/readyz").json()["parts"]["worker"] == "ok"
    make_unread_events_older(seconds=16)
    response = client.get("/readyz")
    assert (response.status_code, response.json()["parts"]["worker"]) == (200, "degraded")
    drain()
    assert client.get("/readyz").json()["parts"]["worker"] == "ok"


def test_a_database_older_than_the_code_is_not_ready(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_migrated", False)
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("delete from django_migrations where app = 'api' returning name, applied")
        applied = cursor.fetchall()
    try:
        response = client.get("/readyz")
        assert (response.status_code, response.json()["parts"]["database"]) == (503, "unavailable")
    finally:
        with as_owner(), connection.cursor() as cursor:
            cursor.executemany("insert into django_migrations (app, name, applied) values ('api', %s, %s)", applied)
    assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_health_needs_no_token_and_no_session(client: Client, path: str) -> None:
    response = client.get(path)
    assert response.headers["Content-Type"] == "application/json"
    assert not response.cookies


def make_unread_events_older(*, seconds: int) -> None:
    """What only the tables' owner can do: the append-only trigger is lifted for it."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("alter table ledger_event disable trigger ledger_event_append_only")
        cursor.execute("update ledger_event set recorded_at = recorded_at - make_interval(secs => %s)", [seconds])
        cursor.execute("alter table ledger_event enable always trigger ledger_event_append_only")
