"""Many at once: threads that start together, each telling what came of it."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar, cast

import pytest
from django.db import connections

from accounts.handler import Outcome, handle, handle_all
from accounts.refusals import Refused
from tests.steps import BY

T = TypeVar("T")


def all_at_once(tasks: Sequence[Callable[[], T]]) -> list[T]:
    """Run each task in a thread of its own, all released in the same moment; their results in order."""
    gate = threading.Barrier(len(tasks))

    def run(task: Callable[[], T]) -> T:
        gate.wait()
        try:
            return task()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(tasks)) as threads:
        return list(threads.map(run, tasks))


def outcome_of(command: Any) -> Outcome:
    """Its outcome, also where it was refused. Threads of one process are written together."""
    try:
        return handle(command, by=BY)
    except Refused as refusal:
        return cast(Outcome, refusal.outcome)


def outcome_alone_of(command: Any) -> Outcome:
    """Its outcome, written on its own, as by a process that has but this thread: the database is where they meet."""
    return handle_all([command], by=BY)[0]


both_ways: Final = pytest.mark.parametrize("ask", [outcome_of, outcome_alone_of], ids=["together", "apart"])
Ask = Callable[[Any], Outcome]


def said(outcome: Outcome) -> str:
    """`done`, `again` or the code of the refusal."""
    return outcome.refusal.code if outcome.refusal else "again" if outcome.replayed else "done"
