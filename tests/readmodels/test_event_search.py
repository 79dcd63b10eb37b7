"""Event search: a row for every sealed event, nothing personal in it, and each filter by an index."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from msgspec import structs

from accounts.account_commands import FreezeAccount
from accounts.handler import Actor, handle
from accounts.log_in import ChangeRoles
from ledger.ids import new_id
from ledger.projections import async_projection
from ledger.reading import read_stream
from ledger.rebuilding import rebuild
from ledger.runner import drain
from readmodels import event_pages, leading
from readmodels.event_pages import WALKING, EventFilter, lead_of, page, statement
from readmodels.event_search import EventSearchRow
from tests.acting import as_owner
from tests.ledger.book import write
from tests.ledger.owner import tamper
from tests.spec import AT, envelope
from tests.steps import a_customer, an_account, deposit, do, transfer

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def rows(stream_id: UUID) -> list[EventSearchRow]:
    return list(EventSearchRow.objects.filter(stream_id=stream_id).order_by("position"))


class TestRows:
    def test_a_row_says_what_the_event_is_found_by(self) -> None:
        account_id, other_id, correlation_id, cause = an_account(50_00), an_account(), new_id(), new_id()
        outcome = handle(
            transfer(account_id, other_id, 7_00, reference="Žluťoučký kůň, kůň", at=AT + timedelta(days=3)),
            by=Actor("user:7", "web"),
            correlation_id=correlation_id,
            causation_id=cause,
        )
        drain()
        row, event = rows(account_id)[-1], outcome.events[0]
        assert (row.stream_position, row.stream_kind, row.type, row.actor) == (3, "account", "TransferSent", "user:7")
        assert (row.command_id, row.correlation_id, row.causation_id) == (outcome.command_id, correlation_id, cause)
        assert (row.occurred_at, row.recorded_at) == (AT + timedelta(days=3), event.recorded_at)
        assert (row.amount_minor, row.currency, row.words) == (7_00, "EUR", "zlutoucky kun")
        (sealed,) = list(read_stream(account_id, after=2))
        assert row.position == sealed.position

    def test_what_moves_no_money_has_no_amount_and_its_other_texts_are_words(self) -> None:
        account_id, log_in_id = an_account(name="Rainy days"), new_id()
        do(FreezeAccount(account_id=account_id, reason="Card lost", **envelope()))
        do(ChangeRoles(log_in_id=log_in_id, user_id=7, roles=["teller", "auditor"], **envelope()))
        drain()
        opened, frozen = rows(account_id)
        assert opened.words.endswith(" rainy days")
        assert opened.words.startswith("lu")
        assert (frozen.words, frozen.amount_minor, frozen.currency) == ("card lost", None, None)
        (roles,) = rows(log_in_id)
        assert (roles.stream_kind, roles.words) == ("log_in", "auditor teller")

    def test_nothing_personal_is_in_it(self) -> None:
        customer_id = a_customer("Ada Lovelace", "ada@example.org")
        drain()
        (row,) = rows(customer_id)
        assert (row.stream_kind, row.type, row.words) == ("customer", "CustomerRegistered", "")

    def test_an_event_that_cannot_be_read_has_a_row_too(self) -> None:
        account_id, stranger = an_account(5_00), write(count=1)
        with as_owner():
            tamper("update ledger_event set type = 'Forgotten' where stream_id = %s", stranger)
            tamper(
                "update ledger_event set schema_version = 9, data = %s::jsonb"
                " where stream_id = %s and stream_position = 2",
                '{"occurred_at": "2020-02-02T02:02:02Z", "note": "Quarterly fee", "name": {"$personal": "x"}}',
                account_id,
            )
        do(deposit(account_id, 1_00))
        drain()
        assert [row.type for row in rows(account_id)] == ["AccountOpened", "DepositMade", "DepositMade"]
        odd = rows(account_id)[1]
        assert (odd.stream_kind, odd.words, odd.amount_minor) == ("account", "quarterly fee", None)
        assert odd.occurred_at == datetime(2020, 2, 2, 2, 2, 2, tzinfo=UTC)
        (forgotten,) = rows(stranger)
        assert (forgotten.stream_kind, forgotten.type, forgotten.command_id) == ("test", "Forgotten", None)

    def test_made_anew_it_is_the_same(self) -> None:
        account_id = an_account(5_00)
        write(count=3)
        with as_owner():
            tamper(
                "update ledger_event set type = 'Forgotten' where stream_id = %s and stream_position = 2", account_id
            )
        drain()
        assert rebuild("event_search", check=True).differences == 0
        before = list(EventSearchRow.objects.order_by("position").values())
        assert rebuild("event_search").switched
        assert list(EventSearchRow.objects.order_by("position").values()) == before
        with connection.cursor() as cursor:
            cursor.execute("select indexname from pg_indexes where tablename = 'readmodels_event_search'")
            assert {row[0] for row in cursor.fetchall()} >= {"readmodels_event_words", "readmodels_event_kind"}

    def test_of_the_event_table_it_needs_no_index(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("select count(*) from pg_indexes where tablename = 'ledger_event_1'")
            assert cursor.fetchone() == (2,)
        assert async_projection("event_search").types is None


@pytest.fixture
def large() -> None:
    """60,000 events of six years; few of them rare."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            """
            insert into readmodels_event_search (position, stream_id, stream_position, stream_kind, type, actor,
                command_id, correlation_id, causation_id, occurred_at, recorded_at, amount_minor, currency, words)
            select n, md5((n %% 600)::text)::uuid, n / 600 + 1,
                   case when n %% 2000 = 7 then 'log_in' else 'account' end,
                   case when n %% 2000 = 7 then 'SignedIn' when n %% 3 = 0 then 'WithdrawalMade' else 'DepositMade' end,
                   'user:' || n %% 40, md5('c' || n)::uuid, md5('r' || n / 4)::uuid, md5('c' || n)::uuid,
                   %(now)s - (60000 - n) * interval '50 minutes', %(now)s - (60000 - n) * interval '1 second',
                   n * 7919 %% 100000, 'EUR', case when n %% 2 = 0 then 'salary' else 'invoice ' || n end
            from generate_series(1, 60000) n
            """,
            {"now": NOW},
        )
        cursor.execute("vacuum analyze readmodels_event_search")


STREAM = UUID("c4ca4238-a0b9-2382-0dcc-509a6f75849b")  # md5 of 1
FROM, TO = NOW - timedelta(days=900), NOW - timedelta(days=870)
FILTERS = {
    "none": EventFilter(),
    "stream": EventFilter(stream_id=STREAM),
    "rare kind": EventFilter(kind="log_in"),
    "usual kind": EventFilter(kind="account"),
    "kind that there is none of": EventFilter(kind="webhook_endpoint"),
    "rare type": EventFilter(type="SignedIn"),
    "usual type": EventFilter(type="DepositMade"),
    "type that there is none of": EventFilter(type="NoSuchType"),
    "actor": EventFilter(actor="user:7"),
    "correlation": EventFilter(correlation_id=STREAM),
    "command": EventFilter(command_id=STREAM),
    "recorded": EventFilter(from_at=NOW - timedelta(hours=10), to_at=NOW - timedelta(hours=9)),
    "occurred": EventFilter(clock="occurred", from_at=FROM, to_at=TO),
    "positions": EventFilter(first=20_000, last=30_000),
    "rare amount": EventFilter(currency="EUR", min_minor=777_77, max_minor=777_79),
    "usual amount": EventFilter(currency="EUR", min_minor=1_00),
    "stream and type": EventFilter(stream_id=STREAM, type="WithdrawalMade"),
    "actor and type in a span": EventFilter(
        actor="user:7", type="DepositMade", clock="occurred", from_at=FROM, to_at=TO
    ),
    "actor and rare type": EventFilter(actor="user:7", type="SignedIn"),
    "stream and words": EventFilter(stream_id=STREAM, text="salary"),
    "everything": EventFilter(
        stream_id=STREAM, kind="account", type="DepositMade", actor="user:1", correlation_id=STREAM,
        command_id=STREAM, clock="occurred", first=1, last=60_000, currency="EUR", min_minor=1, max_minor=10**9,
        text="salary", from_at=FROM, to_at=TO,
    ),
}  # fmt: skip


# What has an index of its own, in this bank and in one where nearly all is of one kind.
LED = {
    "stream_id": EventFilter(stream_id=STREAM),
    "stream_kind": EventFilter(kind="log_in"),
    "type": EventFilter(type="DepositMade"),
    "actor": EventFilter(actor="user:7"),
    "correlation_id": EventFilter(correlation_id=UUID("c9218549-c70a-d746-7b0c-897a08f6e832")),
}


def wanted_between(wanted: EventFilter) -> EventFilter:
    """The same between two positions."""
    return structs.replace(wanted, first=20_001, last=40_000)


def plan(sql: str, values: list[Any], settings: str = "") -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"begin; {settings} explain {sql}", values)
        while "QUERY PLAN" not in (cursor.description or [("",)])[0][0]:
            cursor.nextset()
        found = "\n".join(row[0] for row in cursor.fetchall())
        cursor.execute("rollback")
    return found


@pytest.mark.usefixtures("large")
class TestPlans:
    @pytest.mark.parametrize("edge", [{}, {"before": 30_000}, {"after": 30_000}], ids=["newest", "older", "newer"])
    def test_every_filter_uses_an_index(self, edge: dict[str, Any]) -> None:
        for name, wanted in FILTERS.items():
            found = plan(*statement(wanted, 51, lead=lead_of(wanted), **edge))
            assert "Seq Scan" not in found, f"{name}: {found}"

    @pytest.mark.parametrize("edge", [{}, {"before": 30_000}, {"after": 30_000}], ids=["newest", "older", "newer"])
    def test_what_is_held_fast_is_walked_along_its_own_index_however_usual_it_is(self, edge: dict[str, Any]) -> None:
        for lead, wanted in LED.items():
            assert lead_of(wanted) == lead
            found = plan(*statement(wanted, 51, lead=lead, **edge), settings=leading.SETTINGS)
            index = {"stream_id": "stream", "stream_kind": "kind", "correlation_id": "correlation"}.get(lead, lead)
            assert f"Backward using readmodels_event_{index} " in found or (
                "after" in edge and f"Scan using readmodels_event_{index} " in found
            ), found
            assert "Sort" not in found

    def test_of_several_the_rarest_leads_and_nothing_where_an_amount_is_rarer(self) -> None:
        assert lead_of(EventFilter(actor="user:7", type="SignedIn")) == "type"
        assert lead_of(EventFilter(actor="user:7", type="DepositMade")) == "actor"
        assert lead_of(EventFilter(stream_id=STREAM, type="DepositMade", kind="account")) == "stream_id"
        rare = EventFilter(actor="user:7", currency="EUR", min_minor=777_77, max_minor=777_79)
        assert lead_of(rare) is None
        assert lead_of(EventFilter(kind="account")) is None
        assert lead_of(FILTERS["actor and type in a span"]) is None

    @pytest.mark.parametrize("edge", [{}, {"before": 30_000}, {"after": 30_000}], ids=["newest", "older", "newer"])
    def test_what_leads_changes_nothing_of_what_is_found(self, edge: dict[str, Any]) -> None:
        between = {name: wanted_between(wanted) for name, wanted in LED.items()}
        for wanted in (*LED.values(), *between.values(), FILTERS["stream and type"], FILTERS["actor and rare type"]):
            led = [event.position for event in page(wanted, 50, **edge).events]
            sql, values = statement(wanted, 50, **edge)
            with connection.cursor() as cursor:
                cursor.execute(sql, values)
                found = [row[0] for row in cursor.fetchall()]
            assert led == (found[::-1] if "after" in edge else found)

    @pytest.mark.parametrize("text", ["salary", "invoice 5777", "nowhere", "salary invoice"])
    def test_words_are_found_by_a_walk_or_by_their_index(self, text: str) -> None:
        for wanted in (EventFilter(text=text), EventFilter(text=text, actor="user:7")):
            walk = plan(*statement(wanted, 51), settings=WALKING)
            assert "Seq Scan" not in walk, walk
            at_once = plan(*statement(EventFilter(text=text), 51, at_once=True))
            assert "readmodels_event_words" in at_once
            assert "Seq Scan" not in at_once

    @pytest.mark.parametrize(("text", "expected"), [("salary", 50), ("invoice 57", 50), ("5777", 6), ("nowhere", 0)])
    @pytest.mark.parametrize("glance_ms", [1_000, 1])
    def test_both_ways_to_find_words_find_the_same(
        self, text: str, expected: int, glance_ms: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(event_pages, "_GLANCE_MS", glance_ms)
        found = page(EventFilter(text=text), 50)
        assert len(found.events) == expected
        assert found.events == sorted(found.events, key=lambda event: event.position, reverse=True)


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("name", ["none", "usual type", "actor", "occurred", "rare amount"])
def test_pages_both_ways_are_each_other_backwards(name: str) -> None:
    wanted = FILTERS[name]
    down: list[list[int]] = []
    found = page(wanted, 20)
    for _ in range(5):
        down.append([event.position for event in found.events])
        if not found.has_older:
            break
        found = page(wanted, 20, before=down[-1][-1])
    up = [down[-1]]
    for _ in down[1:]:
        found = page(wanted, 20, after=up[-1][0])
        up.append([event.position for event in found.events])
    assert up == down[::-1]
    assert not page(wanted, 20, after=down[0][0]).has_newer


def test_there_is_no_filter_without_a_plan() -> None:
    of: Callable[[EventFilter], set[str]] = lambda wanted: {  # noqa: E731
        name for name in EventFilter.__struct_fields__ if getattr(wanted, name) != getattr(EventFilter(), name)
    }
    assert set().union(*(of(wanted) for wanted in FILTERS.values())) == set(EventFilter.__struct_fields__)
