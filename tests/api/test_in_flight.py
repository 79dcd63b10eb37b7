"""A request with a key that another one is at work on: told so at once, by whatever process, and never for longer."""

import json
import signal
import socket
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any

import psycopg
import pytest
from django.db import connection, connections
from pytest_django.live_server_helper import LiveServer

from tests.acting import as_owner
from tests.api.client import PREFIX, Api, eur
from tests.api.given import Account, a_user, api_of
from tests.faults.processes import Process, Site, a_site, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(90)]

Reply = tuple[int, dict[str, Any], dict[str, str], float]
AT_ONCE_SECONDS = 1.0


def send(port: int, api: Api, path: str, body: Any, key: str) -> Reply:
    """Status, body, headers, and how many seconds they took."""
    link = HTTPConnection("127.0.0.1", port, timeout=30)
    started = time.monotonic()
    headers = {"Authorization": f"Bearer {api.token}", "Content-Type": "application/json", "Idempotency-Key": key}
    link.request("POST", PREFIX + path, json.dumps(body), headers)
    response = link.getresponse()
    answer = json.loads(response.read())
    link.close()
    return response.status, answer, dict(response.getheaders()), time.monotonic() - started


@contextmanager
def held(account: Account) -> Iterator[None]:
    """Somebody holds the account's head, so that nothing can be written to it meanwhile."""
    parameters = {key: value for key, value in connection.get_connection_params().items() if key in _CONNECTING}
    with psycopg.connect(**parameters) as other, other.cursor() as cursor:
        cursor.execute("select 1 from ledger_stream where id = %s for update", [account.id])
        yield


_CONNECTING = {"dbname", "user", "password", "host", "port"}


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(30) as found:
        yield found


def at_work(pool: ThreadPoolExecutor, port: int, api: Api, path: str, body: Any, key: str = "k") -> Future[Reply]:
    """The first request: sent, and waiting for the account."""
    first = pool.submit(send, port, api, path, body, key)
    wait_until(waits_for_a_row, 10, "the first request waits")
    return first


def waits_for_a_row() -> bool:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
        )
        return bool(cursor.fetchone()[0])


def test_while_the_first_is_at_work_the_second_is_told_at_once(
    live_server: LiveServer, pool: ThreadPoolExecutor, teller: Api, account: Account
) -> None:
    port, path, body = live_server.thread.port, f"{account.path}/deposits", {"amount": eur("1")}
    with held(account):
        first = at_work(pool, port, teller, path, body)
        status, problem, headers, seconds = send(port, teller, path, body, "k")
        other_key = pool.submit(send, port, teller, path, body, "another")
        others = send(port, api_of(a_user("auditor")), path, body, "k")
        quoted = send(port, teller, path, body, '"k"')
    assert (status, problem["code"], headers["Retry-After"]) == (409, "idempotency_in_flight", "1")
    assert problem["request_id"] == headers["X-Request-ID"]
    assert seconds < AT_ONCE_SECONDS
    assert quoted[1]["code"] == "idempotency_in_flight"
    assert others[0] == 403
    assert (first.result()[0], first.result()[1]["replayed"]) == (201, False)
    assert other_key.result()[1]["replayed"] is False
    again = send(port, teller, path, body, "k")
    assert (again[0], again[1]["replayed"]) == (201, True)
    assert teller.get(account.path).body["balance"] == eur("502.00")


def test_a_key_is_free_again_where_nothing_was_recorded(teller: Api, account: Account) -> None:
    """In one thread each, so that the first's connection lives on while the second asks."""
    path = f"{account.path}/deposits"
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as other:
        for refused in ({"amount": eur("0")}, {"amount": eur("1"), "x": 1}):
            assert one.submit(teller.post, path, refused, key="k").result().status == 400
        assert one.submit(teller.post, path, {"amount": eur("1")}, key="k", If_Match='"9"').result().status == 412
        assert other.submit(teller.post, path, {"amount": eur("1")}, key="k").result().body["replayed"] is False
        # Recorded: whoever did it may go on holding the key, and the answer comes from the log.
        assert one.submit(teller.post, path, {"amount": eur("1")}, key="k").result().body["replayed"] is True
        for executor in (one, other):
            executor.submit(connections.close_all).result()


def test_a_key_is_free_after_a_batch_which_has_no_use_for_it(teller: Api, account: Account) -> None:
    with ThreadPoolExecutor(1) as one:
        line = {"type": "Deposit", "idempotency_key": "line", "account_id": str(account.id), "amount": eur("1")}
        assert one.submit(teller.post, "/batches", [line], key="k").result().status == 201
        single = teller.post(f"{account.path}/deposits", {"amount": eur("1")}, key="k")
        assert (single.status, single.body["replayed"]) == (201, False)
        one.submit(connections.close_all).result()


def test_a_key_is_free_again_after_a_mistake_of_ours(
    teller: Api, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"{account.path}/deposits"
    with ThreadPoolExecutor(1) as one:
        with monkeypatch.context() as patch:
            patch.setattr("bank.api.commanding.handle", None)
            assert one.submit(teller.post, path, {"amount": eur("1")}, key="k").result().status == 500
        assert teller.post(path, {"amount": eur("1")}, key="k").status == 201
        one.submit(connections.close_all).result()


@contextmanager
def two_processes() -> Iterator[tuple[Site, Process, int]]:
    """The web server as `make run` starts it: two processes of eight threads."""
    with a_site() as site:
        site.valkey()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        web = site.web(port)
        wait_until(lambda: answers(port), 30, web.said())
        yield site, web, port


def answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.5):
            return True
    except OSError:
        return False


def test_over_two_processes_twenty_identical_requests_have_one_effect(
    pool: ThreadPoolExecutor, teller: Api, account: Account
) -> None:
    path, body = f"{account.path}/deposits", {"amount": eur("1")}
    with two_processes() as (_, _, port):
        for n in range(10):
            replies = list(pool.map(lambda key: send(port, teller, path, body, key), [f"k{n}"] * 20))
            seen = Counter((status, answer.get("replayed", answer.get("code"))) for status, answer, _, _ in replies)
            assert seen[201, False] == 1
            assert set(seen) <= {(201, False), (201, True), (409, "idempotency_in_flight")}
            assert send(port, teller, path, body, f"k{n}")[1]["replayed"] is True
    assert teller.get(account.path).body["balance"] == eur("510.00")


def test_over_two_processes_the_second_is_told_at_once_and_a_killed_first_leaves_the_key_free(
    pool: ThreadPoolExecutor, teller: Api, account: Account
) -> None:
    path, body = f"{account.path}/withdrawals", {"amount": eur("1")}
    with two_processes() as (_, web, port), held(account):
        first = at_work(pool, port, teller, path, body)
        replies = list(pool.map(lambda _: send(port, teller, path, body, "k"), range(6)))
        assert {answer["code"] for _, answer, _, _ in replies} == {"idempotency_in_flight"}
        assert max(seconds for _, _, _, seconds in replies) < AT_ONCE_SECONDS
        web.signal(signal.SIGKILL)
        assert first.exception(20) is not None
    # Whole or absent: a retry with the key, by another process, tells, and does it if it was not done.
    answer = teller.post(path, body, key="k")
    assert answer.status == 201
    assert teller.get(account.path).body["balance"] == eur("499.00")
