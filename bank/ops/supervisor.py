"""`make run`: the whole bank on one machine, started in order, watched, healed and stopped in order.

One thread and no handler that does anything but count: signals are looked at between short pauses. Every part is a
child with a log of its own; one that dies is started again; all of them end with this process, however it ends.
"""

import contextlib
import http.client
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from bank.ops import embedded, lock, places, words
from bank.ops.metrics import files as metrics_files
from bank.ops.parts import HOST, beat, environment, jobs, manage, web, webhooks, worker
from bank.ops.processes import Child, LaunchError, Program, ending, rotate_log, start, wait_for_end

PORT_DEFAULT = 8000
_READY_SECONDS_MAX = 90.0
_PAUSE_SECONDS = 0.05
_BACKOFF_SECONDS = (0.2, 1.0, 2.0, 5.0, 10.0, 30.0)
_STEADY_SECONDS = 60.0
_LOG_CHECK_SECONDS = 10.0
# Stopping has ten seconds in all: by when after its begin each part must have ended. PostgreSQL gets the rest.
# A job may be killed at any moment: it is done anew.
_STOP_BY_SECONDS = {
    "web": 2.0,
    "beat": 3.0,
    "jobs": 3.0,
    "webhooks": 5.5,
    "worker": 5.5,
    "valkey": 6.5,
    "postgres": 9.0,
}
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequestedError(Exception):
    """Somebody pressed Ctrl-C, sent SIGTERM, or `make` is gone."""


@dataclass(kw_only=True, slots=True)
class Part:
    """One long-running program, and how often it fell lately."""

    program: Program
    child: Child | None = None
    falls: int = 0
    restart_at_seconds: float = 0.0

    @property
    def title(self) -> str:
        return words.TITLES[self.program.name]


@dataclass(slots=True)
class Supervisor:
    """Runs the bank until it is told to stop."""

    port: int
    parts: dict[str, Part] = field(default_factory=dict)
    commands: list[Child] = field(default_factory=list)
    began_at_seconds: float = field(default_factory=time.monotonic)
    stops_asked: int = 0
    _parent: int = field(default_factory=os.getppid)

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}"

    def run(self) -> int:
        """Exit code: 0 after a stop that was asked for, 1 after a failure (which is explained on the way)."""
        with _signals_counted(self), contextlib.ExitStack() as held:
            try:
                self._start(held)
                words.welcome(self.address, demo=_is_demo())
                self._watch()
            except StopRequestedError:
                return 0
            except lock.HomeIsTakenError as error:
                words.already_open(error.owner)
                return 1
            except LaunchError as error:
                words.explain(error)
                return 1
            except OSError as error:  # a folder that may not be written, a full disk
                words.explain(LaunchError("the launcher", str(error)))
                return 1
            finally:
                self._stop()
        return 0

    # --- starting ---------------------------------------------------------------------------------------------------

    def _start(self, held: contextlib.ExitStack) -> None:
        held.enter_context(lock.held("make run", self.address))
        if ended := embedded.clear_leftovers():
            self._say("leftovers", f"ended what an earlier run left: {', '.join(ended)}")
        metrics_files.clear()
        _check_port(self.port)
        for log in places.logs_dir().glob("*.log"):
            rotate_log(log, at_bytes=1)
        static_files = self._begin("collectstatic", "--noinput", "--verbosity=0")  # needs no database
        self._start_servers(held)
        self._finish(self._begin("migrate", "--noinput", "--verbosity=1"))
        if places.database_is_embedded():
            self._finish(self._begin("set_up_roles"))
        if _is_demo():
            self._finish(self._begin("seed_demo"))
        self._finish(static_files)
        for program in (worker(), webhooks(), jobs(), beat(), web(self.port)):
            self._add(program)
        self._wait_until_green()

    def _start_servers(self, held: contextlib.ExitStack) -> None:
        if places.database_is_embedded() and not (places.home() / "postgres").exists():
            self._say("PostgreSQL", f"making the database in {places.home()}")
        programs = held.enter_context(embedded.servers())
        for program in programs:
            self._add(program)
        deadline = time.monotonic() + _READY_SECONDS_MAX
        for part in list(self.parts.values()):
            while not (part.child and embedded.is_ready(part.child)):
                self._fail_if_dead()
                if time.monotonic() > deadline:
                    raise LaunchError(part.title, "is not ready", _log(part.program))
                self._pause()
            self._say(part.title, "ready")

    def _begin(self, name: str, *arguments: str) -> Child:
        """Start one manage.py command."""
        child = start(manage(name, *arguments))
        self.commands.append(child)
        return child

    def _finish(self, command: Child) -> None:
        """Wait for its end."""
        while command.is_alive():
            self._fail_if_dead()
            self._pause()
        name, code = command.program.name, command.bury()
        if code:
            raise LaunchError(words.TITLES[name], f"manage.py {name} {ending(code)}", command.log)
        self._say(words.TITLES[name], f"done in {time.monotonic() - command.started_at_seconds:.1f} s")

    def _wait_until_green(self) -> None:
        deadline = time.monotonic() + _READY_SECONDS_MAX
        while (state := _readiness(self.port)) != "ok":
            self._fail_if_dead()
            if time.monotonic() > deadline:
                raise LaunchError("web", f"{self.address}/readyz does not turn green: {state}", _log(web(self.port)))
            self._pause(0.1)
        self._say("web", f"{self.address}/readyz is green")

    def _add(self, program: Program) -> None:
        part = Part(program=program)
        self.parts[program.name] = part
        part.child = start(program)

    def _fail_if_dead(self) -> None:
        """While starting, a part that dies is a failure to be explained, not something to try again."""
        for part in self.parts.values():
            if part.child and not part.child.is_alive():
                raise LaunchError(part.title, ending(part.child.bury()), part.child.log)

    # --- watching ---------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        logs_checked_at = time.monotonic()
        while True:
            self._pause(0.1)
            for part in self.parts.values():
                self._heal(part)
            if time.monotonic() - logs_checked_at > _LOG_CHECK_SECONDS:
                logs_checked_at = time.monotonic()
                for log in places.logs_dir().glob("*.log"):
                    rotate_log(log)

    def _heal(self, part: Part) -> None:
        now = time.monotonic()
        if part.child is None:
            if now >= part.restart_at_seconds:
                part.child = start(part.program)
                self._say(part.title, f"started again (process {part.child.pid})")
            return
        if part.child.is_alive():
            return
        if now - part.child.started_at_seconds > _STEADY_SECONDS:
            part.falls = 0
        pause = _BACKOFF_SECONDS[min(part.falls, len(_BACKOFF_SECONDS) - 1)]
        self._say(part.title, f"{ending(part.child.bury())}; starting it again in {pause:g} s, log: {part.child.log}")
        embedded.clear_after_death(part.program.name)
        part.falls += 1
        part.child, part.restart_at_seconds = None, now + pause

    # --- stopping ---------------------------------------------------------------------------------------------------

    def _stop(self) -> None:
        """In order, and what does not end in its time is ended. A second Ctrl-C takes the time away."""
        began = time.monotonic()
        if any(part.child for part in self.parts.values()):
            self._say("stopping", "once more Ctrl-C hurries" if self.stops_asked else "everything that was started")
        for command in self.commands:
            command.send(signal.SIGKILL)
            command.bury()
        for name, by_seconds in _STOP_BY_SECONDS.items():
            if (part := self.parts.get(name)) and part.child:
                part.child.send(part.program.stop_signal)
                if not self._ends(part.child, began + by_seconds) and name == "postgres":
                    part.child.send(signal.SIGQUIT)  # immediate: safe, but the next start has to recover
                    wait_for_end(part.child, 1.0)
                part.child.bury()
                part.child = None
        if self.parts:
            self._say("stopped", f"in {time.monotonic() - began:.1f} s")

    def _ends(self, child: Child, by: float) -> bool:
        while time.monotonic() < by and self.stops_asked < 2:
            if wait_for_end(child, _PAUSE_SECONDS):
                return True
        return not child.is_alive()

    # --- time and words ---------------------------------------------------------------------------------------------

    def _pause(self, seconds: float = _PAUSE_SECONDS) -> None:
        time.sleep(seconds)
        if self.stops_asked or ("MAKELEVEL" in os.environ and os.getppid() != self._parent):
            raise StopRequestedError

    def _say(self, part: str, what: str) -> None:
        words.say(f"{time.monotonic() - self.began_at_seconds:6.1f} s  {part:<13} {what}")


def main() -> int:
    """Run the bank on PORT."""
    try:
        port = int(os.environ.get("PORT") or PORT_DEFAULT)
    except ValueError:
        port = 0
    if not 0 < port < 65536:
        words.say(f"PORT={os.environ['PORT']} is no port: a number from 1 to 65535 is needed", to_stderr=True)
        return 1
    return Supervisor(port).run()


@contextlib.contextmanager
def _signals_counted(supervisor: Supervisor) -> Iterator[None]:
    def count(_number: int, _frame: FrameType | None) -> None:
        supervisor.stops_asked += 1

    before = {number: signal.signal(number, count) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            other = 8123 if port != 8123 else 8124
            reason = f"port {port} cannot be used ({error.strerror}); take another: PORT={other} make run"
            raise LaunchError("web", reason) from None


def _readiness(port: int) -> str:
    """What /readyz says: "ok", or in words why not yet."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        answer = json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        return str(error) or type(error).__name__
    finally:
        connection.close()
    return "ok" if answer.get("status") == "ok" else json.dumps(answer)


def _is_demo() -> bool:
    return environment()["PASSBOOK_DEMO"].lower() in {"1", "true", "yes", "on"}


def _log(program: Program) -> Path:
    return places.logs_dir() / f"{program.name}.log"


if __name__ == "__main__":
    sys.exit(main())
