"""Lines of a batch that are read at once are read as the long way reads them, or left to it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bank.api.batch_lines import _read_any, _read_cash
from bank.api.problems import Problem

AT = datetime(2026, 3, 29, 1, tzinfo=UTC)
GOOD: dict[str, Any] = {
    "type": "Deposit",
    "idempotency_key": "k 1",
    "account_id": "ff54a805-229d-5d03-9d44-bcb91a03abd6",
    "amount": {"amount": "25.00", "currency": "EUR"},
    "reference": " Gift ",
}


def assert_agree(raw: bytes) -> bool:
    """Whether it was read at once; then as the long way reads it."""
    quick = _read_cash(raw, 7, AT, "/api/v1/")
    if quick is not None:
        assert quick == _read_any(raw, 7, AT, "/api/v1/")
    return quick is not None


@pytest.mark.parametrize("kind", ["Deposit", "Withdraw"])
@pytest.mark.parametrize("leave_out", ["", "reference"])
@pytest.mark.parametrize("separators", [(",", ":"), (" , ", " : ")])
@pytest.mark.parametrize("reference", ["", "Miete für März", "≠ \u202e", "x" * 140])
def test_plain_lines_are_read_at_once(kind: str, leave_out: str, separators: tuple[str, str], reference: str) -> None:
    line = {name: value for name, value in (GOOD | {"type": kind, "reference": reference}).items() if name != leave_out}
    raw = json.dumps(line, separators=separators, ensure_ascii=False).encode()
    assert assert_agree(raw) == (leave_out == "reference" or "\u202e" not in reference)
    assert assert_agree(raw.upper()) is False


@pytest.mark.parametrize(
    "line",
    [
        GOOD | {"type": "Transfer"},
        GOOD | {"account_id": "no id"},
        GOOD | {"account_id": GOOD["account_id"].replace("-", "")},
        GOOD | {"idempotency_key": "é"},
        GOOD | {"idempotency_key": "x" * 256},
        GOOD | {"amount": {"amount": "0.00", "currency": "EUR"}},
        GOOD | {"amount": {"amount": 25, "currency": "EUR"}},
        GOOD | {"amount": {"amount": "25.00", "currency": "eur"}},
        GOOD | {"amount": {"amount": "25.00", "currency": "EUR", "more": "x"}},
        GOOD | {"reference": None},
        GOOD | {"reference": "x" * 141},
        GOOD | {"reference": 'a "quote"'},
        GOOD | {"surplus": "x"},
    ],
)
def test_odd_lines_are_left_to_the_long_way(line: dict[str, Any]) -> None:
    assert not assert_agree(json.dumps(line).encode())


def test_a_name_that_is_there_twice_is_left_to_the_long_way() -> None:
    raw = json.dumps(GOOD).encode()
    for again in (b'{"type":"Deposit",', b'{"reference":"x",', b'{"amount":{"amount":"1","currency":"EUR"},'):
        twice = raw.replace(b"{", again, 1)
        assert not assert_agree(twice)
        with pytest.raises(Problem) as caught:
            _read_any(twice, 7, AT, "/api/v1/")
        assert caught.value.code == "duplicate_name"
    inner = raw.replace(b'{"amount": "', b'{"amount": "1", "amount": "')
    assert not assert_agree(inner)


@given(
    place=st.integers(0, 200), cut=st.integers(0, 3), put=st.binary(max_size=4) | st.sampled_from([b'"', b"\\u0041"])
)
def test_damaged_lines_are_never_read_otherwise(place: int, cut: int, put: bytes) -> None:
    raw = json.dumps(GOOD).encode()
    assert_agree(raw[:place] + put + raw[place + cut :])
