"""How amounts, numbers, IBANs and moments look to people, in the language of the page.

The numbers themselves come from accounts.money; what each language writes between digits comes from the CLDR, by Babel.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Final

from babel import Locale
from babel.dates import format_datetime
from babel.numbers import get_currency_name, get_currency_symbol, get_decimal_symbol, get_group_symbol
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from accounts.iban import format_iban
from accounts.money import exponent_of, format_minor

MINUS = "\N{MINUS SIGN}"
NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
_DEFAULT: Final = "en"
# English as in Britain writes days, as everywhere writes amounts; Czech with spaces that no line ends at.
_DAY: Final = {"en": "d MMM y", "cs": "d.\N{NO-BREAK SPACE}M.\N{NO-BREAK SPACE}y"}
_DAY_OF_MONTH: Final = {"en": "d MMM", "cs": "d.\N{NO-BREAK SPACE}M."}
_MONTH: Final = {"en": "MMM y", "cs": "LLLL\N{NO-BREAK SPACE}y"}
_MOMENT: Final = {"en": "d MMM y, HH:mm 'UTC'", "cs": "d.\N{NO-BREAK SPACE}M.\N{NO-BREAK SPACE}y H:mm 'UTC'"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """What a language writes between digits, and on which side of them the currency stands."""

    point: str
    group: str
    currency_last: bool


def plain_amount(minor: int, currency: str) -> str:
    """`€1,234.50`, `CZK 1,234.50`, `1 234,50 Kč`: without a sign, what is said around it tells which way it went."""
    amount = plain_number(minor, currency)
    symbol = currency_symbol(currency)
    if writing().currency_last:
        return f"{amount}{NO_BREAK_SPACE}{symbol}"
    gap = NO_BREAK_SPACE if symbol[-1].isalpha() else ""
    return f"{symbol}{gap}{amount}"


def plain_number(minor: int, currency: str) -> str:
    """`1,234.50`: an amount without its currency and its sign."""
    whole, point, fraction = format_minor(abs(minor), currency).partition(".")
    return f"{grouped(int(whole))}{writing().point if point else ''}{fraction}"


def short_amount(minor: int, currency: str) -> str:
    """`€1,000`, `€0.01`: as `plain_amount`, without decimals where there are none to tell."""
    unit = 10 ** exponent_of(currency)
    if minor % unit or unit == 1:
        return plain_amount(minor, currency)
    return plain_amount(minor, currency).replace(plain_number(minor, currency), grouped(abs(minor) // unit))


def signed_amount(minor: int, currency: str) -> str:
    """As `plain_amount`, with a real minus sign where it is below zero."""
    return (MINUS if minor < 0 else "") + plain_amount(minor, currency)


def money_html(minor: int, currency: str, *, show_plus: bool = False) -> SafeString:
    """The amount for a page. A screen reader hears "minus": many do not read the sign out."""
    sign, word = ("", "")
    if minor < 0:
        sign, word = MINUS, gettext("minus")
    elif show_plus and minor > 0:
        sign, word = "+", gettext("plus")
    spoken = (
        format_html('<span class="visually-hidden">{} </span><span aria-hidden="true">{}</span>', word, sign)
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


def grouped(value: int) -> str:
    """`18,234`, `18 234`."""
    return f"{value:,}".replace(",", writing().group)


def decimal(value: float, places: int = 1) -> str:
    """`0.4`, `0,4`."""
    return f"{value:.{places}f}".replace(".", writing().point)


def day_html(value: datetime | date) -> SafeString:
    """`23 Nov 2026`, `23. 11. 2026`; a moment counts as its day in UTC."""
    on = value.astimezone(UTC).date() if isinstance(value, datetime) else value
    return format_html('<time datetime="{}">{}</time>', on.isoformat(), day_text(on))


def moment_html(value: datetime) -> SafeString:
    """`23 Nov 2026, 09:41 UTC`, `23. 11. 2026 9:41 UTC`."""
    utc = value.astimezone(UTC)
    return format_html('<time datetime="{}">{}</time>', utc.isoformat(), moment_text(utc))


def day_text(value: date) -> str:
    """A day, for what is no page."""
    return _written(_DAY, datetime(value.year, value.month, value.day, tzinfo=UTC))


def day_of_month(value: date) -> str:
    """`23 Nov`, `23. 11.`: for an axis, which has little room."""
    return _written(_DAY_OF_MONTH, datetime(value.year, value.month, value.day, tzinfo=UTC))


def month_text(value: date) -> str:
    """`Nov 2026`, `listopad 2026`."""
    return _written(_MONTH, datetime(value.year, value.month, 1, tzinfo=UTC))


def moment_text(value: datetime) -> str:
    """A moment, for what is no page."""
    return _written(_MOMENT, value.astimezone(UTC))


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


def currency_symbol(currency: str) -> str:
    """The sign that people write beside an amount; the code where there is none."""
    return _currency_symbol(currency, language())


def currency_name(currency: str) -> str:
    """`Euro`, `euro`."""
    return _currency_name(currency, language())


def language() -> str:
    """The language of the page: one of those that have formats here."""
    code = (get_language() or _DEFAULT).partition("-")[0]
    return code if code in _DAY else _DEFAULT


def writing() -> Writing:
    """How the language of the page writes numbers."""
    return _writing_of(language())


@lru_cache(maxsize=8)
def _writing_of(code: str) -> Writing:
    locale = Locale.parse(code)
    return Writing(
        point=get_decimal_symbol(locale),
        group=get_group_symbol(locale),
        currency_last=not locale.currency_formats["standard"].pattern.startswith("¤"),
    )


@lru_cache(maxsize=512)
def _currency_symbol(currency: str, code: str) -> str:
    return get_currency_symbol(currency, locale=code)


@lru_cache(maxsize=512)
def _currency_name(currency: str, code: str) -> str:
    return get_currency_name(currency, locale=code)


def _written(patterns: dict[str, str], value: datetime) -> str:
    code = language()
    return format_datetime(value, patterns[code], locale=code)
