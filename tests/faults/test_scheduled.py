"""Scheduled tasks: each may run twice at once and be killed anywhere, and everything is right afterwards."""

import sys
import threading
import time
from collections.abc import Callable
from uuid import UUID

import pytest
from django.conf import settings
from django.db import connection, connections

from accounts.record_job import JobKind
from bank.celery import app
from bank.jobs.asking import State
from bank.reconciliation.models import Break
from bank.reconciliation.running import reconcile
from ledger import parking, signing, steering
from ledger.ids import new_id
from ledger.keys import trusted_keys
from ledger.models import Seal
from ledger.reading import read_stream
from ledger.sealing import seal_all
from ledger.steering import Act, Order
from ledger.verification import verify
from tests.chance import a_seed, chances
from tests.faults.processes import Process, Site, wait_until
from tests.faults.truth import check_accounts, check_book_and_reports, every_account
from tests.jobs.steps import ask, found
from tests.steps import an_account, deposit, do, transfer

pytestmark = [pytest.mark.fault, pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]

ENTRIES = settings.CELERY_BEAT_SCHEDULE


@pytest.fixture(autouse=True)
def _every_task_is_known() -> None:
    app.loader.import_default_modules()
    app.finalize()


def much_to_do() -> list[UUID]:
    """Events to seal, sign, count and compare; rebuilds and jobs that somebody wants; the jobs."""
    accounts = [an_account(1_000) for _ in range(3)]
    seal_all()  # an export of an empty book would be refused
    for number in range(20):
        do(deposit(accounts[number % 3], 100 + number))
        do(transfer(accounts[number % 3], accounts[(number + 1) % 3], 10))
    for name in ("daily_flows", "balances"):
        order = Order(
            act=Act.REBUILD,
            projection=name,
            command_id=new_id(),
            fingerprint=b"x" * 32,
            actor="user:1",
            channel="web",
            correlation_id=new_id(),
        )
        steering.steer(order, lambda _cur: {})
    return [ask(JobKind.VERIFICATION), ask(JobKind.EXPORT)]


def check_everything(jobs: list[UUID]) -> None:
    """All right once each task has had one undisturbed run."""
    for entry in ENTRIES.values():
        app.tasks[entry["task"]].apply(throw=True)
    assert steering.open_rebuilds() == []
    assert parking.parked() == []
    check_accounts(every_account())
    check_book_and_reports(every_account())
    signing.sign_head()
    assert verify(keys=trusted_keys()).finding is None
    firsts = [seal.first for seal in Seal.objects.order_by("position")]
    lasts = [seal.position for seal in Seal.objects.order_by("position")]
    assert firsts == [1, *(last + 1 for last in lasts[:-1])], "signed once, without a hole"
    assert reconcile() is not None
    assert not Break.objects.exists()
    for job_id in jobs:
        job = found(job_id)
        assert job.state is State.DONE, job.run and job.run.error
        assert len(list(read_stream(job_id))) == 2, "asked for once, done once"


def test_every_scheduled_task_may_run_twice_at_once() -> None:
    jobs = much_to_do()
    raised: list[BaseException] = []

    def run(entry: dict[str, str], gate: threading.Barrier) -> None:
        gate.wait(30)
        try:
            app.tasks[entry["task"]].apply(throw=True)
        except BaseException as error:  # noqa: BLE001 - told below
            raised.append(error)
        finally:
            connections.close_all()

    for entry in ENTRIES.values():
        gate = threading.Barrier(2)
        threads = [threading.Thread(target=run, args=(entry, gate)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive(), entry["task"]
    assert raised == []
    check_everything(jobs)


def test_every_scheduled_task_may_be_killed_anywhere(site: Site) -> None:
    seed = a_seed()
    chance = chances(seed)("kills")
    jobs = much_to_do()
    site.valkey()
    processes: list[Process] = []
    for turn in range(3):
        # Two at once: what one holds when it is killed, the other takes over.
        pair = [site.run("tasks", [sys.executable, "-m", "tests.faults.every_task", str(seed + n)]) for n in range(2)]
        for process in pair:
            wait_until(_has_begun(process), 60, f"the tasks have begun: {process.said()}")
        do(deposit(every_account()[0], 100 + turn))
        time.sleep(chance.uniform(0.0, 0.4))
        for process in pair:
            assert process.popen.poll() is None, process.said()[-2_000:]
            process.kill()
        processes += pair
    site.close()
    with connection.cursor() as cursor:  # as if half a minute had gone by since the last sign of life
        cursor.execute("update jobs_run set heartbeat_at = heartbeat_at - interval '1 minute' where status = 'running'")
    check_everything(jobs)


def _has_begun(process: Process) -> Callable[[], bool]:
    return lambda: process.has_said(1, "begun") or process.popen.poll() is not None
