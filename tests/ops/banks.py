"""A whole bank as a person runs it, in a clone of its own, for the tests of its launcher."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from bank.ops import places
from bank.ops.processes import MARK

PARTS = ("postgres", "valkey", "web", "worker", "webhooks", "jobs", "beat")
START_SECONDS_MAX = 90.0
STOP_SECONDS_MAX = 10.0


def clone(to: Path) -> Path:
    """Copy what git would, as it stands in the working tree, new files included."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(listing, cwd=places.REPOSITORY, capture_output=True, text=True, check=True).stdout.split(
        "\0"
    )
    for name in filter(None, listed):
        source = places.REPOSITORY / name
        if source.exists():  # deleted, but not committed yet
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, to / name)
    return to


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


@dataclass(kw_only=True)
class Bank:
    """`make run` in `folder`, with its data in `home`."""

    folder: Path
    home: Path
    environment: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    make: subprocess.Popen[bytes] | None = None

    @property
    def output(self) -> str:
        return self._output.read_text() if self._output.exists() else ""

    @property
    def launcher(self) -> psutil.Process:
        return psutil.Process(json.loads((self.home / "run" / "lock").read_text())["pid"])

    def open(self) -> None:
        """Start it where it is not open, and wait until it says how to stop."""
        if self.make and self.make.poll() is None and "Stop: Ctrl-C" in self.output:
            return
        self.begin()
        deadline = time.monotonic() + START_SECONDS_MAX
        while "Stop: Ctrl-C" not in self.output:
            assert self.make is not None
            assert self.make.poll() is None, self.output
            assert time.monotonic() < deadline, self.output
            time.sleep(0.05)

    def begin(self) -> None:
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        with self._output.open("wb") as output:
            self.make = subprocess.Popen(
                ["make", "run"],
                cwd=self.folder,
                env=self.variables(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def run_to_end(self) -> tuple[int, str]:
        """For a start that is meant to fail: its exit code and its words."""
        self.begin()
        assert self.make is not None
        return self.make.wait(timeout=START_SECONDS_MAX), self.output

    def variables(self) -> dict[str, str]:
        """A person's environment: nothing of this session's servers is in it."""
        ours = {"DATABASE_URL", "REDIS_URL", "BANK_HOME", "PYTHONDONTWRITEBYTECODE", "MAKEFLAGS", "MAKELEVEL", MARK}
        inherited = {name: value for name, value in os.environ.items() if name not in ours}
        return inherited | {
            "BANK_HOME": str(self.home),
            "PORT": str(self.port),
            "PYTHON": sys.executable,
            "VENV": sys.prefix,
            # One cache for all banks of the session: each start would compile everything anew.
            "PYTHONPYCACHEPREFIX": str(self.folder.parent / "pycache"),
            **self.environment,
        }

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Signal the launcher, as a terminal or an init system would; its `make`'s exit code."""
        assert self.make is not None
        with suppress(psutil.NoSuchProcess):
            self.launcher.send_signal(number)
        return self.make.wait(timeout=START_SECONDS_MAX)

    def forget(self) -> None:
        """Close it, and leave nothing outside its folder, in whatever state a test left it."""
        if self.make and self.make.poll() is None:
            self.stop()
        for process in self.alive():
            process.kill()
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("BANK_HOME", str(self.home))
            shutil.rmtree(places.socket_dir(), ignore_errors=True)

    def part(self, name: str) -> psutil.Process | None:
        """The leading process of one part, if it runs."""
        for process in self.launcher.children():
            with suppress(psutil.NoSuchProcess):
                if process.status() != psutil.STATUS_ZOMBIE and _plays(process, name):
                    return process
        return None

    def parts(self) -> dict[str, psutil.Process]:
        """All parts that run, by name."""
        return {name: process for name in PARTS if (process := self.part(name))}

    def alive(self) -> list[psutil.Process]:
        """Everything of this bank that lives: by its mark, or by working in its folders, or by its sockets."""
        return [process for process in psutil.process_iter() if self._owns(process)]

    def readyz(self) -> str:
        return str(self.readiness()["status"])

    def readiness(self) -> dict[str, Any]:
        """What /readyz says; only a status, the error's name, where it says nothing."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            answer: dict[str, Any] = json.loads(connection.getresponse().read())
            return answer
        except (OSError, ValueError, http.client.HTTPException) as error:
            return {"status": type(error).__name__, "parts": {}}
        finally:
            connection.close()

    def django(self, statement: str) -> str:
        """What a statement prints in the bank's own Django."""
        done = subprocess.run(
            [sys.executable, "manage.py", "shell", "--no-imports", "-c", statement],
            cwd=self.folder,
            env=self.variables(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def _owns(self, process: psutil.Process) -> bool:
        with suppress(psutil.Error, OSError):
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            if process.environ().get(MARK) and process.environ().get("BANK_HOME") == str(self.home):
                return True
            return Path(process.cwd()).is_relative_to(self.home)
        return False

    @property
    def _output(self) -> Path:
        return self.folder.parent / f"output-{self.port}.txt"


def eventually(condition: object, seconds: float = 10.0) -> bool:
    """Whether it turns true in that time; `condition` is called."""
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return bool(condition())


def _plays(process: psutil.Process, name: str) -> bool:
    words = process.cmdline()
    match name:
        case "postgres" | "valkey":
            return process.name() == {"postgres": "postgres", "valkey": "valkey-server"}[name]
        case "web":
            return "granian" in words
        case "webhooks" | "jobs":
            return "celery" in words and name in words
        case _:
            return "celery" in words and name in words and not {"webhooks", "jobs"} & set(words)
