"""The page for clients runs: every curl on it, in order, against a running server, answering what the page shows.

A comment `# 201 {"status": "open"}` behind a call is what it answers: its status, and fields that its body has, among
others. `"..."` stands for anything. Every call of the OpenAPI document is on the page.
"""

import json
import os
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from bank.api.views.docs import document
from ledger.runner import drain
from tests.api.conformance import resolve, template_of, validator_of
from tests.api.given import Account, a_user, api_of

PAGE = (Path(__file__).parents[2] / "docs" / "API.md").read_text()
BLOCKS = re.findall(r"^```bash\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
SHOWN = [json.loads(text) for text in re.findall(r"^```json\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)]
EXPECTATION = re.compile(r"^ *# (\d{3})(?: (\{.*\}|\[.*\]))?$", re.MULTILINE)
# Around every curl: what it asked, what came of it, in the order in which they ended.
PREAMBLE = """
set -euo pipefail
uuidgen() { python3 -c 'import uuid; print(uuid.uuid4())'; }
curl() {
  local body code=0; body=$(mktemp "$OUT/body.XXXXXX")
  command curl -o "$body" -w "%{stderr}CALL %{method} %{http_code} %{url_effective}\\n" "$@" 2>"$body.err" || code=$?
  echo "$(grep ^CALL "$body.err") $body" >>"$OUT/log"
  cat "$body"
  return $code
}
expect() { echo "EXPECT $1" >>"$OUT/log"; }
"""


@dataclass
class Call:
    """One curl."""

    method: str
    status: int
    url: str
    body: bytes

    @property
    def operation(self) -> tuple[str | None, str]:
        path = "/" + self.url.split("://", 1)[1].split("/", 1)[1].partition("?")[0]
        return template_of(path), self.method.lower()


def script() -> tuple[str, list[tuple[int, Any]]]:
    """The page's blocks as one program, and what it shows of the answers."""
    expected: list[tuple[int, Any]] = []

    def note(match: re.Match[str]) -> str:
        expected.append((int(match[1]), json.loads(match[2]) if match[2] else None))
        return f"expect {len(expected) - 1}"

    return PREAMBLE + EXPECTATION.sub(note, "\n".join(BLOCKS)), expected


@pytest.mark.django_db(transaction=True)
def test_every_curl_answers_what_the_page_shows(live_server: LiveServer, account: Account, tmp_path: Path) -> None:
    assert shutil.which("curl"), "the examples need curl"
    drain()
    program, expected = script()
    environment = {
        **os.environ,
        "OUT": str(tmp_path),
        "API": f"{live_server.url}/api/v1",
        **{name.upper(): api_of(a_user(name)).token or "" for name in ("auditor", "operations")},
        "TOKEN": api_of(a_user("teller")).token or "",
    }
    with subprocess.Popen(
        ["bash", "-c", program], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as running:
        while running.poll() is None:
            drain()  # what the workers do
            time.sleep(0.1)
        assert running.stdout is not None
        said = running.stdout.read()
    assert running.returncode == 0, said[-3000:]
    calls = compared(tmp_path / "log", expected)
    described = {(path, method) for path, methods in document()["paths"].items() for method in methods}
    assert described - {call.operation for call in calls if call.status < 300} == set(), "not shown on the page"


def compared(log: Path, expected: list[tuple[int, Any]]) -> list[Call]:
    """Every call, after a look at each whose answer the page shows; the others must have succeeded."""
    calls: list[Call] = []
    unseen: list[Call] = []
    for line in log.read_text().splitlines():
        kind, *rest = line.split(" ")
        if kind == "CALL":
            method, code, url, body = rest
            calls.append(Call(method, int(code), url, Path(body).read_bytes()))
            unseen.append(calls[-1])
            continue
        status, shown = expected[int(rest[0])]
        call = unseen.pop()
        assert call.status == status, f"{call.method} {call.url}: {call.status} {call.body[:500]!r}"
        if shown is not None:
            assert_has(json.loads(call.body), shown, f"{call.method} {call.url}")
    assert [call for call in unseen if call.status >= 300] == []
    return calls


def assert_has(answer: Any, shown: Any, where: str) -> None:
    """Whether the answer has what is shown; lists item by item from the first."""
    if shown == "...":
        return
    if isinstance(shown, dict):
        assert isinstance(answer, dict), where
        for name, value in shown.items():
            assert name in answer, f"{where}/{name}"
            assert_has(answer[name], value, f"{where}/{name}")
    elif isinstance(shown, list):
        assert len(answer) >= len(shown), where
        for number, value in enumerate(shown):
            assert_has(answer[number], value, f"{where}/{number}")
    else:
        assert answer == shown, where


def test_every_block_shows_what_comes_of_it() -> None:
    silent = [block for block in BLOCKS if "curl" in block and not EXPECTATION.search(block)]
    assert silent == []


@pytest.mark.parametrize("shown", [pytest.param(shown, id=", ".join(shown)[:40]) for shown in SHOWN])
def test_what_is_shown_in_full_has_the_members_of_some_schema(shown: dict[str, Any]) -> None:
    """With `"..."` for what is left out."""
    schemas = document()["components"]["schemas"]
    fitting = [name for name, schema in schemas.items() if set(shown) <= set(schema.get("properties", {}))]
    assert fitting
    if "..." not in json.dumps(shown):
        assert any(validator_of(resolve(schemas[name])).is_valid(shown) for name in fitting)


def test_an_answer_that_is_not_as_shown_is_found() -> None:
    answer = {"status": "open", "events": [{"type": "AccountOpened", "id": "1"}]}
    assert_has(answer, {"events": [{"type": "AccountOpened", "id": "..."}]}, "")
    wrongs: list[dict[str, Any]] = [
        {"status": "closed"},
        {"state": "open"},
        {"events": [{}, {}]},
        {"events": [{"type": "DepositMade"}]},
    ]
    for wrong in wrongs:
        with pytest.raises(AssertionError):
            assert_has(answer, wrong, "")
