"""Money: what the one parser takes, what it refuses, and that nothing is lost on the way there and back."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.invalid import InvalidCommand
from accounts.money import CURRENCIES, Money, exponent_of, format_minor, parse_amount

currencies = st.sampled_from(CURRENCIES)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("25", "EUR", 2500),
        ("25.5", "EUR", 2550),
        ("25.50", "EUR", 2550),
        ("0.01", "EUR", 1),
        ("0.1", "EUR", 10),
        ("007", "EUR", 700),
        ("1", "JPY", 1),
        ("1.234", "KWD", 1234),
        ("0.001", "KWD", 1),
        ("1.2345", "CLF", 12345),
        ("9" * 13, "EUR", (10**13 - 1) * 100),
        ("9" * 13 + ".99", "EUR", 10**15 - 1),
    ],
)
def test_an_amount_is_read_in_the_currencys_own_decimals(text: str, currency: str, minor: int) -> None:
    assert parse_amount(text, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", ".", "-", "+", "e", "1e3", "1E3", "1e-1", "0x10", "1_000", "1,000", "1,5", "1'000", "1 000",
        "1\u00a0000",
        " 1", "1 ", "\t1", "1\t", "1\n", "\n1", "1\r\n", "1\u2028", "+1", "-1", "-0", "--1", "\u22121", "1.", ".5",
        "1..5", "1.5.5", "1.-5", "1.+5", "1. 5", "1.5\n", "1.5 ", "1.5\x00", "1\x00", "\x001", "1\u200b", "\ufeff1",
        "\uff11\uff12", "1\uff12", "1.\uff15", "١٢", "१", "²", "½", "Ⅷ", "\U0001d7d9",
        "NaN", "nan", "inf", "Infinity", "-inf", "True", "None",
        "€1", "1€", "1EUR", "EUR 1", "1.001", "25.001", "0.001", "1.000", "1" * 14, "0" * 13 + "1", "9" * 400,
    ],
)  # fmt: skip
def test_text_that_is_no_plain_amount_of_euros_is_refused(text: str) -> None:
    with pytest.raises(InvalidCommand) as refused:
        parse_amount(text, "EUR")
    assert refused.value.code == "invalid_amount"
    assert refused.value.field == "amount"


@pytest.mark.parametrize(
    "value", [None, 1, 0, 25.0, True, b"25", ["25"], {"amount": "25"}, float("nan"), Money(1, "EUR")]
)
def test_what_is_not_text_is_no_amount(value: Any) -> None:
    with pytest.raises(InvalidCommand) as refused:
        parse_amount(value, "EUR")
    assert refused.value.code == "invalid_amount"


@pytest.mark.parametrize(
    ("currency", "taken", "too_fine"),
    [
        ("JPY", "1", "1.5"),
        ("JPY", "1", "1.0"),
        ("EUR", "1.23", "1.234"),
        ("KWD", "1.234", "1.2345"),
        ("CLF", "1.2345", "1.23456"),
    ],
)
def test_as_many_decimals_as_the_currency_has_and_no_more(currency: str, taken: str, too_fine: str) -> None:
    assert parse_amount(taken, currency).currency == currency
    with pytest.raises(InvalidCommand) as refused:
        parse_amount(too_fine, currency)
    assert refused.value.code == "invalid_amount"


@pytest.mark.parametrize("digits", [13, 14])
def test_at_most_thirteen_digits_before_the_point(digits: int) -> None:
    if digits == 13:
        assert parse_amount("1" * digits, "JPY").minor == int("1" * digits)
    else:
        with pytest.raises(InvalidCommand):
            parse_amount("1" * digits, "JPY")


@pytest.mark.parametrize("text", ["0", "0.0", "0.00", "00"])
def test_zero_is_refused_unless_it_is_allowed(text: str) -> None:
    with pytest.raises(InvalidCommand) as refused:
        parse_amount(text, "EUR")
    assert refused.value.code == "invalid_amount"
    assert parse_amount(text, "EUR", allow_zero=True) == Money(0, "EUR")


def test_the_refusal_names_the_field_that_the_door_asked_for() -> None:
    with pytest.raises(InvalidCommand) as refused:
        parse_amount("x", "EUR", field="overdraft_limit")
    assert refused.value.field == "overdraft_limit"


@given(currencies, st.integers(1, 10**13 - 1))
def test_what_is_written_is_read_back_the_same(currency: str, minor: int) -> None:
    assert parse_amount(format_minor(minor, currency), currency) == Money(minor, currency)


@given(currencies, st.integers(-(10**17), 10**17))
def test_an_amount_is_written_with_exactly_the_currencys_decimals(currency: str, minor: int) -> None:
    text = str(Money(minor, currency))
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    whole, _, fraction = digits.partition(".")
    assert len(fraction) == exponent_of(currency)
    assert int(sign + whole + fraction) == minor
    assert whole == str(int(whole))


@given(st.text(max_size=20), currencies)
def test_whatever_is_typed_is_an_amount_above_zero_or_refused_with_its_code(text: str, currency: str) -> None:
    plain = text.isascii() and set(text) <= set("0123456789.")
    code = ""
    try:
        taken = parse_amount(text, currency).minor > 0
    except InvalidCommand as refused:
        taken, code = False, refused.code
    assert (taken and plain) or code == "invalid_amount"


@given(st.from_regex(r"[0-9]{1,13}(\.[0-9]{1,6})?", fullmatch=True), currencies)
def test_every_plain_decimal_is_read_exactly_or_refused_for_its_decimals_or_for_being_zero(
    text: str, currency: str
) -> None:
    whole, _, fraction = text.partition(".")
    exponent = exponent_of(currency)
    expected = int(whole + fraction.ljust(exponent, "0")) if len(fraction) <= exponent else 0
    if expected:
        assert parse_amount(text, currency).minor == expected
    else:
        with pytest.raises(InvalidCommand):
            parse_amount(text, currency)


@pytest.mark.parametrize(
    ("currency", "exponent"),
    [("EUR", 2), ("USD", 2), ("CZK", 2), ("JPY", 0), ("KRW", 0), ("KWD", 3), ("BHD", 3), ("CLF", 4)],
)
def test_a_currency_has_the_decimals_that_iso_4217_says(currency: str, exponent: int) -> None:
    assert exponent_of(currency) == exponent


@pytest.mark.parametrize(
    "currency", ["", "eur", "EU", "EURO", "ZZZ", "XAU", "XXX", "XTS", "\uff25\uff35\uff32", "EUR\n", None, 978, [], {}]
)
def test_an_unknown_currency_is_refused(currency: Any) -> None:
    with pytest.raises(InvalidCommand) as refused:
        exponent_of(currency)
    assert (refused.value.field, refused.value.code) == ("currency", "invalid_currency")
    with pytest.raises(InvalidCommand):
        parse_amount("1", currency)


def test_the_list_of_currencies_is_sorted_and_every_one_can_be_banked_in() -> None:
    assert list(CURRENCIES) == sorted(set(CURRENCIES))
    assert {"EUR", "USD", "CZK", "JPY", "KWD", "CHF", "GBP"} <= set(CURRENCIES)
    for currency in CURRENCIES:
        assert parse_amount("1", currency).minor == 10 ** exponent_of(currency)
