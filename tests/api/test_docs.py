"""The page for clients is whole: it lists every code and every scope, and names every call."""

import re
from pathlib import Path

from bank.api.problems import REFUSAL_STATUSES, STATUS_PROBLEMS
from bank.api.schema.codes import MEANINGS
from bank.api.scopes import Scope
from bank.api.urls import urlpatterns

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "API.md").read_text()


def codes_in_the_source() -> set[str]:
    """Every code that the API's own modules and the domain's checks can answer with."""
    calls = re.compile(
        r"(?:bad_request|invalid_field|unauthenticated|unavailable|not_found|Problem|InputError|InvalidCommand)\("
        r"\s*(?:HTTPStatus\.\w+,\s*|\d+,\s*|f?\"/[^\"]*\",\s*|\"\w*\",\s*|name,\s*|field,\s*)?\"([a-z]\w+)\""
    )
    named = re.compile(r"code=\"(\w+)\"|_code = \"(\w+)\"")
    found: set[str] = set()
    for folder in ("bank/api", "accounts"):
        for path in (ROOT / folder).rglob("*.py"):
            text = path.read_text()
            found |= set(calls.findall(text))
            found |= {code for pair in named.findall(text) for code in pair if code}
    return found


def test_the_page_lists_every_code_in_the_table_of_statuses() -> None:
    rows = re.findall(r"^\| (?:\d{3}(?:, )?)+ \| (.+) \|$", PAGE, re.MULTILINE)
    listed = {code for row in rows for code in re.findall(r"`(\w+)`", row)}
    missing = (codes_in_the_source() | set(REFUSAL_STATUSES)) - listed
    assert missing == set()
    not_ours = {"not_acceptable", "rate_limited"}
    assert {code for code, _ in STATUS_PROBLEMS.values()} - listed <= not_ours
    assert set(MEANINGS) <= listed


def test_the_page_lists_every_scope_and_names_every_call() -> None:
    assert {str(scope) for scope in Scope} <= set(re.findall(r"`([\w:*]+)`", PAGE))
    for pattern in urlpatterns:
        last = str(pattern.pattern).rsplit("/", maxsplit=1)[-1]
        if not last.startswith("<") and last:
            assert last in PAGE, f"{pattern.pattern} is not on the page"
