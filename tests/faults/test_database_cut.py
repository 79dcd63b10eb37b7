"""PostgreSQL cut off, crashed and away: told as such, nothing acknowledged lost, the same id gets the one outcome."""

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Self
from uuid import UUID

import psycopg
import pytest
from django.db import connections

from accounts.handler import handle
from accounts.refusals import Refused
from ledger.connections import close_pool
from ledger.errors import LedgerError, StoreBusy, StoreUnavailable
from tests.chance import a_seed, chances
from tests.faults.client import a_command
from tests.faults.truth import check_accounts, check_book_and_reports, check_commands
from tests.ledger.book import connection_parameters
from tests.steps import BY, an_account, deposit

pytestmark = [pytest.mark.fault, pytest.mark.django_db(transaction=True), pytest.mark.timeout(90)]


class Load:
    """Threads that send command after command, each again with its id until it is answered."""

    def __init__(self, seed: int, accounts: list[UUID], threads: int = 6) -> None:
        self.accounts = accounts
        self.acknowledged: list[tuple[UUID, str]] = []
        self.failures: Counter[str] = Counter()
        self.replayed = 0
        self.longest_seconds = 0.0
        self.errors: list[BaseException] = []
        self.stopping = threading.Event()
        chance = chances(seed)
        self.threads = [threading.Thread(target=self.send, args=(chance(n),)) for n in range(threads)]

    def __enter__(self) -> Self:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        for thread in self.threads:
            thread.join(40)
        assert not any(thread.is_alive() for thread in self.threads)
        assert not self.errors, self.errors

    def send(self, chance: Any) -> None:
        try:
            while not self.stopping.is_set():
                self.send_until_answered(a_command(chance, self.accounts))
        except BaseException as error:  # noqa: BLE001 - told by the test's own thread
            self.errors.append(error)

    def send_until_answered(self, command: Any) -> None:
        while True:
            started = time.monotonic()
            try:
                outcome = handle(command, by=BY)
            except Refused as refusal:
                self.acknowledged.append((command.command_id, refusal.code))
                return
            except LedgerError as error:
                self.failures[type(error).__name__] += 1
                time.sleep(0.02)
            else:
                self.acknowledged.append((command.command_id, "accepted"))
                self.replayed += outcome.replayed
                return
            finally:
                self.longest_seconds = max(self.longest_seconds, time.monotonic() - started)

    def check(self) -> None:
        """Everything that was answered is there, once and whole."""
        close_pool()  # connections that were cut while nobody used them
        assert len({command_id for command_id, _ in self.acknowledged}) == len(self.acknowledged)
        assert set(self.failures) <= {"StoreUnavailable", "StoreBusy", "TooMuchContention"}
        check_commands(self.acknowledged, [command_id for command_id, _ in self.acknowledged])
        check_accounts(self.accounts)
        check_book_and_reports(self.accounts)


@contextmanager
def beside() -> Iterator[psycopg.Connection[Any]]:
    """A connection to another database of the same server."""
    with psycopg.connect(**connection_parameters(dbname="postgres"), autocommit=True) as conn:
        yield conn


BACKENDS = "select pid from pg_stat_activity where datname = %s and application_name = 'passbook ledger'"


def database_name() -> str:
    return str(connections["default"].settings_dict["NAME"])


def test_backends_ended_at_random_under_load_lose_nothing_and_double_nothing() -> None:
    seed = a_seed()
    chance = chances(seed)("cuts")
    accounts = [an_account(500) for _ in range(4)]
    cut = 0
    with Load(seed, accounts) as load, beside() as conn:
        ends = time.monotonic() + 6
        while time.monotonic() < ends:
            time.sleep(chance.uniform(0.01, 0.15))
            pids = [row[0] for row in conn.execute(BACKENDS, (database_name(),)).fetchall()]
            for pid in chance.sample(pids, min(len(pids), chance.choice([1, 1, 2, 99]))):
                conn.execute("select pg_terminate_backend(%s)", (pid,))
                cut += 1
    print(f"{cut} backends ended, {len(load.acknowledged)} commands, {load.failures}, {load.replayed} replayed")  # noqa: T201
    assert cut > 20
    assert len(load.acknowledged) > 100
    assert load.longest_seconds < 12
    load.check()


def test_a_database_that_is_away_is_told_to_everybody_soon_and_its_return_needs_no_help() -> None:
    seed = a_seed()
    accounts = [an_account(500) for _ in range(4)]
    with Load(seed, accounts, threads=8) as load:
        time.sleep(0.5)
        with away():
            before = len(load.acknowledged)
            time.sleep(7)
            during = len(load.acknowledged) - before
        came_back = time.monotonic()
        before = len(load.acknowledged)
        while len(load.acknowledged) < before + 50:
            assert time.monotonic() < came_back + 10
            time.sleep(0.01)
    print(f"{load.failures}, the longest wait {load.longest_seconds:.1f} s")  # noqa: T201
    assert during <= 8, "only what was committed just before may be answered still"
    assert load.failures["StoreUnavailable"] >= 1
    assert load.longest_seconds < 13, "one time-out in the queue, one for a connection"
    load.check()


@contextmanager
def away() -> Iterator[None]:
    """Nobody can connect to the test database, and whoever was connected by the command path is cut off."""
    with beside() as conn:
        conn.execute(f'alter database "{database_name()}" with allow_connections false')
        try:
            for (pid,) in conn.execute(BACKENDS, (database_name(),)).fetchall():
                conn.execute("select pg_terminate_backend(%s)", (pid,))
            yield
        finally:
            conn.execute(f'alter database "{database_name()}" with allow_connections true')


def test_a_command_to_a_database_that_is_away_fails_within_seconds_and_can_be_sent_again() -> None:
    account_id = an_account()
    command = deposit(account_id, 5)
    with away():
        started = time.monotonic()
        with pytest.raises(StoreUnavailable):
            handle(command, by=BY)
        assert time.monotonic() - started < 8
    outcome = retried(lambda: handle(command, by=BY))
    assert outcome.accounts[account_id].balance_minor == 5
    assert handle(command, by=BY).replayed


def retried(action: Callable[[], Any]) -> Any:
    """Its result, tried again while the store is not there yet."""
    for _ in range(5):
        try:
            return action()
        except (StoreUnavailable, StoreBusy):
            time.sleep(0.5)
    return action()


def test_a_crash_of_postgresql_loses_nothing_that_was_acknowledged() -> None:
    seed = a_seed()
    chance = chances(seed)("crash")
    accounts = [an_account(500) for _ in range(4)]
    try:
        with Load(seed, accounts) as load:
            for _ in range(2):
                time.sleep(chance.uniform(0.3, 1.0))
                crash()
                wait_for_postgresql()
                time.sleep(0.5)
    finally:
        connections.close_all()
        close_pool()
        wait_for_postgresql()
    print(f"{len(load.acknowledged)} commands, {load.failures}, the longest {load.longest_seconds:.1f} s")  # noqa: T201
    assert len(load.acknowledged) > 50
    load.check()


def crash() -> None:
    """SIGKILL of one backend: PostgreSQL ends all others and recovers from its log, as after a power cut."""
    with psycopg.connect(**connection_parameters(dbname="postgres"), autocommit=True) as conn:
        row = conn.execute("select pg_backend_pid()").fetchone()
        assert row is not None
        with psycopg.connect(**connection_parameters()) as bystander:
            os.kill(row[0], signal.SIGKILL)
            with pytest.raises(psycopg.OperationalError):
                bystander.execute("select pg_sleep(20)")


def wait_for_postgresql() -> None:
    ends = time.monotonic() + 20
    while True:
        try:
            with psycopg.connect(**connection_parameters(), connect_timeout=2) as conn:
                conn.execute("select 1")
            return
        except psycopg.OperationalError:
            assert time.monotonic() < ends, "PostgreSQL does not come back"
            time.sleep(0.05)
