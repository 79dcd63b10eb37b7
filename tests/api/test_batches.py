"""Batches: each line is what the single call would be, one outcome a line, in order."""

import json
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from pytest_django.live_server_helper import LiveServer

from bank.api.batch_lines import KINDS, NDJSON
from ledger.ids import new_id
from tests.api.batch_steps import a_line, balance, deposit, outcomes, send, send_raw, withdrawal
from tests.api.client import Api, eur
from tests.api.given import Account, a_user, api_of

pytestmark = pytest.mark.django_db


# --- what comes back ----------------------------------------------------------------------------------------------


def test_every_command_of_staff_can_be_a_line(teller: Api, ada_id: UUID, account: Account, others: Account) -> None:
    about = {"account_id": str(account.id)}
    lines = [
        a_line("RegisterCustomer", name="Eve", email="eve@example.org"),
        a_line("OpenAccount", customer_id=str(ada_id), name="Savings", currency="EUR", overdraft_limit=eur("5")),
        deposit(account, "10.50", reference="Gift"),
        withdrawal(account, "10.50"),
        a_line("Transfer", **{"from": str(account.id), "to": others.iban}, amount=eur("500")),
        a_line("FreezeAccount", **about, reason="Lost card"),
        a_line("UnfreezeAccount", **about),
        a_line("SetOverdraftLimit", **about, overdraft_limit=eur("7")),
        a_line("CloseAccount", **about),
    ]
    assert {line["type"] for line in lines} == set(KINDS)
    found = outcomes(send(teller, lines))
    assert [o["status"] for o in found] == [201] * len(lines)
    assert [o["idempotency_key"] for o in found] == [line["idempotency_key"] for line in lines]
    assert {(o["outcome"], o["replayed"]) for o in found} == {("accepted", False)}
    registered, opened, paid_in, paid_out, sent, *steered = found
    assert registered["customer"]["name"] == "Eve"
    assert teller.get(f"/customers/{registered['customer']['id']}").body == registered["customer"]
    assert teller.get(f"/accounts/{opened['account']['id']}").body == opened["account"]
    assert (paid_in["account"]["balance"], paid_out["account"]["balance"]) == (eur("510.50"), eur("500.00"))
    assert [event["type"] for event in sent["events"]] == ["TransferSent", "TransferReceived"]
    assert sent["account"]["id"] == str(account.id)
    assert [o["account"]["status"] for o in steered] == ["frozen", "open", "open", "closed"]
    assert [o["account"]["version"] for o in steered] == [6, 7, 8, 9]


def test_a_json_list_is_answered_by_a_json_list(teller: Api, account: Account) -> None:
    lines = [deposit(account), withdrawal(account, "900")]
    answer = send_raw(teller, json.dumps(lines).encode(), "application/json")
    assert (answer.status, answer.header("Content-Type")) == (201, "application/json")
    assert [o["outcome"] for o in answer.body] == ["accepted", "refused"]


def test_a_line_and_the_single_call_with_its_key_are_one_command(teller: Api, account: Account, ada_id: UUID) -> None:
    opening = {"customer_id": str(ada_id), "name": "Savings", "currency": "EUR"}
    paid_in = send(teller, [deposit(account, "5", key="a", reference="x"), a_line("OpenAccount", key="b", **opening)])
    single = teller.post(f"{account.path}/deposits", {"reference": "x", "amount": eur("5")}, key="a")
    line, opened = outcomes(paid_in)
    assert single.body == {**{name: line[name] for name in single.body}, "replayed": True}
    assert teller.post("/accounts", opening, key="b").body["id"] == opened["account"]["id"]
    withdrawn = teller.post(f"{account.path}/withdrawals", {"amount": eur("1")}, key='"c"')
    (again,) = outcomes(send(teller, [withdrawal(account, "1", key="c")]))
    assert {name: again[name] for name in withdrawn.body} == {**withdrawn.body, "replayed": True}
    assert balance(teller, account) == "504.00"


def test_each_line_sees_the_effects_of_those_before_it(teller: Api, account: Account, others: Account) -> None:
    found = outcomes(
        send(
            teller,
            [
                withdrawal(account, "600"),
                a_line("Transfer", **{"from": others.iban, "to": str(account.id)}, amount=eur("100")),
                withdrawal(account, "600"),
                a_line("FreezeAccount", account_id=str(others.id)),
                withdrawal(others, "1"),
            ],
        )
    )
    assert [o["status"] for o in found] == [422, 201, 201, 201, 409]
    assert [o["refusal"]["code"] for o in found if "refusal" in o] == ["insufficient_funds", "account_frozen"]


def test_a_refusal_is_the_outcome_of_its_line_and_is_on_record(teller: Api, account: Account) -> None:
    line = withdrawal(account, "600", key="much")
    (refused,) = outcomes(send(teller, [line]))
    single = teller.post(f"{account.path}/withdrawals", {"amount": eur("600")}, key="much")
    assert single.header("Idempotency-Replayed") == "true"
    assert refused == {
        "idempotency_key": "much",
        "status": 422,
        "command_id": single.body["command_id"],
        "outcome": "refused",
        "refusal": {"code": single.code, "detail": single.body["detail"], "errors": []},
        "replayed": False,
    }
    (again,) = outcomes(send(teller, [line]))
    assert again == {**refused, "replayed": True}


def test_what_does_not_exist_is_the_outcome_of_its_line_and_is_not_recorded(
    teller: Api, account: Account, ada_id: UUID
) -> None:
    nobody, sides = str(new_id()), {"from": str(account.id), "to": "DE89370400440532013000"}
    lines = [
        {**deposit(account, key="lost"), "account_id": nobody},
        deposit(account),
        a_line("Transfer", **sides, amount=eur("1")),
        a_line("Transfer", **{**sides, "from": nobody}, amount=eur("1")),
        a_line("OpenAccount", customer_id=nobody, name="Savings", currency="EUR"),
    ]
    found = outcomes(send(teller, lines))
    assert [o["status"] for o in found] == [404, 201, 404, 404, 404]
    refusals = [o["refusal"] for o in found if o["status"] == 404]
    assert [r["errors"][0]["pointer"] for r in refusals] == ["/account_id", "/to", "/from", "/customer_id"]
    assert {r["code"] for r in refusals} == {"account_not_found", "customer_not_found"}
    assert {o["command_id"] for o in found if o["status"] == 404} == {None}
    assert outcomes(send(teller, [deposit(account, key="lost")]))[0]["status"] == 201


# --- sending it again ---------------------------------------------------------------------------------------------


def test_a_batch_that_comes_again_is_replayed_line_by_line(teller: Api, account: Account) -> None:
    lines = [a_line("RegisterCustomer", name="Eve", email=""), deposit(account), withdrawal(account, "900")]
    first = outcomes(send(teller, lines))
    again = outcomes(send(teller, [deposit(account, "2"), *lines]))
    assert again[1:] == [{**outcome, "replayed": True} for outcome in first]
    assert (again[0]["replayed"], balance(teller, account)) == (False, "503.00")


def test_a_key_twice_in_a_batch_is_done_once(teller: Api, account: Account) -> None:
    found = outcomes(
        send(teller, [deposit(account, key="k"), deposit(account, key="k"), deposit(account, "2", key="k")])
    )
    assert [(o["status"], o["replayed"]) for o in found] == [(201, False), (201, True), (422, False)]
    assert (found[2]["refusal"]["code"], found[2]["command_id"]) == ("idempotency_key_reused", None)
    assert balance(teller, account) == "501.00"


def test_keys_are_those_of_the_acting_user(teller: Api, account: Account) -> None:
    line = deposit(account, key="shared")
    assert [outcomes(send(api, [line]))[0]["replayed"] for api in (teller, api_of(a_user("teller")))] == [False, False]
    assert balance(teller, account) == "502.00"


def test_the_request_id_is_the_correlation_id_of_every_line(teller: Api, account: Account) -> None:
    request_id = str(new_id())
    found = outcomes(send(teller, [deposit(account), deposit(account)], X_Request_ID=request_id))
    assert {event["metadata"]["correlationId"] for o in found for event in o["events"]} == {request_id}


# --- who ----------------------------------------------------------------------------------------------------------


def test_customers_send_no_batches(ada: Api, account: Account) -> None:
    assert send(ada, [withdrawal(account, "1")]).code == "forbidden"


@pytest.mark.parametrize("role", ["auditor", "operations"])
def test_only_staff_send_batches(role: str, account: Account) -> None:
    assert send(api_of(a_user(role), "*"), [deposit(account)]).code == "forbidden"


@pytest.mark.parametrize(
    ("kind", "scopes"),
    [
        ("Deposit", {"cash:write"}),
        ("Transfer", {"cash:write", "payments:write"}),
        ("FreezeAccount", {"customers:write"}),
    ],
)
def test_each_line_needs_the_scope_of_its_single_call(
    teller: Api, account: Account, others: Account, kind: str, scopes: set[str]
) -> None:
    fields: dict[str, dict[str, Any]] = {
        "Deposit": {"account_id": str(account.id), "amount": eur("1")},
        "Transfer": {"from": str(account.id), "to": str(others.id), "amount": eur("1")},
        "FreezeAccount": {"account_id": str(others.id)},
    }
    tellers = a_user("teller")
    for scope in ("cash:write", "payments:write", "customers:write", "accounts:read"):
        answer = send(api_of(tellers, scope), [a_line(kind, **fields[kind])])
        assert (answer.status == 201) == (scope in scopes)
        if scope not in scopes:
            assert answer.code == "insufficient_scope"


def test_a_batch_with_a_line_outside_the_scope_is_not_begun(account: Account) -> None:
    desk = api_of(a_user("teller"), "cash:write", "accounts:read")
    answer = send(desk, [deposit(account), a_line("FreezeAccount", account_id=str(account.id))])
    assert (answer.status, answer.code) == (403, "insufficient_scope")
    assert balance(desk, account) == "500.00"


# --- several at once ----------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_batches_about_the_same_accounts_take_turns(live_server: LiveServer, account: Account, others: Account) -> None:
    token = api_of(a_user("teller")).token
    start = Barrier(4)

    def send_some(_: int) -> list[int]:
        lines = [deposit(account if n % 2 else others) for n in range(200)]
        link = HTTPConnection(live_server.thread.host, live_server.thread.port, timeout=60)
        start.wait()
        body = "\n".join(map(json.dumps, lines))
        headers = {"Authorization": f"Bearer {token}", "Content-Type": NDJSON}
        link.request("POST", "/api/v1/batches", body, headers)
        answer = link.getresponse().read()
        link.close()
        return [json.loads(line)["status"] for line in answer.splitlines()]

    with ThreadPoolExecutor(4) as pool:
        statuses = [status for found in pool.map(send_some, range(4)) for status in found]
    assert statuses == [201] * 800
    assert balance(api_of(a_user("teller")), account) == "900.00"
