"""A snapshot that says more than its events do is found."""

import io
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.deciding import recent
from accounts.snapshots import compare_snapshots
from ledger.reading import count_streams, read_heads
from ledger.sealing import seal_all
from tests.steps import an_account, deposit, do

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("clean_bank")]


@pytest.fixture(autouse=True)
def _knows_nothing() -> None:
    recent.clear()


def forge(account_id: UUID, what: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"update ledger_stream set {what} where id = %s", [account_id])


def verified() -> str:
    out = io.StringIO()
    call_command("verify_ledger", "--snapshots", stdout=out)
    return out.getvalue()


def test_snapshots_that_are_what_their_events_say_are_counted() -> None:
    do(deposit(an_account(100), 50))
    seal_all()
    assert "snapshots are what their events say" in verified()
    assert compare_snapshots().away == 0


@pytest.mark.parametrize(
    "what",
    [
        "snapshot = jsonb_set(snapshot, '{balance_minor}', '1000000')",
        "snapshot = jsonb_set(snapshot, '{overdraft_limit_minor}', '1000000')",
        "snapshot = '{}'",
    ],
)
def test_a_forged_snapshot_is_named(what: str) -> None:
    account_id = an_account(100)
    seal_all()
    forge(account_id, what)
    with pytest.raises(CommandError, match=rf"NOT OK, the snapshot of stream {account_id} .* not what its events say"):
        verified()


def test_every_stream_is_looked_at_however_many_pages_there_are() -> None:
    ids = {an_account(1) for _ in range(5)}
    heads = list(read_heads(page_size=2))
    assert ids <= {stream_id for stream_id, _ in heads}
    assert len(heads) == count_streams()


def test_a_snapshot_of_another_schema_decides_nothing_and_does_not_count() -> None:
    account_id = an_account(100)
    seal_all()
    before = compare_snapshots().equal
    forge(account_id, "snapshot = '{}', snapshot_schema = 0")
    assert compare_snapshots().equal == before - 1
