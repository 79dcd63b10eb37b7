"""Movements: always the whole list, wherever the worker that fills the table has got to."""

import dataclasses
import random
import threading
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import msgspec
import pytest

from accounts.handler import handle, handle_all
from ledger.connections import transaction
from ledger.ids import new_id
from ledger.projections import AsyncProjection
from ledger.reading import read_stream
from ledger.runner import advance_once, drain
from ledger.sealing import seal_all
from readmodels import balances, movements
from readmodels.ends_of_days import balances_at_ends_of_days
from readmodels.movements import Movement, MovementFilter
from tests.chance import a_seed, chances
from tests.readmodels.histories import WORDS, live, three_accounts
from tests.spec import AT
from tests.steps import BY, a_customer, an_account, deposit, transfer, withdraw

pytestmark = pytest.mark.django_db(transaction=True)

NO_FILTER = MovementFilter()


def project_up_to(position: int) -> None:
    """The worker gets as far as this position of the book, and no further."""
    projection = dataclasses.replace(movements.PROJECTION, batch_size=1)
    for shard in range(projection.shards):
        while reached(projection, shard) < position and advance_once(projection, shard).more:
            pass


def reached(projection: AsyncProjection, shard: int) -> int:
    with transaction() as cur:
        row = cur.execute(
            "select position from ledger_checkpoint where projection = %s and shard = %s and not rebuilding",
            (projection.name, shard),
        ).fetchone()
    return row[0] if row else 0


def fold(account_id: UUID) -> list[Movement]:
    """The whole list from the account's events alone, the newest first; without the names of counterparties."""
    found: list[Movement] = []
    for event in read_stream(account_id):
        before = found[-1].balance_minor if found else 0
        if (movement := movements.movement_of(event, before)) is not None:
            found.append(movement)
    return found[::-1]


def bare(found: list[Movement]) -> list[Movement]:
    """Without the names that only the read side knows."""
    return [msgspec.structs.replace(m, counterparty_name="", counterparty_iban="") for m in found]


def fits(movement: Movement, wanted: MovementFilter) -> bool:
    """What a filter means, said here a second time. Text is compared letter by letter, case aside."""
    day = movement.occurred_at.astimezone(UTC).date()
    said = [movement.reference, movement.operation, movement.purpose, movement.outside_party]
    said += [movement.counterparty_name, movement.counterparty_iban]
    return all(
        [
            wanted.from_date is None or wanted.from_date <= day,
            wanted.to_date is None or day <= wanted.to_date,
            wanted.kind in {None, movement.kind},
            wanted.min_minor is None or wanted.min_minor <= abs(movement.amount_minor),
            wanted.max_minor is None or abs(movement.amount_minor) <= wanted.max_minor,
            not wanted.text or any(wanted.text.lower() in part.lower() for part in said),
        ]
    )


def random_filter(chance: random.Random) -> MovementFilter:
    days = [None, None, *(date(2026, 3, day) for day in range(25, 32))]
    amounts = [None, None, None, 1, 5, 10, 50, 100, 333]
    texts = ["", "", "", "rent", "RENT", "%", "_", "\\", "100 %", "a_b", " ", "here", "here it", "may", "  ", "říj"]
    texts += ["ada", "lovelace l", "lu"]
    return MovementFilter(
        from_date=chance.choice(days),
        to_date=chance.choice(days),
        kind=chance.choice([None, None, *movements.KINDS]),
        min_minor=chance.choice(amounts),
        max_minor=chance.choice(amounts),
        text=chance.choice(texts),
    )


# --- what a movement says


def test_each_kind_of_movement_has_its_sign_and_the_balance_after_it() -> None:
    one, two = an_account(), an_account()
    commands = [deposit(one, 100, reference="Pay"), withdraw(one, 30), transfer(one, two, 20), transfer(two, one, 5)]
    handle_all(commands, by=BY)
    for _ in ("from the stream", "from the table"):
        found = movements.page(one, 10)
        assert [(m.kind, m.amount_minor, m.balance_minor, m.stream_position) for m in found] == [
            ("transfer_received", 5, 55, 5),
            ("transfer_sent", -20, 50, 4),
            ("withdrawal", -30, 70, 3),
            ("deposit", 100, 100, 2),
        ]
        assert found[0].transfer_id == commands[3].command_id
        assert (found[0].counterparty_account_id, found[3].counterparty_account_id) == (two, None)
        drain()


def test_the_other_side_is_named_by_holder_and_iban_or_as_the_party_outside() -> None:
    ada = an_account(100, customer_id=a_customer("Ada Lovelace"))
    grace = an_account(customer_id=a_customer("Grace Hopper"))
    handle_all([transfer(ada, grace, 20), deposit(grace, 1, counterparty="Acme 1"), withdraw(grace, 1)], by=BY)
    row = balances.find(ada)
    assert row is not None
    for _ in ("from the stream", "from the table"):
        told = [m.counterparty for m in movements.page(grace, 10)]
        assert told == ["", "Acme 1", f"Ada Lovelace {row.iban}"]
        drain()


def test_what_was_said_about_it_is_kept() -> None:
    account_id = an_account()
    when = datetime(2026, 3, 1, tzinfo=UTC)
    command = deposit(account_id, 1, reference="R", operation="O", purpose="P", counterparty="C", at=when)
    event = handle(command, by=BY).events[0]
    for _ in ("from the stream", "from the table"):
        (found,) = movements.page(account_id, 10)
        assert (found.reference, found.operation, found.purpose, found.outside_party) == ("R", "O", "P", "C")
        assert (found.event_id, found.occurred_at, found.recorded_at) == (event.id, when, event.recorded_at)
        drain()


# --- the same list wherever the worker is


@pytest.mark.parametrize("share", [0, 0.3, 0.7, 1])
def test_the_list_is_the_same_wherever_the_worker_has_got_to(share: float) -> None:
    chance = chances(a_seed())(f"movements {share}")
    accounts = three_accounts()
    live(accounts, chance, 160)
    head = seal_all().position
    project_up_to(int(head * share))
    live(accounts, chance, 10)  # and something that is not even sealed
    for account_id in accounts:
        whole = movements.page(account_id, 10_000)
        assert bare(whole) == fold(account_id)
        for _ in range(40):
            wanted, limit = random_filter(chance), chance.choice([1, 2, 5, 1_000])
            before = chance.choice([None, 1, 2, chance.randrange(1, 100), 10**6])
            expected = [m for m in whole if fits(m, wanted) and (before is None or m.stream_position < before)]
            found = movements.page(account_id, limit, before, wanted)
            assert found == expected[:limit], f"{wanted} before {before}"


def test_a_list_that_is_read_page_by_page_is_whole_while_movements_are_added_and_projected() -> None:
    chance = chances(a_seed())("pages")
    account_id = an_account(10_000)
    handle_all([withdraw(account_id, 1, reference=str(n)) for n in range(30)], by=BY)
    whole, found = fold(account_id), []
    before: int | None = None
    while page := movements.page(account_id, 4, before):
        found += page
        before = page[-1].stream_position
        handle(deposit(account_id, 5), by=BY)
        if chance.random() < 0.5:
            seal_all()
        if chance.random() < 0.5:
            drain()
    assert bare(found) == whole


def test_nothing_is_listed_twice_or_missing_while_a_worker_writes_the_table() -> None:
    account_id = an_account(10_000)
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            drain()

    worker = threading.Thread(target=work)
    worker.start()
    try:
        for n in range(120):
            handle(withdraw(account_id, 1), by=BY)
            listed = movements.page(account_id, 1_000, before=10**9)
            assert [m.stream_position for m in listed] == list(range(n + 3, 1, -1))
    finally:
        stop.set()
        worker.join(20)


def test_an_account_without_movements_and_an_unknown_one_have_empty_lists() -> None:
    assert movements.page(an_account(), 10) == []
    assert movements.page(new_id(), 10) == []
    drain()
    assert movements.page(an_account(), 10) == []


# --- filters


@pytest.mark.parametrize(
    "text",
    [
        "Rent",
        "rent",
        "100 %",
        "%",
        "_",
        "a_b",
        "\\",
        "příjem",
        "PŘÍJEM",
        "straße",
        " ",
        "  ",
        "ends here here it goes on",
    ],
)
def test_text_is_found_the_same_in_the_stream_and_in_the_table(text: str) -> None:
    account_id = an_account()
    handle_all(
        [deposit(account_id, 1, reference=a, operation=b) for a in WORDS for b in ("", "here it goes on")], by=BY
    )
    from_the_stream = bare(movements.page(account_id, 1_000, filters=MovementFilter(text=text)))
    drain()
    from_the_table = bare(movements.page(account_id, 1_000, filters=MovementFilter(text=text)))
    assert from_the_stream == from_the_table
    assert from_the_table == [m for m in fold(account_id) if fits(m, MovementFilter(text=text))]


@pytest.mark.parametrize("projected", [False, True])
def test_days_and_amounts_of_a_filter_both_belong_to_it(projected: bool) -> None:
    account_id = an_account()
    midnight = datetime(2026, 3, 28, tzinfo=UTC)
    moments = [midnight - timedelta(microseconds=1), midnight, midnight + timedelta(days=1, microseconds=-1)]
    moments.append(midnight + timedelta(days=1))
    handle_all([deposit(account_id, 10 + n, at=at) for n, at in enumerate(moments)], by=BY)
    handle(withdraw(account_id, 12, at=midnight), by=BY)
    if projected:
        drain()

    def amounts(**wanted: object) -> list[int]:
        found = movements.page(account_id, 100, filters=MovementFilter(**wanted))  # type: ignore[arg-type]
        return [m.amount_minor for m in found]

    assert amounts(from_date=date(2026, 3, 28), to_date=date(2026, 3, 28)) == [-12, 12, 11]
    assert amounts(to_date=date(2026, 3, 27)) == [10]
    assert amounts(from_date=date(2026, 3, 29)) == [13]
    assert amounts(from_date=date.min, to_date=date.max) == [-12, 13, 12, 11, 10]
    assert amounts(min_minor=12, max_minor=12) == [-12, 12]
    assert amounts(min_minor=13) == [13]
    assert amounts(max_minor=10) == [10]
    assert amounts(kind="withdrawal") == [-12]
    assert amounts(kind="deposit", min_minor=12) == [13, 12]


@pytest.mark.parametrize("projected", [False, True])
def test_transfers_are_found_by_whom_they_went_to_or_came_from(projected: bool) -> None:
    grace = a_customer("Grace Hopper")
    ours, theirs, another = an_account(100), an_account(customer_id=grace), an_account()
    handle_all([transfer(ours, theirs, 7), transfer(ours, another, 8), deposit(ours, 9)], by=BY)
    if projected:
        drain()
    row = balances.find(theirs)
    assert row is not None
    for text in ("hopper", row.iban, row.iban[6:14].lower()):
        found = movements.page(ours, 10, filters=MovementFilter(text=text))
        assert [m.amount_minor for m in found] == [-7]


# --- the rest of the questions


@pytest.mark.parametrize("projected", [False, True])
def test_one_movement_is_found_by_its_place_and_no_other(projected: bool) -> None:
    account_id = an_account(100)
    handle(withdraw(account_id, 1), by=BY)
    if projected:
        drain()
    for position, amount in [(0, None), (1, None), (2, 100), (3, -1), (4, None), (10**6, None)]:
        found = movements.find(account_id, position)
        assert (found.amount_minor if found else None) == amount


@pytest.mark.parametrize("projected", [False, True])
def test_the_last_movements_of_several_accounts_are_told_the_newest_first(projected: bool) -> None:
    one, two = an_account(), an_account()
    for n in range(6):
        handle(deposit((one, two)[n % 2], n + 1, at=AT + timedelta(minutes=n)), by=BY)
    if projected:
        drain()
    assert [m.amount_minor for m in movements.recent([one, two], 4)] == [6, 5, 4, 3]
    assert movements.recent([], 4) == []


@pytest.mark.parametrize("projected", [False, True])
def test_the_balance_at_the_end_of_each_day_is_that_after_its_last_movement(projected: bool) -> None:
    account_id = an_account()
    for day, minor in [(26, 10), (26, 5), (28, 1)]:
        handle(deposit(account_id, minor, at=datetime(2026, 3, day, 12, tzinfo=UTC)), by=BY)
    if projected:
        drain()
    assert balances_at_ends_of_days(account_id, date(2026, 3, 26)) == [
        (date(2026, 3, 26), 15),
        (date(2026, 3, 28), 16),
    ]
    assert balances_at_ends_of_days(account_id, date(2026, 3, 27)) == [(date(2026, 3, 28), 16)]


def test_who_knows_the_version_gets_the_same_page_with_fewer_questions() -> None:
    one = an_account()
    handle_all([deposit(one, 100), withdraw(one, 30)], by=BY)
    drain()
    handle_all([deposit(one, 5)], by=BY)
    for version in (3, 4, 4):  # behind the worker's rows, before them, and level with them
        assert movements.page(one, 10, version=version)[-2:] == movements.page(one, 10)[-2:]
        if version == 4:
            assert movements.page(one, 10, version=version) == movements.page(one, 10)
            drain()
    assert [m.stream_position for m in movements.page(one, 1, version=4)] == [4]
