"""Valkey stopped, frozen and back: commands go on at full speed, reports catch up."""

import signal
from uuid import UUID

import pytest

from accounts.handler import handle
from ledger.consistency import has_passed
from tests.faults.processes import Site, wait_until
from tests.faults.truth import (
    all_reports_passed,
    check_accounts,
    check_book_and_reports,
    every_account,
    last_token,
)
from tests.steps import BY, an_account, deposit

pytestmark = [pytest.mark.fault, pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]

COUNT = 600


def seconds_for(site: Site, account_id: UUID) -> float:
    """How long a process of its own takes for COUNT deposits."""
    client = site.client("count", str(COUNT), str(account_id))
    assert client.popen.wait(30) == 0, client.said()
    return float(next(line for line in client.lines() if line.startswith("took")).split()[1])


def test_commands_go_on_at_full_speed_without_valkey_and_reports_catch_up_when_it_is_back(site: Site) -> None:
    account_id = an_account()
    valkey = site.valkey()
    site.worker()
    site.beat()
    running = seconds_for(site, account_id)
    valkey.signal(signal.SIGSTOP)
    frozen = seconds_for(site, account_id)
    valkey.kill()
    stopped = seconds_for(site, account_id)
    print(f"{COUNT} deposits: {running:.2f} s with Valkey, {frozen:.2f} s frozen, {stopped:.2f} s without")  # noqa: T201
    token = last_token()
    assert not has_passed("daily_flows", token)
    site.valkey()
    wait_until(lambda: all_reports_passed(token), 60, "the reports catch up")
    handle(deposit(account_id, 1), by=BY)
    check_accounts([account_id])
    # Generous: the machine may do something else at the moment. Waiting for Valkey would take a second for each.
    assert stopped < 5 * running + 5
    assert frozen < 5 * running + 5


def test_what_valkey_forgot_is_no_loss(site: Site) -> None:
    account_id = an_account()
    valkey = site.valkey()
    site.worker()
    site.beat()
    client = site.client("7", "3", "2", str(account_id), str(an_account()))
    wait_until(lambda: "done" in client.said(), 20, client.said())
    valkey.kill()
    for kept in site.folder.glob("appendonlydir/*"):
        kept.unlink()
    client.popen.wait(20)
    site.valkey()
    token = last_token()
    wait_until(lambda: all_reports_passed(token), 60, "the reports catch up")
    site.close()
    check_accounts(every_account())
    check_book_and_reports(every_account())
