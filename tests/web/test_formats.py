"""How amounts, IBANs and addresses are written, for eyes and for ears."""

import pytest

from bank.web.formats import MINUS, mask_email, mask_iban, money_html, plain_amount, signed_amount


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
