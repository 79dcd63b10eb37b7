"""Reconciling: which days break, by how much, and what drifts."""

from collections.abc import Sequence
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from bank.ops.pkdd99.files import Movement
from bank.ops.pkdd99.reconciliation import Break, Reconciliation
from bank.ops.pkdd99.spool import Spool, Spooled
from tests.ops_data.bank_files import Row, random_bank

MONDAY, TUESDAY, WEDNESDAY = date(1993, 3, 1), date(1993, 3, 2), date(1993, 3, 3)


def spooled(row: Row) -> Spooled:
    movement = Movement(
        trans_id=row.trans_id,
        account_id=row.account_id,
        date=row.day,
        change_minor=row.change,
        balance_minor=row.balance,
        operation="",
        purpose="",
        counterparty="",
    )
    return Spooled(movement, "trans.asc", row.trans_id + 1)


def rows(day: date, *steps: tuple[int, int]) -> list[Spooled]:
    return [
        spooled(Row(trans_id=n, account_id=1, day=day, change=change, balance=balance))
        for n, (change, balance) in enumerate(steps)
    ]


def reconcile(*days: Sequence[Spooled]) -> tuple[Reconciliation, list[Break]]:
    reconciliation = Reconciliation()
    closed = [reconciliation.close(day, day.movements) for day in map(reconciliation.order, days)]
    return reconciliation, [found for found in closed if found]


def test_days_whose_balances_follow_in_some_order_match() -> None:
    found, breaks = reconcile(
        rows(MONDAY, (100, 100)), rows(TUESDAY, (-30, 120), (50, 150)), rows(WEDNESDAY, (-120, 0))
    )
    assert (found.days, found.matching, found.in_step, breaks) == (3, 3, 3, [])
    assert found.drifts() == {0: 1}


def test_a_rounded_day_breaks_once_and_leaves_the_account_out_of_step_until_it_is_rounded_back() -> None:
    found, breaks = reconcile(rows(MONDAY, (100, 110)), rows(TUESDAY, (50, 160)), rows(WEDNESDAY, (-50, 100)))
    assert breaks == [
        Break(account_id=1, date=MONDAY, expected_minor=110, computed_minor=100, book_minor=100),
        Break(account_id=1, date=WEDNESDAY, expected_minor=100, computed_minor=110, book_minor=100),
    ]
    assert [(b.difference_minor, b.drift_minor) for b in breaks] == [(10, 10), (-10, 0)]
    assert (found.days, found.matching, found.in_step) == (3, 1, 1)
    assert found.differences == {10: 1, -10: 1}


def test_a_refused_movement_breaks_its_day() -> None:
    reconciliation = Reconciliation()
    day = reconciliation.order(rows(MONDAY, (100, 100), (-40, 60)))
    found = reconciliation.close(day, day.movements[:1])
    assert found == Break(account_id=1, date=MONDAY, expected_minor=60, computed_minor=100, book_minor=100)


@given(st.integers(0, 10_000))
def test_every_drift_is_the_sum_of_the_account_s_differences(seed: int) -> None:
    reconciliation = Reconciliation()
    differences: dict[int, int] = {}
    with Spool() as spool:
        for row in random_bank(str(seed), accounts=3, days=8):
            spool.add(spooled(row))
        for movements in spool.account_days():
            day = reconciliation.order(movements)
            broken = reconciliation.close(day, day.movements)
            differences.setdefault(day.account_id, 0)
            if broken:
                differences[day.account_id] += broken.difference_minor
                assert broken.drift_minor == differences[day.account_id]
    assert sorted(reconciliation.drifts().elements()) == sorted(differences.values())
    assert reconciliation.days == reconciliation.matching + reconciliation.differences.total()


def test_the_spool_gives_movements_back_by_day_and_account_however_they_came() -> None:
    bank = random_bank("spool", accounts=5, days=6)
    with Spool() as spool:
        for row in sorted(bank, key=lambda row: -row.trans_id):
            assert spool.add(spooled(row)) is None
        assert len(spool) == len(bank)
        given_back = list(spool.account_days())
    keys = [[(m.movement.date, m.movement.account_id) for m in day] for day in given_back]
    assert all(len(set(day)) == 1 for day in keys)
    assert [day[0] for day in keys] == sorted({(row.day, row.account_id) for row in bank})
    assert sorted(m.movement.trans_id for day in given_back for m in day) == [row.trans_id for row in bank]
    assert {m for day in given_back for m in day} == {spooled(row) for row in bank}


def test_a_second_movement_of_the_same_id_leaves_the_first_as_it_is() -> None:
    first, second = rows(MONDAY, (100, 100))[0], rows(TUESDAY, (7, 7))[0]
    with Spool() as spool:
        assert spool.add(first) is None
        assert spool.add(second) == first
        assert list(spool.account_days()) == [[first]]
