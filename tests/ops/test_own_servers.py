"""The servers of a session of tests: its own, honest about commits, and gone with it however it ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import psycopg
import pytest

from bank.ops import places
from tests.ops.banks import eventually

pytestmark = [pytest.mark.ops, pytest.mark.timeout(60)]

SESSION = """
import os, time
from bank.ops.testservices import own_servers
with own_servers(durable=True) as home:
    print(home, os.environ["DATABASE_URL"], flush=True)
    time.sleep({seconds})
"""


def _session(seconds: float) -> tuple["subprocess.Popen[str]", Path, str]:
    session = subprocess.Popen(
        [sys.executable, "-c", SESSION.format(seconds=seconds)],
        cwd=places.REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert session.stdout is not None
    home, url = session.stdout.readline().split()
    session.stdout.close()
    return session, Path(home), url


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True


def test_this_session_runs_on_servers_of_its_own() -> None:
    assert places.home().name.startswith("passbook-test-")
    assert str(places.socket_dir()) in unquote(os.environ["DATABASE_URL"])
    assert places.home() != places.REPOSITORY / "var"


def test_a_commit_is_synchronous_and_the_role_is_no_superuser() -> None:
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        row = connection.execute(
            "select current_setting('synchronous_commit'), current_setting('is_superuser'), current_setting('fsync')"
        ).fetchone()
    assert row == ("on", "off", "off")


def test_a_benchmarks_servers_are_as_durable_as_the_banks_and_leave_nothing() -> None:
    session, home, url = _session(seconds=1)
    with psycopg.connect(url) as connection:
        names = ("fsync", "full_page_writes", "synchronous_commit", "shared_buffers", "wal_level", "listen_addresses")
        settings = [connection.execute("select current_setting(%s)", [name]).fetchone() for name in names]
    assert settings == [("on",), ("on",), ("on",), ("256MB",), ("replica",), ("",)]
    assert session.wait(timeout=20) == 0
    assert not home.exists()
    assert not _answers(url)


def test_a_killed_session_takes_its_servers_with_it_and_the_next_removes_its_files() -> None:
    killed, home, url = _session(seconds=60)
    assert _answers(url)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert eventually(lambda: not _answers(url))
    assert home.exists()
    after, _, _ = _session(seconds=0)
    assert after.wait(timeout=20) == 0
    assert not home.exists()
