"""A bank in a storm: at random instants one of its processes is killed, emptied or stopped, and started again later."""

import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress

import psutil
import redis

from bank.ops import parts, places
from ledger.projections import projections
from ledger.rebuilding import is_rebuildable
from tests.faults.cluster import Cluster
from tests.faults.processes import Process, Site, wait_until

STORED = [p.name for p in projections() if is_rebuildable(p)]
_PART_STAYS_DOWN = 0.3  # the chance of one more look before it is started again


class Storm:
    """The processes of a bank, and what happens to them. `clients`: how to start each process that sends commands."""

    def __init__(
        self, site: Site, cluster: Cluster, chance: random.Random, port: int, clients: Sequence[Callable[[], Process]]
    ) -> None:
        self.site, self.cluster, self.chance = site, cluster, chance
        self.counts: Counter[str] = Counter()
        self.sending = True
        self._starts: dict[str, Callable[[], Process]] = {
            "valkey": site.valkey,
            "web": lambda: site.web(port),
            "worker": lambda: site.worker(wait=False),
            "beat": site.beat,
        }
        self._starts |= {f"client {number}": start for number, start in enumerate(clients)}
        self.parts = {name: start() for name, start in self._starts.items()}
        self.rebuild: Process | None = None
        self.clients: list[Process] = [self.parts[name] for name in self.parts if name.startswith("client")]

    def rage(self, seconds: float) -> None:
        """Strike after strike; twice around the middle PostgreSQL itself is ended in immediate mode."""
        started = time.monotonic()
        cuts = [seconds * self.chance.uniform(0.35, 0.5), seconds * self.chance.uniform(0.55, 0.7)]
        while (now := time.monotonic() - started) < seconds:
            if cuts and now > cuts[0]:
                cuts.pop(0)
                self._cut_postgresql()
            self._strike()
            time.sleep(self.chance.uniform(0.1, 2.0))
            self.mend(patient=True)

    def mend(self, *, patient: bool = False) -> None:
        """Start again what is not running; a patient bank leaves some of it down for a while."""
        for name, part in self.parts.items():
            if part.popen.poll() is None or (patient and self.chance.random() < _PART_STAYS_DOWN):
                continue
            if name.startswith("client") and not self.sending:
                continue
            self.parts[name] = self._starts[name]()
            if name.startswith("client"):
                self.clients.append(self.parts[name])

    def calm(self) -> None:
        """Nothing strikes any more: everything runs, but nobody sends; a rebuild that is under way comes to its end."""
        self.sending = False
        for name, part in self.parts.items():
            if name.startswith("client"):
                part.kill()
        self.mend()
        if self.rebuild is not None:
            self.rebuild.popen.wait(60)

    def _strike(self) -> None:
        strikes: dict[Callable[[], None], int] = {
            lambda: self._kill("worker"): 3,
            lambda: self._kill_child_of("worker"): 4,
            lambda: self._kill("web"): 3,
            lambda: self._kill_child_of("web"): 2,
            lambda: self._kill("beat"): 1,
            lambda: self._kill("valkey"): 2,
            self._flush_valkey: 2,
            self._rebuild: 6,
            lambda: self._kill(self.chance.choice([name for name in self.parts if name.startswith("client")])): 2,
        }
        self.chance.choices(list(strikes), list(strikes.values()))[0]()

    def _kill(self, name: str) -> None:
        self.counts[f"kill {name.split(maxsplit=1)[0]}"] += 1
        self.parts[name].kill()

    def _kill_child_of(self, name: str) -> None:
        with suppress(psutil.NoSuchProcess):
            if children := psutil.Process(self.parts[name].popen.pid).children():
                self.chance.choice(children).kill()
                self.counts[f"kill child of {name}"] += 1

    def _flush_valkey(self) -> None:
        with suppress(redis.RedisError):
            client = redis.Redis.from_url(self.site.redis_url, socket_timeout=1.0)
            client.flushall()
            client.close()
            self.counts["flush valkey"] += 1

    def _rebuild(self) -> None:
        """Start a rebuild, by the owner or by a worker, or kill the one that is under way."""
        if self.rebuild is not None and self.rebuild.popen.poll() is None:
            self.rebuild.kill()
            self.counts["kill rebuild"] += 1
            return
        if self.rebuild is not None and self.rebuild.popen.returncode == 0:
            self.counts["rebuilt"] += 1
        wanted = ["rebuild_projection", self.chance.choice(STORED), *self.chance.choice([[], [], ["--check"]])]
        command = [sys.executable, str(places.REPOSITORY / "manage.py"), *wanted]
        self.rebuild = self.site.run("rebuild", command, role=self.chance.choice(["", parts.WORKER_ROLE]))
        self.counts["rebuild"] += 1

    def _cut_postgresql(self) -> None:
        self.cluster.end(signal.SIGQUIT)
        time.sleep(self.chance.uniform(0.1, 3.0))
        self.cluster.start()
        self.counts["cut postgresql"] += 1


def wait_for_web(answers: Callable[[], bool], process: Process) -> None:
    """Until the web server answers."""
    wait_until(answers, 90, f"the web answers: {process.said()[-2_000:]}", pause_seconds=0.1)
