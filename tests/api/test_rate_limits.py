"""Rate limits: counted over all processes, told in headers, and nobody's obstacle while Valkey is away."""

import re
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.test import Client
from pytest_django import Settings

from bank.identity import rate_limits
from bank.identity.rate_limits import RateLimit
from ledger.ids import new_id
from tests.api.client import Api
from tests.api.given import a_user, api_of

AGES_SECONDS = 10_000_000


@pytest.fixture
def limit() -> RateLimit:
    return RateLimit(f"test-{new_id()}", 5, AGES_SECONDS)


@pytest.fixture
def valkey_away(settings: Settings) -> Iterator[None]:
    settings.REDIS_URL = "unix:///nonexistent/valkey.sock"
    forget_valkey()
    yield
    forget_valkey()


def forget_valkey() -> None:
    rate_limits._client, rate_limits._asks_again_at = None, 0.0


@pytest.fixture
def whole_minute() -> None:
    """A minute of the limit that does not end during the test."""
    left = 60 - time.time() % 60
    if left < 4:
        time.sleep(left)


def allowed(limit: RateLimit, times: int, asker: str = "ada") -> list[bool]:
    return [taken.allowed for _ in range(times) if (taken := limit.take(asker)) is not None]


def test_as_many_as_the_quota_and_no_more(limit: RateLimit) -> None:
    assert allowed(limit, 7) == [True] * 5 + [False] * 2
    assert allowed(limit, 1, "grace") == [True]


def test_what_remains_is_told(limit: RateLimit) -> None:
    taken = [limit.take("ada") for _ in range(6)]
    assert [t.remaining for t in taken if t] == [4, 3, 2, 1, 0, 0]
    assert all(t and 1 <= t.reset_seconds <= AGES_SECONDS for t in taken)


def test_two_processes_share_one_quota(limit: RateLimit) -> None:
    other = RateLimit(limit.name, limit.quota, limit.window_seconds)
    got = [which.take("ada") for which in (limit, other) * 4]
    assert [t.allowed for t in got if t] == [True] * 5 + [False] * 3


def test_a_generous_quota_is_taken_in_shares_and_not_exceeded() -> None:
    name = f"test-{new_id()}"
    processes = [RateLimit(name, 5_500, AGES_SECONDS) for _ in range(3)]

    def ask(n: int) -> bool:
        taken = processes[n % 3].take("ada")
        return taken is not None and taken.allowed

    with ThreadPoolExecutor(6) as pool:
        count = Counter(pool.map(ask, range(6_000)))
    # What a process has taken and not used is lost to the others: a share each at most.
    assert 5_500 - 2 * 5 <= count[True] <= 5_500


def test_the_next_window_begins_anew() -> None:
    limit = RateLimit(f"test-{new_id()}", 1, 1)
    seen: list[bool] = []
    deadline = time.monotonic() + 5
    while seen.count(True) < 2 and time.monotonic() < deadline:
        seen += allowed(limit, 1)
        time.sleep(0.05)
    assert seen.count(True) == 2
    assert False in seen


def test_no_quota_is_no_limit() -> None:
    assert RateLimit("test", 0, 60).take("ada") is None


def test_without_valkey_everybody_is_let_through_without_waiting(limit: RateLimit, valkey_away: None) -> None:
    started = time.monotonic()
    assert [limit.take("ada") for _ in range(100)] == [None] * 100
    assert time.monotonic() - started < 0.5


@pytest.mark.django_db
def test_every_answer_says_what_is_left(settings: Settings, whole_minute: None) -> None:
    settings.API_RATE_LIMIT = 4
    api = api_of(a_user("teller"))
    for number, path in enumerate(["/me", "/accounts?x=1", f"/accounts/{new_id()}", "/events"]):
        answer = api.get(path)
        assert answer.header("RateLimit-Policy") == '"token";q=4;w=60'
        assert re.fullmatch(rf'"token";r={3 - number};t=\d+', answer.header("RateLimit") or "")
    late = api.get("/me")
    assert (late.status, late.code) == (429, "rate_limited")
    assert 1 <= int(late.header("Retry-After") or 0) <= 60
    assert (late.header("RateLimit") or "").startswith('"token";r=0;')
    assert api.post("/customers", {"name": "x", "email": ""}).status == 429


@pytest.mark.django_db
def test_each_token_has_a_quota_of_its_own(settings: Settings, whole_minute: None) -> None:
    settings.API_RATE_LIMIT = 1
    user = a_user("teller")
    first, second = api_of(user), api_of(user)
    assert [first.get("/me").status, first.get("/me").status, second.get("/me").status] == [200, 429, 200]


@pytest.mark.django_db
def test_the_api_answers_without_valkey_and_without_the_headers(valkey_away: None) -> None:
    answer = api_of(a_user("teller")).get("/me")
    assert (answer.status, answer.header("RateLimit")) == (200, None)


@pytest.mark.django_db
def test_who_has_no_token_is_not_counted() -> None:
    answer = Api().get("/me")
    assert (answer.status, answer.header("RateLimit")) == (401, None)


def test_bad_tokens_are_counted_by_address(settings: Settings, whole_minute: None, db: None) -> None:
    settings.API_BAD_TOKEN_RATE_LIMIT = 3
    known, later = api_of(a_user("teller")), api_of(a_user("teller"))
    assert known.get("/me").status == 200
    mallory = Api("pbk_guessed", Client(REMOTE_ADDR=an_address()))
    tries = [mallory.get("/me") for _ in range(5)]
    assert [(answer.status, answer.code) for answer in tries] == [(401, "invalid_token")] * 3 + [
        (429, "rate_limited")
    ] * 2
    assert all(1 <= int(answer.header("Retry-After") or 0) <= 60 for answer in tries[3:])
    known.client, later.client = mallory.client, mallory.client
    assert known.get("/me").status == 200, "a token that was good before works on, from that address too"
    assert later.get("/me").status == 429, "what nobody has seen yet is not looked up"
    elsewhere = Client(REMOTE_ADDR=an_address())
    later.client = elsewhere
    assert later.get("/me").status == 200
    assert Api("pbk_guessed", elsewhere).get("/me").status == 401


def test_who_sends_no_token_is_not_taken_for_a_guesser(settings: Settings, whole_minute: None, db: None) -> None:
    settings.API_BAD_TOKEN_RATE_LIMIT = 1
    nobody = Api(None, Client(REMOTE_ADDR=an_address()))
    assert {nobody.get("/me").status for _ in range(4)} == {401}


def an_address() -> str:
    """One that no other test has."""
    return f"2001:db8::{new_id().hex[-4:]}:{new_id().hex[-4:]}"
