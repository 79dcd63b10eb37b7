"""The auditors' pages: what the server takes for each, by everything that a request passes, with 1,000,000 events."""

import logging
from collections.abc import Callable, Mapping
from typing import Final

from django.utils import timezone

from benchmarks.account_page import measure_page
from benchmarks.bank import Bank

EVENTS: Final = 1_000_000
TARGET_MS: Final = 100

Paths = Mapping[str, str]


def audit_pages(_bank: Bank) -> None:
    """Server time of every audit page in a bank of a million events and six years, in ms (minutes: only when named)."""
    from django.core.management import call_command
    from django.db import connection
    from django.test import Client

    from bank.identity.models import User
    from bank.ops import places
    from bank.ops.large_bank import fill, plan
    from ledger import runner

    logging.getLogger("bank.access").setLevel(logging.WARNING)  # its lines would stand among the figures
    (places.home() / "static").mkdir(exist_ok=True)
    call_command("collectstatic", interactive=False, verbosity=0)
    fill(plan(EVENTS, timezone.now()), beside_others=True)
    runner.drain()
    with connection.cursor() as cursor:
        cursor.execute("vacuum (analyze)")
    person = User.objects.create(username="auditor", roles=["auditor"], password="!")  # noqa: S106 - nobody's
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(person)
    for pages in PAGES:
        for label, path in pages().items():
            measure_page(label, client, path, target_ms=TARGET_MS)


def _events() -> Paths:
    """The event browser, by each filter, and an event."""
    from readmodels.event_search import EventSearchRow

    some = EventSearchRow.objects.get(position=EVENTS // 2)
    of_a_year = f"clock=occurred&from={some.occurred_at.year}-01-01&to={some.occurred_at.year}-12-31"
    filters = {
        "the newest": "",
        "older, from the middle": f"before={some.position}",
        "newer, from the middle": f"after={some.position}",
        "a stream": f"stream={some.stream_id}",
        "a rare kind of stream": "kind=customer",
        "a rare type": "type=AccountFrozen",
        "a usual type": "type=DepositMade",
        "an actor": f"actor={some.actor}",
        "a correlation": f"correlation={some.correlation_id}",
        "a command": f"command={some.command_id}",
        "a year": of_a_year,
        "positions": "first=400000&last=500000",
        "a rare amount": "currency=EUR&min=77.77&max=77.78",
        "a usual amount": "currency=EUR&min=10&max=500",
        "a usual word": "q=salary",
        "a rare word": "q=1000758",
        "a word that nobody said": "q=nowhere",
        "an actor, a type and a word in a year": f"actor={some.actor}&type=DepositMade&q=salary&{of_a_year}",
    }
    events = {f"events: {label}": f"/audit/events?{query}" for label, query in filters.items()}
    return {**events, "an event": f"/audit/events/{some.position}"}


# Each gives addresses by what they show, once the bank is there.
PAGES: Final[list[Callable[[], Paths]]] = [_events]
CASES = {"audit_pages": audit_pages}
