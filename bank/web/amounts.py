"""Amounts as people type them, read into the one spelling that the bank's own parser takes.

Both languages' manners are taken, wherever they have a single reading: `25`, `25.5`, `25,50`, `1 234,50`, `1,234.50`,
`1.234,50`, `1,234,567`. What could be meant in two ways is refused, never guessed: one mark that is not the language's
own before three digits (`1,234` in English, `1.234` in Czech) may be a thousand or a little more than one.
"""

import re
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from bank.web.formats import writing

# What stands between groups of digits where it is no mark: people and programs paste all of these.
_SPACES: Final = re.compile("[ \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}\N{FIGURE SPACE}]")
_PLAIN: Final = re.compile(r"[0-9]+\Z")
_SPACED: Final = re.compile(r"([1-9][0-9]{0,2}(?: [0-9]{3})+)(?:[.,]([0-9]+))?\Z")
_ONE_MARK: Final = re.compile(r"([0-9]+)([.,])([0-9]+)\Z")
_ONLY_GROUPS: Final = re.compile(r"[1-9][0-9]{0,2}([.,])[0-9]{3}(?:\1[0-9]{3})+\Z")
_GROUPS_AND_POINT: Final = re.compile(r"([1-9][0-9]{0,2}(?:([.,])[0-9]{3})(?:\2[0-9]{3})*)(?!\2)[.,]([0-9]+)\Z")


class NotAnAmount(ValueError):
    """`str()` of it says to people, in their language, what to type instead."""


def read_amount(text: str) -> str:
    """`text` as accounts.money.parse_amount takes it ("1234.50"). Raises NotAnAmount.

    It says nothing of how many decimals the currency has: that is for the bank's parser, which knows the currency.
    """
    typed = _SPACES.sub(" ", text).strip(" ")
    if _PLAIN.match(typed):
        return typed
    if found := _SPACED.match(typed):
        return _joined(found[1], found[2])
    if found := _ONE_MARK.match(typed):
        whole, mark, fraction = found.groups()
        if mark != writing().point and len(fraction) == 3 and len(whole) <= 3 and whole[0] != "0":
            raise NotAnAmount(_two_readings(typed, whole + fraction))
        return f"{whole}.{fraction}"
    if _ONLY_GROUPS.match(typed):
        return _joined(typed, None)
    if found := _GROUPS_AND_POINT.match(typed):
        return _joined(found[1], found[3])
    raise NotAnAmount(gettext("Enter an amount in digits, such as 25 or 25.50."))


def as_typed(amount: str) -> str:
    """The bank's spelling ("1234.50") as a person of this language types it, without groups."""
    return amount.replace(".", writing().point)


class AmountField(forms.CharField):
    """An amount as text. Its value is the bank's spelling; what it shows is the person's."""

    def clean(self, value: Any) -> str:
        """Read in the language of the page."""
        text: str = super().clean(value)
        try:
            return read_amount(text) if text else text
        except NotAnAmount as error:
            raise ValidationError(str(error), code="invalid_amount") from None

    def bound_data(self, data: Any, initial: Any) -> Any:
        """What was typed stays as it was typed."""
        del initial
        return _Typed(data) if isinstance(data, str) else data

    def prepare_value(self, value: Any) -> Any:
        """A draft's value, in the person's spelling."""
        return as_typed(value) if isinstance(value, str) and not isinstance(value, _Typed) else value


class _Typed(str):
    """Text as it came in, not to be written anew."""

    __slots__ = ()


def _joined(groups: str, fraction: str | None) -> str:
    whole = re.sub("[ .,]", "", groups)
    return f"{whole}.{fraction}" if fraction else whole


def _two_readings(typed: str, whole: str) -> str:
    return gettext(
        "“%(typed)s” can be read in two ways. Enter %(whole)s if you mean thousands; write at most two decimals after "
        "a point or a comma."
    ) % {"typed": typed, "whole": whole}
