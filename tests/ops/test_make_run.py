"""`make run`, with real processes: it opens, heals, stops, and leaves nothing behind however it ends."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.ops.banks import PARTS, STOP_SECONDS_MAX, Bank, clone, eventually

pytestmark = [pytest.mark.ops, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone in a path with a space, below folders that only we may enter."""
    above = tmp_path_factory.mktemp("private")
    assert above.stat().st_mode & 0o077 == 0
    return clone(above / "a bank")


@pytest.fixture(scope="module")
def _bank(checkout: Path) -> Iterator[Bank]:
    bank = Bank(folder=checkout, home=checkout / "var", environment={"BANK_HOME": ""})
    yield bank
    bank.forget()


@pytest.fixture
def bank(_bank: Bank) -> Bank:
    """The bank, open: each of these tests finds it so, in whatever state the last one left it."""
    _bank.open()
    assert eventually(lambda: len(_bank.parts()) == len(PARTS) and _bank.readyz() == "ok", 20), _bank.output
    return _bank


def test_it_says_where_the_bank_is_who_may_log_in_and_how_to_stop(bank: Bank) -> None:
    assert f"http://127.0.0.1:{bank.port}" in bank.output
    for name in ("ada", "grace", "alan", "teller", "auditor", "operations", "admin", "passbook-demo", "Ctrl-C"):
        assert name in bank.output
    assert bank.django("from django.contrib.auth import get_user_model as u; print(u().objects.count() >= 7)") == "True"


def test_web_and_worker_work_in_the_database_with_roles_of_their_own(bank: Bank) -> None:
    for name, role in (("web", "passbook_app"), ("worker", "passbook_worker")):
        assert bank.parts()[name].environ()["PASSBOOK_DATABASE_ROLE"] == role
    found = bank.django(
        "from django.db import connection as c; u = c.cursor(); u.execute('select rolname from pg_roles');"
        "print({'passbook_app', 'passbook_worker'} <= {r[0] for r in u.fetchall()})"
    )
    assert found == "True"


def test_another_run_in_the_same_folder_names_the_one_that_is_open(bank: Bank) -> None:
    again = Bank(folder=bank.folder, home=bank.home, environment=bank.environment)
    code, words = again.run_to_end()
    assert code != 0
    assert f"already open at http://127.0.0.1:{bank.port}" in words
    assert bank.readyz() == "ok"


@pytest.mark.parametrize("name", PARTS)
def test_a_killed_part_is_started_again(bank: Bank, name: str) -> None:
    killed = bank.parts()[name]
    killed.kill()
    assert eventually(lambda: (again := bank.part(name)) is not None and again != killed, 20), bank.output
    assert eventually(lambda: f"started again (process {bank.parts()[name].pid})" in bank.output), bank.output
    assert eventually(lambda: bank.readyz() == "ok", 20), bank.output
    # Neither that part nor any other: a server whose socket went with somebody else's death is as good as dead.
    assert eventually(lambda: set(bank.readiness()["parts"].values()) == {"ok"}, 20), bank.readiness()


def test_a_killed_launcher_takes_everything_with_it_and_the_next_run_has_the_same_data(bank: Bank) -> None:
    mark = f"m{time.time_ns()}"
    bank.django(f"from django.contrib.auth import get_user_model as u; u().objects.create_user('{mark}')")
    assert bank.make is not None
    bank.launcher.kill()
    assert eventually(lambda: not bank.alive(), 5), bank.alive()
    bank.make.wait(timeout=5)
    bank.open()
    found = bank.django(
        f"from django.contrib.auth import get_user_model as u; print(u().objects.get(username='{mark}'))"
    )
    assert found == mark


def test_what_a_killed_run_left_alive_is_ended_by_the_next(bank: Bank) -> None:
    left = [bank.parts()[name] for name in ("web", "valkey", "postgres")]
    for process in left:
        process.suspend()  # it cannot hear that its parent died
    assert bank.make is not None
    bank.launcher.kill()
    bank.make.wait(timeout=5)
    assert all(process.is_running() for process in left)
    bank.open()
    assert "ended what an earlier run left" in bank.output
    assert not any(process.is_running() for process in left)


def test_a_stop_ends_everything_in_time_and_postgresql_cleanly(bank: Bank) -> None:
    began = time.monotonic()
    assert bank.stop(signal.SIGTERM) == 0
    assert time.monotonic() - began < STOP_SECONDS_MAX
    assert not bank.alive()
    assert "database system is shut down" in (bank.home / "log" / "postgres.log").read_text()[-500:]


def test_a_second_ctrl_c_does_not_wait_for_a_part_that_hangs(bank: Bank) -> None:
    bank.parts()["worker"].suspend()
    bank.launcher.send_signal(signal.SIGINT)
    time.sleep(0.3)
    began = time.monotonic()
    assert bank.stop(signal.SIGINT) == 0
    assert time.monotonic() - began < 4
    assert not bank.alive()


def test_a_run_whose_make_was_killed_closes_the_bank(bank: Bank) -> None:
    assert bank.make is not None
    bank.make.kill()
    bank.make.wait()
    assert eventually(lambda: not bank.alive(), STOP_SECONDS_MAX), bank.alive()


def test_two_banks_are_open_side_by_side(bank: Bank, tmp_path: Path) -> None:
    other = Bank(folder=bank.folder, home=tmp_path / "other", environment={"PASSBOOK_DEMO": "0"})
    other.open()
    try:
        assert (other.readyz(), bank.readyz()) == ("ok", "ok")
        count = "from django.contrib.auth import get_user_model as u; print(u().objects.count())"
        assert other.django(count) == "0"
        assert "passbook-demo" not in other.output
    finally:
        assert other.stop() == 0
    assert not other.alive()
    assert bank.readyz() == "ok"


def test_servers_of_ones_own_are_used_and_none_is_started_for_them(checkout: Path, tmp_path: Path) -> None:
    own = f"bank_{time.time_ns()}"
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as session:
        session.execute(f"create database {own}")
        url = os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{own}"
        servers = {"DATABASE_URL": url, "REDIS_URL": os.environ["REDIS_URL"], "PASSBOOK_DEMO": "0"}
        bank = Bank(folder=checkout, home=tmp_path / "home", environment=servers)
        try:
            bank.open()
            assert eventually(lambda: len(bank.parts()) == 5 and bank.readyz() == "ok", 20), bank.output
            assert set(bank.parts()) == {"web", "worker", "webhooks", "jobs", "beat"}
            assert not (bank.home / "postgres").exists()
            assert not (bank.home / "valkey").exists()
        finally:
            assert bank.stop() == 0
        session.execute(f"drop database {own} with (force)")


def test_a_taken_port_is_named_before_anything_is_started(checkout: Path, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        bank = Bank(folder=checkout, home=tmp_path / "home", port=taken.getsockname()[1])
        code, words = bank.run_to_end()
    assert code != 0
    assert f"port {bank.port} cannot be used" in words
    assert "PORT=8123 make run" in words
    assert not (bank.home / "postgres").exists()


@pytest.mark.parametrize("port", ["0", "65536", "http"])
def test_what_is_no_port_is_refused(checkout: Path, tmp_path: Path, port: str) -> None:
    bank = Bank(folder=checkout, home=tmp_path / "home", environment={"PORT": port})
    code, words = bank.run_to_end()
    assert code != 0
    assert f"PORT={port} is no port" in words


def test_a_failure_names_the_part_and_shows_the_end_of_its_log(checkout: Path, tmp_path: Path) -> None:
    nowhere = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"}
    bank = Bank(folder=checkout, home=tmp_path / "home", environment=nowhere)
    code, words = bank.run_to_end()
    assert code != 0
    assert "did not start: migrations" in words
    assert str(bank.home / "log" / "migrate.log") in words
    assert "127.0.0.1" in words.partition("the end of it:")[2]
    assert not bank.alive()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has another user to run PostgreSQL as")
def test_root_hands_postgresql_to_another_user_and_opens_no_folder(bank: Bank, checkout: Path) -> None:
    assert bank.parts()["postgres"].uids().real != 0
    assert checkout.parent.stat().st_mode & 0o077 == 0
    assert (bank.home / "postgres").stat().st_mode & 0o077 == 0
    as_nobody = subprocess.run(["ls", bank.home / "postgres"], user="nobody", capture_output=True, check=False)
    assert as_nobody.returncode != 0
