"""Time travel: any stream at any version and moment is what its events say, whichever states are kept of it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from accounts.aggregates import AGGREGATES, fold
from accounts.handler import handle_all
from accounts.replay import replay
from ledger.connections import cursor
from ledger.ids import new_id
from ledger.runner import drain
from readmodels import stream_states, time_travel
from readmodels.stream_states import EACH, StreamStateRow
from readmodels.time_travel import Silence, Stream, Why
from tests.acting import as_owner
from tests.chance import a_seed, chances
from tests.readmodels.histories import DAYS, TIMES, a_long_life, live, lives_of_endpoints, three_accounts
from tests.readmodels.strange_events import strange
from tests.steps import BY, a_customer, an_account, deposit

pytestmark = pytest.mark.django_db(transaction=True)

chance = chances(a_seed())


def stream(stream_id: UUID) -> Stream:
    found = time_travel.find(stream_id)
    assert found is not None
    return found


def every_stream() -> list[Stream]:
    with connection.cursor() as cur:
        cur.execute("select id from ledger_stream order by id")
        return [stream(row[0]) for row in cur.fetchall()]


def test_every_version_of_every_kind_of_stream_is_what_its_events_say() -> None:
    random = chance("versions")
    live(three_accounts(), random, 60)
    lives_of_endpoints(random, 20)
    long = a_long_life(random)
    drain()
    for one in every_stream():
        wanted = range(1, one.version + 1) if one.id != long else random.sample(range(1, one.version + 1), 40)
        for version in wanted:
            told = time_travel.tell(one, after=version - 1, to=version)
            assert told.after == fold(one.category, one.id, to=version), (one, version)
            assert told.silence is None
        assert one.now == fold(one.category, one.id, to=one.version)


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_stretch_has_the_state_before_it_and_after_each_of_its_events(is_kept: bool) -> None:
    random = chance("stretches")
    long = a_long_life(random)
    if is_kept:
        drain()
    one = stream(long)
    for after in [0, 1, EACH - 1, EACH, EACH + 1, 2 * EACH, *random.sample(range(one.version), 10)]:
        to = min(after + 25, one.version)
        told = time_travel.tell(one, after=after, to=to)
        assert told.before == (fold("account", long, to=after) if after else None)
        assert [s.stored.stream_position for s in told.steps] == list(range(after + 1, to + 1))
        assert [s.state for s in told.steps] == [fold("account", long, to=v) for v in range(after + 1, to + 1)]


def test_a_state_is_kept_of_every_two_hundredth_event_and_of_no_short_stream() -> None:
    long, short = a_long_life(chance("kept")), an_account(5)
    drain()
    assert list(
        StreamStateRow.objects.filter(stream_id=long).order_by("stream_position").values_list("stream_position")
    ) == [(200,), (400,)]
    assert not StreamStateRow.objects.filter(stream_id=short).exists()


@pytest.mark.parametrize("is_kept", [True, False])
def test_at_any_moment_it_is_what_had_happened_by_then_whenever_that_was_recorded(is_kept: bool) -> None:
    random = chance("moments")
    accounts = three_accounts()
    live(accounts, random, 40)
    long = a_long_life(random)
    if is_kept:
        drain()
    moments = [day + time for day in DAYS for time in TIMES]
    for stream_id in (*accounts, long):
        one = stream(stream_id)
        for moment in [*moments, moments[0] - timedelta(days=900), datetime.now(UTC)]:
            steps = list(replay(stream_id, as_of=moment))
            found = time_travel.as_of(one, moment)
            assert found.state == (steps[-1].state if steps else None)
            assert found.version == (steps[-1].stored.stream_position if steps else 0)
            assert found.left_out == found.version - len(steps)


def test_what_the_bank_knew_at_a_moment_is_the_last_version_recorded_by_then() -> None:
    long = a_long_life(chance("recorded"), 230)
    one = stream(long)
    recorded = [step.stored.recorded_at for step in replay(long)]
    assert recorded == sorted(recorded)
    for moment in [*recorded, recorded[0] - timedelta(microseconds=1), recorded[-1] + timedelta(days=1)]:
        assert time_travel.recorded_by(one, moment) == sum(at <= moment for at in recorded)


def test_where_the_worker_is_far_behind_states_are_not_waited_for_but_the_events_are_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(time_travel, "FOLD_AT_MOST", 50)
    long = a_long_life(chance("behind"), 120)
    one = stream(long)
    told = time_travel.tell(one, after=100, to=110)
    assert told.silence == Silence(Why.FAR)
    assert (told.before, told.after) == (None, None)
    assert [s.stored.stream_position for s in told.steps] == list(range(101, 111))
    assert time_travel.as_of(one, datetime.now(UTC)).silence == Silence(Why.FAR)
    assert time_travel.tell(one, after=49, to=50).after == fold("account", long, to=50)
    assert one.now == fold("account", long, to=121)


def test_a_state_of_another_schema_is_left_aside() -> None:
    long = a_long_life(chance("schema"))
    drain()
    with as_owner(), connection.cursor() as cur:
        cur.execute("update readmodels_stream_state set schema = schema + 1, state = '{}'")
    assert time_travel.tell(stream(long), after=409, to=410).after == fold("account", long, to=410)
    handle_all([deposit(long, 1) for _ in range(200)], by=BY)
    drain()
    assert StreamStateRow.objects.filter(stream_id=long, schema=AGGREGATES["account"].snapshot_schema).count() == 1
    assert time_travel.tell(stream(long), after=644, to=645).after == fold("account", long, to=645)


def test_from_an_event_on_that_the_code_cannot_read_the_state_is_not_known() -> None:
    long = an_account()
    handle_all([deposit(long, 1) for _ in range(149)], by=BY)
    strange(long, "account")
    handle_all([deposit(long, 1) for _ in range(300)], by=BY)
    drain()
    one = stream(long)
    assert time_travel.tell(one, after=140, to=150).after == fold("account", long, to=150)
    for version in (151, 152, 200, 201, 399, 400, 451):
        told = time_travel.tell(one, after=version - 1, to=version)
        assert (told.after, told.silence) == (None, Silence(Why.EVENT, 151)), version
    assert time_travel.tell(one, after=149, to=152).before is not None
    assert time_travel.as_of(one, datetime.now(UTC)).silence == Silence(Why.EVENT, 151)


def test_a_stream_of_a_kind_that_nobody_folds_is_told_without_states() -> None:
    nobodys = new_id()
    strange(nobodys, "dreams")
    one = stream(nobodys)
    told = time_travel.tell(one, after=0, to=1)
    assert (told.after, told.silence) == (None, Silence(Why.KIND))
    assert told.steps[0].stored.problem is not None
    assert time_travel.as_of(one, datetime.now(UTC)).silence == Silence(Why.KIND)


def test_a_stream_of_which_nothing_happened_is_not_found() -> None:
    assert time_travel.find(new_id()) is None


def test_a_stream_says_its_first_and_its_last_event() -> None:
    customer_id = a_customer()
    first, last = time_travel.ends(stream(customer_id))
    assert first is not None
    assert last is not None
    assert (first.type, last.stream_position) == ("CustomerRegistered", 1)


_FILL = """
insert into readmodels_stream_state (stream_id, stream_position, schema, state, first_at, latest_at)
select stream_id, 200 * n, 1, '{}', now() - interval '1 day' * (5001 - n), now() - interval '1 day' * (5000 - n)
from (select %(stream)s::uuid union all select gen_random_uuid() from generate_series(1, 20)) as those (stream_id),
     generate_series(3, 5000) as n
"""


def test_nothing_that_is_asked_reads_more_than_its_own_stream() -> None:
    """By the plans, as they are for a stream of a million events beside others."""
    long = a_long_life(chance("plans"))
    drain()
    with as_owner(), connection.cursor() as cur:
        cur.execute(_FILL, {"stream": long})
        cur.execute("analyze readmodels_stream_state")
    parameters: dict[str, Any] = {
        "stream": long,
        "schema": 1,
        "moment": datetime.now(UTC),
        "head": 10**6,
        "version": 10**6 - 1,
    }
    with connection.cursor() as cur:
        for statement in (stream_states._NEAREST, time_travel._BY_THEN, time_travel._PARTS):
            cur.execute(f"explain {statement}", parameters)
            plan = "\n".join(row[0] for row in cur.fetchall())
            assert "Index Cond" in plan, plan
            assert "Seq Scan" not in plan, plan


def test_a_moment_is_found_among_many_events_by_their_key() -> None:
    parameters = {"stream": a_long_life(chance("key")), "version": 451, "moment": datetime.now(UTC)}
    with cursor() as cur:
        rows = cur.execute(f"explain {time_travel._HALVED}", parameters).fetchall()
    plan = "\n".join(row[0] for row in rows)
    assert "stream_position_key" in plan or "_stream_position" in plan, plan
    assert "Seq Scan" not in plan, plan
