"""Refusals: stable codes, facts that survive the command log, and words for people."""

import json
import re
from typing import Any

import pytest

from accounts.refusals import REFUSALS, InsufficientFunds, KeyReused, Refused, restore_refusal

FACTS: dict[str, dict[str, Any]] = {
    "insufficient_funds": {"available_minor": -12_50, "currency": "EUR"},
    "limit_exceeded": {"limit_minor": 10**17, "currency": "JPY"},
    "currency_mismatch": {"account_currency": "EUR", "currency": "USD"},
    "balance_not_zero": {"balance_minor": 1, "currency": "KWD"},
    "too_many_payees": {"limit": 100},
}


def test_the_codes_that_clients_branch_on_are_these() -> None:
    assert sorted(REFUSALS) == [
        "account_already_opened",
        "account_closed",
        "account_frozen",
        "account_not_found",
        "account_not_frozen",
        "balance_not_zero",
        "currency_mismatch",
        "customer_already_registered",
        "customer_erased",
        "customer_not_found",
        "iban_taken",
        "id_taken",
        "insufficient_funds",
        "key_reused",
        "limit_exceeded",
        "name_unchanged",
        "payee_already_added",
        "payee_not_found",
        "record_job_already_requested",
        "record_job_not_found",
        "same_account",
        "too_many_payees",
        "webhook_endpoint_already_registered",
        "webhook_endpoint_disabled",
        "webhook_endpoint_not_disabled",
        "webhook_endpoint_not_found",
        "webhook_endpoint_removed",
    ]


@pytest.mark.parametrize("code", sorted(REFUSALS))
def test_a_refusal_is_the_same_after_its_way_through_the_log(code: str) -> None:
    refusal = REFUSALS[code](**FACTS.get(code, {}))
    restored = restore_refusal(code, json.loads(json.dumps(refusal.fields)))
    assert restored == refusal
    assert str(restored) == str(refusal)
    assert restored.code == code


@pytest.mark.parametrize("code", sorted(REFUSALS))
def test_a_refusal_says_in_one_sentence_what_is_wrong(code: str) -> None:
    words = str(REFUSALS[code](**FACTS.get(code, {})))
    assert re.fullmatch(r"[A-Z].*\.", words)
    assert "Fields:" not in words


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("insufficient_funds", "-12.50 EUR"),
        ("limit_exceeded", "100000000000000000 JPY"),
        ("currency_mismatch", "EUR, not in USD"),
        ("balance_not_zero", "0.001 KWD"),
    ],
)
def test_amounts_are_told_with_the_currencys_decimals(code: str, said: str) -> None:
    assert said in str(REFUSALS[code](**FACTS[code]))


def test_a_refusal_of_another_version_of_the_bank_keeps_code_and_facts() -> None:
    restored = restore_refusal("daily_limit", {"left_minor": 5})
    assert isinstance(restored, Refused)
    assert (restored.code, restored.fields) == ("daily_limit", {"left_minor": 5})
    assert "daily_limit" in str(restored)


def test_refusals_are_equal_by_kind_and_facts() -> None:
    low = InsufficientFunds(available_minor=1, currency="EUR")
    assert low == InsufficientFunds(available_minor=1, currency="EUR")
    assert low != InsufficientFunds(available_minor=2, currency="EUR")
    assert low != KeyReused()
    assert len({low, InsufficientFunds(available_minor=1, currency="EUR")}) == 1
