"""How amounts, IBANs and moments look to people. The numbers themselves come from accounts.money."""

from functools import lru_cache

from babel.numbers import get_currency_symbol
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.iban import format_iban
from accounts.money import format_minor

MINUS = "\N{MINUS SIGN}"
NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"


def plain_amount(minor: int, currency: str) -> str:
    """`€1,234.50` or `CZK 1,234.50`, without a sign: what is said around it tells which way it went."""
    whole, point, fraction = format_minor(abs(minor), currency).partition(".")
    symbol = currency_symbol(currency)
    gap = NO_BREAK_SPACE if symbol[-1].isalpha() else ""
    return f"{symbol}{gap}{int(whole):,}{point}{fraction}"


def signed_amount(minor: int, currency: str) -> str:
    """As `plain_amount`, with a real minus sign where it is below zero."""
    return (MINUS if minor < 0 else "") + plain_amount(minor, currency)


def money_html(minor: int, currency: str, *, show_plus: bool = False) -> SafeString:
    """The amount for a page. A screen reader hears "minus": many do not read the sign out."""
    sign, word = ("", "")
    if minor < 0:
        sign, word = MINUS, "minus "
    elif show_plus and minor > 0:
        sign, word = "+", "plus "
    spoken = (
        format_html('<span class="visually-hidden">{}</span><span aria-hidden="true">{}</span>', word, sign)
        if sign
        else ""
    )
    return format_html(
        '<data class="money{}" value="{}">{}{}</data>',
        _tone(minor, show_plus=show_plus),
        format_minor(minor, currency),
        spoken,
        plain_amount(minor, currency),
    )


def _tone(minor: int, *, show_plus: bool) -> str:
    """What came in stands out, nothing steps back; the sign and the figure say the same."""
    if minor == 0:
        return " money-none"
    return " money-in" if show_plus and minor > 0 else ""


def iban_html(iban: str) -> SafeString:
    """In groups of four, kept on one line."""
    return format_html('<span class="iban">{}</span>', format_iban(iban))


def mask_iban(iban: str) -> str:
    """Enough to tell accounts apart, too little to copy: `LU28 •••• 0000`."""
    return f"{iban[:4]} •••• {iban[-4:]}"


def mask_email(email: str) -> str:
    """`a•••@example.org`; nothing for nothing."""
    local, at, domain = email.rpartition("@")
    return f"{local[:1]}•••{at}{domain}" if at else ""


@lru_cache(maxsize=256)
def currency_symbol(currency: str) -> str:
    """The sign that people write beside an amount; the code where there is none."""
    return get_currency_symbol(currency, locale="en")
