"""PostgreSQL ended every connection since the last request: the next one is answered, reads and commands alike."""

import json
import socket
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from bank.api.in_flight import let_go
from ledger.connections import close_pool
from ledger.runner import drain
from tests.acting import as_owner
from tests.api.client import PREFIX, Api, eur
from tests.api.given import Account, a_user, api_of
from tests.api.test_in_flight import held, send, two_processes, waits_for_a_row
from tests.faults.processes import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(90)]


def end_every_connection() -> None:
    """As a restart does; whoever asks is the last to go."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'"
        )


@pytest.fixture(autouse=True)
def _no_dead_connections() -> Iterator[None]:
    """The test's own were ended, too: the next test opens new ones."""
    yield
    close_pool()


@pytest.fixture
def server() -> Iterator[int]:
    with two_processes() as (_, _, port):
        yield port


def get(port: int, api: Api, path: str) -> int:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as link:
        request = f"GET {PREFIX}{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {api.token}\r\n"
        link.sendall(f"{request}Connection: close\r\n\r\n".encode())
        return int(link.makefile("rb").readline().split()[1])


def test_no_request_is_refused_for_a_connection_that_broke_since_the_last(
    server: int, teller: Api, account: Account
) -> None:
    drain()
    auditor = api_of(a_user("auditor"))
    reads = [
        (teller, account.path),
        (teller, f"{account.path}/transactions"),
        (teller, f"{account.path}?version=1"),
        (teller, "/accounts"),
        (teller, "/customers"),
        (teller, "/reports/daily_flows"),
        (auditor, "/events"),
        (auditor, f"/streams/{account.id}"),
        (auditor, "/ledger/verification"),
        (auditor, f"/commands/{uuid4()}"),
    ]
    for api, path in reads:
        for _ in range(10):  # every thread of both processes has connections
            get(server, api, path)
        end_every_connection()
        assert {get(server, api, path) for _ in range(10)} == {404 if "/commands/" in path else 200}, path
    for number in range(10):
        send(server, teller, f"{account.path}/deposits", {"amount": eur("1")}, f"warm {number}")
    end_every_connection()
    for number in range(10):
        status, _, _, _ = send(server, teller, f"{account.path}/deposits", {"amount": eur("1")}, f"key {number}")
        assert status == 201
    assert teller.get(account.path).body["balance"] == eur("520.00")


def test_a_client_that_hangs_up_leaves_its_command_whole_or_absent(server: int, teller: Api, account: Account) -> None:
    path = f"{account.path}/deposits"
    body = json.dumps({"amount": eur("1")}).encode()

    def hang_up(key: str, sent: int) -> None:
        head = (
            f"POST {PREFIX}{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {teller.token}\r\n"
            f"Content-Type: application/json\r\nIdempotency-Key: {key}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", server), timeout=20) as link:
            link.sendall(head.encode() + body[:sent])

    with held(account):
        hang_up("waiting", len(body))
        wait_until(waits_for_a_row, 10, "the request waits")
    keys = ["waiting", *(f"cut {sent}" for sent in range(0, len(body) + 1, 9)), *(f"whole {n}" for n in range(5))]
    for key in keys[1:]:
        hang_up(key, int(key.split()[1]) if key.startswith("cut") else len(body))
    for key in keys:
        status, answer = 409, dict[str, Any]()
        deadline = time.monotonic() + 10
        while status == 409 and time.monotonic() < deadline:
            status, answer, _, _ = send(server, teller, path, json.loads(body), key)
        assert status == 201, (key, answer)
    assert teller.get(account.path).body["balance"] == eur(f"{500 + len(keys)}.00")


def test_letting_go_of_a_key_on_a_connection_that_broke_is_no_mistake(teller: Api) -> None:
    teller.get("/me")
    raw = connection.connection
    assert raw is not None
    raw.close()
    let_go()
    assert teller.get("/me").status == 200
