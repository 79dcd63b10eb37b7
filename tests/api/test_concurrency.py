"""Many requests at once against a server: one key is one command, and no cent is made or lost."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from pytest_django.live_server_helper import LiveServer

from tests.api.client import PREFIX, Api, eur
from tests.api.given import Account, a_customer, a_user, an_account, api_of

pytestmark = pytest.mark.django_db(transaction=True)

AT_ONCE = 20
Answers = list[tuple[int, dict[str, Any]]]


def at_once(server: LiveServer, requests: list[tuple[str, str, dict[str, Any], str]]) -> Answers:
    """Send POSTs (token, path, body, key), all of them let go at the same moment; status and body of each."""
    start = Barrier(len(requests))

    def send(request: tuple[str, str, dict[str, Any], str]) -> tuple[int, dict[str, Any]]:
        token, path, body, key = request
        link = HTTPConnection(server.thread.host, server.thread.port, timeout=60)
        link.connect()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Idempotency-Key": key}
        start.wait()
        link.request("POST", PREFIX + path, json.dumps(body), headers)
        response = link.getresponse()
        answer = json.loads(response.read())
        link.close()
        return response.status, answer

    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(send, requests))


def told_off(answers: Answers) -> tuple[Answers, int]:
    """The others' answers, and how many were told that one with their key was at work."""
    others = [answer for answer in answers if answer[1].get("code") != "idempotency_in_flight"]
    assert all(status == 409 for status, body in answers if body.get("code") == "idempotency_in_flight")
    return others, len(answers) - len(others)


def commands_logged() -> int:
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from ledger_command where channel = 'api'")
        return int(cursor.fetchone()[0])


def minor(api: Api, account: Account) -> int:
    return round(float(api.get(account.path).body["balance"]["amount"]) * 100)


@pytest.mark.parametrize("call", ["deposits", "withdrawals"])
def test_twenty_identical_requests_have_one_effect(
    live_server: LiveServer, teller: Api, account: Account, call: str
) -> None:
    requests = [(teller.token or "", f"{account.path}/{call}", {"amount": eur("10")}, "k")] * AT_ONCE
    answers, in_flight = told_off(at_once(live_server, requests))
    answers += at_once(live_server, requests[:in_flight]) if in_flight else []
    answers, in_flight = told_off(answers)
    assert Counter(status for status, _ in answers) == {201: AT_ONCE - in_flight}
    assert Counter(body["replayed"] for _, body in answers) == {False: 1, True: AT_ONCE - in_flight - 1}
    bodies = {json.dumps({**body, "replayed": None}, sort_keys=True) for _, body in answers}
    assert len(bodies) == 1
    assert minor(teller, account) == (510_00 if call == "deposits" else 490_00)
    assert commands_logged() == 1


def test_twenty_identical_requests_that_are_refused_are_one_refusal(
    live_server: LiveServer, teller: Api, account: Account
) -> None:
    requests = [(teller.token or "", f"{account.path}/withdrawals", {"amount": eur("501")}, "k")] * AT_ONCE
    answers, in_flight = told_off(at_once(live_server, requests))
    seen = Counter((status, body["code"]) for status, body in answers)
    assert seen == {(422, "insufficient_funds"): AT_ONCE - in_flight}
    assert len({json.dumps(body, sort_keys=True) for _, body in answers}) == 1
    assert commands_logged() == 1


def test_of_twenty_different_requests_with_one_key_one_is_taken(
    live_server: LiveServer, teller: Api, account: Account
) -> None:
    requests = [
        (teller.token or "", f"{account.path}/deposits", {"amount": eur(f"{n}")}, "k") for n in range(1, AT_ONCE + 1)
    ]
    answers, in_flight = told_off(at_once(live_server, requests))
    assert Counter(status for status, _ in answers) == Counter({201: 1, 422: AT_ONCE - 1 - in_flight})
    assert {body["code"] for status, body in answers if status == 422} <= {"idempotency_key_reused"}
    assert commands_logged() == 1


def test_twenty_accounts_opened_by_one_key_are_one(live_server: LiveServer, teller: Api) -> None:
    body = {"customer_id": str(a_customer()), "name": "Savings", "currency": "EUR"}
    answers, _ = told_off(at_once(live_server, [(teller.token or "", "/accounts", body, "k")] * AT_ONCE))
    assert {status for status, _ in answers} == {201}
    assert len({body["id"] for _, body in answers}) == 1
    assert len(teller.get("/accounts").body["data"]) == 1


def test_of_twenty_withdrawals_of_100_from_500_five_are_paid(
    live_server: LiveServer, teller: Api, account: Account
) -> None:
    requests = [
        (teller.token or "", f"{account.path}/withdrawals", {"amount": eur("100")}, str(uuid4()))
        for _ in range(AT_ONCE)
    ]
    answers = at_once(live_server, requests)
    assert Counter(status for status, _ in answers) == {201: 5, 422: 15}
    assert minor(teller, account) == 0


def test_the_same_key_of_twenty_users_has_twenty_effects(live_server: LiveServer, account: Account) -> None:
    tokens = [api_of(a_user("teller")).token or "" for _ in range(AT_ONCE)]
    requests = [(token, f"{account.path}/deposits", {"amount": eur("1")}, "k") for token in tokens]
    answers = at_once(live_server, requests)
    assert [(status, body["replayed"]) for status, body in answers] == [(201, False)] * AT_ONCE
    assert minor(api_of(a_user("teller")), account) == 520_00


def test_money_sent_to_and_fro_at_once_is_all_there(live_server: LiveServer, teller: Api, account: Account) -> None:
    other = an_account(account.customer_id, 500_00)
    both = [(account, other), (other, account)]
    requests = [
        (teller.token or "", "/transfers", {"from": str(a.id), "to": b.iban, "amount": eur(f"{n + 1}")}, str(uuid4()))
        for n in range(AT_ONCE // 2)
        for a, b in both
    ]
    answers = at_once(live_server, requests)
    assert {status for status, _ in answers} == {201}
    assert (minor(teller, account), minor(teller, other)) == (500_00, 500_00)


def test_what_was_answered_among_many_is_answered_again_alone(
    live_server: LiveServer, teller: Api, account: Account
) -> None:
    accounts = [account, *(an_account(account.customer_id, 100_00) for _ in range(3))]
    requests = [
        (teller.token or "", f"{accounts[n % 4].path}/withdrawals", {"amount": eur("30")}, f"key-{n}")
        for n in range(AT_ONCE)
    ]
    first = at_once(live_server, requests)
    again = [teller.post(path, body, key=key) for _, path, body, key in requests]
    assert Counter(status for status, _ in first) == {201: 5 + 3 * 3, 422: 6}
    for (status, body), answer in zip(first, again, strict=True):
        assert answer.status == status
        assert {**answer.body, "replayed": None} == {**body, "replayed": None}
