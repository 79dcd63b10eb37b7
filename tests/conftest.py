"""Fixtures for every test: real servers, and a ledger that starts empty where a test asks for one."""

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections
from django.test import TransactionTestCase

from bank.ops import roles
from ledger.connections import close_pool
from tests.acting import acting_as

_LEDGER_TABLES = (
    "ledger_event",
    "ledger_entry",
    "ledger_command",
    "ledger_replay",
    "ledger_stream",
    "ledger_checkpoint",
    "ledger_generation",
    "ledger_parked",
    "ledger_rebuild_request",
    "ledger_subject_key",
    "ledger_seal",
    "readmodels_account",
    "readmodels_customer",
    "readmodels_movement",
    "readmodels_daily_flow",
    "readmodels_cash_day",
    "readmodels_reported_balance",
    "readmodels_balance_band",
    "readmodels_balance_day",
    "readmodels_growth_day",
    "readmodels_large_movement",
    "readmodels_last_initiated",
    "readmodels_activity_hour",
    "readmodels_general_ledger",
    "readmodels_journal",
    "readmodels_stream_state",
    "readmodels_event_count",
    "readmodels_event_search",
    "readmodels_command_search",
    "readmodels_webhook_endpoint",
    "readmodels_record_job",
    "jobs_run",
    "jobs_exportpart",
    "jobs_scheduledrun",
    "webhooks_progress",
    "webhooks_subscription",
    "webhooks_lane",
    "webhooks_delivery",
    "webhooks_attempt",
    "access_record",
    "reconciliation_run",
    "reconciliation_break",
    "reconciliation_walk",
)
_MADE_BY_MIGRATE = {"django_content_type", "auth_permission", "django_migrations"}
_WITH_THE_GRANTS_OF_THE_WEB = {"accounts", "api", "readmodels", "web"}
# Partitions have triggers of their own.
_SWITCH = """
do $$ declare t record; begin
    for t in select tgrelid::regclass as table_name, tgname from pg_trigger
             where tgfoid = 'ledger_refuse_change'::regproc
    loop execute format('alter table %s {how} trigger %I', t.table_name, t.tgname); end loop;
end $$;
"""
# What Playwright says when a page has not come to where it should be in time.
_WAITED_IN_VAIN = [r"Timeout \d+ms exceeded", r"(Locator|Page) expected"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser that a busy machine made wait in vain gets a second go; what was seen and is wrong gets none."""
    for item in items:
        if item.get_closest_marker("journey"):
            item.add_marker(pytest.mark.flaky(reruns=1, only_rerun=_WAITED_IN_VAIN))


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The test database; the command path works in it with a worker's grants, and lets go before it is dropped."""
    with django_db_blocker.unblock():
        roles.set_up()
    settings.DATABASE_ROLE = roles.WORKER
    close_pool()
    yield
    close_pool()


@pytest.fixture(scope="module", autouse=True)
def _no_strangers(request: pytest.FixtureRequest) -> None:
    """A file of tests begins with an empty ledger: tests that roll back leave what the command path committed, and to
    bring a report up, or to tell every webhook, takes as long as all of that together."""
    marks = getattr(request.module, "pytestmark", [])
    if any(mark.name == "django_db" for mark in (marks if isinstance(marks, list) else [marks])):
        request.getfixturevalue("django_db_setup")
        with request.getfixturevalue("django_db_blocker").unblock():
            connections.close_all()  # the file before may have cut them off
            empty_the_ledger()


@pytest.fixture(autouse=True)
def _empty_ledger(request: pytest.FixtureRequest) -> None:
    """Every test that uses the database starts with an empty ledger: Django's flush leaves these tables alone."""
    if "transactional_db" in request.fixturenames or (
        (marker := request.node.get_closest_marker("django_db")) and marker.kwargs.get("transaction")
    ):
        request.getfixturevalue("transactional_db")
        empty_the_ledger()


@pytest.fixture(autouse=True)
def _grants(request: pytest.FixtureRequest, _empty_ledger: None, _django_db_marker: None) -> Iterator[None]:
    """What the web does is tested with the web's grants; what a test itself needs besides, it does `as_owner`."""
    used = request.node.get_closest_marker("django_db") or {"db", "transactional_db"} & set(request.fixturenames)
    if request.path.parent.name not in _WITH_THE_GRANTS_OF_THE_WEB or not used:
        yield
        return
    if "transactional_db" in request.fixturenames or "db" in request.fixturenames:
        request.getfixturevalue("db")
    with acting_as(roles.APP):
        yield


@pytest.fixture
def clean_bank(transactional_db: None) -> None:
    """An empty bank: no streams, no events, no read models, no users."""


def empty_the_ledger() -> None:
    """What only the tables' owner can do: lift the append-only triggers, empty everything, put them back."""
    with connection.cursor() as cursor:
        # A scan of what was deleted takes as long as one of what is there.
        cursor.execute(
            "select name from unnest(%s::text[]) name"
            " where (select sum(pg_relation_size(relid)) from pg_partition_tree(name::regclass)) > 4_000_000",
            [list(_LEDGER_TABLES)],
        )
        large = [row[0] for row in cursor.fetchall()]
        small = [table for table in _LEDGER_TABLES if table not in large]
        cursor.execute(
            f"begin; {_SWITCH.format(how='disable')} {_deleting(small)} {_truncating(large)}"
            "alter sequence ledger_event_sequence restart;"
            "update ledger_sealer_state set position = 0, hash = decode(repeat('00', 32), 'hex'),"
            " high_sequence = 0, gaps = '[]';"
            f"{_SWITCH.format(how='enable always')} commit"
        )


@pytest.fixture(scope="session", autouse=True)
def _quick_clean_up() -> Iterator[None]:
    """After a test its rows are deleted, in milliseconds: Django's flush truncates every table and fills in
    permissions and content types anew, for a tenth of a second each time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", _delete_what_the_test_wrote)
        yield


def _delete_what_the_test_wrote(_: TransactionTestCase) -> None:
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    with connection.cursor() as cursor:
        # In one transaction: foreign keys are looked at when it ends.
        cursor.execute(f"begin; {_deleting(sorted({*tables} - {*_LEDGER_TABLES} - _MADE_BY_MIGRATE))} commit")
    empty_the_ledger()  # or the next test that reads the book reads what a stranger wrote


def _truncating(tables: Iterable[str]) -> str:
    return "".join(f"truncate {table};" for table in tables)


def _deleting(tables: Iterable[str]) -> str:
    return "".join(f"delete from {table};" for table in tables)
