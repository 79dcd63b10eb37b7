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
def settled() -> Iterator[list[Path]]:
    """The files, for the block: those of the dead are added up, and nobody else is adding up."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for kind in _KINDS:
            _add_up_the_dead(kind)
        # A file that a process has just made is empty for a moment, which prometheus_client does not expect.
        yield [file for file in FOLDER.glob("*.db") if file.stat().st_size]


def merged(files: Iterable[Path], *, accumulate: bool) -> Iterable[Any]:
    """The metrics in the files, each summed over them; `accumulate`: histograms as Prometheus wants their buckets."""
    from prometheus_client import multiprocess  # late: the launcher clears, and counts nothing

    found: Iterable[Any] = multiprocess.MultiProcessCollector.merge(  # type: ignore[no-untyped-call]
        [str(file) for file in files], accumulate=accumulate
    )
    return found


def _add_up_the_dead(kind: str) -> None:
    files = {file: int(file.stem.rpartition("_")[2]) for file in FOLDER.glob(f"{kind}_*.db")}
    dead = [file for file, pid in files.items() if pid != _DEPARTED and not _is_alive(pid)]
    if not dead:
        return
    departed = FOLDER / f"{kind}_{_DEPARTED}.db"
    draft = FOLDER / f"{kind}_{_DEPARTED}.draft"
    draft.unlink(missing_ok=True)
    counted = [file for file in dead if file.stat().st_size]
    _write_sum(draft, [*counted, *([departed] if departed in files else [])])
    # Killed between these two lines, the next scrape would count the dead twice: better than to lose them.
    draft.rename(departed)
    for file in dead:
        file.unlink()


def _write_sum(target: Path, sources: Iterable[Path]) -> None:
    from prometheus_client import mmap_dict

    total: Any = mmap_dict.MmapedDict(str(target))  # type: ignore[no-untyped-call]
    for metric in merged(sources, accumulate=False):
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
