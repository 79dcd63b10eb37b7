"""The auditors' pages: what the server takes for each, by everything that a request passes, with 2,000,000 events."""

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

import msgspec
from django.db import connection
from django.utils import timezone

from accounts.handler import Actor, handle, handle_all
from accounts.money import Money
from accounts.record_job import RequestExport, RequestVerification
from benchmarks.account_page import measure_page
from benchmarks.audit_paths import PAGES, Large
from benchmarks.bank import BY, Bank, make_bank
from ledger import reading
from ledger.ids import new_id
from ledger.models import Command
from readmodels.event_search import EventSearchRow

if TYPE_CHECKING:
    from django.test import Client

EVENTS: Final = 1_000_000
LOOKS: Final = 200_000
TARGET_MS: Final = 100

_BATCH: Final = 10_000
_REFERENCES: Final = ("Salary", "Refund", "Salary Volta Energy", "Invoice")
_LOOKED_BY: Final = "user:1"
_LOOKS: Final = """
insert into access_record (actor, roles, customer_id, route, channel, correlation_id)
select 'user:' || (1 + n %% 200), '{teller}', id, '/customers/<uuid:customer_id>', 'web', gen_random_uuid()
from (select id, row_number() over () as n from ledger_stream, generate_series(1, 400)
      where category = 'customer' limit %s) of_a_customer
"""
# What a page read from its beginning to its end. The small ones are read so by right.
_SCANS: Final = """
select relname, seq_scan from pg_stat_user_tables where pg_relation_size(relid) > 16 * 1024 * 1024
"""


def audit_pages(_bank: Bank) -> None:
    """Server time of every audit page in a bank of 1,000,000 events, and an account with as many, in ms (minutes)."""
    from django.core.management import call_command
    from django.test import Client

    from bank.identity.models import User
    from bank.ops import places

    logging.getLogger("bank.access").setLevel(logging.WARNING)  # its lines would stand among the figures
    (places.home() / "static").mkdir(exist_ok=True)
    call_command("collectstatic", interactive=False, verbosity=0)
    large = make_large()
    person = User.objects.create(username="auditor", roles=["auditor"], is_staff=True, password="!")  # noqa: S106 - nobody's
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(person)
    measure_all(client, large)


def measure_all(client: "Client", large: Large) -> None:
    """Print each page's time, which big tables it read from end to end, and how many pages took too long."""
    slow, count = [], 0
    for pages in PAGES:
        for label, path in pages(large).items():
            before = _scans()
            p50 = measure_page(label, client, path, target_ms=TARGET_MS)
            count += 1
            slow += [label] if p50 > TARGET_MS else []
            for table, scans in _scans().items():
                if scans > before.get(table, 0):
                    print(f"    reads the whole of {table}", flush=True)
    print(f"  {count} pages; over {TARGET_MS} ms: {', '.join(slow) or 'none'}", flush=True)


def make_large() -> Large:
    """A million events of six years, an account with a million more, jobs and looks; all of it in the reports."""
    from bank.jobs.working import run_all
    from bank.ops.large_bank import fill, plan
    from ledger import runner, signing
    from ledger.sealing import seal_all

    fill(plan(EVENTS, timezone.now()), beside_others=True)
    long_id = _long_account()
    seal_all()
    signing.sign_head()
    verification, export = _ask_for_jobs()
    runner.drain()
    run_all()
    runner.drain()
    with connection.cursor() as cursor:
        cursor.execute(_LOOKS, [LOOKS])
        cursor.execute("vacuum (analyze)")
    some = EventSearchRow.objects.filter(position__gte=EVENTS // 2, type="DepositMade").order_by("position")[0]
    version = reading.stream_version(long_id)
    middle = EventSearchRow.objects.get(stream_id=long_id, stream_position=version // 2)
    with connection.cursor() as cursor:
        cursor.execute("select customer_id from access_record where actor = %s limit 1", [_LOOKED_BY])
        (looked_at,) = cursor.fetchone()
    refused = Command.objects.filter(refusal__isnull=False).values_list("pk", flat=True)[0]
    return Large(
        some=some,
        long_id=long_id,
        long_version=version,
        long_middle=middle.position,
        looked_at=looked_at,
        looked_by=_LOOKED_BY,
        refused=refused,
        verification=verification,
        export=export,
    )


def _long_account() -> UUID:
    """An account to which a million deposits were made, a minute apart, by one who did nothing else."""
    bank = make_bank(accounts=1)
    (account_id,) = bank.account_ids
    begun = datetime.now(UTC) - timedelta(minutes=EVENTS)
    for first in range(0, EVENTS, _BATCH):
        made = [
            msgspec.structs.replace(
                bank.deposit(account_id),
                at=begun + timedelta(minutes=number),
                amount=Money(1_00 + number * 7_919 % 90_000, "EUR"),
                reference=_REFERENCES[number % len(_REFERENCES)],
            )
            for number in range(first, first + _BATCH)
        ]
        handle_all(made, by=BY)
    return account_id


def _ask_for_jobs() -> tuple[UUID, UUID]:
    """(a verification, an export), both of some hundred events."""
    from bank.jobs.asking import job_id_of

    ids, at = (new_id(), new_id()), timezone.now()
    verification, export = map(job_id_of, ids)
    by = Actor("system:bench", "web")
    handle(RequestVerification(command_id=ids[0], at=at, job_id=verification, first=1, last=500), by=by)
    everything = RequestExport(
        command_id=ids[1],
        at=at,
        job_id=export,
        first=1,
        last=500,
        since=None,
        until=None,
        stream_ids=[],
        event_types=[],
    )
    handle(everything, by=by)
    return verification, export


def _scans() -> dict[str, int]:
    """How often each big table was read from its beginning to its end."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_stat_force_next_flush()")
        cursor.execute(_SCANS)
        return dict(cursor.fetchall())


CASES = {"audit_pages": audit_pages}
