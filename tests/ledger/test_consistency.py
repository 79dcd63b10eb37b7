"""Consistency tokens: a reader who shows one sees everything that the command did, or is told that it does not yet."""

import threading
import time
from base64 import urlsafe_b64encode
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.handler import handle, handle_all
from ledger.connections import transaction
from ledger.consistency import InvalidToken, has_passed, is_sealed, place_of, token_of, wait_for
from ledger.ids import new_id
from ledger.projections import async_projection, async_projections
from ledger.runner import advance, drain
from ledger.sealing import seal_all
from tests.ledger.book import write, writing
from tests.steps import BY, an_account, deposit

pytestmark = pytest.mark.django_db(transaction=True)


STREAM = UUID("01234567-89ab-7cde-8f01-23456789abcd")


@pytest.mark.parametrize("position", [1, 255, 256, 2**31 - 1])
def test_a_token_says_the_place_that_was_put_in(position: int) -> None:
    token = token_of(STREAM, position)
    assert place_of(token) == (STREAM, position)
    assert token.isascii()
    assert not set(token) & set("+/=&?# ")


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "cw",
        "A" * 28,
        token_of(STREAM, 1) + "A",
        token_of(STREAM, 1)[:-1],
        " " + token_of(STREAM, 1),
        token_of(STREAM, 1)[:5] + "\n" + token_of(STREAM, 1)[5:],
        "é" * 28,
        "c\x00",
    ],
)
def test_what_this_bank_never_gave_out_is_no_token(token: str) -> None:
    with pytest.raises(InvalidToken):
        place_of(token)


@given(st.text(max_size=32) | st.binary(min_size=21, max_size=21).map(lambda raw: urlsafe_b64encode(raw).decode()))
def test_whatever_is_sent_as_a_token_is_one_or_refused(token: str) -> None:
    try:
        place = place_of(token)
    except InvalidToken:
        return
    assert token_of(*place) == token


def test_commands_of_one_batch_have_tokens_of_their_own_and_a_replay_has_the_same() -> None:
    account_id = an_account()
    commands = [deposit(account_id, 1), deposit(account_id, 2)]
    first = [outcome.consistency_token for outcome in handle_all(commands, by=BY)]
    assert first[0] != first[1]
    assert [outcome.consistency_token for outcome in handle_all(commands, by=BY)] == first


def test_a_projection_has_passed_a_command_once_it_is_sealed_and_every_shard_has_applied_it() -> None:
    account_id = an_account()
    token = handle(deposit(account_id, 1), by=BY).consistency_token or ""
    for projection in async_projections():
        assert not has_passed(projection.name, token)
    seal_all()
    for projection in async_projections():
        for shard in range(projection.shards):
            assert not has_passed(projection.name, token)
            advance(projection, shard)
        assert has_passed(projection.name, token)


def test_the_token_of_a_batch_is_passed_when_all_of_the_batch_is() -> None:
    accounts = [an_account() for _ in range(3)]
    drain()
    outcomes = handle_all([deposit(account_id, 1) for account_id in accounts], by=BY)
    tokens = [outcome.consistency_token or "" for outcome in outcomes]
    assert not any(has_passed("daily_flows", token) for token in tokens)
    drain()
    assert all(has_passed("daily_flows", token) for token in tokens)


def test_a_token_of_an_event_that_commits_late_waits_for_it() -> None:
    late = new_id()
    with writing(late, count=2):
        early = write()
        drain()
        assert has_passed("daily_flows", token_of(early, 1))
        assert not has_passed("daily_flows", token_of(late, 2)), "drawn before, but not committed"
    drain()
    assert has_passed("daily_flows", token_of(late, 2))


def test_a_token_of_an_event_that_never_came_is_never_passed() -> None:
    stream_id = write()
    drain()
    assert not has_passed("daily_flows", token_of(stream_id, 2))


def test_waiting_ends_when_the_projection_is_there() -> None:
    token = handle(deposit(an_account(), 1), by=BY).consistency_token or ""
    worker = threading.Timer(0.2, drain)
    worker.start()
    started = time.monotonic()
    assert wait_for("daily_flows", token, timeout_seconds=5)
    assert time.monotonic() - started < 3
    worker.join()


def test_waiting_ends_when_the_time_is_over() -> None:
    token = handle(deposit(an_account(), 1), by=BY).consistency_token or ""
    started = time.monotonic()
    assert not wait_for("daily_flows", token, timeout_seconds=0.2)
    assert 0.2 <= time.monotonic() - started < 2


def test_waiting_for_what_is_there_takes_no_time() -> None:
    token = handle(deposit(an_account(), 1), by=BY).consistency_token or ""
    drain()
    started = time.monotonic()
    assert wait_for("daily_flows", token, timeout_seconds=5)
    assert time.monotonic() - started < 0.5


def test_whether_an_event_is_sealed_is_told_by_its_place() -> None:
    stream_id = write(count=2)
    assert not is_sealed(stream_id, 1)
    seal_all()
    assert is_sealed(stream_id, 1)
    assert is_sealed(stream_id, 2)
    assert not is_sealed(stream_id, 3)


def test_a_shard_that_lags_behind_holds_the_token_back() -> None:
    projection = async_projection("movements")
    assert projection.shards > 1
    token = handle(deposit(an_account(), 1), by=BY).consistency_token or ""
    drain()
    with transaction() as cur:
        cur.execute("update ledger_checkpoint set position = 0 where projection = 'movements' and shard = 1")
    assert not has_passed("movements", token)
