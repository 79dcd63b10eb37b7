"""The page for clients says what is so: its examples run, and it lists every code."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from pytest_django.live_server_helper import LiveServer

from bank.api.problems import REFUSAL_STATUSES, STATUS_PROBLEMS
from bank.api.scopes import Scope
from bank.api.urls import urlpatterns
from ledger.runner import drain
from tests.api.given import Account, a_user, api_of

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "API.md").read_text()


@pytest.mark.django_db(transaction=True)
def test_the_examples_run_as_they_stand(live_server: LiveServer, account: Account) -> None:
    assert shutil.which("curl"), "the examples need curl"
    drain()
    environment = {
        **os.environ,
        "API": f"{live_server.url}/api/v1",
        "TOKEN": api_of(a_user("teller")).token or "",
        "OPERATIONS": api_of(a_user("operations")).token or "",
        "AUDITOR": api_of(a_user("auditor")).token or "",
    }
    script = "set -euo pipefail\nuuidgen() { python3 -c 'import uuid; print(uuid.uuid4())'; }\n"
    script += "\n".join(re.findall(r"^```bash\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE))
    done = subprocess.run(
        ["bash", "-c", script], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert '"replayed":true' in done.stdout
    assert '"status":"closed"' in done.stdout


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


def test_the_page_lists_every_code() -> None:
    listed = set(re.findall(r"`(\w+)`", PAGE))
    missing = (codes_in_the_source() | set(REFUSAL_STATUSES)) - listed
    assert missing == set()
    not_ours = {"not_acceptable", "rate_limited"}
    assert {code for code, _ in STATUS_PROBLEMS.values()} - listed <= not_ours


def test_the_page_lists_every_scope_and_names_every_call() -> None:
    assert {str(scope) for scope in Scope} <= set(re.findall(r"`([\w:*]+)`", PAGE))
    for pattern in urlpatterns:
        last = str(pattern.pattern).rsplit("/", maxsplit=1)[-1]
        if not last.startswith("<") and last:
            assert last in PAGE, f"{pattern.pattern} is not on the page"
