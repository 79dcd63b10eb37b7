"""The Celery worker: woken by commits, killed at any instant, and every event counted exactly once."""

import random
import time
from contextlib import suppress
from functools import partial

import psutil
import pytest

from tests.chance import a_seed, chances
from tests.faults.processes import Site, wait_until
from tests.faults.truth import (
    all_reports_passed,
    check_accounts,
    check_book_and_reports,
    check_commands,
    every_account,
    last_token,
    rows_of_movements,
    told_by,
)
from tests.steps import an_account

pytestmark = [pytest.mark.fault, pytest.mark.django_db(transaction=True), pytest.mark.timeout(60)]


def test_reports_arrive_within_two_seconds_by_the_wake_up_alone(site: Site) -> None:
    site.valkey()
    site.worker()  # and no beat
    account_id = an_account()
    client = site.client("paced", "6", "0.4", str(account_id))
    for number in range(1, 7):
        wait_until(partial(client.has_said, number, "done"), 20, client.said(), pause_seconds=0.002)
        wait_until(partial(movements_are_at_least, number), 2, f"the report of command {number}")


def movements_are_at_least(number: int) -> bool:
    return rows_of_movements() >= number


def test_beat_alone_brings_what_no_wake_up_told_of(site: Site) -> None:
    site.valkey()
    site.worker()
    token = last_token()  # by this process, whose wake-ups go to another Valkey
    assert not all_reports_passed(token)
    site.beat()
    wait_until(lambda: all_reports_passed(token), 15, "beat wakes the worker")


class WatchedWorker:
    """A worker that is started again when it ended, as the supervisor of `make run` does."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.process = site.worker()

    def watch(self) -> None:
        """Start it again if it is gone: Celery gives up when a child dies while the worker starts."""
        if self.process.popen.poll() is not None:
            self.process = self.site.worker(wait=False)

    def kill_something(self, chance: random.Random) -> None:
        """SIGKILL the whole worker, or one of its children."""
        if chance.random() < 0.25:
            self.process.kill()
            return
        with suppress(psutil.NoSuchProcess):
            children = psutil.Process(self.process.popen.pid).children()
            if children:
                chance.choice(children).kill()

    def brings(self, token: str) -> bool:
        """Whether the reports have passed that command."""
        self.watch()
        return all_reports_passed(token)


def test_a_worker_killed_at_random_instants_under_load_counts_every_event_exactly_once(site: Site) -> None:
    seed = a_seed()
    chance = chances(seed)("kills")
    accounts = [an_account(1_000) for _ in range(4)]
    site.valkey()
    site.beat()
    worker = WatchedWorker(site)
    client = site.client(str(seed), "6", "2", *map(str, accounts))
    kills = 0
    while client.popen.poll() is None:
        time.sleep(chance.uniform(0.05, 0.6))
        worker.kill_something(chance)
        worker.watch()
        kills += 1
    token = last_token()
    wait_until(partial(worker.brings, token), 25, "the reports catch up")
    site.close()
    assert kills > 5
    sent, acknowledged, words = told_by(client.lines())
    assert words["end"] == 1, client.said()[-2_000:]
    assert words["done"] == words["sent"] > 100
    check_commands(acknowledged, sent)
    check_accounts(accounts)
    check_book_and_reports(every_account())
