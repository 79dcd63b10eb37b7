"""Who reads other people's data by the API leaves a record; customers, and commands, leave none."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from bank.access_records import reading
from bank.access_records.reading import AccessFilter
from bank.identity.models import User
from bank.ops import roles
from ledger.ids import new_id
from ledger.runner import drain
from tests.acting import as_owner
from tests.api.client import eur
from tests.api.given import Account, a_customer, a_user, an_account, api_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ada(transactional_db: None) -> Account:
    return an_account(a_customer(), 500_00)


def looks_of(user: User) -> list[tuple[UUID, UUID | None]]:
    found = reading.page(AccessFilter(actor=f"user:{user.pk}"), 1_000)
    assert {record.channel for record in found} <= {"api"}
    return [(record.customer_id, record.account_id) for record in found]


@pytest.mark.parametrize(
    ("path", "of_account"),
    [
        ("/customers", False),
        ("/customers/{customer}", False),
        ("/accounts", True),
        ("/accounts/{account}", True),
        ("/accounts/{account}?version=1", True),
        ("/accounts/{account}/transactions", True),
        ("/streams/{account}", True),
        ("/streams/{account}/events", True),
        ("/streams/{customer}/events", False),
        ("/events?stream={account}", True),
        ("/events/{position}", True),
        ("/commands/{command}", True),
    ],
)
def test_each_read_of_anothers_data_leaves_a_record(ada: Account, path: str, of_account: bool) -> None:
    teller, auditor = a_user("teller"), a_user("auditor")
    command = api_of(teller).post(f"{ada.path}/deposits", {"amount": eur("1")}).body["command_id"]
    drain()
    with connection.cursor() as cursor:
        cursor.execute(
            "select max(position) from ledger_entry join ledger_event using (sequence) where stream_id = %s", [ada.id]
        )
        (position,) = cursor.fetchone()
    request_id = str(new_id())
    url = path.format(account=ada.id, customer=ada.customer_id, position=position, command=command)
    assert api_of(auditor).get(url, X_Request_ID=request_id).status == 200
    (record,) = reading.page(AccessFilter(actor=f"user:{auditor.pk}"), 10)
    assert (record.customer_id, record.account_id) == (ada.customer_id, ada.id if of_account else None)
    assert (record.channel, record.roles, str(record.correlation_id)) == ("api", ["auditor"], request_id)
    assert record.route.startswith("/api/v1/")
    assert str(ada.id) not in record.route


def test_a_list_leaves_one_record_for_each_who_is_on_the_page(ada: Account) -> None:
    others = [an_account(a_customer()) for _ in range(3)]
    teller = a_user("teller")
    page = api_of(teller).get("/accounts?limit=2").body["data"]
    assert sorted(looks_of(teller)) == sorted((UUID(a["customer"]["id"]), UUID(a["id"])) for a in page)
    api_of(teller).get("/accounts")
    assert len(looks_of(teller)) == 2 + 1 + len(others)


def test_customers_leave_none_and_pay_no_statement(
    ada: Account, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    own = a_user("customer", customer_id=ada.customer_id)
    api = api_of(own)
    command = api.post(f"{ada.path}/withdrawals", {"amount": eur("1")}).body["command_id"]
    for path in ("/customers", f"/customers/{ada.customer_id}", "/accounts", ada.path, f"/commands/{command}"):
        assert api.get(path).status == 200
    with django_assert_num_queries(0):
        assert api.get(ada.path).status == 200
    assert looks_of(own) == []


def test_what_is_not_shown_leaves_none(ada: Account) -> None:
    stranger, operator = a_user("customer", customer_id=a_customer("Eve")), a_user("operations")
    for user in (stranger, operator):
        for path in (f"/customers/{ada.customer_id}", ada.path, f"{ada.path}/transactions", f"/streams/{ada.id}"):
            assert api_of(user).get(path).status in {403, 404}
        assert looks_of(user) == []


def test_commands_stand_in_the_command_log_and_leave_none(ada: Account) -> None:
    teller = a_user("teller")
    assert api_of(teller).post(f"{ada.path}/deposits", {"amount": eur("1")}).status == 201
    assert api_of(teller).post(f"{ada.path}/freeze", {"reason": "Lost card"}).status == 201
    assert looks_of(teller) == []


@pytest.fixture
def cannot_write(transactional_db: None) -> Iterator[None]:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(f"revoke insert on access_record from {roles.APP}")
    yield
    with as_owner():
        roles.set_up()


def test_where_it_cannot_be_recorded_nothing_is_shown(ada: Account, cannot_write: None) -> None:
    api = api_of(a_user("auditor", "teller"))
    for path in ("/customers", "/accounts", ada.path, f"{ada.path}/transactions", f"/streams/{ada.id}"):
        answer = api.get(path)
        assert (answer.status, answer.code) == (503, "unavailable"), path
        assert answer.header("Retry-After")
    assert api_of(a_user("customer", customer_id=ada.customer_id)).get(ada.path).status == 200
