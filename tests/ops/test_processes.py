"""Children end with their parent, and nothing is ended that is not proven to be ours."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from bank.ops import lock, places, processes
from bank.ops.processes import MARK, Program, end_leftovers, rotate_log, start, wait_for_end
from tests.ops.banks import eventually

pytestmark = pytest.mark.timeout(30)

SLEEP = ("sleep", "60")


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("BANK_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def orphan(*command: str, folder: Path, mark: str = "") -> psutil.Process:
    """A process whose parent is gone, as after a crash."""
    script = 'cd "$0" && { "$@" >/dev/null 2>&1 & echo $!; }'
    environment = {"PATH": os.environ["PATH"]} | ({MARK: mark} if mark else {})
    made = subprocess.run(
        ["sh", "-c", script, str(folder), *command], env=environment, capture_output=True, text=True, check=True
    )
    return psutil.Process(int(made.stdout))


@pytest.fixture
def stranger(home: Path) -> Iterator[psutil.Process]:
    """A process that is not ours, working in the folder of our database."""
    (home / "postgres").mkdir(parents=True)
    process = orphan(*SLEEP, folder=home / "postgres", mark="another/worker")
    yield process
    process.kill()


def test_a_process_without_our_mark_is_left_alone(home: Path, stranger: psutil.Process) -> None:
    assert end_leftovers({"postgres": home / "postgres"}, marked=True) == []
    assert stranger.is_running()


def test_a_process_with_our_mark_is_ended_though_it_is_stopped_and_deaf(tmp_path: Path) -> None:
    deaf = (
        "import signal, pathlib, time; signal.signal(15, signal.SIG_IGN); pathlib.Path('deaf').touch(); time.sleep(60)"
    )
    process = orphan(sys.executable, "-c", deaf, folder=tmp_path, mark=f"{places.home_key()}/worker")
    assert eventually((tmp_path / "deaf").exists)
    process.suspend()
    name = process.name()
    assert end_leftovers({}, marked=True) == [f"{name} ({process.pid})"]
    assert not process.is_running()


def test_a_server_is_known_by_its_name_and_the_folder_it_works_in(home: Path, tmp_path: Path) -> None:
    (home / "data").mkdir(parents=True)
    # A program that writes over its environment, as PostgreSQL does, bears no mark.
    unmarked, elsewhere = orphan(*SLEEP, folder=home / "data"), orphan(*SLEEP, folder=tmp_path)
    try:
        assert end_leftovers({"sleep": home / "data"}, marked=False) == [f"sleep ({unmarked.pid})"]
        assert not unmarked.is_running()
        assert elsewhere.is_running()
    finally:
        elsewhere.kill()


def test_a_group_ends_with_its_leader(tmp_path: Path) -> None:
    script = f"sleep 60 & echo $! > '{tmp_path}/pid'; wait"
    child = start(Program(name="leader", command=("sh", "-c", script), folder=tmp_path, environment=dict(os.environ)))
    assert eventually(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip())
    follower = psutil.Process(int((tmp_path / "pid").read_text()))
    child.send(signal.SIGKILL)
    assert wait_for_end(child, 5)
    assert child.bury() == -signal.SIGKILL
    assert eventually(lambda: not follower.is_running() or follower.status() == psutil.STATUS_ZOMBIE)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux signals the death of a parent")
def test_a_child_does_not_outlive_a_parent_that_was_killed(tmp_path: Path) -> None:
    script = (
        "import time; from pathlib import Path; from bank.ops.processes import Program, start;"
        "print(start(Program(name='child', command=('sleep', '60'), folder=Path('/'))).pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=places.REPOSITORY, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert eventually(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def test_a_log_stays_bounded_also_under_its_writer(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "LOG_BYTES_MAX", 100)
    log = home / "some.log"
    home.mkdir()
    with log.open("ab", buffering=0) as writer:
        writer.write(b"x" * 150)
        rotate_log(log, at_bytes=100)
        writer.write(b"after\n")
    assert log.read_bytes() == b"after\n"
    assert log.with_name("some.log.1").read_bytes() == b"x" * 100


def test_a_home_has_one_owner_and_forgets_a_dead_one() -> None:
    script = (
        "import time; from bank.ops import lock; w = lock.held('a test', 'http://x'); w.__enter__(); print(flush=True)"
    )
    command = [sys.executable, "-c", script + "; time.sleep(60)"]
    other = subprocess.Popen(command, cwd=places.REPOSITORY, stdout=subprocess.PIPE)
    assert other.stdout is not None
    other.stdout.readline()
    with pytest.raises(lock.HomeIsTakenError) as refused, lock.held("a second"):
        pass
    assert refused.value.owner == lock.Owner(pid=other.pid, purpose="a test", address="http://x") == lock.owner()
    other.kill()
    other.wait()
    other.stdout.close()
    assert lock.owner() is None
    with lock.held("a second"):
        assert lock.owner() is not None
