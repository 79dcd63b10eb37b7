"""PostgreSQL and Valkey for one session of tests or benchmarks: its own, in a home of its own, gone when it ends.

A session that is killed takes its servers with it (they get their parent's death signal), and the next session removes
what it left on disk.
"""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bank.ops import embedded, lock, places
from bank.ops.processes import Child, LaunchError, last_lines, start, wait_for_end

_START_SECONDS_MAX = 60.0
_STOP_SECONDS_MAX = 10.0


@contextlib.contextmanager
def own_servers(*, durable: bool = False) -> Iterator[Path]:
    """Start both servers in a new home, and point BANK_HOME, DATABASE_URL and REDIS_URL at them; yields the home.

    Whatever DATABASE_URL said before is not touched: a test never runs against somebody's bank. `durable` True has the
    settings of `make run` (fsync on), for benchmarks. Call it from the main thread.
    """
    _remove_abandoned()
    home = Path(tempfile.mkdtemp(prefix=_prefix(), dir="/tmp"))
    with _environment(BANK_HOME=str(home), DATABASE_URL=None, REDIS_URL=None):
        try:
            with lock.held("a session of tests"), embedded.servers(durable=durable) as programs:
                children = [start(program) for program in programs]
                try:
                    _wait_until_ready(children)
                    with _environment(DATABASE_URL=places.database_url(), REDIS_URL=places.redis_url()):
                        yield home
                finally:
                    _stop(children)
        finally:
            _remove(home)


def _wait_until_ready(children: list[Child]) -> None:
    deadline = time.monotonic() + _START_SECONDS_MAX
    for child in children:
        while not embedded.is_ready(child):
            if not child.is_alive() or time.monotonic() > deadline:
                reason = "\n".join(["did not start:", *last_lines(child.log)])
                raise LaunchError(child.program.name, reason, child.log)
            time.sleep(0.01)


def _stop(children: list[Child]) -> None:
    for child in children:
        child.send(child.program.stop_signal)
    for child in children:
        wait_for_end(child, _STOP_SECONDS_MAX, lambda: time.sleep(0.01))
        child.bury()


def _remove_abandoned() -> None:
    for home in Path("/tmp").glob(f"{_prefix()}*"):  # noqa: S108
        # One without a lock file is being made this moment.
        if home.is_symlink() or home.stat().st_uid != os.getuid() or not (home / "run" / "lock").exists():
            continue
        with _environment(BANK_HOME=str(home)), contextlib.suppress(lock.HomeIsTakenError):
            with lock.held("cleaning"):
                embedded.clear_leftovers()
            _remove(home)


def _remove(home: Path) -> None:
    shutil.rmtree(places.socket_dir(), ignore_errors=True)
    shutil.rmtree(home, ignore_errors=True)


def _prefix() -> str:
    return f"passbook-test-{os.getuid()}-"


@contextlib.contextmanager
def _environment(**changes: str | None) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in changes}
    _set(changes)
    try:
        yield
    finally:
        _set(before)


def _set(variables: dict[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
