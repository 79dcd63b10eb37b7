"""Time travel: what happened on a stream, and what it was after each event, up to any version or moment."""

import io
import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command

from accounts.account import Account
from accounts.customer import ErasePersonalData
from accounts.replay import NoSuchStream, replay
from ledger.ids import new_id
from ledger.sealing import seal_all
from readmodels import history
from tests.ledger.book import write
from tests.ledger.owner import tamper
from tests.spec import AT, envelope
from tests.steps import a_customer, an_account, deposit, do, withdraw

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def account_id() -> UUID:
    """Opened, 100.00 in, 30.00 out two days later, 5.00 in a day before that; all but the last sealed."""
    account_id = an_account(100_00)
    do(withdraw(account_id, 30_00, at=AT + timedelta(days=2)))
    seal_all()
    do(deposit(account_id, 5_00, at=AT + timedelta(days=1)))
    return account_id


def told(stream_id: UUID, *arguments: str) -> str:
    out = io.StringIO()
    call_command("replay", str(stream_id), *arguments, stdout=out)
    return out.getvalue()


def lines(stream_id: UUID, *arguments: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in told(stream_id, "--json", *arguments).splitlines()]


def make_unreadable(stream_id: UUID, place: int, change: str) -> None:
    tamper(f"update ledger_event set {change} where stream_id = %s and stream_position = %s", stream_id, place)


def test_every_event_is_told_with_the_state_after_it(account_id: UUID) -> None:
    told_lines = lines(account_id)
    assert [line["type"] for line in told_lines] == ["AccountOpened", "DepositMade", "WithdrawalMade", "DepositMade"]
    assert [line["state"]["balance_minor"] for line in told_lines] == [0, 100_00, 70_00, 75_00]
    assert [line["position"] is None for line in told_lines] == [False, False, False, True]
    for version, step in enumerate(replay(account_id), 1):
        then = history.account_at(account_id, version=version)
        assert then is not None
        assert step.state == then[0]


def test_people_read_what_changed(account_id: UUID) -> None:
    text = told(account_id)
    assert "1. AccountOpened v1, position " in text
    assert "4. DepositMade v1, not sealed yet, " in text
    assert ", by system:test\n" in text
    assert "    = balance_minor          10000 -> 7000\n" in text
    assert text.count("= currency") == 1


@pytest.mark.parametrize(("version", "balance"), [(1, 0), (2, 100_00), (3, 70_00), (4, 75_00), (99, 75_00)])
def test_up_to_a_version(account_id: UUID, version: int, balance: int) -> None:
    told_lines = lines(account_id, "--version", str(version))
    assert len(told_lines) == min(version, 4)
    assert told_lines[-1]["state"]["balance_minor"] == balance


def test_as_of_a_moment_counts_what_had_happened_by_then(account_id: UUID) -> None:
    for days, positions, balance in ((0, [1, 2], 100_00), (1, [1, 2, 4], 105_00), (2, [1, 2, 3, 4], 75_00)):
        moment = AT + timedelta(days=days)
        told_lines = lines(account_id, "--as-of", moment.isoformat())
        assert [line["streamPosition"] for line in told_lines] == positions
        assert told_lines[-1]["state"]["balance_minor"] == balance
        assert history.account_at(account_id, as_of=moment) is not None
        assert lines(account_id, "--as-of", moment.replace(tzinfo=None).isoformat()) == told_lines
    assert lines(account_id, "--as-of", (AT - timedelta(microseconds=1)).isoformat()) == []
    assert "No state" in told(account_id, "--as-of", "2001-01-01")


def test_a_customer_is_told_with_the_personal_data_until_these_are_erased() -> None:
    customer_id = a_customer("Ada Lovelace")
    assert lines(customer_id)[0]["data"]["name"] == "Ada Lovelace"
    do(ErasePersonalData(customer_id=customer_id, **envelope()))
    erased = lines(customer_id)
    assert [line["type"] for line in erased] == ["CustomerRegistered", "PersonalDataErased"]
    assert erased[0]["data"]["name"] == "(erased)"
    assert [line["state"]["is_erased"] for line in erased] == [False, True]


@pytest.mark.parametrize("change", ["type = 'NobodyKnows'", "schema_version = 99", "data = '{\"amount\": 1}'"])
def test_an_event_that_the_code_cannot_read_is_shown_raw_and_no_state_is_made_up_from_there_on(
    account_id: UUID, change: str
) -> None:
    make_unreadable(account_id, 3, change)
    told_lines = lines(account_id)
    assert [line["problem"] is None for line in told_lines] == [True, True, False, True]
    assert [line["state"] is None for line in told_lines] == [False, False, True, True]
    assert told_lines[2]["data"] == {"amount": 1} or told_lines[2]["data"]["amount_minor"] == 30_00
    text = told(account_id)
    assert text.count("CANNOT BE READ (") == 1
    assert text.count("the state after it is not known") == 2
    assert text.endswith("cannot be read.\n")


def test_a_stream_that_begins_with_what_cannot_be_read_is_told() -> None:
    account_id = an_account(1)
    make_unreadable(account_id, 1, "type = 'NobodyKnows'")
    assert [line["state"] for line in lines(account_id)] == [None, None]


def test_a_stream_of_a_kind_that_nobody_folds_is_told_without_states() -> None:
    assert [line["state"] for line in lines(write(count=3))] == [None, None, None]


def test_a_long_stream_is_told_in_pages() -> None:
    stream_id = write(count=2_500)
    assert [step.stored.stream_position for step in replay(stream_id)] == list(range(1, 2_501))
    assert sum(1 for _ in replay(stream_id, version=1_000)) == 1_000


def test_what_never_happened_is_an_error_in_words(account_id: UUID) -> None:
    with pytest.raises(NoSuchStream):
        replay(new_id())
    with pytest.raises(CommandError, match="there is no stream"):
        told(new_id())
    with pytest.raises(CommandError, match="not a time"):
        told(account_id, "--as-of", "yesterday")
    with pytest.raises(CommandError, match="not allowed with"):
        told(account_id, "--as-of", "2026-01-01", "--version", "1")


def test_states_are_those_of_the_aggregate(account_id: UUID) -> None:
    assert all(isinstance(step.state, Account) for step in replay(account_id))
