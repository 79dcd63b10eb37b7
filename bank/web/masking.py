"""What a list shows of customers before one of them is opened: enough to tell people apart, no more."""

from ledger.personal import ERASED


def mask_name(name: str) -> str:
    """`Ada L•••` of Ada Lovelace, `P•••` of Plato: a first name and an initial, or the initial alone."""
    first, *others = name.split() or [""]
    if name == ERASED or not first:
        return name
    return f"{first} {others[-1][0]}•••" if others else f"{first[0]}•••"
