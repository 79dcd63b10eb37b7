"""Does a name fit the holder of an account? Says how well, and never who the holder is."""

import unicodedata
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Final

_CLOSE_FROM: Final = 0.8


class Fit(StrEnum):
    """How well a name fits."""

    MATCHES = "matches"
    CLOSE = "close"
    DIFFERENT = "different"


def fit_of(typed: str, holder: str) -> Fit:
    """Case, accents, punctuation and the order of the words do not count; a typing error or a missing word is close."""
    ours, theirs = _words(typed), _words(holder)
    if not ours or not theirs:
        return Fit.DIFFERENT
    if ours == theirs:
        return Fit.MATCHES
    is_part = len(ours) > 1 and set(ours) <= set(theirs)
    likeness = SequenceMatcher(None, " ".join(ours), " ".join(theirs), autojunk=False).ratio()
    return Fit.CLOSE if is_part or likeness >= _CLOSE_FROM else Fit.DIFFERENT


def _words(name: str) -> list[str]:
    plain = (c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c))
    return sorted("".join(c if c.isalnum() else " " for c in plain).split())
