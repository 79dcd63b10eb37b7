"""Group commit: commands that come at the same time are written together, and each thread gets its own result."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from accounts.group_commit import GroupCommit
from ledger.errors import StoreBusy, StoreUnavailable


class Writer:
    """What carries the batches out here: notes them, and can be held up."""

    def __init__(self) -> None:
        self.batches: list[list[Any]] = []
        self.free = threading.Event()
        self.free.set()

    def __call__(self, envelopes: Sequence[Any]) -> list[Any]:
        self.batches.append(list(envelopes))
        assert self.free.wait(10)
        return [f"done {envelope}" for envelope in envelopes]


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


class Threads(ThreadPoolExecutor):
    """Submits to a group, one after the other."""

    def __init__(self, group: GroupCommit) -> None:
        super().__init__(32)
        self.group = group

    def ask(self, name: Any, *, when_queued: bool = True) -> Future[Any]:
        """Submit in a thread of its own; returns once the command is in the queue."""
        before = len(self.group._queue)
        asked: Future[Any] = self.submit(self.group.submit, name)
        if when_queued:
            wait_until(lambda: len(self.group._queue) > before or asked.done())
        return asked


def held_up(writer: Writer, threads: Threads) -> Future[Any]:
    """The writer is busy with a first command until it is set free."""
    writer.free.clear()
    first = threads.ask("first", when_queued=False)
    wait_until(lambda: bool(writer.batches))
    return first


def test_a_thread_on_its_own_writes_its_command_at_once() -> None:
    writer = Writer()
    group = GroupCommit(writer)
    assert [group.submit(n) for n in ("a", "b")] == ["done a", "done b"]  # type: ignore[arg-type, comparison-overlap]
    assert writer.batches == [["a"], ["b"]]


def test_what_gathers_while_a_batch_is_written_is_written_together_in_the_order_it_came() -> None:
    writer = Writer()
    with Threads(GroupCommit(writer)) as threads:
        first = held_up(writer, threads)
        others = [threads.ask(n) for n in range(5)]
        writer.free.set()
        assert first.result(10) == "done first"
        assert [other.result(10) for other in others] == [f"done {n}" for n in range(5)]
    assert writer.batches == [["first"], [0, 1, 2, 3, 4]]


def test_a_batch_holds_no_more_than_it_may_and_the_rest_comes_in_the_next() -> None:
    writer = Writer()
    with Threads(GroupCommit(writer, max_batch=2)) as threads:
        held_up(writer, threads)
        others = [threads.ask(n) for n in range(5)]
        writer.free.set()
        assert [other.result(10) for other in others] == [f"done {n}" for n in range(5)]
    assert writer.batches == [["first"], [0, 1], [2, 3], [4]]


def test_when_too_many_wait_the_next_is_told_that_the_store_is_busy() -> None:
    writer = Writer()
    with Threads(GroupCommit(writer, max_waiting=2)) as threads:
        held_up(writer, threads)
        waiting = [threads.ask(n) for n in range(2)]
        with pytest.raises(StoreBusy):
            threads.group.submit("one too many")  # type: ignore[arg-type]
        writer.free.set()
        assert [w.result(10) for w in waiting] == ["done 0", "done 1"]
        assert threads.group.submit("later") == "done later"  # type: ignore[arg-type, comparison-overlap]


def test_who_waits_too_long_is_told_so_and_is_not_written_later() -> None:
    writer = Writer()
    with Threads(GroupCommit(writer, timeout_seconds=0.05)) as threads:
        first = held_up(writer, threads)
        waiting = threads.ask("slow")
        with pytest.raises(StoreBusy):
            waiting.result(10)
        writer.free.set()
        assert first.result(10) == "done first"
        assert threads.group.submit("next") == "done next"  # type: ignore[arg-type, comparison-overlap]
    assert writer.batches == [["first"], ["next"]]


def test_who_is_being_written_gets_the_result_however_long_it_takes() -> None:
    held = {"first": threading.Event(), "b": threading.Event()}
    started: list[str] = []

    def carry_out(envelopes: Sequence[Any]) -> list[Any]:
        started.append(envelopes[0])
        assert held[envelopes[0]].wait(10)
        return [f"done {envelope}" for envelope in envelopes]

    with Threads(GroupCommit(carry_out, timeout_seconds=0.3)) as threads:
        first = threads.ask("first", when_queued=False)
        wait_until(lambda: started == ["first"])
        second, third = threads.ask("b"), threads.ask("c")
        held["first"].set()
        wait_until(lambda: started == ["first", "b"])
        time.sleep(0.5)  # longer than anybody would wait in the queue
        held["b"].set()
        assert [asked.result(10) for asked in (first, second, third)] == ["done first", "done b", "done c"]


def test_what_ails_one_command_harms_only_itself() -> None:
    def carry_out(envelopes: Sequence[Any]) -> list[Any]:
        if "bad" in envelopes:
            raise ValueError("bad")
        return list(writer(envelopes))

    writer = Writer()
    with Threads(GroupCommit(carry_out)) as threads:
        held_up(writer, threads)
        asked = {name: threads.ask(name) for name in ("good", "bad", "fine")}
        writer.free.set()
        assert asked["good"].result(10) == "done good"
        assert asked["fine"].result(10) == "done fine"
        with pytest.raises(ValueError, match="bad"):
            asked["bad"].result(10)
        assert threads.group.submit("next") == "done next"  # type: ignore[arg-type, comparison-overlap]


def test_when_the_store_is_away_all_that_wait_together_are_told_so_at_once() -> None:
    tries: list[int] = []
    writer = Writer()

    def carry_out(envelopes: Sequence[Any]) -> list[Any]:
        if "first" in envelopes:
            return list(writer(envelopes))
        tries.append(len(envelopes))
        raise StoreUnavailable("away")

    with Threads(GroupCommit(carry_out)) as threads:
        held_up(writer, threads)
        asked = [threads.ask(n) for n in range(8)]
        writer.free.set()
        for waiting in asked:
            with pytest.raises(StoreUnavailable):
                waiting.result(10)
    assert tries == [8], "asking for each of them again would make the last wait for all the time-outs before"


def test_under_a_storm_every_thread_gets_its_own_result() -> None:
    sizes: Counter[int] = Counter()

    def carry_out(envelopes: Sequence[Any]) -> list[Any]:
        sizes[len(envelopes)] += 1
        time.sleep(0.0005)
        return [envelope * 2 for envelope in envelopes]

    group = GroupCommit(carry_out)

    def ask(number: int) -> bool:
        return bool(group.submit(number) == number * 2)  # type: ignore[arg-type, comparison-overlap]

    with ThreadPoolExecutor(16) as threads:
        assert all(threads.map(ask, range(2_000)))
    assert sum(size * count for size, count in sizes.items()) == 2_000
    assert max(sizes) > 1
