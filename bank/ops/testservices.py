"""PostgreSQL and Valkey for one session of tests or benchmarks: its own, in a home of its own, gone when it ends.

A session that is killed takes its servers with it (they get their parent's death signal), and the next session removes
what it left on disk.
"""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Final

from bank.ops import embedded, lock, places
from bank.ops.processes import LaunchError, last_lines

_TEMPORARY = Path("/tmp")  # noqa: S108 - mkdtemp makes what is in it ours alone


@contextlib.contextmanager
def own_servers(*, durable: bool = False) -> Iterator[Path]:
    """Start both servers in a new home, and point BANK_HOME, DATABASE_URL and REDIS_URL at them; yields the home.

    Whatever DATABASE_URL said before is not touched: a test never runs against somebody's bank. `durable` True has the
    settings of `make run` (fsync on), for benchmarks. Call it from the main thread.
    """
    _remove_abandoned()
    # What is measured must lie on a real disk, where the bank's own data lie; /tmp may be memory.
    folder = places.home() if durable else _TEMPORARY
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    home = Path(tempfile.mkdtemp(prefix=_prefix(), dir=folder))
    with _environment(BANK_HOME=str(home), DATABASE_URL=None, REDIS_URL=None):
        try:
            with (
                lock.held("a session of tests"),
                _shown(),
                embedded.running(durable=durable),
                _environment(DATABASE_URL=places.database_url(), REDIS_URL=places.redis_url(), **_NOT_ASKED),
            ):
                yield home
        finally:
            _remove(home)


@contextlib.contextmanager
def _shown() -> Iterator[None]:
    """The home, and the log with it, is about to go: the error tells what the log said."""
    try:
        yield
    except LaunchError as error:
        error.add_note("\n".join(last_lines(error.log)) if error.log else "")
        raise


def _remove_abandoned() -> None:
    for home in chain(_TEMPORARY.glob(f"{_prefix()}*"), places.home().glob(f"{_prefix()}*")):
        if not _is_a_home_of_ours(home):
            continue
        with _environment(BANK_HOME=str(home)), contextlib.suppress(lock.HomeIsTakenError):
            with lock.held("cleaning"):
                embedded.clear_leftovers()
            _remove(home)


def _is_a_home_of_ours(home: Path) -> bool:
    """One without a lock file is being made this moment; one that is gone was removed by its owner."""
    try:
        return home.lstat().st_uid == os.getuid() and not home.is_symlink() and (home / "run" / "lock").exists()
    except FileNotFoundError:
        return False


def _remove(home: Path) -> None:
    shutil.rmtree(places.socket_dir(), ignore_errors=True)
    shutil.rmtree(home, ignore_errors=True)


def _prefix() -> str:
    return f"passbook-test-{os.getuid()}-"


# What a person is asked besides a password; tests of just that ask.
_NOT_ASKED: Final = {
    "REQUIRE_SECOND_FACTOR_FOR_STAFF": "0",
    "CONFIRM_BEFORE": "",
    "CONFIRM_TRANSFERS_FROM": "0",
}


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
