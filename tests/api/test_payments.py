"""Deposits, withdrawals, transfers and the statement that they leave."""

from datetime import UTC, datetime
from typing import Any

import pytest

from accounts.account_commands import Deposit, Withdraw
from accounts.handler import handle
from accounts.iban import format_iban, iban_for
from accounts.money import Money
from ledger.ids import new_id
from ledger.runner import drain
from readmodels import freshness
from tests.api.client import Api, eur
from tests.api.given import BY, Account, a_customer, an_account

pytestmark = pytest.mark.django_db

RECEIPT = {"command_id", "outcome", "consistency_token", "account", "events", "replayed"}
EVENT = {"id", "type", "schemaVersion", "streamId", "streamPosition", "position", "timestamp", "data", "metadata"}


def balance(api: Api, account: Account) -> str:
    return str(api.get(account.path).body["balance"]["amount"])


def test_a_deposit_is_answered_with_a_receipt(teller: Api, account: Account) -> None:
    answer = teller.post(f"{account.path}/deposits", {"amount": eur("25"), "reference": "Gift"})
    body = answer.body
    assert (answer.status, set(body), body["outcome"], body["replayed"]) == (201, RECEIPT, "accepted", False)
    assert body["account"] == teller.get(account.path).body
    assert body["account"]["balance"] == eur("525.00")
    (event,) = body["events"]
    assert set(event) == EVENT
    assert (event["type"], event["streamId"], event["streamPosition"]) == ("DepositMade", str(account.id), 3)
    assert event["position"] is None
    assert event["data"]["amount_minor"] == 2500
    assert event["data"]["reference"] == "Gift"
    assert set(event["metadata"]) == {"correlationId", "causationId", "commandId", "actor"}
    assert event["metadata"]["commandId"] == body["command_id"]
    assert answer.header("ETag") == '"3"'


def test_owners_withdraw_up_to_the_last_cent(ada: Api, account: Account) -> None:
    refused = ada.post(f"{account.path}/withdrawals", {"amount": eur("500.01")})
    assert (refused.status, refused.code) == (422, "insufficient_funds")
    paid = ada.post(f"{account.path}/withdrawals", {"amount": eur("500.00")})
    assert (paid.status, paid.body["account"]["balance"]) == (201, eur("0.00"))
    assert paid.body["events"][0]["type"] == "WithdrawalMade"


def test_owners_deposit_only_where_the_bank_lets_them(
    ada: Api, account: Account, request: pytest.FixtureRequest
) -> None:
    assert ada.post(f"{account.path}/deposits", {"amount": eur("1")}).code == "forbidden"
    request.getfixturevalue("self_service")
    assert ada.post(f"{account.path}/deposits", {"amount": eur("1")}).status == 201


def test_nobody_deposits_to_others_by_self_service(ada: Api, others: Account, self_service: None) -> None:
    assert ada.post(f"{others.path}/deposits", {"amount": eur("1")}).status == 404


@pytest.mark.parametrize("from_form", ["id", "iban", "print", "ID"])
@pytest.mark.parametrize("to_form", ["id", "iban", "print", "lower"])
def test_both_sides_of_a_transfer_are_named_by_id_or_iban(
    ada: Api, account: Account, others: Account, from_form: str, to_form: str
) -> None:
    def named(one: Account, form: str) -> str:
        forms = {"id": str(one.id), "ID": str(one.id).upper(), "iban": one.iban}
        return {**forms, "print": format_iban(one.iban), "lower": one.iban.lower()}[form]

    body = {"from": named(account, from_form), "to": named(others, to_form), "amount": eur("20"), "reference": "Dinner"}
    answer = ada.post("/transfers", body)
    assert answer.status == 201
    assert set(answer.body) == RECEIPT
    assert answer.body["account"]["id"] == str(account.id)
    assert answer.body["account"]["balance"] == eur("480.00")
    sent, received = answer.body["events"]
    assert (sent["type"], sent["streamId"]) == ("TransferSent", str(account.id))
    assert (received["type"], received["streamId"]) == ("TransferReceived", str(others.id))
    assert sent["data"]["transfer_id"] == received["data"]["transfer_id"] == answer.body["command_id"]


def test_both_balances_are_right_at_once(teller: Api, ada: Api, account: Account, others: Account) -> None:
    ada.post("/transfers", {"from": str(account.id), "to": str(others.id), "amount": eur("0.01")})
    assert (balance(teller, account), balance(teller, others)) == ("499.99", "500.01")


@pytest.mark.parametrize(
    ("change", "status", "pointer", "code"),
    [
        ({"to": "{unknown}"}, 404, "/to", "account_not_found"),
        ({"to": "{unknown_iban}"}, 404, "/to", "account_not_found"),
        ({"to": "DE89370400440532013000"}, 404, "/to", "account_not_found"),
        ({"from": "{unknown}"}, 404, "/from", "account_not_found"),
        ({"from": "{others}"}, 404, "/from", "account_not_found"),
        ({"from": "{others_iban}"}, 404, "/from", "account_not_found"),
        ({"to": "LU000019400644750000"}, 400, "/to", "invalid_iban"),
        ({"to": "{mistyped}"}, 400, "/to", "invalid_iban"),
        ({"to": "x"}, 400, "/to", "invalid_iban"),
        ({"to": ""}, 400, "/to", "invalid_iban"),
        ({"to": "\u0661" * 20}, 400, "/to", "invalid_account"),
        ({"to": "x" * 65}, 400, "/to", "invalid_account"),
        ({"to": 5}, 400, "/to", "invalid_account"),
        ({"to": None}, 400, "/to", "null"),
        ({"from": ["x"]}, 400, "/from", "invalid_account"),
        ({"amount": eur("0")}, 400, "/amount/amount", "invalid_amount"),
        ({"amount": eur("500.01")}, 422, None, "insufficient_funds"),
        ({"amount": {"amount": "1", "currency": "USD"}}, 422, None, "currency_mismatch"),
        ({"to": "{own}"}, 422, None, "same_account"),
        ({"to": "{yen}"}, 422, None, "currency_mismatch"),
        ({"on_behalf_of": "x"}, 400, "/on_behalf_of", "unknown_field"),
    ],
)
def test_a_transfer_that_cannot_be_moves_nothing(
    ada: Api, teller: Api, account: Account, others: Account,
    change: dict[str, Any], status: int, pointer: str | None, code: str,
) -> None:  # fmt: skip
    yen = an_account(a_customer(), currency="JPY")
    mistyped = others.iban[:-1] + str((int(others.iban[-1]) + 1) % 10)
    places = {"own": account.id, "others": others.id, "others_iban": others.iban, "yen": yen.id, "mistyped": mistyped,
              "unknown": new_id(), "unknown_iban": iban_for(new_id())}  # fmt: skip
    body = {"from": str(account.id), "to": others.iban, "amount": eur("20"), **change}
    filled = {name: value.format(**places) if isinstance(value, str) else value for name, value in body.items()}
    answer = ada.post("/transfers", filled)
    assert (answer.status, answer.code) == (status, code)
    assert answer.pointers == ([pointer] if pointer else [])
    assert (balance(teller, account), balance(teller, others)) == ("500.00", "500.00")


def test_money_may_go_into_somebody_elses_frozen_account_but_not_into_a_closed_one(
    ada: Api, teller: Api, account: Account
) -> None:
    target = an_account(a_customer())
    body = {"from": str(account.id), "to": str(target.id), "amount": eur("1")}
    teller.post(f"{target.path}/close")
    assert ada.post("/transfers", body).code == "account_closed"


def test_the_statement_has_every_movement_newest_first(
    ada: Api, teller: Api, account: Account, others: Account
) -> None:
    teller.post(f"{account.path}/deposits", {"amount": eur("25"), "reference": "Gift"})
    sent = ada.post(
        "/transfers", {"from": str(account.id), "to": others.iban, "amount": eur("20"), "reference": "Dinner"}
    )
    teller.post("/transfers", {"from": others.iban, "to": account.iban, "amount": eur("5")})
    body = ada.get(f"{account.path}/transactions").body
    assert (body["has_more"], body["next_cursor"]) == (False, None)
    assert [
        (one["kind"], one["amount"]["amount"], one["balance"]["amount"], one["reference"]) for one in body["data"]
    ] == [
        ("transfer_received", "5.00", "510.00", ""),
        ("transfer_sent", "-20.00", "505.00", "Dinner"),
        ("deposit", "25.00", "525.00", "Gift"),
        ("deposit", "500.00", "500.00", ""),
    ]
    transfer = body["data"][1]
    assert transfer["event_id"] == sent.body["events"][0]["id"]
    assert transfer["transfer_id"] == sent.body["command_id"]
    assert transfer["counterparty_account_id"] == str(others.id)
    assert others.iban in transfer["counterparty"]
    assert "Grace Hopper" in transfer["counterparty"]


def test_the_statement_is_the_same_before_and_after_the_workers(
    ada: Api, teller: Api, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freshness, "LATELY_SECONDS", 0)
    teller.post(f"{account.path}/deposits", {"amount": eur("25")})
    before = ada.get(f"{account.path}/transactions").body
    drain()
    after = ada.get(f"{account.path}/transactions").body
    assert after["data"] == before["data"]
    assert (before["as_of"]["lag_events"] > 0, after["as_of"]["lag_events"]) == (True, 0)
    assert after["as_of"]["position"] > before["as_of"]["position"]


@pytest.fixture
def year(account: Account) -> Account:
    """500.00 today; before it a deposit of 10, a withdrawal of 20, a deposit of 30: one a month, from January 2026."""
    for month, command, minor, reference in [
        (1, Deposit, 10_00, "Alpha"), (2, Withdraw, 20_00, "Beta 100%"), (3, Deposit, 30_00, "Gamma_"),
    ]:  # fmt: skip
        at = datetime(2026, month, 15, 12, tzinfo=UTC)
        amount = Money(minor, "EUR")
        handle(command(command_id=new_id(), at=at, account_id=account.id, amount=amount, reference=reference), by=BY)
    return account


@pytest.mark.parametrize("projected", [False, True])
@pytest.mark.parametrize(
    ("query", "references"),
    [
        ({"to": "2026-06-30"}, ["Gamma_", "Beta 100%", "Alpha"]),
        ({"from": "2026-02-15", "to": "2026-02-15"}, ["Beta 100%"]),
        ({"from": "2026-02-16", "to": "2026-03-14"}, []),
        ({"from": "2026-03-01", "to": "2026-02-01"}, []),
        ({"from": "2026-02-15T12:00:00Z", "to": "2026-03-15T12:00:00Z"}, ["Beta 100%"]),
        ({"from": "2026-02-15T13:00:00.000001+01:00", "to": "2026-03-15"}, ["Gamma_"]),
        ({"kind": "withdrawal"}, ["Beta 100%"]),
        ({"kind": "transfer_sent"}, []),
        ({"min_amount": "20", "max_amount": "30.00"}, ["Gamma_", "Beta 100%"]),
        ({"min_amount": "20.01", "max_amount": "30"}, ["Gamma_"]),
        ({"max_amount": "0"}, []),
        ({"q": "beta"}, ["Beta 100%"]),
        ({"q": "100%"}, ["Beta 100%"]),
        ({"q": "_"}, ["Gamma_"]),
        ({"q": "nothing"}, []),
        ({"q": "a", "kind": "deposit", "to": "2026-01-31"}, ["Alpha"]),
    ],
)
def test_the_statement_is_filtered(
    teller: Api, year: Account, query: dict[str, str], references: list[str], projected: bool
) -> None:
    if projected:
        drain()
    found = teller.get(f"{year.path}/transactions", query).body["data"]
    assert [one["reference"] for one in found] == references


def test_a_statement_of_an_account_without_movements_is_empty(teller: Api) -> None:
    account = an_account(a_customer())
    body = teller.get(f"{account.path}/transactions").body
    assert {name: body[name] for name in body if name != "as_of"} == {
        "data": [],
        "has_more": False,
        "next_cursor": None,
    }


def test_who_acted_is_on_the_record(ada: Api, account: Account) -> None:
    answer = ada.post(f"{account.path}/withdrawals", {"amount": eur("1")})
    user_id = ada.get("/me").body["user"]["id"]
    assert answer.body["events"][0]["metadata"]["actor"] == f"user:{user_id}"
