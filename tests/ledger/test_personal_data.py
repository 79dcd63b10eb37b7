"""Personal data: nowhere in the clear but in the read model, and gone everywhere once it is erased."""

import json
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.customer import CustomerRegistered, ErasePersonalData
from accounts.handler import handle, handle_all
from bank.identity.models import User
from ledger import rebuilding, runner
from ledger.ids import new_id
from ledger.personal import ERASED, WrongMasterKey
from ledger.reading import read_entry, read_stream
from ledger.records import public_form
from readmodels import customers
from tests.spec import envelope
from tests.steps import BY, a_customer, an_account, register

pytestmark = pytest.mark.django_db(transaction=True)
NAME, EMAIL = "Augusta Ada King-Noel", "augusta@lovelace.example"


def erase(customer_id: UUID) -> ErasePersonalData:
    return ErasePersonalData(customer_id=customer_id, reason="asked for", **envelope())


def registration(customer_id: UUID) -> CustomerRegistered:
    event = next(read_stream(customer_id)).data
    assert isinstance(event, CustomerRegistered)
    return event


def everything_stored() -> str:
    """Every row of every table of ledger and read models, as text."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select tablename from pg_tables where schemaname = 'public' and tablename ~ '^(ledger|readmodels)_'"
        )
        tables = [row[0] for row in cursor.fetchall()]
        found = []
        for table in tables:
            cursor.execute(f"select coalesce(json_agg(t)::text, '') from {table} t")
            found.append(cursor.fetchone()[0])
    return "\n".join(found)


def test_the_ledger_holds_no_name_in_the_clear() -> None:
    customer_id = a_customer(NAME, EMAIL)
    with connection.cursor() as cursor:
        cursor.execute("select data::text from ledger_event where stream_id = %s", [customer_id])
        stored = json.loads(cursor.fetchone()[0])
        cursor.execute("select snapshot::text from ledger_stream where id = %s", [customer_id])
        snapshot = cursor.fetchone()[0]
        cursor.execute("select json_agg(c)::text from ledger_command c")
        log = cursor.fetchone()[0]
    assert set(stored["name"]) == set(stored["email"]) == {"$personal"}
    for text in (json.dumps(stored), snapshot, log):
        assert NAME not in text
        assert EMAIL not in text


def test_readers_of_events_see_the_name() -> None:
    customer_id = a_customer(NAME, EMAIL)
    runner.drain()
    assert (registration(customer_id).name, registration(customer_id).email) == (NAME, EMAIL)
    entry = read_entry(1)
    assert entry is not None
    assert public_form(entry.event)["data"]["name"] == NAME


def test_the_same_name_is_never_stored_alike() -> None:
    a_customer(NAME)
    a_customer(NAME)
    with connection.cursor() as cursor:
        cursor.execute("select count(distinct data ->> 'name'), count(*) from ledger_event")
        assert cursor.fetchone() == (2, 2)


def test_erasing_takes_the_name_everywhere_and_leaves_the_money() -> None:
    customer_id = a_customer(NAME, EMAIL)
    account_id = an_account(500, customer_id=customer_id)
    runner.drain()
    before = everything_stored()
    assert NAME in before
    handle(erase(customer_id), by=BY)
    runner.drain()
    after = everything_stored()
    assert NAME not in after
    assert EMAIL not in after
    assert (registration(customer_id).name, registration(customer_id).email) == (ERASED, ERASED)
    row = customers.find(customer_id)
    assert row is not None
    assert (row.name, row.email) == (ERASED, ERASED)
    assert [e.type for e in read_stream(account_id)] == ["AccountOpened", "DepositMade"]


def test_hashes_cover_what_is_stored_so_erasing_changes_none() -> None:
    customer_id = a_customer(NAME)
    runner.drain()
    before = read_entry(1)
    handle(erase(customer_id), by=BY)
    after = read_entry(1)
    assert before is not None
    assert after is not None
    assert before.hash == after.hash


def test_erasing_one_leaves_the_others() -> None:
    first, second = a_customer(NAME), a_customer("Grace Hopper")
    handle(erase(first), by=BY)
    assert registration(second).name == "Grace Hopper"


def test_a_batch_may_register_and_erase() -> None:
    gone, kept = register(NAME), register("Grace Hopper")
    handle_all([gone, kept], by=BY)
    handle_all([erase(gone.customer_id), *[register(f"Person {n}") for n in range(5)]], by=BY)
    rows = {row.name for row in customers.page(10)}
    assert rows == {ERASED, "Grace Hopper", *[f"Person {n}" for n in range(5)]}
    runner.drain()
    assert rebuilding.rebuild("customers", check=True).differences == 0


def test_who_is_registered_and_erased_in_one_batch_leaves_no_key() -> None:
    command = register(NAME)
    handle_all([command, erase(command.customer_id)], by=BY)
    assert NAME not in everything_stored()
    assert registration(command.customer_id).name == ERASED
    runner.drain()
    assert rebuilding.rebuild("customers", check=True).differences == 0


def test_another_banks_master_key_opens_nothing_and_says_so(settings: Any) -> None:
    customer_id = a_customer(NAME)
    settings.PERSONAL_DATA_KEY = lambda: bytes(32)
    with pytest.raises(WrongMasterKey):
        registration(customer_id)


def test_the_operators_command_erases_the_log_in_too(capsys: pytest.CaptureFixture[str]) -> None:
    customer_id = a_customer(NAME, EMAIL)
    user = User.objects.create_user("augusta", EMAIL, "a long password", customer_id=customer_id, first_name="Augusta")
    call_command("erase_personal_data", str(customer_id), reason="asked for")
    user.refresh_from_db()
    assert (user.username, user.email, user.first_name) == (f"erased-{user.pk}", "", "")
    assert not user.is_active
    assert not user.has_usable_password()
    assert "log-ins closed: 1" in capsys.readouterr().out


@pytest.mark.parametrize("who", ["unknown", "erased"])
def test_who_is_unknown_or_erased_already_cannot_be_erased(who: str) -> None:
    with pytest.raises(CommandError):
        call_command("erase_personal_data", str(new_id() if who == "unknown" else an_erased_customer()), reason="asked")


def an_erased_customer() -> UUID:
    customer_id = a_customer(NAME)
    handle(erase(customer_id), by=BY)
    return customer_id
