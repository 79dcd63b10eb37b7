"""Whoever of the bank is shown a customer's data leaves a record of it first; auditors read the records."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client

from bank.access_records import reading
from bank.access_records.models import AccessRecord
from bank.access_records.reading import AccessFilter
from bank.identity.models import Role, User
from bank.ops import roles
from ledger.ids import new_id
from ledger.models import Command, Event
from ledger.runner import drain
from tests.acting import as_owner
from tests.steps import a_customer, an_account, do, transfer
from tests.web.pages import Browser
from tests.web.people import Customer, a_login

pytestmark = pytest.mark.django_db(transaction=True)

PAGES = {
    "/customers/{c}": "/customers/<uuid:customer_id>",
    "/customers/{c}/open-account": "/customers/<uuid:customer_id>/open-account",
    "/accounts/{a}": "/accounts/<uuid:account_id>",
    "/accounts/{a}/movements.csv": "/accounts/<uuid:account_id>/movements.csv",
    "/accounts/{a}/movements/2": "/accounts/<uuid:account_id>/movements/<int:stream_position>",
    "/accounts/{a}/movements/2/explained": "/accounts/<uuid:account_id>/movements/<int:stream_position>/explained",
    "/accounts/{a}/explained": "/accounts/<uuid:account_id>/explained",
    "/accounts/{a}/events/1": "/accounts/<uuid:account_id>/events/<int:stream_position>",
    "/accounts/{a}/freeze": "/accounts/<uuid:account_id>/freeze",
}
SEERS = {Role.TELLER: PAGES, Role.ADMIN: PAGES, Role.AUDITOR: {p: r for p, r in PAGES.items() if "open" not in p}}


def recorded() -> list[AccessRecord]:
    return reading.page(AccessFilter(), 1_000)


def looks() -> list[tuple[UUID, UUID | None]]:
    return [(record.customer_id, record.account_id) for record in recorded()]


@pytest.fixture
def teller(bank: None) -> User:
    return a_login("teller", Role.TELLER)


@pytest.mark.parametrize("role", SEERS)
def test_each_page_with_a_customers_data_leaves_one_record(ada: Customer, role: Role) -> None:
    person = a_login("somebody", role)
    browser = Browser.signed_in(person)
    for address, route in SEERS[role].items():
        given = str(new_id())
        url = address.format(a=ada.account_id, c=ada.customer_id)
        browser.open(url, **{"X-Request-ID": given})
        record = recorded()[0]
        account_id = ada.account_id if "{a}" in address else None
        assert (record.actor, record.roles, record.channel) == (f"user:{person.pk}", [role], "web"), address
        assert (record.customer_id, record.account_id, record.route) == (ada.customer_id, account_id, route)
        assert str(record.correlation_id) == given
    assert len(recorded()) == len(SEERS[role])


def test_customers_leave_none_by_looking_at_their_own_data(browser: Browser, ada: Customer) -> None:
    for address in PAGES:
        browser.open(address.format(a=ada.account_id, c=ada.customer_id))
    receipt = browser.do(f"/accounts/{ada.account_id}/withdraw", "Withdraw now", amount="5")
    browser.open(f"{receipt.url}/slip")
    assert recorded() == []


def test_a_teller_who_banks_here_looks_at_the_own_account_as_any_customer(bank: None) -> None:
    customer_id = a_customer("Tilly Teller")
    account_id = an_account(100, customer_id=customer_id)
    browser = Browser.signed_in(a_login("tilly", Role.TELLER, Role.CUSTOMER, customer_id=customer_id))
    assert browser.open(f"/accounts/{account_id}").status == 200
    assert recorded() == []


def test_who_is_shown_nothing_leaves_none(ada: Customer, grace: Customer) -> None:
    for person in (grace.user, a_login("operations", Role.OPERATIONS), a_login("nobody")):
        for address in PAGES:
            Browser.signed_in(person).open(address.format(a=ada.account_id, c=ada.customer_id))
    Browser().open(f"/accounts/{ada.account_id}")
    assert recorded() == []


def test_searching_shows_masked_names_and_leaves_none(teller: User, ada: Customer) -> None:
    browser = Browser.signed_in(teller)
    browser.follow(browser.send(browser.open("/customers"), "Find customer", q="lovelace"))
    assert recorded() == []


def test_a_movement_shows_both_sides_and_leaves_a_record_of_each(teller: User, ada: Customer, grace: Customer) -> None:
    do(transfer(ada.account_id, grace.account_id, 1_00))
    Browser.signed_in(teller).open(f"/accounts/{ada.account_id}/movements/3")
    assert set(looks()) == {(ada.customer_id, ada.account_id), (grace.customer_id, grace.account_id)}


def test_a_receipt_leaves_a_record_of_each_customer_that_it_names(teller: User, ada: Customer, grace: Customer) -> None:
    browser = Browser.signed_in(teller)
    receipt = browser.do(f"/accounts/{ada.account_id}/deposit", "Deposit now", amount="20")
    before = len(recorded())
    browser.open(receipt.url)
    browser.open(f"{receipt.url}/slip")
    assert looks()[: len(recorded()) - before] == [(ada.customer_id, ada.account_id)] * 2
    sent = Browser.signed_in(ada.user).do(
        f"/accounts/{ada.account_id}/transfer", "Transfer now", to="iban", iban=grace.account.iban, amount="1"
    )
    before = len(recorded())
    Browser.signed_in(a_login("auditor", Role.AUDITOR)).open(sent.url)
    found = looks()[: len(recorded()) - before]
    assert set(found) == {(ada.customer_id, ada.account_id), (grace.customer_id, grace.account_id)}


class TestTheAdmin:
    @pytest.fixture
    def auditor(self, ada: Customer) -> Client:
        client = Client(raise_request_exception=False)
        client.force_login(User.objects.create_user("auditor", roles=[Role.AUDITOR], is_staff=True))
        drain()
        return client

    def test_pages_of_the_record_that_show_a_customers_data_leave_records(self, auditor: Client, ada: Customer) -> None:
        event = Event.objects.get(stream_id=ada.account_id, stream_position=2)
        command = Command.objects.get(type="OpenAccount")
        for path in (
            f"event/{event.pk}",
            f"entry/{event.entry.pk}",
            f"command/{command.pk}",
            f"stream/{ada.account_id}",
            f"event/{event.pk}",
        ):
            before = len(recorded())
            assert auditor.get(f"/admin/ledger/{path}/change/").status_code == 200
            (record, *_rest) = recorded()
            assert len(recorded()) == before + 1, path
            assert (record.customer_id, record.account_id, record.channel) == (ada.customer_id, ada.account_id, "admin")
            assert record.route == f"/admin/ledger/{path.partition('/')[0]}/<path:object_id>/change/"

    def test_lists_of_the_record_show_ids_only_and_leave_none(self, auditor: Client) -> None:
        for name in ("event", "entry", "command", "stream"):
            assert auditor.get(f"/admin/ledger/{name}/").status_code == 200
        assert recorded() == []

    def test_log_ins_of_customers_show_addresses_and_leave_records(self, ada: Customer, grace: Customer) -> None:
        client = Client()
        admin = User.objects.create_superuser("admin")
        admin.roles = [Role.ADMIN]
        admin.save()
        client.force_login(admin)
        assert client.get("/admin/identity/user/").status_code == 200
        assert set(looks()) == {(ada.customer_id, None), (grace.customer_id, None)}
        assert client.get(f"/admin/identity/user/{ada.user.pk}/change/").status_code == 200
        assert looks()[0] == (ada.customer_id, None)
        assert len(looks()) == 3
        client.get(f"/admin/identity/user/{admin.pk}/change/")
        assert len(looks()) == 3


class TestWithoutARecord:
    @pytest.fixture
    def cannot_write(self, bank: None) -> Iterator[None]:
        with as_owner(), connection.cursor() as cursor:
            cursor.execute(f"revoke insert on access_record from {roles.APP}")
        yield
        with as_owner():
            roles.set_up()

    def test_staff_are_shown_nothing(self, ada: Customer, teller: User, cannot_write: None) -> None:
        browser = Browser.signed_in(teller)
        for address in PAGES:
            page = browser.open(address.format(a=ada.account_id, c=ada.customer_id))
            assert page.status == 503, address
            assert "Ada" not in page.text

    def test_customers_bank_on(self, browser: Browser, ada: Customer, cannot_write: None) -> None:
        assert browser.open(f"/accounts/{ada.account_id}").status == 200


class TestThePage:
    @pytest.fixture
    def auditor(self, ada: Customer, grace: Customer, teller: User) -> Browser:
        desk = Browser.signed_in(teller)
        desk.open(f"/customers/{ada.customer_id}")
        desk.open(f"/accounts/{grace.account_id}")
        return Browser.signed_in(a_login("auditor", Role.AUDITOR))

    def test_it_says_who_looked_at_whom_and_where_without_saying_the_name(self, auditor: Browser) -> None:
        page = auditor.open("/access-records")
        assert page.status == 200
        for words in ("teller Teller", "Ada L•••", "Grace H•••", "web /accounts/<uuid:account_id>"):
            assert words in page.text
        assert "Lovelace" not in page.html
        assert len(recorded()) == 2

    def test_filters_stay_in_the_address(self, auditor: Browser, ada: Customer, grace: Customer, teller: User) -> None:
        a, g = "Ada L•••", "Grace H•••"
        for query, seen, unseen in (
            ("actor=teller", [a, g], []),
            (f"actor=user:{teller.pk}", [a, g], []),
            ("actor=auditor", ["No record fits"], [a, g]),
            (f"customer={ada.customer_id}", [a], [g]),
            (f"customer={new_id()}", ["No record fits"], [a, g]),
            ("from=2020-01-01&to=2020-01-02", ["No record fits"], [a, g]),
            (f"from=2020-01-01&actor=teller&customer={grace.customer_id}", [g], [a]),
            ("to=9999-12-31", [a, g], []),
        ):
            page = auditor.open(f"/access-records?{query}")
            assert page.status == 200, query
            assert all(words in page.text for words in seen), query
            assert not any(words in page.text for words in unseen), query
        assert f'value="{ada.customer_id}"' in auditor.open(f"/access-records?customer={ada.customer_id}").html

    @pytest.mark.parametrize(
        "query",
        ["actor=whoever", "customer=7", "from=x", "to=2020-02-30", "from=2020-01-02&to=2020-01-01", "before=x",
         "before=99999999999999999999", "actor=%00"],
    )  # fmt: skip
    def test_nonsense_is_said(self, auditor: Browser, query: str) -> None:
        page = auditor.open(f"/access-records?{query}")
        assert page.status == 422
        assert "Ada" not in page.text

    def test_older_ones_are_a_page_further(self, auditor: Browser, ada: Customer, teller: User) -> None:
        insert = (
            "insert into access_record (actor, roles, customer_id, route, channel, correlation_id)"
            " select %s, '{teller}', %s, '/n/' || n, 'web', %s from generate_series(1, 120) n"
        )
        with connection.cursor() as cursor:
            cursor.execute(insert, [f"user:{teller.pk}", ada.customer_id, new_id()])
        url, seen = f"/access-records?customer={ada.customer_id}", 0
        pages = 0
        while url:
            page = auditor.open(url)
            seen += page.html.count("only-wide nowrap sub")
            url = page.links.get("Show older records", "")
            pages += 1
        assert (seen, pages) == (121, 3)

    def test_the_customers_page_leads_an_auditor_there(self, auditor: Browser, ada: Customer) -> None:
        page = auditor.open(f"/customers/{ada.customer_id}")
        assert auditor.open(page.link("Who looked at this")).status == 200


@pytest.mark.parametrize(
    "wanted",
    [AccessFilter(), AccessFilter(actor="user:7"), AccessFilter(customer_id=new_id())],
    ids=["all", "by actor", "by customer"],
)
def test_the_records_are_found_by_index_however_many_there_are(bank: None, wanted: AccessFilter) -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "insert into access_record (looked_at, actor, roles, customer_id, route, channel, correlation_id)"
            " select now() - n * interval '1 minute', 'user:' || n %% 50, '{}', gen_random_uuid(), '/', 'web', %s"
            " from generate_series(1, 20000) n",
            [new_id()],
        )
        cursor.execute("analyze access_record")
        plans = []
        for before in (None, 1_000):
            statement = reading.page_statement(wanted, 51, before)
            cursor.execute(f"explain {statement[0]}", statement[1])
            plans.append("\n".join(row[0] for row in cursor.fetchall()))
    for plan in plans:
        assert "Seq Scan" not in plan
        assert "Sort" not in plan
