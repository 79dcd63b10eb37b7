"""The feed over a real server: nothing skipped, nothing twice, and nobody kept waiting by those who wait."""

import json
import random
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from email.message import Message
from http.client import HTTPConnection
from typing import Any
from uuid import UUID

import pytest

from accounts.handler import handle_all
from bank.api.scopes import Scope
from bank.api.tokens import issue_token, revoke_token
from bank.ops import parts
from ledger.models import Event
from ledger.reading import head_position
from ledger.sealing import seal_all
from tests.api.given import a_customer, a_user, an_account
from tests.chance import a_seed, chances
from tests.faults.processes import Process, Site, wait_until
from tests.steps import BY, deposit

pytestmark = [pytest.mark.fault, pytest.mark.django_db(transaction=True), pytest.mark.timeout(90)]

EVENTS = 4_000


@dataclass
class Web:
    """The bank's web server, as `make run` starts it, and an auditor who asks it."""

    process: Process
    port: int
    token: str

    def get(self, path: str, token: str = "") -> tuple[int, Message, Any]:
        link = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            link.request("GET", f"/api/v1{path}", headers={"Authorization": f"Bearer {token or self.token}"})
            response = link.getresponse()
            return response.status, response.headers, json.loads(response.read())
        finally:
            link.close()

    def answers(self) -> bool:
        try:
            return self.get("/me")[0] == 200
        except OSError:
            return False


@pytest.fixture
def web(site: Site) -> Web:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    _, token = issue_token(a_user("auditor"), label="feed", scopes=[Scope.ALL], lifetime=timedelta(days=1))
    found = Web(site.web(port), port, token)
    wait_until(found.answers, 30, f"the web server answers: {found.process.said()}")
    return found


def account_id() -> UUID:
    return an_account(a_customer()).id


class Consumer(threading.Thread):
    """Follows the book from its beginning, as an outside program does."""

    def __init__(self, web: Web) -> None:
        super().__init__()
        self.web = web
        self.seen: list[dict[str, Any]] = []
        self.after = 0
        self.stopping = threading.Event()
        self.errors: list[object] = []

    def run(self) -> None:
        while not self.stopping.is_set():
            status, _, body = self.web.get(f"/events?after={self.after}&wait=2&limit=200")
            if status != 200:
                self.errors.append(body)
                return
            self.seen += body["data"]
            self.after = body["next_after"]


def write(accounts: list[UUID], pace: random.Random) -> None:
    """Deposits in batches of all sizes."""
    written = 0
    while written < EVENTS // 2:
        size = pace.choice([1, 7, 100])
        handle_all([deposit(pace.choice(accounts), 1) for _ in range(size)], by=BY)
        written += size
        time.sleep(pace.random() * 0.02)


def test_a_consumer_misses_nothing_while_sealers_are_killed(web: Web, site: Site) -> None:
    chance = chances(a_seed())
    accounts = [account_id() for _ in range(5)]
    consumer = Consumer(web)
    consumer.start()
    kills = chance("kills")
    with ThreadPoolExecutor(2) as pool:
        writers = [pool.submit(write, accounts, chance(n)) for n in range(2)]
        sealers = [site.sealer(size) for size in (7, 200)]
        while not all(writer.done() for writer in writers):
            time.sleep(kills.uniform(0.1, 0.6))
            victim = kills.randrange(2)
            sealers[victim].kill()
            sealers[victim] = site.sealer(kills.choice([1, 50, 500]))
        for writer in writers:
            writer.result()
    for sealer in sealers:
        sealer.kill()
    wait_until(lambda: seal_all().count == 0, 10, "all is sealed")
    head = head_position()
    wait_until(lambda: consumer.after == head or bool(consumer.errors), 20, "the consumer has followed")
    consumer.stopping.set()
    consumer.join(10)
    assert consumer.errors == []
    assert [event["position"] for event in consumer.seen] == list(range(1, head + 1))
    assert {event["id"] for event in consumer.seen} == {str(i) for i in Event.objects.values_list("id", flat=True)}
    assert head >= EVENTS


def test_who_waits_is_told_within_moments(web: Web) -> None:
    account = account_id()
    seal_all()
    head = head_position()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(web.get, f"/events?after={head}&wait=20")
        time.sleep(0.5)
        handle_all([deposit(account, 1)], by=BY)
        seal_all()
        began = time.monotonic()
        status, _, body = waiting.result(10)
    assert (status, len(body["data"]), body["next_after"]) == (200, 1, head + 1)
    assert time.monotonic() - began < 2


def test_those_who_wait_leave_threads_for_everybody_else_and_end_when_the_server_does(web: Web) -> None:
    seal_all()
    path = f"/events?after={head_position()}&wait=20"
    # Half of the threads of every process that `make run` starts for the web.
    most = parts.web_processes() * (parts.web_threads() // 2)
    with ThreadPoolExecutor(most + 8) as pool:
        polls = [pool.submit(web.get, path) for _ in range(most + 8)]
        wait_until(lambda: sum(poll.done() for poll in polls) >= 8, 5, "those too many are answered at once")
        for _, headers, body in (poll.result() for poll in polls if poll.done()):
            assert (headers["Retry-After"], body["data"]) == ("1", [])
        for _ in range(8):
            began = time.monotonic()
            assert web.get("/me")[0] == 200
            assert time.monotonic() - began < 2
        assert not all(poll.done() for poll in polls)
        web.process.signal(signal.SIGTERM)
        began = time.monotonic()
        assert {poll.result(5)[0] for poll in polls} == {200}
        web.process.popen.wait(5)
        assert time.monotonic() - began < 3


def test_a_token_that_is_revoked_while_it_waits_is_told_nothing(web: Web) -> None:
    account = account_id()
    seal_all()
    token, secret = issue_token(a_user("auditor"), label="x", scopes=[Scope.ALL], lifetime=timedelta(days=1))
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(web.get, f"/events?after={head_position()}&wait=20", secret)
        time.sleep(0.5)
        revoke_token(token)
        handle_all([deposit(account, 1)], by=BY)
        seal_all()
        status, _, body = waiting.result(10)
    assert (status, body["code"]) == (401, "invalid_token")
