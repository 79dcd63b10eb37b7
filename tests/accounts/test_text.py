"""Names and references: one line of plain text, in one form, or refused with the reason."""

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.invalid import InvalidCommand
from accounts.text import NAME_LENGTH, REFERENCE_LENGTH, clean_text


def refused_code(value: Any, **options: Any) -> str:
    with pytest.raises(InvalidCommand) as refused:
        clean_text(value, "reference", **{"max_length": REFERENCE_LENGTH, **options})
    assert refused.value.field == "reference"
    return refused.value.code


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("", ""),
        ("Rent", "Rent"),
        ("  Rent May  ", "Rent May"),
        ("\u00a0Rent\u2003", "Rent"),
        ("two  spaces", "two  spaces"),
        ("Škoda, děkuji", "Škoda, děkuji"),
        ("e\u0301", "é"),
        ("日本語", "日本語"),
        ("مرحبا", "مرحبا"),
        ("👩\u200d👧 & 🏠", "👩\u200d👧 & 🏠"),
        ("<script>'\"; drop table--</script>", "<script>'\"; drop table--</script>"),
    ],
)
def test_a_line_of_text_is_kept_in_one_form_without_outer_spaces(typed: str, kept: str) -> None:
    assert clean_text(typed, "reference", max_length=REFERENCE_LENGTH) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "a\x00b", "a\nb", "a\rb", "a\tb", "a\x1bb", "a\x7fb", "a\x85b", "a\u2028b", "a\u2029b", "\ud800", "a\udfffb",
        "\u202eevil", "a\u202ab", "a\u202bb", "a\u202cb", "a\u202db", "a\u2066b", "a\u2067b", "a\u2068b", "a\u2069b",
    ],
)  # fmt: skip
def test_control_characters_surrogates_and_what_reorders_a_line_are_refused(typed: str) -> None:
    assert refused_code(typed) == "invalid_text"


@pytest.mark.parametrize("value", [None, 1, 1.5, True, b"text", [], {}, object()])
def test_what_is_not_text_is_refused(value: Any) -> None:
    assert refused_code(value) == "invalid_text"


@pytest.mark.parametrize("letter", ["x", "é", "日", "👧"])
def test_the_longest_text_is_taken_and_one_letter_more_refused(letter: str) -> None:
    assert clean_text(letter * 140, "reference", max_length=140) == letter * 140
    assert refused_code(letter * 141, max_length=140) == "too_long"


def test_length_counts_what_is_kept_not_what_was_typed() -> None:
    assert clean_text(" " * 50 + "x" * 140 + " " * 50, "reference", max_length=140) == "x" * 140
    assert clean_text("e\u0301" * 140, "reference", max_length=140) == "é" * 140


@pytest.mark.parametrize("typed", ["", "   ", "\u00a0", "\u2003\u2003"])
def test_a_required_text_needs_more_than_white_space(typed: str) -> None:
    assert refused_code(typed, max_length=NAME_LENGTH, required=True) == "required"
    assert clean_text(typed, "reference", max_length=NAME_LENGTH) == ""


@given(st.text(st.characters(), max_size=200))
def test_whatever_is_typed_is_kept_clean_or_refused_with_a_known_code(typed: str) -> None:
    code = kept = ""
    try:
        kept = clean_text(typed, "reference", max_length=REFERENCE_LENGTH)
    except InvalidCommand as refused:
        code = refused.code
    assert code in {"", "invalid_text", "too_long"}
    assert len(kept) <= REFERENCE_LENGTH
    assert kept == kept.strip()
    assert unicodedata.is_normalized("NFC", kept)
    kept.encode()
    assert not any(unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} for c in kept)
    assert clean_text(kept, "reference", max_length=REFERENCE_LENGTH) == kept
