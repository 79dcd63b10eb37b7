"""Sealing beside a crowd: slow writers, rollbacks, foreign transactions and sealers that fail, all at random."""

import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

import psycopg
import pytest

from ledger import store
from ledger.connections import transaction
from ledger.ids import new_id
from ledger.locks import SEALER, try_lock
from ledger.models import Event
from ledger.sealing import _seal, seal_all
from tests.chance import a_seed, chances
from tests.ledger.book import batch_for, check_the_book, connection_parameters, gaps, unsealed_count

pytestmark = pytest.mark.django_db(transaction=True)

SECONDS = 8.0
WRITERS = 8


class Undone(Exception):
    """A writer or sealer that fails."""


class Model:
    """The crowd. Everything that was acknowledged is in `acknowledged`, as (stream, version after)."""

    def __init__(self, seed: int) -> None:
        self.chance = chances(seed)
        self.streams = [new_id() for _ in range(40)]
        self.acknowledged: list[tuple[UUID, int]] = []
        self.errors: list[BaseException] = []
        self.rolled_back = 0
        self.failed_seals = 0
        self.ends = time.monotonic() + SECONDS

    def run(self) -> None:
        tasks = [self.write] * WRITERS + [self.seal, self.seal, self.be_foreign]
        threads = [threading.Thread(target=self.guarded, args=(task, n)) for n, task in enumerate(tasks)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(SECONDS + 30)
        assert not any(thread.is_alive() for thread in threads)

    def guarded(self, task: Callable[[random.Random], None], number: int) -> None:
        try:
            task(self.chance(number))
        except BaseException as error:  # noqa: BLE001 - told by the test's own thread
            self.errors.append(error)

    def write(self, chance: random.Random) -> None:
        while time.monotonic() < self.ends - 1:
            written: list[tuple[UUID, int]] = []
            try:
                self.write_once(chance, written)
            except Undone:
                self.rolled_back += 1
            else:
                self.acknowledged += written

    def write_once(self, chance: random.Random, written: list[tuple[UUID, int]]) -> None:
        with transaction() as cur:
            for stream_id in sorted(chance.sample(self.streams, chance.choice([1, 1, 2, 3]))):
                head = store.load(cur, [stream_id], lock=True).get(stream_id)
                version, count = head.version if head else 0, chance.choice([1, 1, 4])
                try:
                    store.append(cur, batch_for(stream_id, count, after=version))
                except store.VersionsMoved as lost:  # two began the stream at once
                    raise Undone from lost
                written.append((stream_id, version + count))
                if chance.random() < 0.2:
                    time.sleep(chance.random() * chance.choice([0.01, 0.3]))
            if chance.random() < 0.2:
                raise Undone

    def seal(self, chance: random.Random) -> None:
        while time.monotonic() < self.ends:
            with suppress(Undone), transaction() as cur:
                if try_lock(cur, SEALER):
                    _seal(cur, chance.choice([1, 3, 10, 1_000]))
                    if chance.random() < 0.2:
                        time.sleep(chance.random() * 0.05)
                    if chance.random() < 0.1:
                        self.failed_seals += 1
                        raise Undone
            time.sleep(chance.random() * 0.01)

    def be_foreign(self, chance: random.Random) -> None:
        while time.monotonic() < self.ends - 1:
            with psycopg.connect(**connection_parameters()) as conn:
                conn.execute("select pg_current_xact_id()")
                time.sleep(chance.random() * 2)


def test_whatever_writers_and_sealers_do_the_book_is_dense_complete_and_in_each_streams_order() -> None:
    model = Model(a_seed())
    model.run()
    assert not model.errors
    deadline = time.monotonic() + 10
    while seal_all().count or gaps():
        assert time.monotonic() < deadline, "gaps of transactions that ended long ago"
        time.sleep(0.05)
    assert unsealed_count() == 0
    assert check_the_book() == Event.objects.count() > 100
    assert model.rolled_back > 0
    assert model.failed_seals > 0
    versions: dict[UUID, int] = {}
    for stream_id, version in model.acknowledged:
        versions[stream_id] = max(version, versions.get(stream_id, 0))
    for stream_id, version in versions.items():
        positions = Event.objects.filter(stream_id=stream_id).order_by("stream_position")
        assert list(positions.values_list("stream_position", flat=True)) == list(range(1, version + 1))
