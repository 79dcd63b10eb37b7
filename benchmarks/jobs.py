"""Long jobs, each in a process of its own as an operator or a worker would start it: how many, how long, peak memory.

The child (`python -m benchmarks.jobs NAME`) gets everything ready, says so, waits for "go", works, prints its result.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

MEMORY_TARGET_MB = 200


class Done(msgspec.Struct, frozen=True):
    """What a job did. `peak_mb` is the largest resident memory that its process ever had."""

    count: int
    seconds: float
    peak_mb: float

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.count / self.seconds


class Job:
    """A job in a process of its own, ready to go."""

    def __init__(self, name: str, environment: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.jobs", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        assert self._process.stdout is not None
        if self._process.stdout.readline() != "ready\n":
            raise RuntimeError(f"the job {name} did not get ready")

    def go(self) -> None:
        """Let it work."""
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()

    @property
    def is_working(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    def result(self) -> Done:
        """Wait for its end."""
        said, _ = self._process.communicate()
        if self._process.returncode:
            raise RuntimeError(f"a job ended with {self._process.returncode}")
        return msgspec.json.decode(said, type=Done)


def report(label: str, name: str, target: str = "") -> Done:
    """Run a job and print what it did."""
    job = Job(name)
    job.go()
    done = job.result()
    print(
        f"  {label:<44} ours {done.rate:>9,.0f} events/s   "
        f"({done.count:,} in {done.seconds:.1f} s, peak {done.peak_mb:.0f} of {MEMORY_TARGET_MB} MB){target}",
        flush=True,
    )
    return done


def _jobs() -> dict[str, Callable[[str], int]]:
    """How many events the job of each kind passed over; the argument is what stands behind the colon in its name."""
    from bank.ops.pkdd99.importer import import_folder
    from ledger import rebuilding, runner, sealing
    from ledger.export import Selection, export_lines
    from ledger.keys import trusted_keys
    from ledger.verification import verify

    def seal(_: str) -> int:
        return sealing.seal_all().count

    def catch_up(name: str) -> int:
        return runner.advance_all(only=[name]).count

    def catch_up_all(end: str) -> int:
        return runner.advance_all(backwards=end == "last").count

    def verification(_: str) -> int:
        found = verify(keys=trusted_keys([]))
        if not found.ok:
            raise RuntimeError(str(found.finding))
        return found.events

    def export(path: str) -> int:
        lines = -2  # the first says what it is, the last how much it was
        with Path(path).open("wb") as file:
            for line in export_lines(Selection()):
                file.write(line)
                lines += 1
        return lines

    def imported(folder: str) -> int:
        summary = import_folder(
            Path(folder), until=None, report=_no_matter, on_break=_no_matter, progress=lambda *_: None
        )
        return summary.movements.total

    return {
        "seal": seal,
        "catch-up": catch_up,
        "catch-up-all": catch_up_all,
        "rebuild": lambda name: rebuilding.rebuild(name).events,
        "verify": verification,
        "export": export,
        "import": imported,
    }


def _no_matter(_: object) -> None:
    """What an import says on its way."""


def _peak_mb() -> float:
    """From the process itself: getrusage counts what the parent held when it forked, too."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def main(name: str) -> None:
    """Do the job."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "bank.settings"
    import django

    django.setup()
    from ledger.connections import close_pool, cursor

    kind, _, argument = name.partition(":")
    work = _jobs()[kind]
    with cursor() as cur:
        cur.execute("select 1")
    print("ready", flush=True)
    sys.stdin.readline()
    started = time.perf_counter()
    count = work(argument)
    done = Done(count, time.perf_counter() - started, _peak_mb())
    print(msgspec.json.encode(done).decode(), flush=True)
    close_pool()


if __name__ == "__main__":
    main(sys.argv[1])
