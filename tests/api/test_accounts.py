"""Customers and accounts: opening, looking up, steering, and an account as it once was."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from accounts.account_commands import Deposit
from accounts.handler import handle
from accounts.money import Money
from ledger.ids import new_id
from ledger.records import rfc3339
from tests.api.client import Api, eur
from tests.api.given import BY, Account, a_customer, an_account

pytestmark = pytest.mark.django_db

MONEY_FIELDS = ("balance", "held", "available", "overdraft_limit")


def test_a_customer_is_registered_and_found(teller: Api) -> None:
    answer = teller.post("/customers", {"name": " Alan Turing ", "email": "alan@example.org"})
    assert answer.status == 201
    customer = teller.get(answer.header("Location") or "").body
    assert set(customer) == {"id", "name", "email", "registered_at"}
    assert (customer["name"], customer["email"]) == ("Alan Turing", "alan@example.org")
    assert {name: answer.body[name] for name in customer} == customer
    assert answer.header("Consistency-Token") == answer.body["consistency_token"]


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"email": ""}, "/name", "required"),
        ({"name": "Ada"}, "/email", "required"),
        ({"name": "", "email": ""}, "/name", "required"),
        ({"name": "  ", "email": ""}, "/name", "required"),
        ({"name": 5, "email": ""}, "/name", "invalid_text"),
        ({"name": "x" * 101, "email": ""}, "/name", "too_long"),
        ({"name": "Ada", "email": "ada"}, "/email", "invalid_email"),
        ({"name": "Ada", "email": "@x"}, "/email", "invalid_email"),
        ({"name": "Ada", "email": "a b@x"}, "/email", "invalid_email"),
        ({"name": "Ada", "email": "x" * 250 + "@x.yz"}, "/email", "too_long"),
        ({"name": "Ada", "email": "", "id": str(new_id())}, "/id", "unknown_field"),
    ],
)
def test_a_customer_needs_a_name_and_an_address_or_none(
    teller: Api, body: dict[str, Any], pointer: str, code: str
) -> None:
    answer = teller.post("/customers", body)
    assert (answer.status, answer.code, answer.pointers) == (400, code, [pointer])


def test_names_at_the_limit_and_from_anywhere_are_taken(teller: Api) -> None:
    for name in (
        "x" * 100,
        "李小龍",
        "Łukasz Ñandú O'Neill-Abd",
        "ᚠᛇᚻ",
        "😀",
        "<script>alert(1)</script>",
        "'; drop table--",
    ):
        assert teller.post("/customers", {"name": name, "email": ""}).body["name"] == name


def test_an_account_is_opened_and_found(teller: Api) -> None:
    customer_id = a_customer("Alan Turing")
    body = {"customer_id": str(customer_id), "name": "Savings", "currency": "KWD",
            "overdraft_limit": {"amount": "0.500", "currency": "KWD"}}  # fmt: skip
    answer = teller.post("/accounts", body)
    assert (answer.status, answer.header("ETag")) == (201, '"1"')
    found = teller.get(answer.header("Location") or "")
    assert found.header("ETag") == '"1"'
    account = found.body
    assert set(account) == {
        "id",
        "iban",
        "name",
        "currency",
        "status",
        "customer",
        "version",
        "opened_at",
        *MONEY_FIELDS,
    }
    assert {name: answer.body[name] for name in account} == account
    assert account["customer"] == {"id": str(customer_id), "name": "Alan Turing"}
    assert (account["status"], account["version"], account["name"]) == ("open", 1, "Savings")
    amounts = [account[field]["amount"] for field in MONEY_FIELDS]
    assert amounts == ["0.000", "0.000", "0.500", "0.500"]
    assert account["opened_at"].endswith("Z")
    assert len(account["opened_at"]) == len("2026-03-29T01:00:00.000000Z")


@pytest.mark.parametrize(
    ("change", "status", "pointer", "code"),
    [
        ({"customer_id": str(new_id())}, 404, "/customer_id", "customer_not_found"),
        ({"customer_id": "x"}, 400, "/customer_id", "invalid_id"),
        ({"customer_id": 7}, 400, "/customer_id", "invalid_id"),
        ({"name": ""}, 400, "/name", "required"),
        ({"name": "x" * 101}, 400, "/name", "too_long"),
        ({"currency": "XXX"}, 400, "/currency", "invalid_currency"),
        ({"currency": 978}, 400, "/currency", "invalid_currency"),
        ({"overdraft_limit": eur("-1")}, 400, "/overdraft_limit/amount", "invalid_amount"),
        ({"overdraft_limit": eur("1.001")}, 400, "/overdraft_limit/amount", "invalid_amount"),
        ({"overdraft_limit": None}, 400, "/overdraft_limit", "invalid_amount"),
        ({"iban": "LU280019400644750000"}, 400, "/iban", "unknown_field"),
    ],
)
def test_an_account_needs_a_customer_a_name_and_a_currency(
    teller: Api, ada_id: UUID, change: dict[str, Any], status: int, pointer: str, code: str
) -> None:
    answer = teller.post("/accounts", {"customer_id": str(ada_id), "name": "Savings", "currency": "EUR", **change})
    assert (answer.status, answer.code, answer.pointers) == (status, code, [pointer])


def test_an_overdraft_limit_in_another_currency_is_refused_on_record(teller: Api, ada_id: UUID) -> None:
    body = {"customer_id": str(ada_id), "name": "Savings", "currency": "EUR"}
    in_dollars = {**body, "overdraft_limit": {"amount": "1", "currency": "USD"}}
    key = str(new_id())
    first, again = (teller.post("/accounts", in_dollars, key=key) for _ in range(2))
    assert (first.status, first.code, again.body) == (422, "currency_mismatch", first.body)
    assert again.header("Idempotency-Replayed") == "true"
    assert teller.post("/accounts", body, key=key).code == "idempotency_key_reused"


def test_an_overdraft_limit_of_zero_is_none(teller: Api, ada_id: UUID) -> None:
    body = {"customer_id": str(ada_id), "name": "Savings", "currency": "EUR", "overdraft_limit": eur("0")}
    assert teller.post("/accounts", body).body["overdraft_limit"] == eur("0.00")


def test_an_account_is_frozen_thawed_limited_and_closed(teller: Api, account: Account) -> None:
    for call, body, status, event in [
        ("freeze", {"reason": "Lost card"}, "frozen", "AccountFrozen"),
        ("overdraft-limit", {"overdraft_limit": eur("100")}, "frozen", "OverdraftLimitSet"),
        ("unfreeze", {}, "open", "AccountUnfrozen"),
        ("overdraft-limit", {"overdraft_limit": eur("0")}, "open", "OverdraftLimitSet"),
        ("withdrawals", {"amount": eur("500")}, "open", "WithdrawalMade"),
        ("close", None, "closed", "AccountClosed"),
    ]:
        answer = teller.post(f"{account.path}/{call}", body)
        assert answer.status == 201, answer.body
        assert answer.body["account"]["status"] == status
        assert [recorded["type"] for recorded in answer.body["events"]] == [event]
    assert teller.get(account.path).body["version"] == 8


@pytest.mark.parametrize(
    ("before", "call", "status", "code"),
    [
        (["freeze"], "freeze", 409, "account_frozen"),
        ([], "unfreeze", 409, "account_not_frozen"),
        ([], "close", 422, "balance_not_zero"),
        (["freeze"], "withdrawals", 409, "account_frozen"),
        (["freeze"], "transfers", 409, "account_frozen"),
        (["empty", "close"], "withdrawals", 409, "account_closed"),
        (["empty", "close"], "deposits", 409, "account_closed"),
        (["empty", "close"], "transfers", 409, "account_closed"),
        (["empty", "close"], "freeze", 409, "account_closed"),
        (["empty", "close"], "unfreeze", 409, "account_closed"),
        (["empty", "close"], "close", 409, "account_closed"),
        (["empty", "close"], "overdraft-limit", 409, "account_closed"),
    ],
)
def test_what_the_state_forbids_is_refused(
    teller: Api, account: Account, others: Account, before: list[str], call: str, status: int, code: str
) -> None:
    bodies: dict[str, Any] = {
        "empty": {"amount": eur("500")},
        "withdrawals": {"amount": eur("1")},
        "deposits": {"amount": eur("1")},
        "overdraft-limit": {"overdraft_limit": eur("1")},
        "transfers": {"from": str(account.id), "to": str(others.id), "amount": eur("1")},
    }
    for step in before:
        path = f"{account.path}/{'withdrawals' if step == 'empty' else step}"
        assert teller.post(path, bodies.get(step)).status == 201
    path = "/transfers" if call == "transfers" else f"{account.path}/{call}"
    answer = teller.post(path, bodies.get(call))
    assert (answer.status, answer.code) == (status, code)
    assert teller.get(f"/commands/{answer.body['command_id']}").body["refusal"]["code"] == code


def test_a_frozen_account_takes_credits(teller: Api, account: Account, others: Account) -> None:
    teller.post(f"{account.path}/freeze")
    assert teller.post(f"{account.path}/deposits", {"amount": eur("1")}).status == 201
    body = {"from": str(others.id), "to": str(account.id), "amount": eur("1")}
    assert teller.post("/transfers", body).status == 201


def test_an_account_is_told_as_it_was_at_every_version(teller: Api, account: Account) -> None:
    teller.post(f"{account.path}/withdrawals", {"amount": eur("100")})
    teller.post(f"{account.path}/freeze")
    told = [teller.get(f"{account.path}?version={version}").body for version in (1, 2, 3, 4)]
    assert [(one["version"], one["balance"]["amount"], one["status"]) for one in told] == [
        (1, "0.00", "open"),
        (2, "500.00", "open"),
        (3, "400.00", "open"),
        (4, "400.00", "frozen"),
    ]
    assert told[3] == teller.get(account.path).body
    assert teller.get(f"{account.path}?version=3").header("ETag") == '"3"'
    assert teller.get(f"{account.path}?version=5").code == "version_not_found"


def test_an_account_is_told_as_it_was_at_a_moment(teller: Api, account: Account) -> None:
    answer = teller.post(f"{account.path}/withdrawals", {"amount": eur("100")})
    moment = answer.body["events"][0]["data"]["occurred_at"]
    assert teller.get(account.path, {"as_of": moment}).body["balance"] == eur("400.00")
    just_before = datetime.fromisoformat(moment) - timedelta(microseconds=1)
    assert teller.get(account.path, {"as_of": rfc3339(just_before)}).body["balance"] == eur("500.00")
    later = rfc3339(timezone.now() + timedelta(days=1)).replace("Z", "+00:00")
    assert teller.get(account.path, {"as_of": later}).body["version"] == 3
    assert teller.get(account.path, {"as_of": "2020-01-01T00:00:00Z"}).code == "version_not_found"


def test_before_an_account_was_opened_it_was_not_whatever_is_said_to_have_happened_on_it(teller: Api) -> None:
    account = an_account(a_customer())
    yesterday = timezone.now() - timedelta(days=1)
    amount = Money(1, "EUR")
    handle(Deposit(command_id=new_id(), at=yesterday, account_id=account.id, amount=amount), by=BY)
    answer = teller.get(account.path, {"as_of": rfc3339(yesterday + timedelta(hours=1))})
    assert (answer.status, answer.code) == (404, "version_not_found")


def test_a_version_and_a_moment_at_once_are_refused(teller: Api, account: Account) -> None:
    answer = teller.get(account.path, {"as_of": rfc3339(timezone.now()), "version": 1})
    assert (answer.status, answer.code) == (400, "conflicting_parameters")


def test_a_customer_sees_only_the_own_accounts_and_person(
    ada: Api, ada_id: UUID, account: Account, others: Account
) -> None:
    second = an_account(ada_id, name="Savings")
    assert {one["id"] for one in ada.get("/accounts").body["data"]} == {str(account.id), str(second.id)}
    assert [one["id"] for one in ada.get("/customers").body["data"]] == [str(ada_id)]
    assert ada.get(f"/customers/{ada_id}").body["name"] == "Ada Lovelace"
    assert ada.get(f"/customers/{others.customer_id}").code == "customer_not_found"
    assert ada.get(others.path).code == "account_not_found"
    assert ada.get(others.path).body["detail"] == ada.get(f"/accounts/{new_id()}").body["detail"]


def test_who_the_token_stands_for(ada: Api, ada_id: UUID) -> None:
    body = ada.get("/me").body
    assert set(body) == {"user", "roles", "scopes"}
    assert body["user"]["customer_id"] == str(ada_id)
    assert (body["roles"], body["scopes"]) == (["customer"], ["accounts:read", "payments:write"])
