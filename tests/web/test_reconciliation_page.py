"""The reconciliation's page: that all agrees, what does not, and to whom which values are shown."""

import html
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from bank.access_records.models import AccessRecord
from bank.identity.models import Role
from bank.reconciliation.models import Run
from bank.reconciliation.running import reconcile
from ledger import checkpoints
from ledger.runner import drain
from ledger.sealing import seal_all
from readmodels.general_ledger import PROJECTION
from tests.acting import as_owner
from tests.web.pages import Browser
from tests.web.people import Customer, a_login

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/operations/reconciliation"


@pytest.fixture
def operations(bank: None) -> Browser:
    return Browser.signed_in(a_login("operations", Role.OPERATIONS))


@pytest.fixture
def auditor(bank: None) -> Browser:
    return Browser.signed_in(a_login("auditor", Role.AUDITOR))


def run() -> None:
    with as_owner():
        assert reconcile() is not None


def change_balance(customer: Customer, by_minor: int) -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "update readmodels_account set balance_minor = balance_minor + %s where account_id = %s",
            [by_minor, customer.account_id],
        )


def test_before_the_first_run_it_says_so(operations: Browser) -> None:
    page = operations.open(URL)
    assert page.status == 200
    assert "The reconciliation has not run yet." in page.text
    assert "Nothing has been compared yet." in page.text


def test_where_all_agrees_it_shows_what_was_compared(operations: Browser, ada: Customer, grace: Customer) -> None:
    drain()
    run()
    page = operations.open(URL)
    assert "Everything agrees." in page.text
    assert re.search(r"EUR\s+€600.00\s+€600.00\s+€0.00\s+€600.00\s+€600.00", page.text)
    assert "At event 6" in page.text
    assert "4 streams in" in page.text
    assert "What does not agree" not in page.text


def test_a_break_is_named_and_its_amounts_are_for_auditors(
    operations: Browser, auditor: Browser, ada: Customer
) -> None:
    drain()
    change_balance(ada, 1_00)
    run()
    page = operations.open(URL)
    assert "2 things do not agree" in page.text
    assert 'role="alert"' in page.html
    assert str(ada.account_id) in page.text
    assert page.text.count("€501.00") == 2  # of the currency, among what differs and among the figures
    assert "Shown to auditors" in page.text
    assert AccessRecord.objects.count() == 0
    seen = auditor.open(URL)
    assert "Shown to auditors" not in seen.text
    assert seen.text.count("€501.00") == 3
    (record,) = AccessRecord.objects.all()
    assert record.account_id == ada.account_id
    change_balance(ada, -1_00)
    run()
    page = operations.open(URL)
    assert "Everything agrees." in page.text
    assert "What agrees again" in page.text


def test_a_break_is_an_alarm_on_the_dashboard_and_in_the_metrics_until_it_is_gone(
    operations: Browser, ada: Customer
) -> None:
    drain()
    told = []
    for by_minor in (0, 1, -1):
        change_balance(ada, by_minor)
        run()
        (tile,) = re.findall(r'<div class="panel tile">(?:(?!</div>).)*Reconciliation.*?</div>', _flat(operations))
        (count,) = re.findall(r'passbook_reconciliation_breaks\{check="account"\} (\S+)', _metrics())
        told.append(("All agrees" in tile, "Wrong" in tile, float(count)))
    assert told == [(True, False, 0), (False, True, 1), (True, False, 0)]


def _flat(operations: Browser) -> str:
    return operations.open("/dashboard").html.replace("\n", " ")


def _metrics() -> str:
    return Client().get("/metrics").content.decode()


def test_it_asks_again_by_itself_and_is_not_answered_while_nothing_is_new(operations: Browser) -> None:
    run()
    poll = html.unescape(re.findall(r'hx-get="([^"]+)"', operations.open(URL).html)[0])
    assert operations.open(poll).status == 204
    run()
    assert operations.open(poll).status == 200


def test_it_says_that_nobody_compares(operations: Browser) -> None:
    run()
    with as_owner():
        Run.objects.update(ended_at=timezone.now() - timedelta(minutes=6))
    page = operations.open(URL)
    assert "has not run for more than five minutes" in page.text
    assert "Everything agrees." not in page.text


def test_it_says_that_the_general_ledger_is_too_far_behind(
    operations: Browser, ada: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bank.reconciliation.control.TAIL_AT_MOST", 1)
    checkpoints.pause(PROJECTION)
    seal_all()
    run()
    checkpoints.resume(PROJECTION)
    page = operations.open(URL)
    assert "Put off in the last run." in page.text
    assert "0 of 3 events" in page.text


def test_older_runs_follow(operations: Browser) -> None:
    for _ in range(25):
        run()
    page = operations.open(URL)
    (more,) = re.findall(r'href="([^"]+before=\d+)"', page.html)
    older = operations.open(html.unescape(more))
    assert older.html.count("<tr") - older.html.count("<thead>") == 5


@pytest.mark.parametrize("before", ["x", "0", "-1", "99999999999999999999", "%00"])
def test_nonsense_in_the_address_is_said(operations: Browser, before: str) -> None:
    page = operations.open(f"{URL}?before={before}")
    assert page.status == 422
    assert "There is no such page of runs" in page.text
