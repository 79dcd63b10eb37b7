"""The command log for auditors: what was asked for, by whom, what became of it, and how often it came again."""

import re
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction

from accounts.account_commands import FreezeAccount
from accounts.handler import Actor, handle, handle_all
from accounts.refusals import InsufficientFunds, Refused
from bank.access_records import reading
from bank.access_records.reading import AccessFilter
from bank.api.idempotency import command_id_of
from bank.identity.models import Role, User
from ledger.ids import derived_id, new_id
from ledger.models import Command
from ledger.runner import drain
from ledger.steering import Act, Order, steer
from readmodels import command_log
from readmodels.command_log import CommandFilter
from tests.spec import envelope
from tests.steps import an_account, deposit, transfer, withdraw
from tests.web.pages import Browser
from tests.web.people import Customer, a_login

pytestmark = pytest.mark.django_db(transaction=True)
ORDERS = Actor(id="system:orders", channel="job")
CARDS = Actor(id="system:cards", channel="api")


@pytest.fixture
def auditor(bank: None) -> Browser:
    return Browser.signed_in(a_login("auditor", Role.AUDITOR))


def refused(account_id: UUID, by: Actor = ORDERS, **fields: Any) -> UUID:
    command = withdraw(account_id, 10**9, **fields)
    with pytest.raises(InsufficientFunds):
        handle(command, by=by)
    return command.command_id


def a_pause() -> UUID:
    """A command that is accepted and changes no stream."""
    order = Order(
        act=Act.PAUSE,
        projection="daily_flows",
        command_id=new_id(),
        fingerprint=b"\1" * 32,
        actor="user:99",
        channel="web",
        correlation_id=new_id(),
    )
    steer(order, lambda _cursor: {})
    return order.command_id


def ids(wanted: CommandFilter, limit: int = 1_000, **edge: UUID) -> list[UUID]:
    return [command.command_id for command in command_log.page(wanted, limit, **edge).commands]


class TestWhatIsFound:
    @pytest.fixture
    def happened(self) -> dict[str, UUID]:
        """Commands by what they are, in the order of time."""
        one, two = an_account(100_00), an_account()
        came, went = deposit(one, 5), transfer(one, two, 1)
        correlation_id = new_id()
        handle(came, by=CARDS)
        handle(went, by=ORDERS, correlation_id=correlation_id)
        found = {"deposit": came.command_id, "transfer": went.command_id}
        found["refused"] = refused(one)
        found["pause"] = a_pause()
        freeze = FreezeAccount(account_id=two, reason="", **envelope())
        handle(freeze, by=ORDERS)
        found |= {"freeze": freeze.command_id, "one": one, "two": two, "correlation": correlation_id}
        drain()
        return found

    def test_each_filter_finds_what_it_says_and_nothing_else(self, happened: dict[str, UUID]) -> None:
        h = happened
        for wanted, expected in (
            (CommandFilter(actor="system:orders"), ["freeze", "refused", "transfer"]),
            (CommandFilter(actor="system:orders", outcome="accepted"), ["freeze", "transfer"]),
            (CommandFilter(actor="system:orders", outcome="refused"), ["refused"]),
            (CommandFilter(actor="user:99"), ["pause"]),
            (CommandFilter(actor="user:99", outcome="refused"), []),
            (CommandFilter(type="PauseProjection"), ["pause"]),
            (CommandFilter(type="Transfer"), ["transfer"]),
            (CommandFilter(type="Withdraw"), ["refused"]),
            (CommandFilter(channel="api"), ["deposit"]),
            (CommandFilter(refusal="insufficient_funds"), ["refused"]),
            (CommandFilter(refusal="account_closed"), []),
            (CommandFilter(refusal="insufficient_funds", outcome="accepted"), []),
            (CommandFilter(correlation_id=h["correlation"]), ["transfer"]),
            (CommandFilter(correlation_id=h["refused"]), ["refused"]),
            (CommandFilter(command_id=h["pause"]), ["pause"]),
            (CommandFilter(command_id=h["pause"], outcome="refused"), []),
            (CommandFilter(command_id=new_id()), []),
            (CommandFilter(stream_id=h["two"], actor="system:orders"), ["freeze", "transfer"]),
            (CommandFilter(stream_id=h["two"], type="Transfer"), ["transfer"]),
            (CommandFilter(stream_id=h["two"], outcome="refused"), []),
            (CommandFilter(stream_id=new_id()), []),
        ):
            assert ids(wanted) == [h[name] for name in expected], wanted

    def test_everything_comes_once_whatever_the_size_of_the_pages(self, happened: dict[str, UUID]) -> None:
        account_id = happened["one"]
        handle_all([deposit(account_id, 1) for _ in range(20)], by=CARDS)  # all at one time
        for _ in range(5):
            refused(account_id)
        drain()
        for wanted in (CommandFilter(), CommandFilter(stream_id=account_id), CommandFilter(actor="system:cards")):
            whole = ids(wanted)
            assert len(whole) == len(set(whole)) > 20
            for limit in (1, 3, 7):
                found, page = [], command_log.page(wanted, limit)
                assert not page.has_newer
                while True:
                    found += [command.command_id for command in page.commands]
                    if not page.has_older:
                        break
                    page = command_log.page(wanted, limit, before=found[-1])
                    back = ids(wanted, limit, after=page.commands[0].command_id)
                    assert back == found[-limit:][-len(back) :]
                assert found == whole, (wanted, limit)

    def test_the_log_and_what_is_listed_agree(self, happened: dict[str, UUID]) -> None:
        assert happened
        assert sorted(ids(CommandFilter())) == sorted(Command.objects.values_list("command_id", flat=True))


def test_a_command_that_comes_again_is_counted_and_a_new_one_is_not() -> None:
    account_id = an_account(100_00)
    command, no = deposit(account_id, 5), withdraw(account_id, 10**9)
    handle(command, by=ORDERS)
    assert command_log.replays_of([command.command_id]) == {}
    for _ in range(3):
        assert handle(command, by=ORDERS).replayed
    for _ in range(2):
        with pytest.raises(InsufficientFunds):
            handle(no, by=ORDERS)
    handle_all([command, deposit(account_id, 1), command], by=ORDERS)
    with pytest.raises(Refused):  # another request under the same id
        handle(deposit(account_id, 6, command_id=command.command_id), by=ORDERS)
    found = command_log.replays_of([command.command_id, no.command_id])
    assert {i: replay.times for i, replay in found.items()} == {command.command_id: 5, no.command_id: 1}
    replay = found[command.command_id]
    assert replay.first_at < replay.last_at


class TestTheList:
    def test_it_says_who_asked_for_what_and_why_it_was_refused(self, auditor: Browser, ada: Customer) -> None:
        by = Actor(id=f"user:{ada.user.pk}", channel="web")
        command_id = refused(ada.account_id, by)
        drain()
        page = auditor.open("/audit/commands?outcome=refused")
        assert "Withdraw" in page.text
        assert "The balance does not cover this: 500.00 EUR available." in page.text
        assert f"Withdraw {command_id}" in page.links
        assert "ada" in page.links
        assert str(command_id) not in auditor.open("/audit/commands?outcome=accepted").html

    def test_a_key_is_found_with_the_person_whose_key_it_is(self, auditor: Browser, ada: Customer) -> None:
        command_id = command_id_of(ada.user.pk, "rent of May")
        handle(deposit(ada.account_id, 5, command_id=command_id), by=Actor(f"user:{ada.user.pk}", "api"))
        drain()
        assert str(command_id) in auditor.open("/audit/commands?key=rent+of+May&actor=ada").html
        alone = auditor.open("/audit/commands?key=rent+of+May")
        assert alone.status == 422
        assert "say under Who asked whose key it is" in alone.text
        assert "No command fits" in auditor.open(f"/audit/commands?key=x&actor=ada&command={command_id}").text

    @pytest.mark.parametrize(
        "query",
        [
            "type=Nothing",
            "outcome=perhaps",
            "reason=none",
            "channel=pigeon",
            "stream=7",
            "correlation=x",
            "command=%00",
            "from=yesterday",
            "from=2026-02-02&to=2026-02-01",
            "actor=whoever",
            "actor=%00",
            "key=" + "k" * 256,
            "before=7",
            "after=x",
            "before=01a20000-0000-7000-8000-000000000001&after=01a20000-0000-7000-8000-000000000001",
        ],
    )
    def test_nonsense_is_told_in_words(self, auditor: Browser, query: str) -> None:
        page = auditor.open(f"/audit/commands?{query}")
        assert page.status == 422
        assert "Nothing is shown until the filters are right." in page.text

    def test_an_edge_that_nobody_knows_leads_back(self, auditor: Browser) -> None:
        page = auditor.open(f"/audit/commands?before={new_id()}")
        assert page.status == 200
        assert page.links["Newest"] == "/audit/commands"

    def test_the_pages_lead_both_ways(self, auditor: Browser) -> None:
        account_id = an_account()
        handle_all([deposit(account_id, 1) for _ in range(120)], by=CARDS)
        drain()
        first = auditor.open("/audit/commands?actor=system%3Acards")
        second = auditor.open(first.links["Older"])
        third = auditor.open(second.links["Older"])
        assert "Older" not in third.links
        assert "actor=system" in third.links["Newest"]
        assert auditor.open(third.links["Newer"]).links.keys() == second.links.keys()
        assert "Newer" not in first.links


class TestThePage:
    def test_of_an_accepted_command(self, auditor: Browser, ada: Customer, grace: Customer) -> None:
        command = transfer(ada.account_id, grace.account_id, 1_00)
        handle(command, by=ORDERS)
        handle(command, by=ORDERS)
        drain()
        page = auditor.open(f"/audit/commands/{command.command_id}")
        assert page.status == 200
        for words in ("Accepted", "system:orders", "Job", "Transfer sent", "Transfer received", "1 time", "Sealed"):
            assert words in page.text, words
        for words in ("Asked for", "Decided", "Recorded", "ms later"):
            assert words in page.text, words
        looked = {(record.customer_id, record.account_id) for record in reading.page(AccessFilter(), 10)}
        assert looked == {(ada.customer_id, ada.account_id), (grace.customer_id, grace.account_id)}

    def test_of_one_that_is_not_sealed_yet(self, auditor: Browser, ada: Customer) -> None:
        command = deposit(ada.account_id, 1)
        handle(command, by=ORDERS)
        assert "Being sealed" in auditor.open(f"/audit/commands/{command.command_id}").text

    def test_of_a_refused_one(self, auditor: Browser, ada: Customer) -> None:
        page = auditor.open(f"/audit/commands/{refused(ada.account_id)}")
        for words in ("Refused", "insufficient_funds", "500.00 EUR available", "None: it was refused.", "Never"):
            assert words in page.text, words
        for words in ("The request came", "ms later", "From the request to the record."):
            assert words in page.text, words

    def test_a_request_whose_number_tells_no_time_has_no_duration(self, auditor: Browser, ada: Customer) -> None:
        for number in (uuid4(), UUID(int=(1 << 127) | (7 << 76) | (2 << 62)), derived_id(new_id(), "x")):
            command = withdraw(ada.account_id, 10**9)
            with pytest.raises(InsufficientFunds):
                handle(command, by=ORDERS, correlation_id=number)
            page = auditor.open(f"/audit/commands/{command.command_id}")
            assert page.status == 200
            assert "From the request to the record." not in page.text

    def test_the_list_says_how_long_each_took(self, auditor: Browser, ada: Customer) -> None:
        refused(ada.account_id)
        drain()
        page = auditor.open("/audit/commands")
        assert "Duration" in page.text
        # Ada's registration, her account, her money, and the refusal.
        assert len(re.findall(r"\d ms\b", page.text)) >= 4

    def test_of_one_that_changed_no_stream(self, auditor: Browser) -> None:
        page = auditor.open(f"/audit/commands/{a_pause()}")
        assert page.status == 200
        assert "changed no stream" in page.text

    def test_of_none(self, auditor: Browser) -> None:
        assert auditor.open(f"/audit/commands/{new_id()}").status == 404


class TestPlans:
    """With enough rows, no page reads a large table from end to end."""

    @pytest.fixture(autouse=True)
    def _large(self) -> None:
        account_id = an_account()
        for _ in range(4):
            handle_all([deposit(account_id, 1) for _ in range(1_000)], by=CARDS)
        handle_all([withdraw(account_id, 10**9) for _ in range(1_000)], by=CARDS)
        drain()
        with connection.cursor() as cursor:
            cursor.execute("analyze ledger_command, readmodels_command_search, ledger_event")
        self.account_id = account_id

    def test_each_way_to_ask_uses_an_index(self) -> None:
        # In the middle: beside the newest, those few newer ones are as quickly read by their time.
        mark = ids(CommandFilter(), 2_500)[-1]
        for wanted in (
            CommandFilter(),
            CommandFilter(actor="system:cards"),
            CommandFilter(actor="user:1"),
            CommandFilter(type="OpenAccount"),
            CommandFilter(type="Withdraw", outcome="refused"),
            CommandFilter(channel="batch"),
            CommandFilter(refusal="account_closed"),
            CommandFilter(refusal="insufficient_funds"),
            CommandFilter(correlation_id=new_id()),
            CommandFilter(command_id=new_id()),
            CommandFilter(stream_id=self.account_id),
        ):
            for edge, newer in ((None, False), (mark, False), (mark, True)):
                lead = command_log.lead_of(wanted)
                sql, values = command_log.statement(wanted, 51, edge, newer=newer, lead=lead)
                plan = explain(sql, values)
                assert "Seq Scan" not in plan, (wanted, edge, newer, plan)
                assert lead is None or f"readmodels_command_{lead}" in plan, (wanted, edge, newer, plan)

    def test_what_leads_changes_nothing_of_what_is_found(self) -> None:
        mark = ids(CommandFilter(), 3_000)[-1]
        for wanted in (
            CommandFilter(actor="system:cards"),
            CommandFilter(channel="batch", type="Deposit"),
            CommandFilter(type="Deposit", outcome="accepted", actor="system:cards"),
        ):
            lead = command_log.lead_of(wanted)
            assert lead is not None
            for edge, newer in ((None, False), (mark, False), (mark, True)):
                led, plain = (
                    command_log.statement(wanted, 51, edge, newer=newer, lead=column) for column in (lead, None)
                )
                assert fetched(*led) == fetched(*plain)


def fetched(sql: str, values: list[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def explain(sql: str, values: list[Any]) -> str:
    """The plan, with a scan of a whole table made dear: a few thousand rows are read as quickly that way."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off")
        cursor.execute(f"explain {sql}", values)
        return "\n".join(row[0] for row in cursor.fetchall())


def test_customers_and_tellers_see_none_of_it(ada: Customer) -> None:
    command_id = refused(ada.account_id)
    for person in (ada.user, a_login("teller", Role.TELLER), a_login("operations", Role.OPERATIONS)):
        for path in ("", f"/{command_id}", f"/{new_id()}"):
            assert Browser.signed_in(person).open(f"/audit/commands{path}").status == 403


def test_people_of_the_bank_by_their_user_names(auditor: Browser, ada: Customer) -> None:
    gone = User.objects.create(username="gone")
    refused(ada.account_id, Actor(id=f"user:{gone.pk}", channel="web"))
    User.objects.filter(pk=gone.pk).delete()
    assert f"user:{gone.pk}" in auditor.open("/audit/commands?outcome=refused").text
