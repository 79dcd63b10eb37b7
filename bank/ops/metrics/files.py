"""The files in which the processes of this machine count: kept small, and right when processes come and go.

prometheus_client gives every process files of its own, named by kind and process id. What a process counted stays when
it dies, or a counter would fall; so that files do not pile up, those of the dead are added up into those of process 0.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from bank.ops.metrics import FOLDER

# The gauges are of mode max: times of what happened last, which outlive a restart.
_KINDS_OF_COUNTS: Final = ("counter", "histogram")
_KINDS: Final = (*_KINDS_OF_COUNTS, "gauge_max")
_DEPARTED: Final = 0


def clear() -> None:
    """Count from zero: for the start of the whole bank, while none of its processes runs."""
    for kind in _KINDS_OF_COUNTS:
        for file in FOLDER.glob(f"{kind}_*.db"):
            file.unlink(missing_ok=True)


@contextlib.contextmanager
def settled() -> Iterator[Path]:
    """The folder for the block, with the files of the dead added up and nobody else adding up."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for kind in _KINDS:
            _add_up_the_dead(kind)
        yield FOLDER


def _add_up_the_dead(kind: str) -> None:
    files = {file: int(file.stem.rpartition("_")[2]) for file in FOLDER.glob(f"{kind}_*.db")}
    dead = [file for file, pid in files.items() if pid != _DEPARTED and not _is_alive(pid)]
    if not dead:
        return
    departed = FOLDER / f"{kind}_{_DEPARTED}.db"
    draft = FOLDER / f"{kind}_{_DEPARTED}.draft"
    draft.unlink(missing_ok=True)
    _write_sum(draft, [*dead, *([departed] if departed in files else [])])
    # Killed between these two lines, the next scrape would count the dead twice: better than to lose them.
    draft.rename(departed)
    for file in dead:
        file.unlink()


def _write_sum(target: Path, sources: Iterable[Path]) -> None:
    from prometheus_client import mmap_dict, multiprocess  # late: the launcher clears, and counts nothing

    total: Any = mmap_dict.MmapedDict(str(target))  # type: ignore[no-untyped-call]
    merge: Any = multiprocess.MultiProcessCollector.merge
    for metric in merge([str(source) for source in sources], accumulate=False):
        for sample in metric.samples:
            key = mmap_dict.mmap_key(
                metric.name, sample.name, list(sample.labels), list(sample.labels.values()), metric.documentation
            )
            total.write_value(key, sample.value, 0.0)
    total.close()


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
