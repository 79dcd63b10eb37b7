"""The append: a batch whole or not at all, at the versions that it expects."""

import time
from uuid import UUID

import psycopg
import pytest
from django.db import connection

from accounts.account import AccountOpened
from accounts.iban import iban_for
from ledger import store
from ledger.connections import cursor, transaction
from ledger.ids import derived_id, new_id
from ledger.models import Command, Event, Stream
from ledger.reading import read_stream, stream_version
from readmodels import balances
from tests.ledger.book import batch_for, connection_parameters, write
from tests.spec import AT

pytestmark = pytest.mark.django_db(transaction=True)


def numbers_drawn() -> int:
    with connection.cursor() as cur:
        cur.execute("select case when is_called then last_value else 0 end from ledger_event_sequence")
        return int(cur.fetchone()[0])


def test_events_are_numbered_within_their_stream_and_dated_by_their_transaction() -> None:
    stream_id = new_id()
    with cursor() as cur:
        appended = store.append(cur, batch_for(stream_id, 3))
    events = list(read_stream(stream_id))
    assert [event.stream_position for event in events] == [1, 2, 3]
    assert {event.recorded_at for event in events} == {appended.recorded_at}
    assert stream_version(stream_id) == 3
    assert appended.sequence == numbers_drawn() == 3


def test_a_stream_of_ten_thousand_events_is_appended_in_one_statement() -> None:
    stream_id = write(count=10_000)
    assert stream_version(stream_id) == 10_000
    assert sum(1 for _ in read_stream(stream_id)) == 10_000


@pytest.mark.parametrize("expected", [0, 1, 3])
def test_an_append_at_another_version_than_the_streams_writes_nothing_and_draws_no_number(expected: int) -> None:
    stream_id = write(count=2)
    drawn = numbers_drawn()
    with pytest.raises(store.VersionsMoved), cursor() as cur:
        store.append(cur, batch_for(stream_id, 2, after=expected))
    assert numbers_drawn() == drawn
    assert stream_version(stream_id) == 2
    assert Event.objects.count() == 2


def test_an_append_to_a_stream_that_does_not_exist_at_a_version_it_never_had_writes_nothing() -> None:
    stream_id = new_id()
    with pytest.raises(store.VersionsMoved), cursor() as cur:
        store.append(cur, batch_for(stream_id, 1, after=5))
    assert (numbers_drawn(), stream_version(stream_id)) == (0, 0)


def test_when_one_of_many_streams_has_moved_none_of_them_is_written() -> None:
    fresh, moved, still = new_id(), write(count=2), write(count=1)
    drawn = numbers_drawn()
    batch = store.Batch()
    for stream_id, after in ((fresh, 0), (moved, 1), (still, 1)):
        part = batch_for(stream_id, 2, after=after)
        batch.streams |= part.streams
        batch.events += part.events
    with pytest.raises(store.VersionsMoved), cursor() as cur:
        store.append(cur, batch)
    assert numbers_drawn() == drawn
    assert [stream_version(stream_id) for stream_id in (fresh, moved, still)] == [0, 2, 1]


def test_who_waits_for_a_streams_head_has_drawn_no_number_yet() -> None:
    """Only who owns a transaction id, by the update of the head, draws a number: sealing stands on this."""
    stream_id = write()
    with psycopg.connect(**connection_parameters()) as holder:
        holder.execute("select 1 from ledger_stream where id = %s for update", (stream_id,))
        drawn = numbers_drawn()
        with psycopg.connect(**connection_parameters(), autocommit=True) as other:
            other.execute("set lock_timeout = '200ms'")
            with pytest.raises(psycopg.errors.LockNotAvailable), other.cursor(binary=True) as cur:
                store.append(cur, batch_for(stream_id, 1, after=1))
        assert numbers_drawn() == drawn


def test_a_constraint_of_an_inline_projection_undoes_events_heads_and_log() -> None:
    iban = iban_for(new_id())

    def opening() -> AccountOpened:
        return AccountOpened(
            customer_id=new_id(), iban=iban, name="A", currency="EUR", overdraft_limit_minor=0, occurred_at=AT
        )

    write(events=[opening()])
    stream_id, command_id = new_id(), new_id()
    batch = batch_for(stream_id, 1, events=[opening()])
    batch.commands.append(a_command(command_id))
    with pytest.raises(store.ConstraintRefused) as refused, cursor() as cur:
        store.append(cur, batch)
    assert refused.value.code == "iban_taken"
    assert stream_version(stream_id) == 0
    assert not Stream.objects.filter(id=stream_id).exists()
    assert not Command.objects.filter(command_id=command_id).exists()
    assert balances.find(stream_id) is None


def a_command(command_id: UUID) -> store.CommandRow:
    return store.CommandRow(
        command_id=command_id,
        type="Test",
        fingerprint=b"f" * 32,
        actor="system:test",
        channel="job",
        correlation_id=new_id(),
        refusal=None,
        result={},
    )


def test_a_command_id_that_is_in_the_log_undoes_the_whole_batch() -> None:
    command_id, stream_id = new_id(), new_id()
    with cursor() as cur:
        store.append(cur, store.Batch(commands=[a_command(command_id)]))
    batch = batch_for(stream_id, 2)
    batch.commands += [a_command(new_id()), a_command(command_id)]
    with pytest.raises(store.CommandExists), cursor() as cur:
        store.append(cur, batch)
    assert stream_version(stream_id) == 0
    assert Command.objects.count() == 1


def test_commands_alone_can_be_logged_and_draw_no_number() -> None:
    with cursor() as cur:
        appended = store.append(cur, store.Batch(commands=[a_command(new_id()) for _ in range(5)]))
    assert appended.sequence is None
    assert (Command.objects.count(), numbers_drawn()) == (5, 0)


def test_what_a_transaction_appended_is_gone_when_it_rolls_back() -> None:
    stream_id = new_id()

    class Undone(Exception):
        pass

    with pytest.raises(Undone), transaction() as cur:  # noqa: PT012
        store.append(cur, batch_for(stream_id, 2))
        raise Undone
    assert stream_version(stream_id) == 0
    assert Event.objects.count() == 0


def test_the_database_refuses_a_second_event_at_the_same_place_of_a_stream() -> None:
    stream_id = write(count=2)
    with psycopg.connect(**connection_parameters()) as conn, pytest.raises(psycopg.errors.UniqueViolation):
        conn.execute(
            "insert into ledger_event (stream_id, stream_position, id, type, schema_version, data, metadata)"
            " values (%s, 2, %s, 'AccountFrozen', 1, '{}', '{}')",
            (stream_id, new_id()),
        )


@pytest.mark.parametrize(
    "values",
    ["0, '{}', '{}'", "-1, '{}', '{}'", "null, '{}', '{}'", "1, null, '{}'", "1, '{}', null", "1, 'no json', '{}'"],
)
def test_the_database_refuses_an_event_that_is_not_one(values: str) -> None:
    with psycopg.connect(**connection_parameters()) as conn, pytest.raises(psycopg.Error):
        conn.execute(
            "insert into ledger_event (stream_id, id, type, schema_version, stream_position, data, metadata)"
            f" values (gen_random_uuid(), gen_random_uuid(), 'T', 1, {values})"
        )


def test_loading_tells_only_of_streams_that_exist() -> None:
    known, unknown = write(count=3), new_id()
    with cursor() as cur:
        assert {k: v.version for k, v in store.load(cur, [known, unknown]).items()} == {known: 3}
        assert store.load(cur, [unknown]) == {}
        assert store.load(cur, []) == {}


def test_new_ids_sort_by_the_time_of_their_making() -> None:
    ids = []
    for _ in range(5):
        ids.append(new_id())
        time.sleep(0.002)
    assert ids == sorted(ids)
    assert {made.version for made in ids} == {7}
    assert len({new_id() for _ in range(10_000)}) == 10_000


def test_derived_ids_are_the_same_for_the_same_names_for_ever() -> None:
    base = derived_id(new_id())
    assert derived_id(base, "account") == derived_id(base, "account")
    assert derived_id(base, "account") != derived_id(base, "customer")
    assert derived_id(base, "a", "b") != derived_id(base, "b", "a")
    assert str(derived_id(UUID(int=0), "account")) == "483e8303-ecf4-5bf9-a86a-d20a7d454f54"
