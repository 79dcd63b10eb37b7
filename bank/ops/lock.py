"""One owner of a home at a time: a lock that the kernel gives back when its holder dies, however it dies."""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from bank.ops import places


@dataclass(frozen=True, kw_only=True, slots=True)
class Owner:
    """Who holds the home. `address` is empty for what serves no pages (a shell, the tests)."""

    pid: int
    purpose: str
    address: str = ""


class HomeIsTakenError(Exception):
    """Another process runs the bank of this home."""

    def __init__(self, owner: Owner) -> None:
        super().__init__(f"{owner.purpose} (process {owner.pid}) runs this bank")
        self.owner = owner


@contextlib.contextmanager
def held(purpose: str, address: str = "") -> Iterator[None]:
    """Hold the home, or raise HomeIsTakenError."""
    path = _lock_file()
    places.home().mkdir(mode=0o700, parents=True, exist_ok=True)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HomeIsTakenError(_read(path)) from None
        file.truncate(0)
        file.write(json.dumps(asdict(Owner(pid=os.getpid(), purpose=purpose, address=address))))
        file.flush()
        yield


def owner() -> Owner | None:
    """Who runs the bank of this home right now."""
    try:
        with _lock_file().open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return None
    except BlockingIOError:
        return _read(_lock_file())
    return None


def _lock_file() -> Path:
    return places.home() / "run" / "lock"


def _read(path: Path) -> Owner:
    try:
        return Owner(**json.loads(path.read_text()))
    except ValueError:  # it is being written this moment
        return Owner(pid=0, purpose="another process")
