"""Wake-ups: one for many commits, never in a command's way, and none lost to one that was taken."""

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.conf import settings

from bank.ops import wakeups
from bank.ops.wakeups import ask_for, taken, wake
from ledger.ids import new_id


@pytest.fixture
def valkey() -> Iterator[Any]:
    client = redis.Redis.from_url(settings.REDIS_URL)
    yield client
    client.close()


@pytest.fixture
def task() -> str:
    """A task that no worker knows."""
    return f"test.{new_id()}"


def queued(valkey: Any, task: str) -> list[dict[str, Any]]:
    """The arguments of the tasks of this name that wait in the queue."""
    waiting = [json.loads(message) for message in valkey.lrange("celery", 0, -1)]
    bodies = [json.loads(base64.b64decode(m["body"])) for m in waiting if m["headers"]["task"] == task]
    return [keywords for _, keywords, _ in bodies]


def test_a_task_that_nobody_has_taken_yet_is_not_sent_again(valkey: Any, task: str) -> None:
    for _ in range(5):
        ask_for(task)
    assert queued(valkey, task) == [{}]


def test_once_taken_it_is_sent_again(valkey: Any, task: str) -> None:
    ask_for(task)
    taken(task)
    for _ in range(3):
        ask_for(task)
    assert queued(valkey, task) == [{}, {}]


def test_the_same_task_for_another_projection_is_another_one(valkey: Any, task: str) -> None:
    for name in ("movements", "daily_flows", "movements"):
        ask_for(task, name=name, shard="0")
    ask_for(task, name="movements", shard="1")
    assert sorted(queued(valkey, task), key=str) == [
        {"name": "daily_flows", "shard": "0"},
        {"name": "movements", "shard": "0"},
        {"name": "movements", "shard": "1"},
    ]
    taken(task, "movements", "0")
    ask_for(task, name="daily_flows", shard="0")
    assert len(queued(valkey, task)) == 3
    ask_for(task, name="movements", shard="0")
    assert len(queued(valkey, task)) == 4


def test_a_wake_up_that_a_dead_worker_took_along_is_forgotten_after_a_while(valkey: Any, task: str) -> None:
    ask_for(task)
    (key,) = [k for k in valkey.keys("*wanted*") if task.encode() in k]
    assert 0 < valkey.pttl(key) <= 5_000


def test_waking_takes_no_time_and_raises_nothing_also_without_valkey(monkeypatch: pytest.MonkeyPatch) -> None:
    away = redis.Redis.from_url("unix:///nowhere/valkey.sock", socket_timeout=1.0, socket_connect_timeout=0.5)
    monkeypatch.setattr(wakeups, "_client", away)
    started = time.monotonic()
    for _ in range(1_000):
        wake()
    assert time.monotonic() - started < 0.5
    with pytest.raises(redis.ConnectionError):
        ask_for("test.away")
