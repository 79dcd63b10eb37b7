"""What people may write into names and references: one rule for every door."""

import unicodedata

from accounts.invalid import InvalidCommand

REFERENCE_LENGTH = 140  # SEPA remittance information (EPC rulebook, AT-05)
NAME_LENGTH = 100
# Characters that reorder what follows them: they make "eve" look like "bob" on a statement.
_REORDERING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_FORBIDDEN_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})  # control, surrogate, line and paragraph separators


def clean_text(value: object, field: str, *, max_length: int, required: bool = False) -> str:
    """`value` in Unicode NFC without outer white space; raises InvalidCommand where it is not one line of plain text.

    Codes: `invalid_text` (not a string, control or reordering characters), `too_long`, `required`.
    """
    if not isinstance(value, str):
        raise InvalidCommand(field, "invalid_text", "Must be text.")
    if value.isascii() and value.isprintable():  # the usual case, and the quick one
        text = value.strip()
    else:
        if any(c in _REORDERING or unicodedata.category(c) in _FORBIDDEN_CATEGORIES for c in value):
            raise InvalidCommand(field, "invalid_text", "Must be one line without control characters.")
        text = unicodedata.normalize("NFC", value).strip()
    if len(text) > max_length:
        raise InvalidCommand(field, "too_long", "Must be at most {max_length} characters.", max_length=max_length)
    if required and not text:
        raise InvalidCommand(field, "required", "Must not be empty.")
    return text
