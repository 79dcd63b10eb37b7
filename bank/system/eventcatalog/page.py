"""One page of an EventCatalog: what it is in YAML, then words in MDX."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import yaml

OWNERS: Final = ["passbook"]
FIRST: Final = "1.0.0"
# In MDX a brace begins an expression and an angle bracket an element, but not in code.
_CODE: Final = re.compile(r"(`[^`]*`)")
_SPECIAL: Final = re.compile(r"([{}<>])")


def page(head: Mapping[str, Any], *parts: str) -> str:
    """The file's text. Every page has an owner, and a version where it says none."""
    head = {"id": head["id"], "name": head["name"], "version": head.get("version", FIRST), **head, "owners": OWNERS}
    return front({key: value for key, value in head.items() if value not in ([], "", None)}, *parts)


def front(head: Mapping[str, Any], *parts: str) -> str:
    """The same without what only resources have."""
    return f"---\n{to_yaml(head)}---\n\n" + "\n\n".join(part for part in parts if part) + "\n"


def to_yaml(value: Any) -> str:
    """Readable, in the order of the keys, the same each time."""
    text: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=110, default_flow_style=False)
    return text


def to_json(value: Any) -> str:
    """JSON for people, with an end of line."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def words(text: str) -> str:
    """Plain text as MDX."""
    parts = _CODE.split(text)
    return "".join(part if part.startswith("`") else _SPECIAL.sub(r"\\\1", part) for part in parts)


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table; empty where it has no rows."""
    lines = ["| " + " | ".join(words(cell).replace("|", "\\|") for cell in row) + " |" for row in rows]
    names = list(heads)
    head = ["| " + " | ".join(names) + " |", "|" + " --- |" * len(names)]
    return "\n".join([*head, *lines]) if lines else ""


def listing(title: str, items: Iterable[str]) -> str:
    """A heading with a list; empty where nothing is in it."""
    lines = [f"- {item}" for item in items]
    return "\n".join([f"## {title}", "", *lines]) if lines else ""


def pointers(names: Iterable[str], **more: Any) -> list[dict[str, Any]]:
    """References to other pages, by their ids."""
    return [{"id": name, **more} for name in names]
