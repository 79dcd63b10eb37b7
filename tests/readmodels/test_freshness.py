"""Freshness: how far behind a report is, counted in events and in seconds, sealed or not."""

import time
from dataclasses import replace

import pytest

from accounts.handler import handle, handle_all
from ledger import checkpoints
from ledger.projections import async_projection
from ledger.runner import advance, advance_once, drain
from ledger.sealing import seal_all
from readmodels.freshness import as_of
from tests.steps import BY, an_account, deposit, withdraw

pytestmark = pytest.mark.django_db(transaction=True)

NAME = "daily_flows"


def test_an_empty_bank_is_up_to_date() -> None:
    fresh = as_of(NAME)
    assert (fresh.position, fresh.head, fresh.timestamp, fresh.lag_events, fresh.lag_seconds) == (0, 0, None, 0, 0.0)
    assert not fresh.paused


def test_events_that_wait_to_be_sealed_are_behind() -> None:
    account_id = an_account()  # a customer and an account: two events
    handle(deposit(account_id, 1), by=BY)
    fresh = as_of(NAME)
    assert (fresh.position, fresh.head, fresh.lag_events, fresh.timestamp) == (0, 3, 3, None)


def test_events_that_are_sealed_and_wait_for_the_projection_are_behind() -> None:
    handle(deposit(an_account(), 1), by=BY)
    seal_all()
    fresh = as_of(NAME)
    assert (fresh.position, fresh.head, fresh.lag_events) == (0, 3, 3)


def test_a_projection_at_the_head_is_up_to_date_and_says_of_when() -> None:
    outcome = handle(deposit(an_account(), 1), by=BY)
    drain()
    fresh = as_of(NAME)
    assert (fresh.position, fresh.head, fresh.lag_events, fresh.lag_seconds) == (3, 3, 0, 0.0)
    assert fresh.timestamp == outcome.recorded_at


def test_sealed_and_unsealed_events_are_counted_together() -> None:
    account_id = an_account()
    handle_all([deposit(account_id, 1) for _ in range(4)], by=BY)
    seal_all()
    projection = replace(async_projection(NAME), batch_size=5)
    advance_once(projection)
    handle_all([deposit(account_id, 1) for _ in range(3)], by=BY)
    fresh = as_of(NAME)
    assert (fresh.position, fresh.head, fresh.lag_events) == (5, 9, 4)


def test_the_lag_in_seconds_is_how_long_the_oldest_event_waits_already() -> None:
    account_id = an_account()
    drain()
    handle(deposit(account_id, 1), by=BY)
    time.sleep(0.3)
    handle(deposit(account_id, 1), by=BY)
    for step in (lambda: None, seal_all):
        step()
        assert 0.3 <= as_of(NAME).lag_seconds < 5
    advance(async_projection(NAME))
    assert as_of(NAME).lag_seconds == 0.0


def test_what_a_projection_does_not_want_does_not_keep_it_behind() -> None:
    an_account()  # nothing that flows
    drain()
    assert as_of(NAME).lag_events == 0


def test_a_refused_command_leaves_every_report_up_to_date() -> None:
    account_id = an_account()
    drain()
    handle_all([withdraw(account_id, 1)], by=BY)
    assert as_of(NAME).lag_events == 0


def test_a_projection_of_several_shards_is_as_far_as_its_last_one() -> None:
    projection = async_projection("movements")
    assert projection.shards > 1
    handle_all([deposit(an_account(), 1) for _ in range(3)], by=BY)
    head = seal_all().position
    for shard in range(projection.shards):
        assert as_of("movements").position == 0
        advance(projection, shard)
    assert as_of("movements").position == head


def test_a_paused_projection_says_so_and_falls_behind() -> None:
    account_id = an_account()
    drain()
    checkpoints.pause(async_projection(NAME))
    handle(deposit(account_id, 1), by=BY)
    drain()
    fresh = as_of(NAME)
    assert fresh.paused
    assert fresh.lag_events == 1
    checkpoints.resume(async_projection(NAME))
    drain()
    assert (as_of(NAME).paused, as_of(NAME).lag_events) == (False, 0)


def test_a_projection_that_nobody_knows_has_no_freshness() -> None:
    with pytest.raises(KeyError):
        as_of("balances")
    with pytest.raises(KeyError):
        as_of("never")
