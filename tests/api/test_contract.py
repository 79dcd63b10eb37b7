"""The running bank is what its document says: Schemathesis over every call, by all its checks, as everybody.

CONTRACT_SECONDS (90) is for all callers together; CONTRACT_SEED repeats a run.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from pytest_django.live_server_helper import LiveServer

from bank.identity.models import Role, User
from ledger.runner import drain
from tests.api.client import Api, eur
from tests.api.given import a_customer, a_user, an_account, api_of

CONFIG = Path(__file__).with_name("schemathesis.toml")
SECONDS = int(os.environ.get("CONTRACT_SECONDS", "90"))
# The same every time, so that what nobody changed stays green; CONTRACT_SEED looks elsewhere.
SEED = int(os.environ.get("CONTRACT_SEED", "1"))
CALLERS = ("customer", "teller", "auditor", "operations", "nobody")
GRACE_SECONDS = 120  # for what is under way when the time is over

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(SECONDS + 2 * GRACE_SECONDS)]


def test_what_can_be_told_from_the_document_holds_for_one_who_may_do_everything(live_server: LiveServer) -> None:
    """Every limit from both sides, every header and field left out, methods and media types that are none."""
    hold(live_server, "everybody", "examples,coverage", SECONDS * 2 // 5)


@pytest.mark.parametrize("caller", CALLERS)
def test_chance_finds_nothing_that_is_not_described(caller: str, live_server: LiveServer) -> None:
    """Good and bad input by chance, and calls in a row that use what the ones before them made."""
    hold(live_server, caller, "fuzzing,stateful", SECONDS * 3 // 5 // len(CALLERS))


def hold(server: LiveServer, caller: str, phases: str, seconds: int) -> None:
    """Run Schemathesis as this caller; its report is shown where it found something."""
    customer_id = a_customer()
    there = things_that_are_there(customer_id)
    token = api_of(somebody(caller, customer_id), "*").token
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", f"--config-file={CONFIG}"),
            *("run", f"{server.url}/api/schema/?format=json"),
            *("--checks=all", f"--phases={phases}", f"--max-time={max(seconds, 5)}", f"--seed={SEED}"),
            *(f"--header=Authorization:Bearer {token}",),
        ],
        env={**os.environ, "CONTRACT_THERE": json.dumps(there)},
        cwd=CONFIG.parents[2],
        capture_output=True,
        text=True,
        timeout=seconds + GRACE_SECONDS,
        check=False,
    )
    drain()
    assert done.returncode == 0, f"CONTRACT_SEED={SEED}\n{done.stdout}\n{done.stderr}"
    print(f"CONTRACT_SEED={SEED}\n{done.stdout}")  # noqa: T201 - shown by -rP


def somebody(caller: str, customer_id: UUID) -> User:
    """A user of this role; nobody has none, everybody all."""
    if caller == "everybody":
        return a_user(*Role, customer_id=customer_id)
    if caller == "customer":
        return a_user("customer", customer_id=customer_id)
    return a_user() if caller == "nobody" else a_user(caller)


def things_that_are_there(customer_id: UUID) -> dict[str, list[str]]:
    """By the names of parameters: the caller's and others', open, frozen and closed."""
    teller = api_of(a_user("teller"))
    mine, others = an_account(customer_id, 500_00), an_account(a_customer("Grace Hopper"), 500_00)
    frozen, closed = an_account(customer_id, 5_00), an_account(customer_id)
    teller.post(f"{frozen.path}/freeze")
    teller.post(f"{closed.path}/close")
    sent = list(commands(teller, mine.path))
    drain()
    accounts = [str(account.id) for account in (mine, others, frozen, closed)]
    return {
        "account_id": accounts,
        "customer_id": [str(customer_id), str(others.customer_id)],
        "stream_id": [*accounts, str(customer_id)],
        "from": [*accounts, mine.iban],
        "to": [*accounts, others.iban],
        "iban": [mine.iban, others.iban],
        "command_id": [body["command_id"] for body in sent],
        "consistency_token": [body["consistency_token"] for body in sent],
        "position": ["1", "2", "9"],
        "name": ["daily_flows", "movements"],
    }


def commands(teller: Api, path: str) -> Iterator[dict[str, str]]:
    """A few that were carried out."""
    for amount in ("1.00", "2.00"):
        yield teller.post(f"{path}/deposits", {"amount": eur(amount)}).body
