"""Two minutes of kills, cuts and losses under load; afterwards the bank is the one that it told everybody about.

PASSBOOK_FAULT_SECONDS makes it longer or shorter, PASSBOOK_TEST_SEED repeats a storm.
"""

import http.client
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import Any

import pytest
from django.db import connection, connections

from bank.api.scopes import scopes_for
from bank.api.tokens import issue_token
from bank.identity.models import User
from ledger import checkpoints, parking, rebuilding
from ledger.connections import close_pool, cursor
from ledger.projections import async_projections
from ledger.reading import head_position
from tests.chance import a_seed, chances
from tests.faults.cluster import Cluster, a_bank, managed
from tests.faults.http_load import HttpLoad, Post
from tests.faults.processes import Process, Site, a_site, wait_until
from tests.faults.storm import STORED, Storm, wait_for_web
from tests.faults.truth import (
    all_reports_passed,
    check_accounts,
    check_book_and_reports,
    check_commands,
    every_account,
    last_token,
    told_by,
)
from tests.ops.banks import free_port
from tests.steps import an_account

SECONDS = float(os.environ.get("PASSBOOK_FAULT_SECONDS", "120"))
ACCOUNTS = 8
HTTP_THREADS = 3

pytestmark = [pytest.mark.fault, pytest.mark.django_db(transaction=True), pytest.mark.timeout(SECONDS * 2 + 240)]


@pytest.fixture
def cluster(transactional_db: None) -> Iterator[Cluster]:
    """A bank of its own, on a server that may be cut."""
    with a_bank() as made:
        yield made


@pytest.fixture
def site(cluster: Cluster) -> Iterator[Site]:
    """The bank's processes, killed before its server ends."""
    with a_site() as found:
        yield found


def test_two_minutes_of_faults_lose_nothing_double_nothing_and_leave_nothing_stuck(
    cluster: Cluster, site: Site
) -> None:
    seed = a_seed()
    chance = chances(seed)
    accounts = [an_account(1_000_00) for _ in range(ACCOUNTS)]
    ids = [str(account_id) for account_id in accounts]
    starting, port = chance("clients"), free_port()

    def client(how: str, size: str) -> Process:
        return site.client(how, str(starting.random()), str(SECONDS * 2), size, *ids)

    storm = Storm(
        site, cluster, chance("storm"), port, [partial(client, "insist", "2"), partial(client, "batches", "40")]
    )
    wait_for_web(partial(is_answering, port), storm.parts["web"])
    load = HttpLoad(port, a_token(), accounts, [chance(n) for n in range(HTTP_THREADS)])
    with explained(storm, load), load:
        storm.rage(SECONDS)
        storm.calm()
        wait_until(partial(ends, storm, load), 60, "every request is answered")
    connections.close_all()
    close_pool()
    token = last_token()
    wait_until(partial(catches_up, storm, token), 60, "workers alone bring the reports up to the last command")
    sent, acknowledged, words = told_by(line for client in storm.clients for line in client.lines())
    told = {word: words[word] for word in ("ready", "sent", "done", "failed", "Traceback")}
    print(f"{dict(storm.counts)}; {told}; {len(load.answered)} over HTTP, {dict(load.failures)}")  # noqa: T201
    check_replays(load, chance("replays").sample(load.answered, 20))
    site.close()
    check_nobody_holds_a_claim()
    check_commands(
        [*acknowledged, *((post.command_id, post.outcome) for post in load.answered)],
        [*sent, *(post.command_id for post in load.answered)],
    )
    check_accounts(every_account())
    check_book_and_reports(every_account())
    check_checkpoints()
    check_rebuilds()
    verified = managed("verify_ledger")
    assert verified.returncode == 0, verified.stderr
    assert "Traceback" not in words, told_wrong(storm)
    assert storm.counts["cut postgresql"] == 2
    assert min(len(acknowledged), len(load.answered)) > SECONDS, "a load that is worth its name"


@contextmanager
def explained(storm: Storm, load: HttpLoad) -> Iterator[None]:
    """A failure comes with what was done, and with the last words of every part."""
    try:
        yield
    except BaseException as error:
        error.add_note(f"{dict(storm.counts)}, {len(load.answered)} answered, {dict(load.failures)}")
        for name, part in storm.parts.items():
            error.add_note(f"--- {name}, {part.popen.poll()}:\n{part.said()[-3_000:]}")
        raise


def is_answering(port: int) -> bool:
    """Whether the web server is alive."""
    probe = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    with closing(probe), suppress(OSError, http.client.HTTPException):
        probe.request("GET", "/livez")
        return probe.getresponse().status == HTTPStatus.OK
    return False


def a_token() -> str:
    """Of somebody who may do everything at the desk."""
    user = User.objects.create(username="teller", roles=["teller"])
    return issue_token(user, label="test", scopes=scopes_for(user), lifetime=timedelta(days=1))[1]


def ends(storm: Storm, load: HttpLoad) -> bool:
    """Whether the load came to its end; what ended by itself is started again, as a supervisor does."""
    storm.mend()
    return load.is_over()


def catches_up(storm: Storm, token: str) -> bool:
    """Whether the reports have passed that command."""
    storm.mend()
    return all_reports_passed(token)


def check_replays(load: HttpLoad, posts: list[Post]) -> None:
    """The same key again: the same answer, and nothing happens a second time."""
    for post in posts:
        status, answer = load.send(post)
        changing = {"replayed", "events"}  # events have a position meanwhile
        assert status == post.status
        assert without(answer, changing) == without(post.answer, changing)


def without(answer: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name not in names}


def check_nobody_holds_a_claim() -> None:
    """Sealer, runner and rebuilds hold advisory locks as long as they live, and no longer."""
    wait_until(lambda: not advisory_locks(), 10, "killed processes let go of their claims")


def advisory_locks() -> list[tuple[Any, ...]]:
    with connection.cursor() as locks:
        locks.execute(
            "select l.pid, a.query from pg_locks l left join pg_stat_activity a using (pid)"
            " join pg_database d on d.oid = l.database"
            " where l.locktype = 'advisory' and d.datname = current_database()"
        )
        return list(locks.fetchall())


def check_checkpoints() -> None:
    """Every async projection is at the head and well; nothing is parked."""
    head = head_position()
    for projection in async_projections():
        with cursor() as cur:
            rows = checkpoints.read(cur, projection.name)
        assert [(r.position, r.status, r.failures, r.error) for r in rows] == [
            (head, "running", 0, None)
        ] * projection.shards
    assert parking.parked() == []


def check_rebuilds() -> None:
    """Every stored projection is what its events say, and what interrupted rebuilds left is in nobody's way."""
    for name in STORED:
        assert rebuilding.rebuild(name, check=True).differences == 0, name
    for name in STORED:
        assert rebuilding.rebuild(name).switched
        assert rebuilding.rebuild(name, check=True).differences == 0, name


def told_wrong(storm: Storm) -> str:
    """What clients said that is no word of theirs."""
    return "\n".join(client.said()[-2_000:] for client in storm.clients if "Traceback" in client.said())
