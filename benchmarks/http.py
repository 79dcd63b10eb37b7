"""HTTP: the API on the web server of `make run`, driven by wrk, beside bare Django views on the same server."""

import http.client
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Final

import psutil

from benchmarks.bank import Bank

CONNECTIONS: Final = 16
BATCH_CONNECTIONS: Final = 4
COMMANDS_A_BATCH: Final = 1_000
SECONDS: Final = 3
RUNS: Final = 3
_SCRIPT: Final = Path(__file__).with_suffix(".lua")
_UNITS: Final = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}


@dataclass(frozen=True, slots=True)
class Run:
    """What wrk measured: requests a second, latencies; and the CPU time that web server and PostgreSQL took for one."""

    rate: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A server: the port, what its paths begin with, and a token where it wants one."""

    port: int
    pid: int
    root: str
    token: str = ""


def http_api(bank: Bank) -> None:
    """Deposits, reads and batches over HTTP, in requests (batches: commands) a second."""
    if shutil.which("wrk") is None:
        print("  wrk is missing: apt-get install wrk")
        return
    with ExitStack() as held:
        ours, owner, floor, accounts = _servers(held, bank)

        def measure(kind: str, target: Target, connections: int = CONNECTIONS) -> Run:
            return _wrk(kind, target, accounts, connections)

        _versus("a deposit", lambda: measure("deposit", ours), lambda: measure("deposit", floor))
        runs = [measure("batch", ours, BATCH_CONNECTIONS) for _ in range(RUNS)]
        commands = replace(_middle(runs), rate=_middle(runs).rate * COMMANDS_A_BATCH)
        print(f"  {'batches of 1,000 deposits, commands':<36} ours {_told(commands)}")
        _read_models_catch_up()
        # The owner reads: of whoever else looks, a record is made first.
        for label, kind in (("an account, with ETag", "account"), ("a page of movements", "movements")):
            _versus(label, lambda k=kind: measure(k, owner), lambda k=kind: measure(k, floor))  # type: ignore[misc]
        _versus("an account, by a teller", lambda: measure("account", ours), lambda: measure("account", floor))


def _servers(held: ExitStack, bank: Bank) -> tuple[Target, Target, Target, Path]:
    """Ours as a teller and as the accounts' owner, the floor, and a file with the accounts' ids."""
    from django.core.management import call_command

    from bank.api.scopes import Scope
    from bank.api.tokens import issue_token
    from bank.identity.models import User
    from bank.ops import places
    from readmodels.balances import AccountRow

    call_command("set_up_roles")
    (places.home() / "static").mkdir(exist_ok=True)
    row = AccountRow.objects.get(pk=bank.account_ids[0])
    teller = User.objects.create(username="bench", roles=["teller"])
    owner = User.objects.create(username="owner", roles=["customer"], customer_id=row.customer_id)
    token, its_token = (
        issue_token(user, label="bench", scopes=[Scope.ALL], lifetime=timedelta(days=1))[1] for user in (teller, owner)
    )
    accounts = places.home() / "accounts.txt"
    accounts.write_text("\n".join(map(str, bank.account_ids)) + "\n")
    port, pid = held.enter_context(_server("bank.settings"))
    ours = Target(port=port, pid=pid, root="/api/v1", token=token)
    port, pid = held.enter_context(_server("benchmarks.http_floor"))
    floor = Target(port=port, pid=pid, root="")
    return ours, replace(ours, token=its_token), floor, accounts


@contextmanager
def _server(settings: str) -> Iterator[tuple[int, int]]:
    """The web server as `make run` starts it, with these settings; yields port and process id."""
    from bank.ops import parts, processes

    with socket.socket() as probe:
        probe.bind((parts.HOST, 0))
        port = probe.getsockname()[1]
    program = parts.web(port)
    environment = {
        **program.environment,
        "DJANGO_SETTINGS_MODULE": settings,
        "PASSBOOK_DATABASE_ROLE": parts.WEB_ROLE,
        "API_RATE_LIMIT": "0",  # one token sends everything here
    }
    child = processes.start(replace(program, name=settings, environment=environment))
    try:
        _wait_for(port)
        yield port, child.pid
    finally:
        child.send(program.stop_signal)
        processes.wait_for_end(child, 5.0)
        child.bury()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            link.request("GET", "/livez")
            link.getresponse()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return
        finally:
            link.close()


def _wrk(kind: str, target: Target, accounts: Path, connections: int) -> Run:
    url = f"http://127.0.0.1:{target.port}/"
    command = ["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "--timeout", "20s", "--latency", "-s", str(_SCRIPT)]
    command += [url, "--", kind, target.token, str(accounts), target.root]
    spent = _cpu_seconds(target)
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    spent = _cpu_seconds(target) - spent
    if failures := re.search(r"Non-2xx.*|Socket errors.*", said):
        raise RuntimeError(f"{kind}: {failures[0]}")
    rate, count = re.search(r"Requests/sec:\s+([\d.]+)", said), re.search(r"(\d+) requests in", said)
    assert rate is not None
    assert count is not None
    return Run(float(rate[1]), _latency(said, 50), _latency(said, 99), spent / int(count[1]) * 1e3)


def _cpu_seconds(target: Target) -> float:
    """What the web server and the database have used so far."""
    from bank.ops import places

    postmaster = int((places.home() / "postgres" / "postmaster.pid").read_text().splitlines()[0])
    parents = [psutil.Process(target.pid), psutil.Process(postmaster)]
    times = [process.cpu_times() for parent in parents for process in (parent, *parent.children(recursive=True))]
    return float(sum(time.user + time.system for time in times))


def _latency(said: str, percent: int) -> float:
    found = re.search(rf"^\s+{percent}%\s+([\d.]+)(\w+)", said, re.MULTILINE)
    assert found is not None
    return float(found[1]) * _UNITS[found[2]]


def _versus(label: str, ours: Callable[[], Run], floor: Callable[[], Run]) -> None:
    """Both in turn, after a first run of each that does not count; the medians and their ratio."""
    floor(), ours()
    pairs = [(floor(), ours()) for _ in range(RUNS)]
    below, above = _middle([pair[0] for pair in pairs]), _middle([pair[1] for pair in pairs])
    print(f"  {label:<36} ours {_told(above)}   floor {_told(below)}   ratio {above.rate / below.rate:.2f}", flush=True)


def _middle(runs: list[Run]) -> Run:
    return Run(
        *(median(values) for values in zip(*((r.rate, r.p50_ms, r.p99_ms, r.cpu_ms) for r in runs), strict=True))
    )


def _told(run: Run) -> str:
    return f"{run.rate:>7,.0f}/s (p50 {run.p50_ms:.1f} ms, p99 {run.p99_ms:.1f} ms, cpu {run.cpu_ms:.2f} ms)"


def _read_models_catch_up() -> None:
    from ledger import runner

    runner.drain()


CASES = {"http": http_api}
