"""The feed: where to go on, waiting for what is not there yet, and few who wait."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from bank.api.following import Followers
from ledger.errors import StoreUnavailable
from ledger.reading import head_position
from ledger.runner import drain
from tests.api.client import Answer, Api, eur
from tests.api.given import Account

pytestmark = pytest.mark.django_db


@pytest.fixture
def start(account: Account) -> int:
    """The end of the book before the test's own events."""
    drain()
    return head_position()


def follow(auditor: Api, after: int, **query: Any) -> Answer:
    answer = auditor.get("/events", {"after": after, **query})
    assert answer.status == 200
    return answer


def test_an_answer_says_where_to_go_on(auditor: Api, teller: Api, account: Account, start: int) -> None:
    for _ in range(3):
        teller.post(f"{account.path}/deposits", {"amount": eur("1")})
    drain()
    first = follow(auditor, start, limit=2).body
    assert (first["has_more"], first["next_after"]) == (True, start + 2)
    rest = follow(auditor, first["next_after"], limit=2).body
    assert (rest["has_more"], rest["next_after"]) == (False, start + 3)
    assert [event["position"] for event in first["data"] + rest["data"]] == [start + 1, start + 2, start + 3]


def test_who_filters_goes_on_behind_what_does_not_fit(auditor: Api, teller: Api, account: Account, start: int) -> None:
    teller.post(f"{account.path}/freeze")
    for _ in range(3):
        teller.post(f"{account.path}/deposits", {"amount": eur("1")})
    drain()
    frozen = follow(auditor, start, type="AccountFrozen").body
    assert ([e["position"] for e in frozen["data"]], frozen["next_after"]) == ([start + 1], start + 4)
    deposits = follow(auditor, start, type="DepositMade", limit=2).body
    assert (deposits["has_more"], deposits["next_after"]) == (True, start + 3)
    assert follow(auditor, start, type="NoSuchType").body["next_after"] == start + 4


def test_behind_the_end_it_stays_where_it_is(auditor: Api, start: int) -> None:
    assert follow(auditor, start + 100).body["next_after"] == start + 100


def test_what_is_there_is_told_without_waiting(auditor: Api, teller: Api, account: Account, start: int) -> None:
    teller.post(f"{account.path}/deposits", {"amount": eur("1")})
    drain()
    began = time.monotonic()
    assert len(follow(auditor, start, wait=20).body["data"]) == 1
    assert time.monotonic() - began < 5


def later(seconds: float, work: Callable[[], object]) -> threading.Timer:
    timer = threading.Timer(seconds, work)
    timer.start()
    return timer


def test_waiting_ends_when_something_is_sealed(auditor: Api, teller: Api, account: Account, start: int) -> None:
    sent = teller.post(f"{account.path}/deposits", {"amount": eur("1")}).body["events"][0]
    timer = later(0.3, drain)
    began = time.monotonic()
    answer = follow(auditor, start, wait=20)
    assert 0.2 < time.monotonic() - began < 5
    assert [event["id"] for event in answer.body["data"]] == [sent["id"]]
    assert answer.body["next_after"] == start + 1
    timer.join()


def test_what_does_not_fit_does_not_end_the_waiting(auditor: Api, teller: Api, account: Account, start: int) -> None:
    teller.post(f"{account.path}/deposits", {"amount": eur("1")})
    timer = later(0.3, drain)
    began = time.monotonic()
    answer = follow(auditor, start, wait=1, type="AccountFrozen")
    assert time.monotonic() - began >= 1
    assert (answer.body["data"], answer.body["next_after"]) == ([], start + 1)
    assert answer.header("Retry-After") is None
    timer.join()


def test_nobody_waits_for_the_past(auditor: Api, start: int) -> None:
    began = time.monotonic()
    follow(auditor, start, wait=20, to="2026-01-01T00:00:00Z")
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("wait", ["-1", "21", "1.5", "x", ""])
def test_a_wait_that_is_none_is_400(auditor: Api, wait: str) -> None:
    answer = auditor.get(f"/events?wait={wait}")
    assert (answer.code, answer.pointers) == ("invalid_wait", ["/wait"])


# --- those who wait -----------------------------------------------------------------------------------------------


class Book:
    """A head that the test moves."""

    def __init__(self) -> None:
        self.position = 0
        self.is_away = False
        self.looks = 0

    def head(self) -> int:
        self.looks += 1
        if self.is_away:
            raise StoreUnavailable
        return self.position


def test_places_are_few_and_given_back() -> None:
    followers = Followers(most=2, head=lambda: 0)
    with followers.place() as first, followers.place() as second, followers.place() as third:
        assert (first, second, third) == (True, True, False)
        with followers.place() as fourth:
            assert not fourth
    with followers.place() as again:
        assert again


def test_one_look_is_for_all_who_wait() -> None:
    book = Book()
    followers = Followers(most=20, head=book.head)
    told: list[bool] = []

    def wait() -> None:
        with followers.place():
            told.append(followers.wait_beyond(0, 10))

    threads = [threading.Thread(target=wait) for _ in range(20)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    assert book.looks < 15
    book.position = 1
    for thread in threads:
        thread.join(5)
    assert told == [True] * 20


def test_nobody_looks_when_nobody_waits() -> None:
    book = Book()
    followers = Followers(most=1, head=book.head)
    for _ in range(2):  # the second one finds no watcher
        with followers.place():
            assert not followers.wait_beyond(0, 0.1)
        time.sleep(0.2)
        looks = book.looks
        time.sleep(0.2)
        assert book.looks == looks > 0


def test_who_waits_looks_again_where_the_head_cannot_be_seen() -> None:
    book = Book()
    followers = Followers(most=1, head=book.head)
    threading.Timer(0.2, lambda: setattr(book, "is_away", True)).start()
    with followers.place():
        assert followers.wait_beyond(0, 10)
