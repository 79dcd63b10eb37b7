"""Webhooks under load while their workers are killed: every event of the book arrives, and nothing else."""

import time
from typing import Any
from uuid import UUID

import pytest
from pytest_django import Settings

from bank.ops import parts
from bank.webhooks.models import Delivery, Status
from ledger.connections import transaction
from ledger.reading import head_position, read_sealed
from tests.chance import a_seed, chances
from tests.faults.processes import Process, Site, wait_until
from tests.faults.truth import all_reports_passed, last_token
from tests.steps import an_account
from tests.webhooks.receiver import Receiver, a_receiver
from tests.webhooks.steps import an_endpoint

pytestmark = [pytest.mark.fault, pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]


@pytest.fixture(autouse=True)
def _settings(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    monkeypatch.setenv("WEBHOOKS_ALLOW_PRIVATE", "1")


def a_sender(site: Site, *, wait: bool = True) -> Process:
    """The worker of webhooks as `make run` starts it."""
    process = site.run("webhooks", parts.webhooks().command)
    if wait:
        wait_until(lambda: "ready." in process.said(), 20, f"webhooks ready: {process.said()}")
    return process


def book() -> list[Any]:
    with transaction() as cur:
        return read_sealed(cur, after=0, to=head_position())


def nothing_waits(endpoint_id: UUID) -> bool:
    return not Delivery.objects.filter(endpoint_id=endpoint_id, status=Status.PENDING).exists()


def test_a_message_arrives_within_two_seconds_by_the_wake_up_alone(site: Site) -> None:
    site.valkey()
    site.worker()  # and no beat
    a_sender(site)
    account_id = an_account()
    with a_receiver() as receiver:
        an_endpoint(receiver.url, "DepositMade")
        client = site.client("paced", "4", "0.5", str(account_id))
        wait_until(lambda: client.has_said(4, "done"), 20, client.said())
        wait_until(lambda: len(receiver.received) == 4, 2, f"four messages, not {len(receiver.received)}")


def test_workers_killed_at_random_under_load_lose_no_message_and_invent_none(site: Site) -> None:
    chance = chances(seed := a_seed())("webhooks")
    accounts = [an_account(1_000) for _ in range(3)]
    with a_receiver() as everything, a_receiver() as deposits:
        (every_id, every_secret), (deposit_id, _) = (
            an_endpoint(everything.url),
            an_endpoint(deposits.url, "DepositMade"),
        )
        site.valkey()
        site.beat()
        worker, sender = site.worker(), a_sender(site)
        client = site.client(str(seed), "8", "2", *map(str, accounts))
        kills = 0
        while client.popen.poll() is None:
            time.sleep(chance.uniform(0.2, 0.9))
            if chance.random() < 0.7:
                sender.kill()
                sender = a_sender(site)
            else:
                worker.kill()
                worker = site.worker(wait=False)
            kills += 1
        token = last_token()
        wait_until(lambda: all_reports_passed(token), 30, "the book becomes deliveries")
        # The claims of those who were killed end by themselves, after 30 seconds.
        for endpoint_id in (every_id, deposit_id):
            wait_until(lambda one=endpoint_id: nothing_waits(one), 75, "everything is sent", pause_seconds=0.2)  # type: ignore[misc]
        site.close()
        assert kills > 1
        check(everything, every_id, every_secret, kills, types=None)
        check(deposits, deposit_id, None, kills, types={"DepositMade"})


def check(receiver: Receiver, endpoint_id: UUID, secret: str | None, kills: int, *, types: set[str] | None) -> None:
    """What arrived, each id counted once, is what stands in the book behind the registration."""
    events = book()
    registered = next(e.position for e in events if e.stream_id == endpoint_id)
    told = [
        f"msg_{e.id}"
        for e in events
        if e.position > registered and e.stream_id != endpoint_id and (types is None or e.type in types)
    ]
    assert len(told) > 50
    first = list(dict.fromkeys(receiver.ids))
    assert sorted(first) == sorted(told)
    rows = Delivery.objects.filter(endpoint_id=endpoint_id)
    assert {row.message_id for row in rows} == set(told)
    assert {row.status for row in rows} == {Status.DELIVERED}
    # Again only what a killed worker held: a batch a kill at most.
    assert len(receiver.ids) - len(first) <= 50 * kills
    if secret is not None:
        assert receiver.received[0].verified_by(secret)
