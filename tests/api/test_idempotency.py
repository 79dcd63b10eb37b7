"""The same key of the same user is the same command for ever; what was answered once is answered again."""

import json
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from accounts.customer import ErasePersonalData
from accounts.handler import find_outcome, handle
from ledger.ids import new_id
from ledger.runner import drain
from tests.api.client import Answer, Api, eur
from tests.api.given import BY, Account, a_customer, a_user, an_account, api_of

pytestmark = pytest.mark.django_db


def balance(api: Api, account: Account) -> str:
    return str(api.get(account.path).body["balance"]["amount"])


def without(body: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in names}


@pytest.mark.parametrize("header", [None, "", " "])
def test_a_post_without_a_key_is_refused(teller: Api, account: Account, header: str | None) -> None:
    headers = {} if header is None else {"Idempotency_Key": header}
    answer = teller.post(f"{account.path}/deposits", {"amount": eur("1")}, key=None, **headers)
    assert (answer.status, answer.code) == (400, "idempotency_key_missing")


@pytest.mark.parametrize(
    "header",
    [
        "x" * 256,
        '"' + "x" * 256 + '"',
        '""',
        '"',
        '"a',
        '"a" "b"',
        '"a\\n"',
        '"\\"',
        "a\x01",
        "a\x7fb",
        "\u00e9",
        "a\tb",
    ],
    ids=ascii,
)
def test_a_key_that_is_none_is_refused(teller: Api, account: Account, header: str) -> None:
    answer = teller.post(f"{account.path}/deposits", {"amount": eur("1")}, key=header)
    assert (answer.status, answer.code) == (400, "idempotency_key_invalid")


@pytest.mark.parametrize(
    "header",
    ["x", "x" * 255, '"' + "x" * 255 + '"', "0", "a b", "a/b", "a,b", "a;b=c", 'a"b', '"a\\"b\\\\c"', "~!@#$%^&*()"],
)
def test_a_key_of_one_to_255_characters_is_taken(teller: Api, account: Account, header: str) -> None:
    assert teller.post(f"{account.path}/deposits", {"amount": eur("1")}, key=header).status == 201


@pytest.mark.parametrize(("first", "second"), [("abc", '"abc"'), ('a"c\\', '"a\\"c\\\\"'), ("abc", "  abc ")])
def test_a_key_is_the_same_quoted_and_bare(teller: Api, account: Account, first: str, second: str) -> None:
    teller.post(f"{account.path}/deposits", {"amount": eur("1")}, key=first)
    answer = teller.post(f"{account.path}/deposits", {"amount": eur("1")}, key=second)
    assert answer.header("Idempotency-Replayed") == "true"


def test_the_same_request_again_has_one_effect_and_the_same_answer(teller: Api, account: Account) -> None:
    body = {"amount": eur("10.00"), "reference": "Rent"}
    first = teller.post(f"{account.path}/deposits", body, key="rent")
    again = teller.post(f"{account.path}/deposits", body, key="rent")
    assert (first.status, first.header("Idempotency-Replayed"), first.body["replayed"]) == (201, None, False)
    assert (again.status, again.header("Idempotency-Replayed"), again.body["replayed"]) == (201, "true", True)
    assert json.dumps(without(again.body, "replayed")) == json.dumps(without(first.body, "replayed"))
    assert again.header("Consistency-Token") == first.header("Consistency-Token") == first.body["consistency_token"]
    assert again.header("ETag") == first.header("ETag")
    assert balance(teller, account) == "510.00"


def test_the_answer_stays_the_same_whatever_happened_since(teller: Api, account: Account) -> None:
    first = teller.post(f"{account.path}/deposits", {"amount": eur("10.00")}, key="k")
    teller.post(f"{account.path}/overdraft-limit", {"overdraft_limit": eur("50")})
    teller.post(f"{account.path}/withdrawals", {"amount": eur("510")})
    teller.post(f"{account.path}/freeze")
    drain()
    again = teller.post(f"{account.path}/deposits", {"amount": eur("10.00")}, key="k")
    assert without(again.body, "replayed") == without(first.body, "replayed")
    assert again.body["account"]["status"] == "open"
    assert again.body["events"][0]["position"] is None


def test_a_refusal_is_answered_again_also_where_it_would_be_granted_now(teller: Api, account: Account) -> None:
    first = teller.post(f"{account.path}/withdrawals", {"amount": eur("600")}, key="k")
    teller.post(f"{account.path}/deposits", {"amount": eur("600")})
    again = teller.post(f"{account.path}/withdrawals", {"amount": eur("600")}, key="k")
    assert (first.status, first.code, first.header("Idempotency-Replayed")) == (422, "insufficient_funds", None)
    assert (again.status, again.header("Idempotency-Replayed")) == (422, "true")
    assert again.body == first.body
    assert first.body["detail"] == "The balance does not cover this: 500.00 EUR available."
    assert first.body["request_id"] == first.header("X-Request-ID") != again.header("X-Request-ID")


def test_a_conflict_is_answered_again(teller: Api, account: Account) -> None:
    teller.post(f"{account.path}/freeze")
    first = teller.post(f"{account.path}/withdrawals", {"amount": eur("1")}, key="k")
    teller.post(f"{account.path}/unfreeze")
    again = teller.post(f"{account.path}/withdrawals", {"amount": eur("1")}, key="k")
    assert (again.status, again.code, again.body) == (409, "account_frozen", first.body)
    assert teller.post(f"{account.path}/withdrawals", {"amount": eur("1")}).status == 201


@pytest.mark.parametrize(
    ("method_path", "body"),
    [
        ("{path}/deposits", {"amount": eur("2")}),
        ("{path}/deposits", {"amount": eur("1.00")}),
        ("{path}/deposits", {"amount": eur("1"), "reference": ""}),
        ("{path}/withdrawals", {"amount": eur("1")}),
        ("{other}/deposits", {"amount": eur("1")}),
        ("{path}/freeze", {}),
        ("/customers", {"name": "Eve", "email": ""}),
    ],
)
def test_a_key_is_not_taken_for_another_request(
    teller: Api, account: Account, others: Account, method_path: str, body: dict[str, Any]
) -> None:
    teller.post(f"{account.path}/deposits", {"amount": eur("1")}, key="k")
    answer = teller.post(method_path.format(path=account.path, other=others.path), body, key="k")
    assert (answer.status, answer.code) == (422, "idempotency_key_reused")
    assert answer.header("Idempotency-Replayed") is None
    assert (balance(teller, account), balance(teller, others)) == ("501.00", "500.00")


def test_a_key_whose_command_was_refused_is_not_taken_for_another_request(teller: Api, account: Account) -> None:
    teller.post(f"{account.path}/withdrawals", {"amount": eur("600")}, key="k")
    assert teller.post(f"{account.path}/withdrawals", {"amount": eur("6")}, key="k").code == "idempotency_key_reused"


def test_white_space_and_order_of_a_body_do_not_make_another_request(teller: Api, account: Account) -> None:
    path, headers = f"{account.path}/deposits", {"Idempotency_Key": "k"}
    one = b'{"amount":{"amount":"1","currency":"EUR"},"reference":"\xc3\xa9"}'
    two = b' {"reference": "\\u00e9", "amount": {"currency": "EUR", "amount": "1"} } '
    assert teller.send("POST", path, one, headers=headers).status == 201
    assert teller.send("POST", path, two, headers=headers).header("Idempotency-Replayed") == "true"


def test_the_same_key_of_two_users_has_two_effects(account: Account) -> None:
    for _ in range(2):
        answer = api_of(a_user("teller")).post(f"{account.path}/deposits", {"amount": eur("1")}, key="k")
        assert (answer.status, answer.body["replayed"]) == (201, False)
    assert balance(api_of(a_user("teller")), account) == "502.00"


def test_the_same_key_with_two_tokens_of_one_user_is_one_command(account: Account) -> None:
    user = a_user("teller")
    answers = [api_of(user).post(f"{account.path}/deposits", {"amount": eur("1")}, key="k") for _ in range(2)]
    assert [answer.body["replayed"] for answer in answers] == [False, True]


def not_recorded(api: Api, account: Account, others: Account, key: str) -> list[Answer]:
    return [
        api.post(f"{account.path}/deposits", {"amount": eur("0")}, key=key),
        api.post(f"{account.path}/deposits", {"amount": eur("1"), "x": 1}, key=key),
        api.post(f"{account.path}/withdrawals?x=1", {"amount": eur("1")}, key=key),
        api.post(f"/accounts/{new_id()}/withdrawals", {"amount": eur("1")}, key=key),
        api.post(f"{others.path}/withdrawals", {"amount": eur("1")}, key=key),
        api.post("/transfers", {"from": str(account.id), "to": str(new_id()), "amount": eur("1")}, key=key),
        api.post(f"{account.path}/freeze", {}, key=key),
        api.post(f"{account.path}/withdrawals", {"amount": eur("1")}, key=key, If_Match='"99"'),
        api.send("POST", f"{account.path}/withdrawals", b"{}", "text/plain", headers={"Idempotency-Key": key}),
        api.send(
            "POST", f"{account.path}/withdrawals", b"{}", headers={"Idempotency-Key": key, "Authorization": "Bearer x"}
        ),
    ]


def test_malformed_forbidden_and_missing_are_not_recorded(ada: Api, account: Account, others: Account) -> None:
    answers = not_recorded(ada, account, others, "k")
    assert [answer.status for answer in answers] == [403, 403, 400, 404, 404, 404, 403, 412, 415, 401]
    answer = ada.post(f"{account.path}/withdrawals", {"amount": eur("1")}, key="k")
    assert (answer.status, answer.body["replayed"]) == (201, False)


def test_registering_a_customer_twice_registers_one(teller: Api) -> None:
    body = {"name": "Alan Turing", "email": "alan@example.org"}
    first = teller.post("/customers", body, key="k")
    again = teller.post("/customers", body, key="k")
    assert (first.status, again.status, again.header("Idempotency-Replayed")) == (201, 201, "true")
    assert again.body == first.body
    assert again.header("Location") == first.header("Location")


def test_a_repeated_answer_forgets_a_person_who_was_erased(teller: Api) -> None:
    body = {"name": "Alan Turing", "email": "alan@example.org"}
    first = teller.post("/customers", body, key="k").body
    account = teller.post("/accounts", {"customer_id": first["id"], "name": "Savings", "currency": "EUR"}, key="a").body
    erase = ErasePersonalData(command_id=new_id(), at=timezone.now(), customer_id=UUID(first["id"]))
    handle(erase, by=BY)
    again = teller.post("/customers", body, key="k")
    assert (again.status, again.body) == (201, {**first, "name": "(erased)", "email": "(erased)"})
    opened = {"customer_id": first["id"], "name": "Savings", "currency": "EUR"}
    assert teller.post("/accounts", opened, key="a").body["customer"] == {"id": first["id"], "name": "(erased)"}
    assert teller.get(f"/customers/{first['id']}").body["name"] == "(erased)"
    assert teller.get(f"/accounts/{account['id']}").body["customer"]["name"] == "(erased)"
    refused = teller.post("/accounts", opened)
    assert (refused.status, refused.code) == (409, "customer_erased")


def test_opening_an_account_twice_opens_one(teller: Api) -> None:
    body = {"customer_id": str(a_customer()), "name": "Savings", "currency": "EUR"}
    first = teller.post("/accounts", body, key="k")
    teller.post(f"/accounts/{first.body['id']}/deposits", {"amount": eur("5")})
    again = teller.post("/accounts", body, key="k")
    assert (again.status, again.header("Idempotency-Replayed"), again.body) == (201, "true", first.body)
    assert again.body["balance"] == eur("0.00")


def test_a_transfer_twice_moves_money_once(teller: Api, account: Account) -> None:
    target = an_account(a_customer("Alan Turing"))
    body = {"from": str(account.id), "to": target.iban, "amount": eur("20")}
    first = teller.post("/transfers", body, key="k")
    again = teller.post("/transfers", body, key="k")
    assert without(again.body, "replayed") == without(first.body, "replayed")
    assert (balance(teller, account), balance(teller, target)) == ("480.00", "20.00")


def test_a_retry_is_answered_also_where_the_account_has_moved_on_since_if_match(teller: Api, account: Account) -> None:
    first = teller.post(f"{account.path}/deposits", {"amount": eur("1")}, key="k", If_Match='"2"')
    again = teller.post(f"{account.path}/deposits", {"amount": eur("1")}, key="k", If_Match='"2"')
    assert (first.status, again.status, again.header("Idempotency-Replayed")) == (201, 201, "true")


def test_the_command_log_has_the_requests_command(teller: Api, account: Account) -> None:
    request_id = str(new_id())
    answer = teller.post(f"{account.path}/deposits", {"amount": eur("1")}, X_Request_ID=request_id)
    outcome = find_outcome(UUID(answer.body["command_id"]))
    assert outcome is not None
    assert (outcome.channel, str(outcome.correlation_id)) == ("api", request_id)
    assert answer.header("X-Request-ID") == request_id
    assert answer.body["events"][0]["metadata"]["correlationId"] == request_id
