"""Many processes count as one: each keeps its own files, what the dead counted stays, and files do not pile up."""

import os
import signal
import time

import pytest

from bank.ops.metrics import FOLDER, files, instruments
from bank.ops.metrics.exposing import exposition
from tests.faults.processes import Site, wait_until
from tests.observing.scrapes import Scrape
from tests.steps import BY, an_account

pytestmark = [pytest.mark.fault, pytest.mark.django_db(transaction=True), pytest.mark.timeout(90)]

DEPOSITS = {"type": "Deposit", "outcome": "accepted", "refusal": "", "channel": BY.channel}


def look() -> Scrape:
    return Scrape.of(exposition(with_ledger=False).decode())


def own_files() -> set[int]:
    """Whose files of counters there are."""
    return {int(file.stem.rpartition("_")[2]) for file in FOLDER.glob("counter_*.db")}


def test_two_processes_that_count_at_once_are_added_up_also_after_their_end(site: Site) -> None:
    site.valkey()
    one, other = an_account(), an_account()
    before = look()
    clients = [site.client("count", "40", str(one)), site.client("paced", "6", "0.3", str(other))]
    wait_until(lambda: look().since(before, "passbook_commands_total", **DEPOSITS) > 40, 30, "both have begun")
    assert {client.popen.pid for client in clients} & own_files()
    for client in clients:
        assert client.popen.wait(60) == 0, client.said()
    for _ in range(3):  # the first adds up the dead
        after = look()
        assert after.since(before, "passbook_commands_total", **DEPOSITS) == 46
        assert after.since(before, "passbook_append_commands_sum") == 46
        assert after.since(before, "passbook_append_seconds_bucket", le="+Inf") == 46
        assert after.since(before, "passbook_append_seconds_count") == 46
    assert not {client.popen.pid for client in clients} & own_files()
    assert own_files() <= {0, os.getpid()}


def test_a_file_that_was_just_made_and_is_still_empty_does_not_spoil_the_scrape() -> None:
    of_one_that_lives = FOLDER / f"histogram_{os.getppid()}.db"
    of_one_that_died_at_once = FOLDER / f"histogram_{2**22 + 1}.db"  # no process has so high a number
    of_one_that_lives.touch()
    of_one_that_died_at_once.touch()
    try:
        assert look().values
        assert not of_one_that_died_at_once.exists()
    finally:
        of_one_that_lives.unlink()


def test_what_a_killed_process_counted_stays(site: Site) -> None:
    site.valkey()
    account_id = an_account()
    before = look()
    client = site.client("paced", "100", "0.05", str(account_id))
    wait_until(lambda: look().since(before, "passbook_commands_total", **DEPOSITS) >= 10, 30, client.said())
    seen = look().since(before, "passbook_commands_total", **DEPOSITS)
    client.signal(signal.SIGKILL)
    client.popen.wait(10)
    acknowledged = client.said().count("done")
    counted = look().since(before, "passbook_commands_total", **DEPOSITS)
    assert seen <= counted <= acknowledged + 1
    assert look().since(before, "passbook_commands_total", **DEPOSITS) == counted


def test_scrapes_at_once_neither_lose_nor_double_what_the_dead_counted() -> None:
    before = look()
    for _ in range(8):
        child = os.fork()
        if child == 0:
            instruments.count_task("test.forked", "SUCCESS", 0.01)
            os._exit(0)
        os.waitpid(child, 0)
    scrapers = []
    for _ in range(4):
        child = os.fork()
        if child == 0:
            counted = look().since(before, "passbook_tasks_total", task="test.forked", state="SUCCESS")
            os._exit(0 if counted == 8 else 1)
        scrapers.append(child)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in scrapers] == [0] * 4
    assert look().since(before, "passbook_tasks_total", task="test.forked", state="SUCCESS") == 8


def test_a_start_begins_from_zero_but_remembers_the_last_verification(monkeypatch: pytest.MonkeyPatch) -> None:
    told = time.time()
    instruments.count_verification(right=True)
    folder = FOLDER.with_name("metrics-of-a-test")
    folder.mkdir()
    for file in FOLDER.glob("*.db"):
        (folder / file.name).write_bytes(file.read_bytes())
    monkeypatch.setattr(files, "FOLDER", folder)
    files.clear()
    found = look()
    assert found.value("passbook_verified_timestamp_seconds") == pytest.approx(told, abs=30)
    assert found.labels_of("passbook_commands_total") == []
