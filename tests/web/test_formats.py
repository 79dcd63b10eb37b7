"""How amounts, IBANs and addresses are written, for eyes and for ears."""

from datetime import datetime, timedelta, timezone

import pytest
from django.utils import translation

from bank.web.formats import (
    MINUS,
    NO_BREAK_SPACE,
    day_html,
    decimal,
    grouped,
    mask_email,
    mask_iban,
    moment_html,
    money_html,
    plain_amount,
    signed_amount,
)


@pytest.mark.parametrize(
    ("minor", "currency", "written"),
    [
        (0, "EUR", "€0.00"),
        (5, "EUR", "€0.05"),
        (123_456_789, "EUR", "€1,234,567.89"),
        (1_234_567, "JPY", "¥1,234,567"),
        (1_234_567, "KWD", "KWD\u00a01,234.567"),
        (2_500, "CZK", "CZK\u00a025.00"),
        (100, "CAD", "CA$1.00"),
        (10**17, "EUR", "€1,000,000,000,000,000.00"),
    ],
)
def test_an_amount_has_its_currencys_decimals_and_is_grouped(minor: int, currency: str, written: str) -> None:
    assert plain_amount(minor, currency) == written
    assert signed_amount(-minor, currency) == (MINUS if minor else "") + written


@pytest.mark.parametrize(
    ("minor", "currency", "written"),
    [
        (0, "EUR", "0,00_€"),
        (123_456_789, "CZK", "1_234_567,89_Kč"),
        (1_234_567, "KWD", "1_234,567_KWD"),
        (1_234_567, "JPY", "1_234_567_JP¥"),
    ],
)
def test_czech_writes_the_currency_last_and_breaks_no_amount_over_two_lines(
    minor: int, currency: str, written: str
) -> None:
    with translation.override("cs"):
        assert plain_amount(minor, currency) == written.replace("_", NO_BREAK_SPACE)
        assert 'value="-12.50"' in money_html(-12_50, "EUR")


@pytest.mark.parametrize(
    ("language", "day", "moment", "figure", "number"),
    [
        ("en", "3 Nov 2026", "3 Nov 2026, 09:05 UTC", "0.4", "18,234"),
        ("cs", "3._11._2026", "3._11._2026 9:05 UTC", "0,4", "18_234"),
    ],
)
def test_days_moments_and_numbers_follow_the_language_and_machines_read_iso(
    language: str, day: str, moment: str, figure: str, number: str
) -> None:
    at = datetime(2026, 11, 3, 4, 5, tzinfo=timezone(timedelta(hours=-5)))
    with translation.override(language):
        assert day_html(at) == f'<time datetime="2026-11-03">{day.replace("_", NO_BREAK_SPACE)}</time>'
        shown = moment.replace("_", NO_BREAK_SPACE)
        assert moment_html(at) == f'<time datetime="2026-11-03T09:05:00+00:00">{shown}</time>'
        assert decimal(0.42) == figure
        assert grouped(18_234) == number.replace("_", NO_BREAK_SPACE)


def test_a_minus_is_seen_and_heard() -> None:
    html = money_html(-12_50, "EUR")
    assert f'<span aria-hidden="true">{MINUS}</span>' in html
    assert '<span class="visually-hidden">minus </span>' in html
    assert 'value="-12.50"' in html


def test_a_plus_is_shown_only_where_asked_for() -> None:
    assert "+" not in money_html(12_50, "EUR")
    assert '<span class="visually-hidden">plus </span>' in money_html(12_50, "EUR", show_plus=True)
    assert "+" not in money_html(0, "EUR", show_plus=True)


def test_masks_tell_apart_without_telling() -> None:
    assert mask_iban("LU280019400644750000") == "LU28 •••• 0000"
    assert mask_email("ada@example.org") == "a•••@example.org"
    assert mask_email("") == ""
