"""Money: integer minor units with an ISO 4217 currency, and the one parser of amounts that people and programs type."""

import re
from dataclasses import dataclass
from typing import Final

from iso4217 import Currency

from accounts.invalid import InvalidCommand

# Units of account, metals and test codes of ISO 4217 that have no minor unit ("N.A."): nobody banks in them.
_WITHOUT_MINOR_UNIT: Final = frozenset(
    ["XAD", "XAG", "XAU", "XBA", "XBB", "XBC", "XBD", "XDR", "XPD", "XPT", "XSU", "XTS", "XUA", "XXX"]
)
_EXPONENTS: Final[dict[str, int]] = {
    currency.code: currency.exponent
    for currency in Currency
    if currency.code not in _WITHOUT_MINOR_UNIT and currency.exponent is not None
}
CURRENCIES: Final = tuple(sorted(_EXPONENTS))

# ASCII digits only: [0-9], not \d, which takes every digit of Unicode. \Z, not $, which lets a newline pass.
_AMOUNT: Final = re.compile(r"([0-9]{1,13})(?:\.([0-9]+))?\Z")


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (cents, fils, yen) of one currency; may be negative in answers."""

    minor: int
    currency: str

    def __str__(self) -> str:
        """`25.00`: the amount with exactly the currency's decimals, a plain point, no grouping, no currency."""
        return format_minor(self.minor, self.currency)


def exponent_of(currency: str) -> int:
    """How many decimals `currency` has (EUR 2, JPY 0, KWD 3); raises InvalidCommand for an unknown code."""
    try:
        return _EXPONENTS[currency]
    except (KeyError, TypeError):
        raise InvalidCommand("currency", "invalid_currency", "Not a currency code of ISO 4217.") from None


def format_minor(minor: int, currency: str) -> str:
    """Minor units as a decimal string with exactly the currency's decimals: (-1250, "EUR") -> "-12.50"."""
    exponent = exponent_of(currency)
    sign = "-" if minor < 0 else ""
    if exponent == 0:
        return f"{sign}{abs(minor)}"
    whole, fraction = divmod(abs(minor), 10**exponent)
    return f"{sign}{whole}.{fraction:0{exponent}d}"


def parse_amount(text: object, currency: str, *, allow_zero: bool = False, field: str = "amount") -> Money:
    """Read `text` ("25", "25.5", "25.00") as an amount of `currency`.

    At most 13 digits before the point and the currency's decimals after it. Anything else (a number instead of a
    string, signs, exponents, grouping, spaces, digits that are not ASCII, zero unless `allow_zero`, too many decimals)
    raises InvalidCommand with the code `invalid_amount`.
    """
    exponent = exponent_of(currency)
    match = _AMOUNT.match(text) if isinstance(text, str) else None
    if match is None:
        raise InvalidCommand(field, "invalid_amount", "Enter an amount in digits, such as 25 or 25.50.")
    whole, fraction = match[1], match[2] or ""
    if len(fraction) > exponent:
        if exponent == 0:
            raise InvalidCommand(field, "invalid_amount", "An amount in {currency} has no decimals.", currency=currency)
        raise InvalidCommand(
            field,
            "invalid_amount",
            "An amount in {currency} has at most {decimals} decimals.",
            currency=currency,
            decimals=exponent,
        )
    minor = int(whole) * 10**exponent + int(fraction.ljust(exponent, "0") or "0")
    if minor == 0 and not allow_zero:
        raise InvalidCommand(field, "invalid_amount", "The amount must be more than zero.")
    return Money(minor, currency)
