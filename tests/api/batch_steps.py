"""Sending batches, and reading what came of each line."""

import json
from typing import Any
from uuid import uuid4

from bank.api.batch_lines import NDJSON
from tests.api.client import Answer, Api, eur
from tests.api.given import Account


def a_line(kind: str, /, *, key: str = "", **fields: Any) -> dict[str, Any]:
    return {"type": kind, "idempotency_key": key or str(uuid4()), **fields}


def deposit(account: Account, amount: str = "1", *, key: str = "", **fields: Any) -> dict[str, Any]:
    return a_line("Deposit", key=key, account_id=str(account.id), amount=eur(amount), **fields)


def withdrawal(account: Account, amount: str, *, key: str = "") -> dict[str, Any]:
    return a_line("Withdraw", key=key, account_id=str(account.id), amount=eur(amount))


def send(api: Api, lines: list[dict[str, Any]], **headers: str) -> Answer:
    return send_raw(api, b"\n".join(json.dumps(line).encode() for line in lines) + b"\n", **headers)


def send_raw(api: Api, body: bytes, content_type: str = NDJSON, **headers: str) -> Answer:
    return api.send("POST", "/batches", body, content_type, headers=headers)


def outcomes(answer: Answer) -> list[dict[str, Any]]:
    assert (answer.status, answer.header("Content-Type")) == (201, NDJSON)
    return [json.loads(line) for line in answer.response.content.splitlines()]


def balance(api: Api, account: Account) -> str:
    return str(api.get(account.path).body["balance"]["amount"])
