"""A sealer killed anywhere: the book stays dense and whole, and the next sealer goes on."""

import random
import threading
import time
from functools import partial
from typing import Self

import pytest

from ledger.ids import new_id
from ledger.models import Event
from ledger.reading import head_position
from ledger.sealing import seal_all
from tests.chance import a_seed, chances
from tests.faults.processes import Site, wait_until
from tests.ledger.book import check_the_book, gaps, unsealed_count, write_and_roll_back, writing

pytestmark = [pytest.mark.fault, pytest.mark.django_db(transaction=True), pytest.mark.timeout(60)]


class Writers:
    """Threads that append slowly, and roll some of it back."""

    def __init__(self, seed: int) -> None:
        self.stopping = threading.Event()
        self.errors: list[BaseException] = []
        chance = chances(seed)
        self.threads = [threading.Thread(target=self.write, args=(chance(n),)) for n in range(3)]

    def __enter__(self) -> Self:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        for thread in self.threads:
            thread.join(10)
        assert not self.errors

    def write(self, pace: random.Random) -> None:
        stream_id, version = new_id(), 0
        try:
            while not self.stopping.is_set():
                count = pace.choice([1, 3, 50])
                if pace.random() < 0.2:
                    write_and_roll_back(count)
                    continue
                with writing(stream_id, count, after=version):
                    time.sleep(pace.random() * 0.02)
                version += count
        except BaseException as error:  # noqa: BLE001 - told by the test's own thread
            self.errors.append(error)


def test_sealers_killed_at_random_instants_leave_a_book_without_a_hole(site: Site) -> None:
    seed = a_seed()
    chance = chances(seed)("kills")
    with Writers(seed):
        sealers = [site.sealer(size) for size in (7, 500)]
        for _ in range(4):
            for sealer in sealers:
                wait_until(partial(sealer.has_said, 1, "ready"), 20, sealer.said())
            wait_until(partial(head_is_above, head_position()), 10, "sealing goes on")
            time.sleep(chance.uniform(0.0, 0.3))
            victim = chance.randrange(2)
            sealers[victim].kill()
            sealers[victim] = site.sealer(chance.choice([1, 7, 500]))
    for sealer in sealers:
        sealer.kill()
    wait_until(lambda: seal_all().count == 0 and not gaps(), 15, "the gaps are forgotten")
    assert unsealed_count() == 0
    assert check_the_book() == Event.objects.count() > 100


def head_is_above(position: int) -> bool:
    return head_position() > position
