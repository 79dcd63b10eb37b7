"""The account page: what the server takes for it, by everything that a request passes, with 100,000 movements."""

import logging
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from accounts.account_commands import Deposit, OpenAccount, Withdraw
from accounts.customer import RegisterCustomer
from accounts.handler import handle, handle_all
from accounts.iban import iban_for
from accounts.money import Money
from benchmarks.bank import BY, Bank
from benchmarks.measure import percentile
from ledger.ids import new_id

if TYPE_CHECKING:
    from django.test import Client

MOVEMENTS: Final = 100_000
YEARS: Final = 6
TARGET_MS: Final = 30
_REQUESTS: Final = 60
_A_BATCH: Final = 1_000


def account_page(_bank: Bank) -> None:
    """Server time of the account page, its filters, older movements and the export, in ms."""
    from django.core.management import call_command
    from django.test import Client

    from bank.identity.models import User
    from bank.ops import places
    from ledger import runner

    logging.getLogger("bank.access").setLevel(logging.WARNING)  # its lines would stand among the figures
    (places.home() / "static").mkdir(exist_ok=True)
    call_command("collectstatic", interactive=False, verbosity=0)
    customer_id, account_id = _an_account()
    _fill(account_id)
    runner.drain()
    person = User.objects.create(username="reader", roles=["customer"], customer_id=customer_id, password="!")  # noqa: S106 - nobody's
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(person)
    page = f"/accounts/{account_id}"
    for label, path in {
        "the newest": page,
        "more, in the middle": f"{page}?before={MOVEMENTS // 2}",
        "one kind": f"{page}?kind=deposit",
        "a month, four years ago": f"{page}?from={_years_ago(4)}&to={_years_ago(4, days=30)}",
        "amounts that are rare": f"{page}?min=77.77&max=77.78",
        "words of every movement": f"{page}?q=coffee",
        "words of no movement": f"{page}?q=nowhere",
        "explained, from the opening": f"{page}/explained",
    }.items():
        measure_page(label, client, path)
    measure_page("the export, until its first byte", client, f"{page}/movements.csv", first_byte=True)


def measure_page(
    label: str, client: "Client", path: str, *, first_byte: bool = False, target_ms: int = TARGET_MS
) -> float:
    """Print how long the server takes for an answer (or for its first byte), as p50 and p99; the p50, in ms."""
    times = []
    for _ in range(_REQUESTS):
        begun = time.perf_counter()
        response = client.get(path)
        if first_byte:
            next(iter(response))
        times.append((time.perf_counter() - begun) * 1e3)
        assert response.status_code == 200, f"{path}: {response.status_code}"
        response.close()
    ordered = sorted(times[_REQUESTS // 6 :])  # the first ones load templates and plans
    p50 = percentile(ordered, 0.5)
    print(
        f"  {label:<52} p50 {p50:6.1f} ms (target {target_ms}), p99 {percentile(ordered, 0.99):6.1f} ms",
        flush=True,
    )
    return p50


def _an_account() -> tuple[UUID, UUID]:
    """(customer, account)"""
    customer_id, account_id, at = new_id(), new_id(), datetime.now(UTC) - timedelta(days=366 * YEARS)
    handle(RegisterCustomer(command_id=new_id(), at=at, customer_id=customer_id, name="Reader"), by=BY)
    opening = OpenAccount(
        command_id=new_id(),
        at=at,
        account_id=account_id,
        customer_id=customer_id,
        iban=iban_for(account_id),
        name="Everyday",
        currency="EUR",
    )
    handle(opening, by=BY)
    return customer_id, account_id


def _fill(account_id: UUID) -> None:
    """Six years of movements, a deposit and a withdrawal in turn."""
    begun, step = datetime.now(UTC) - timedelta(days=365 * YEARS), timedelta(days=365 * YEARS) / MOVEMENTS
    for first in range(0, MOVEMENTS, _A_BATCH):
        commands = [
            (Withdraw if number % 2 else Deposit)(
                command_id=new_id(),
                at=begun + number * step,
                account_id=account_id,
                amount=Money(1_00 + number % 5_000 if not number % 2 else 1_00, "EUR"),
                reference=f"Coffee {number}",
            )
            for number in range(first, first + _A_BATCH)
        ]
        handle_all(commands, by=BY)


def _years_ago(years: int, days: int = 0) -> str:
    return (datetime.now(UTC) - timedelta(days=365 * years - days)).date().isoformat()


CASES = {"account_page": account_page}
