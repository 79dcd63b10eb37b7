"""Clients of the API as they ought to be: each request again with its key until it is answered, whatever happens."""

import http.client
import json
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Self
from uuid import UUID, uuid4

from tests.faults.client import a_command

_ANSWER_SECONDS_MAX = 20.0
_RECORDED = {HTTPStatus.CREATED, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY}
_NOT_YET = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.BAD_GATEWAY}
_NOT_YET |= {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}


@dataclass(kw_only=True)
class Post:
    """A POST and what was answered. Without `status`: nobody knows yet."""

    path: str
    body: dict[str, Any]
    key: str = field(default_factory=lambda: str(uuid4()))
    status: int = 0
    answer: dict[str, Any] = field(default_factory=dict)

    @property
    def outcome(self) -> str:
        """As the command log has it."""
        return "accepted" if self.status == HTTPStatus.CREATED else str(self.answer["code"])

    @property
    def command_id(self) -> UUID:
        return UUID(self.answer["command_id"])


def a_post(chance: random.Random, accounts: list[UUID]) -> Post:
    """Mostly money; now and then a new customer, for whom personal data are written."""
    if chance.random() < 0.04:
        return Post(path="/customers", body={"name": f"Ada {chance.random()}", "email": "ada@example.org"})
    command = a_command(chance, accounts)
    amount = {"amount": f"{command.amount.minor / 100:.2f}", "currency": "EUR"}
    kind = type(command).__name__
    if kind == "Transfer":
        sides = {"from": str(command.from_account_id), "to": str(command.to_account_id)}
        return Post(path="/transfers", body={**sides, "amount": amount})
    return Post(
        path=f"/accounts/{command.account_id}/{kind.lower()}{'s' if kind == 'Deposit' else 'als'}",
        body={"amount": amount},
    )


class HttpLoad:
    """Threads that post until the load ends; then each ends with the answer that it waits for."""

    def __init__(self, port: int, token: str, accounts: list[UUID], chances: list[random.Random]) -> None:
        self.port, self.token, self.accounts = port, token, accounts
        self.answered: list[Post] = []
        self.failures: Counter[str] = Counter()
        self.errors: list[BaseException] = []
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self._work, args=(chance,)) for chance in chances]

    def __enter__(self) -> Self:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        for thread in self.threads:
            thread.join(_ANSWER_SECONDS_MAX * 2)
        assert not self.errors, self.errors

    def is_over(self) -> bool:
        """Whether every request has its answer, and no more are made."""
        self.stopping.set()
        return not any(thread.is_alive() for thread in self.threads)

    def _work(self, chance: random.Random) -> None:
        try:
            while not self.stopping.is_set():
                post = a_post(chance, self.accounts)
                self.insist(post, chance)
                self.answered.append(post)
                time.sleep(chance.uniform(0.0, 0.04))
        except BaseException as error:  # noqa: BLE001 - told by the test's own thread
            self.errors.append(error)

    def insist(self, post: Post, chance: random.Random) -> None:
        """Send it until an answer comes that the bank has recorded; any other answer is an error."""
        while True:
            try:
                status, answer = self.send(post)
            except (OSError, http.client.HTTPException) as error:
                self.failures[type(error).__name__] += 1
            else:
                if status in _RECORDED:
                    post.status, post.answer = status, answer
                    return
                self.failures[f"{status} {answer.get('code')}"] += 1
                assert status in _NOT_YET, (status, answer)
            time.sleep(chance.uniform(0.02, 0.3))

    def send(self, post: Post) -> tuple[int, dict[str, Any]]:
        """Once, on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_ANSWER_SECONDS_MAX)
        try:
            headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
            headers["Idempotency-Key"] = post.key
            connection.request("POST", f"/api/v1{post.path}", json.dumps(post.body), headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read() or b"{}")
        finally:
            connection.close()
