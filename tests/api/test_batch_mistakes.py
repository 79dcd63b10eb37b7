"""What is wrong with a batch is told before anything of it is done: in which line and field, or with the whole."""

import json
from typing import Any
from uuid import UUID

import pytest

from bank.api.batch_lines import MAX_BYTES, MAX_LINES, NDJSON
from bank.api.strict_json import MAX_BODY_BYTES, MAX_DEPTH
from tests.api.batch_steps import a_line, balance, deposit, outcomes, send, send_raw
from tests.api.client import Api, eur
from tests.api.given import Account

pytestmark = pytest.mark.django_db


# --- what is wrong with a line ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"type": None}, "/1/type", "null"),
        ({"type": "Steal"}, "/1/type", "invalid_choice"),
        ({"type": ["Deposit"]}, "/1/type", "invalid_choice"),
        ({"idempotency_key": ""}, "/1/idempotency_key", "idempotency_key_invalid"),
        ({"idempotency_key": "\u00e9"}, "/1/idempotency_key", "idempotency_key_invalid"),
        ({"idempotency_key": "x" * 256}, "/1/idempotency_key", "idempotency_key_invalid"),
        ({"idempotency_key": 7}, "/1/idempotency_key", "idempotency_key_invalid"),
        ({"idempotency_key": None}, "/1/idempotency_key", "null"),
        ({"account_id": "x"}, "/1/account_id", "invalid_id"),
        ({"account_id": None}, "/1/account_id", "null"),
        ({"surprise": 1}, "/1/surprise", "unknown_field"),
        ({"amount": eur("0")}, "/1/amount/amount", "invalid_amount"),
        ({"amount": {"amount": 1, "currency": "EUR"}}, "/1/amount/amount", "invalid_amount"),
        ({"amount": {**eur("1"), "note": ""}}, "/1/amount/note", "unknown_field"),
        ({"reference": "x" * 141}, "/1/reference", "too_long"),
        ({"reference": "a\u0000b"}, "/1", "invalid_text"),
        ({"reference": "\ud800"}, "/1", "invalid_text"),
    ],
)
def test_a_wrong_line_is_named_and_nothing_is_done(
    teller: Api, account: Account, change: dict[str, Any], pointer: str, code: str
) -> None:
    answer = send(teller, [deposit(account), {**deposit(account), **change}, deposit(account)])
    assert (answer.status, answer.code) == (400, code)
    assert answer.pointers == [pointer]
    assert balance(teller, account) == "500.00"


def test_a_field_that_is_missing_is_named(teller: Api, account: Account) -> None:
    for name in deposit(account):
        line = {field: value for field, value in deposit(account).items() if field != name}
        answer = send(teller, [line])
        assert f"/0/{name}" in answer.pointers
        assert answer.body["errors"][0]["code"] == "required"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"", "malformed_json"),
        (b"nonsense", "malformed_json"),
        (b"{}}", "malformed_json"),
        (b'{"type": "Deposit", "type": "Deposit"}', "duplicate_name"),
        (b'{"type": "Deposit", "t\\u0079pe": "Deposit"}', "duplicate_name"),
        (b'{"amount": {"amount": "1", "amount": "2"}}', "duplicate_name"),
        (b'{"type": NaN}', "malformed_json"),
        (b'{"type": "\xff"}', "malformed_json"),
        (b'{"type": ' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}", "too_deep"),
        (b"[]", "not_an_object"),
        (b'"x"', "not_an_object"),
    ],
)
def test_a_line_that_is_no_object_is_named(teller: Api, account: Account, line: bytes, code: str) -> None:
    good = json.dumps(deposit(account)).encode()
    answer = send_raw(teller, b"\n".join([good, line, good]))
    assert (answer.status, answer.code, answer.pointers) == (400, code, ["/1"])
    assert balance(teller, account) == "500.00"


@pytest.mark.parametrize("item", [b'{"type": "Deposit", "type": "Deposit"}', b"[]", b"1"])
def test_an_item_of_a_list_is_judged_like_a_line(teller: Api, account: Account, item: bytes) -> None:
    answer = send_raw(teller, b"[" + json.dumps(deposit(account)).encode() + b"," + item + b"]", "application/json")
    assert (answer.status, answer.pointers) == (400, ["/1"])


def test_an_overdraft_limit_in_another_currency_is_refused_in_its_line(
    teller: Api, ada_id: UUID, account: Account
) -> None:
    opening: dict[str, Any] = {"customer_id": str(ada_id), "name": "Dollars", "currency": "USD"}
    opening["overdraft_limit"] = eur("1")
    done, refused = outcomes(send(teller, [deposit(account), a_line("OpenAccount", **opening)]))
    assert (done["status"], refused["status"], refused["refusal"]["code"]) == (201, 422, "currency_mismatch")
    assert refused["command_id"] is not None


def test_every_wrong_line_is_named_up_to_twenty(teller: Api, account: Account) -> None:
    answer = send(teller, [deposit(account, "0")] * 100)
    assert answer.pointers == [f"/{number}/amount/amount" for number in range(20)]


# --- the batch as a whole -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"\n \n", NDJSON, 400, "empty_batch"),
        (b"[]", "application/json", 400, "empty_batch"),
        (b" ", "application/json", 400, "malformed_json"),
        (b"{}", "application/json", 400, "not_a_list"),
        (b"[{}", "application/json", 400, "malformed_json"),
        (b"[{}] x", "application/json", 400, "malformed_json"),
        (b"[" * 100_000, "application/json", 400, "too_deep"),
        (b"[" * 100_000 + b"]" * 100_000, "application/json", 400, "too_deep"),
        (b"{}\n" * (MAX_LINES + 1), NDJSON, 413, "too_many_commands"),
        (b"[" + b"{}," * MAX_LINES + b"{}]", "application/json", 413, "too_many_commands"),
        (b"{}".ljust(MAX_BYTES + 1), NDJSON, 413, "body_too_large"),
        (b"{}".ljust(MAX_BODY_BYTES + 1), NDJSON, 413, "body_too_large"),
        (b"{}", "text/plain", 415, "unsupported_media_type"),
        (b"{}", "", 415, "unsupported_media_type"),
        (b"{}", f"{NDJSON}; charset=latin-1", 415, "unsupported_media_type"),
    ],
)
def test_a_malformed_batch_is_refused(teller: Api, body: bytes, content_type: str, status: int, code: str) -> None:
    answer = send_raw(teller, body, content_type)
    assert (answer.status, answer.code) == (status, code)


def test_a_packed_body_is_refused(teller: Api, account: Account) -> None:
    assert send(teller, [deposit(account)], Content_Encoding="gzip").code == "unsupported_media_type"


@pytest.mark.parametrize("body", [b"%s", b"%s\n", b"%s\r\n", b" %s ", b"%s\n  \n"])
def test_lines_end_as_clients_end_them(teller: Api, account: Account, body: bytes) -> None:
    line = json.dumps(deposit(account)).encode()
    assert [o["status"] for o in outcomes(send_raw(teller, body % line))] == [201]


def test_ten_thousand_commands_are_taken(teller: Api, account: Account, others: Account) -> None:
    lines = [deposit(account if n % 2 else others, key=f"k{n}") for n in range(MAX_LINES)]
    found = outcomes(send(teller, lines))
    assert [o["idempotency_key"] for o in found] == [line["idempotency_key"] for line in lines]
    assert {o["status"] for o in found} == {201}
    assert (balance(teller, account), balance(teller, others)) == ("5500.00", "5500.00")
