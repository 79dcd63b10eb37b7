"""Walks past the books and the reconciliation: empty, full, agreeing, with something wrong."""

from collections.abc import Iterator

from django.db import connection

from bank.identity.models import Role
from bank.reconciliation.running import reconcile
from readmodels.general_ledger import JournalRow
from tests.journeys.person import Person
from tests.journeys.walks import Cast, somebody_new, walk

Stops = Iterator[tuple[str, Person]]


@walk("web:trial_balance", "web:general_ledger", "web:journal", "web:trial_balance_csv")
def books(cast: Cast) -> Stops:
    person = cast.somebody(signed_in=somebody_new("bookkeeper", Role.AUDITOR))
    day = JournalRow.objects.order_by("-date").values_list("date", flat=True)[0]
    for path in (
        "/reports/trial-balance",
        f"/reports/trial-balance?on={day}&currency=EUR",
        "/reports/trial-balance?on=2000-01-01",
        "/reports/trial-balance?on=x",
        f"/reports/general-ledger?to={day}",
        f"/reports/general-ledger?to={day}&class=cash",
        "/reports/general-ledger?from=2000-01-01&to=2000-01-31",
        "/reports/general-ledger?class=gold",
        f"/reports/journal?on={day}",
        f"/reports/journal?on={day}&class=transfers_in_transit",
        "/reports/journal?on=2000-01-01",
        "/reports/journal?on=x",
        "/reports/trial-balance.csv?on=x",
    ):
        person.open(path)
        yield path, person


@walk("web:reconciliation")
def reconciliation(cast: Cast) -> Stops:
    operator = cast.somebody(signed_in=somebody_new("watchman", Role.OPERATIONS))
    operator.open("/operations/reconciliation")
    yield "reconciliation, not run yet", operator
    for _ in range(22):
        reconcile()
    operator.open("/operations/reconciliation")
    yield "reconciliation, all agrees", operator
    change_balance(cast, 1_00)
    reconcile()
    operator.open("/operations/reconciliation")
    yield "reconciliation, something does not agree", operator
    auditor = cast.somebody(signed_in=somebody_new("examiner", Role.AUDITOR))
    auditor.open("/operations/reconciliation")
    yield "reconciliation, something does not agree, for auditors", auditor
    change_balance(cast, -1_00)
    reconcile()
    operator.open("/operations/reconciliation")
    yield "reconciliation, all agrees again", operator
    operator.open("/operations/reconciliation?before=x")
    yield "reconciliation, no such page of runs", operator


def change_balance(cast: Cast, by_minor: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "update readmodels_account set balance_minor = balance_minor + %s where account_id = %s",
            [by_minor, cast.ada.account_id],
        )
