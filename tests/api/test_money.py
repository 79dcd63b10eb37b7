"""Amounts over the wire: one spelling, the currency's decimals, nothing coerced."""

from typing import Any

import pytest

from tests.api.client import Api, eur
from tests.api.given import Account, a_customer, an_account

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("currency", "amount", "minor", "answered"),
    [
        ("EUR", "25", 2500, "25.00"),
        ("EUR", "25.5", 2550, "25.50"),
        ("EUR", "25.00", 2500, "25.00"),
        ("EUR", "0.01", 1, "0.01"),
        ("EUR", "007.10", 710, "7.10"),
        ("EUR", "0000000000001", 100, "1.00"),
        ("EUR", "999999999999.99", 99_999_999_999_999, "999999999999.99"),
        ("JPY", "25", 25, "25"),
        ("JPY", "1", 1, "1"),
        ("JPY", "9999999999999", 9_999_999_999_999, "9999999999999"),
        ("KWD", "25.001", 25001, "25.001"),
        ("KWD", "25", 25000, "25.000"),
    ],
)
def test_an_amount_is_read_and_answered_in_the_currencys_decimals(
    teller: Api, currency: str, amount: str, minor: int, answered: str
) -> None:
    account = an_account(a_customer(), currency=currency)
    answer = teller.post(f"{account.path}/deposits", {"amount": {"amount": amount, "currency": currency}})
    assert answer.status == 201
    assert answer.body["events"][0]["data"]["amount_minor"] == minor
    assert answer.body["account"]["balance"] == {"amount": answered, "currency": currency}


BAD_AMOUNTS: list[Any] = [
    25, 25.0, True, None, [], {}, ["25.00"], "", " ", "0", "0.0", "0.00", "00", "-1", "+1", "-0.01", "1e2", "1E2",
    "0x10", "1_000", "1,000.00", "25,00", "1 000", " 25", "25 ", "25\n", "\t25", ".5", "5.", ".", "1.2.3", "1.001",
    "25.000", "\u0662\u0665", "\uff12\uff15", "\u00b2", "\u2167", "NaN", "Infinity", "inf", "null", "25€", "€25", "--1",
    "12345678901234", "1" * 5000, "1." + "0" * 5000, "25\u0000", "25\u00a0", "\u221225",
]  # fmt: skip


@pytest.mark.parametrize("amount", BAD_AMOUNTS, ids=lambda value: ascii(value)[:24])
@pytest.mark.parametrize("call", ["deposits", "withdrawals"])
def test_anything_else_is_an_invalid_amount(teller: Api, account: Account, call: str, amount: Any) -> None:
    answer = teller.post(f"{account.path}/{call}", {"amount": {"amount": amount, "currency": "EUR"}})
    assert answer.status == 400
    if amount == "25\u0000":
        assert answer.code == "invalid_text"  # nothing may hold a NUL
    else:
        assert (answer.code, answer.pointers) == ("invalid_amount", ["/amount/amount"])
    assert teller.get(account.path).body["version"] == 2


@pytest.mark.parametrize("amount", ["25.00", 25, 25.0, True, None, [eur("25.00")], []], ids=repr)
def test_money_that_is_no_object_is_an_invalid_amount(teller: Api, account: Account, amount: Any) -> None:
    answer = teller.post(f"{account.path}/deposits", {"amount": amount})
    assert (answer.status, answer.code, answer.pointers) == (400, "invalid_amount", ["/amount"])


@pytest.mark.parametrize(
    ("currency", "code"),
    [("eur", "invalid_currency"), ("EURO", "invalid_currency"), ("", "invalid_currency"), ("XXX", "invalid_currency"),
     ("XAU", "invalid_currency"), (978, "invalid_currency"), ([], "invalid_currency"), (None, "null"),
     ("E\u0421R", "invalid_currency")],
)  # fmt: skip
def test_an_unknown_currency_is_named(teller: Api, account: Account, currency: Any, code: str) -> None:
    answer = teller.post(f"{account.path}/deposits", {"amount": {"amount": "1", "currency": currency}})
    assert (answer.status, answer.code, answer.pointers) == (400, code, ["/amount/currency"])


@pytest.mark.parametrize("amount", ["1.5", "1.0", "1."])
def test_yen_have_no_decimals(teller: Api, amount: str) -> None:
    account = an_account(a_customer(), currency="JPY")
    answer = teller.post(f"{account.path}/deposits", {"amount": {"amount": amount, "currency": "JPY"}})
    assert answer.code == "invalid_amount"


@pytest.mark.parametrize("call", ["deposits", "withdrawals"])
def test_another_currency_than_the_accounts_is_refused(teller: Api, account: Account, call: str) -> None:
    answer = teller.post(f"{account.path}/{call}", {"amount": {"amount": "1", "currency": "USD"}})
    assert (answer.status, answer.code) == (422, "currency_mismatch")


def test_a_balance_has_an_upper_limit(teller: Api) -> None:
    account = an_account(a_customer(), currency="EUR")
    for _ in range(100):
        assert teller.post(f"{account.path}/deposits", {"amount": eur("9999999999999.99")}).status == 201
    assert teller.post(f"{account.path}/deposits", {"amount": eur("1.01")}).code == "limit_exceeded"
    assert teller.post(f"{account.path}/deposits", {"amount": eur("1.00")}).status == 201
    answer = teller.post(f"{account.path}/deposits", {"amount": eur("0.01")})
    assert (answer.status, answer.code) == (422, "limit_exceeded")


def test_a_balance_within_the_overdraft_is_answered_below_zero(teller: Api) -> None:
    account = an_account(a_customer(), overdraft_minor=20_00)
    answer = teller.post(f"{account.path}/withdrawals", {"amount": eur("12.50")})
    body = answer.body["account"]
    assert body["balance"] == {"amount": "-12.50", "currency": "EUR"}
    assert body["available"] == {"amount": "7.50", "currency": "EUR"}
    assert body["overdraft_limit"] == {"amount": "20.00", "currency": "EUR"}
    assert teller.post(f"{account.path}/withdrawals", {"amount": eur("7.51")}).code == "insufficient_funds"
    assert teller.post(f"{account.path}/withdrawals", {"amount": eur("7.50")}).status == 201
