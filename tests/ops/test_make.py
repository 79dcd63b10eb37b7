"""What `make` promises besides running: help, an environment made once, and data that are hard to lose."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bank.ops import lock, places
from tests.ops.banks import clone

pytestmark = pytest.mark.timeout(60)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clone(tmp_path_factory.mktemp("make") / "a bank")


def make(target: str, checkout: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["make", "--no-print-directory", *([target] if target else [])],
        cwd=checkout,
        env={**os.environ, "PYTHON": sys.executable, "MAKEFLAGS": "", **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_make_alone_lists_every_command(checkout: Path) -> None:
    listed = make("", checkout).stdout
    for target in ("help", "run", "test", "check", "bench", "shell", "clean"):
        assert re.search(rf"^  make {target} +\w", listed, re.MULTILINE), target


def test_an_environment_that_is_up_to_date_is_not_touched(checkout: Path, tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(sys.executable)
    script = checkout / "scripts" / "environment.py"
    remember = f"import runpy; runpy.run_path({str(script)!r})['remember']('dev')"
    subprocess.run([sys.executable, "-c", remember], env={**os.environ, "VENV": str(venv)}, check=True)
    for target in ("environment", "environment-dev"):
        done = make(target, checkout, VENV=str(venv))
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert sorted(path.name for path in venv.iterdir()) == [".passbook-dev", ".passbook-run", "bin"]


def test_data_are_deleted_only_after_a_yes_and_never_while_the_bank_is_open(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    (home / "postgres").mkdir(parents=True)
    (home / "somebody's notes").touch()
    monkeypatch.setenv("BANK_HOME", str(home))

    refused = make("clean-data", checkout)
    assert refused.returncode != 0
    assert "Nothing was deleted" in refused.stderr

    with lock.held("a test"):
        refused = make("clean-data", checkout, YES="1")
    assert refused.returncode != 0
    assert "The bank is open" in refused.stderr
    assert (home / "postgres").exists()

    assert make("clean-data", checkout, YES="1").returncode == 0
    assert [path.name for path in home.iterdir()] == ["somebody's notes"]


def test_clean_keeps_the_data(checkout: Path) -> None:
    (checkout / "var" / "postgres").mkdir(parents=True)
    (checkout / ".mypy_cache").mkdir()
    assert make("clean", checkout).returncode == 0
    assert (checkout / "var" / "postgres").exists()
    assert not (checkout / ".mypy_cache").exists()


def test_ci_runs_what_a_person_runs() -> None:
    script = places.REPOSITORY / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text().rstrip().endswith("exec make test")


def test_pins_carry_hashes_and_no_address() -> None:
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-uv.txt"):
        text = (places.REPOSITORY / name).read_text()
        pins = re.findall(r"^[a-z0-9][^ ]*==[^ ]+.* \\$", text, re.MULTILINE)
        assert len(pins) == len(re.findall(r"^[a-z0-9]", text, re.MULTILINE)) > 0
        assert "://" not in text


def test_developers_have_the_same_versions_as_a_run() -> None:
    run, dev = (
        set(re.findall(r"^([a-z0-9][^ ]*==[^ ]+)", (places.REPOSITORY / name).read_text(), re.MULTILINE))
        for name in ("requirements.txt", "requirements-dev.txt")
    )
    assert run <= dev
