"""Amounts as people type them: every manner that has one reading is read, every other is refused."""

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from accounts.money import format_minor, parse_amount
from bank.web.amounts import NotAnAmount, as_typed, read_amount
from bank.web.formats import plain_number

BOTH = ("en", "cs")


@pytest.mark.parametrize("language", BOTH)
@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("25", "25"),
        ("0", "0"),
        ("25.5", "25.5"),
        ("25,5", "25.5"),
        ("25.50", "25.50"),
        ("25,50", "25.50"),
        ("0,05", "0.05"),
        ("  25,50 ", "25.50"),
        ("1 234", "1234"),
        ("1 234,50", "1234.50"),
        ("1 234.50", "1234.50"),
        ("1\u00a0234,50", "1234.50"),
        ("1\u202f234\u202f567,8", "1234567.8"),
        ("1,234.50", "1234.50"),
        ("1.234,50", "1234.50"),
        ("1,234,567", "1234567"),
        ("1.234.567", "1234567"),
        ("1,234,567.89", "1234567.89"),
        ("12345,678", "12345.678"),
        ("0,123", "0.123"),
        ("5.0001", "5.0001"),
    ],
)
def test_what_has_one_reading_is_read_in_either_language(language: str, typed: str, read: str) -> None:
    with translation.override(language):
        assert read_amount(typed) == read


@pytest.mark.parametrize(("language", "typed"), [("en", "1,234"), ("cs", "1.234"), ("en", "12,345"), ("cs", "999.000")])
def test_a_foreign_mark_before_three_digits_is_never_guessed(language: str, typed: str) -> None:
    with translation.override(language), pytest.raises(NotAnAmount) as refused:
        read_amount(typed)
    assert typed in str(refused.value)
    assert typed.replace(",", "").replace(".", "") in str(refused.value)


@pytest.mark.parametrize(("language", "typed"), [("en", "1.234"), ("cs", "1,234")])
def test_the_languages_own_mark_before_three_digits_is_for_the_currency_to_take_or_refuse(
    language: str, typed: str
) -> None:
    with translation.override(language):
        assert parse_amount(read_amount(typed), "KWD").minor == 1_234
        with pytest.raises(ValueError, match="at most 2 decimals"):
            parse_amount(read_amount(typed), "EUR")


@pytest.mark.parametrize("language", BOTH)
@pytest.mark.parametrize(
    "typed",
    [
        "",
        "-5",
        "+5",
        "1e3",
        "5.",
        ".5",
        ",5",
        "10 00",
        "1  234",
        "1 2345",
        "1,00.00",
        "1,234.50.00",
        "1,234,50",
        "1.234.5",
        "1,2345.6",
        "0,123.45",
        "1,234.567,8",
        "1 234 ,50",
        "1 234 567.89,1",
        "12,34,567",
        "\u0661\u0660",
        "\uff11\uff12",
        "€5",
        "1'234",
        "NaN",
        "5\n",
        "1\n234",
    ],
)
def test_all_else_is_refused(language: str, typed: str) -> None:
    with translation.override(language), pytest.raises(NotAnAmount):
        read_amount(typed)


@pytest.mark.parametrize("language", BOTH)
@given(minor=st.integers(0, 10**13 - 1), currency=st.sampled_from(["EUR", "CZK", "JPY", "KWD"]))
def test_what_a_page_writes_can_be_typed_again_or_is_refused_but_never_means_something_else(
    language: str, minor: int, currency: str
) -> None:
    with translation.override(language):
        assert (
            parse_amount(read_amount(as_typed(format_minor(minor, currency))), currency, allow_zero=True).minor == minor
        )
        try:
            read = read_amount(plain_number(minor, currency))
        except NotAnAmount:
            return
        assert parse_amount(read, currency, allow_zero=True).minor == minor


@given(typed=st.text(alphabet="0123456789., \u00a0", max_size=14))
def test_two_languages_never_read_two_amounts(typed: str) -> None:
    readings = set()
    for language in BOTH:
        with translation.override(language):
            try:
                readings.add(parse_amount(read_amount(typed), "CZK", allow_zero=True).minor)
            except ValueError:
                continue
    assert len(readings) <= 1
