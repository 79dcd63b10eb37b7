"""The server-drawn pictures: bars as long as the figures, steps where the balance steps."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bank.web.flow_chart import HEIGHT, WIDTH, DayOfFlows, chart_of, days_of
from bank.web.sparkline import sparkline_of
from readmodels.daily_flows import DailyFlow

MONDAY = date(2026, 11, 23)
minor = st.integers(min_value=0, max_value=10**17)


def flow(kind: str, amount_minor: int, day: date = MONDAY, count: int = 1) -> DailyFlow:
    return DailyFlow(date=day, currency="EUR", kind=kind, count=count, amount_minor=amount_minor)


def test_a_transfer_counts_once_where_it_was_sent() -> None:
    (row,) = days_of([flow("transfer_sent", 5, count=2), flow("transfer_received", 5, count=2), flow("deposit", 3)])
    assert (row.transfers_minor, row.deposits_minor, row.withdrawals_minor, row.count) == (5, 3, 0, 3)


def test_the_newest_day_comes_first() -> None:
    days = days_of([flow("deposit", 1, MONDAY - timedelta(days=n)) for n in range(3)])
    assert [row.day for row in days] == [MONDAY - timedelta(days=n) for n in range(3)]
    assert days[0].net_minor == 1


def test_without_deposits_and_withdrawals_there_is_no_chart() -> None:
    assert chart_of(days_of([flow("transfer_sent", 5)]), MONDAY, MONDAY, "EUR") is None


def test_deposits_stand_on_the_line_and_withdrawals_hang_from_it_in_proportion() -> None:
    chart = chart_of(days_of([flow("deposit", 400), flow("withdrawal", 200)]), MONDAY, MONDAY, "EUR")
    assert chart is not None
    up, down = chart.bars
    assert (up.kind, down.kind) == ("in", "out")
    assert up.y + up.height == pytest.approx(chart.zero_y)
    assert down.y == pytest.approx(chart.zero_y)
    assert up.height == pytest.approx(2 * down.height, abs=0.2)
    assert "4" in [tick.text for tick in chart.value_ticks]


@given(st.lists(st.tuples(minor, minor, st.integers(0, 29)), min_size=1, max_size=20))
def test_nothing_is_drawn_outside_the_picture(flows: list[tuple[int, int, int]]) -> None:
    days = [
        DayOfFlows(day=MONDAY - timedelta(days=back), deposits_minor=up, withdrawals_minor=down)
        for up, down, back in flows
    ]
    chart = chart_of(days, MONDAY - timedelta(days=29), MONDAY, "EUR")
    for bar in chart.bars if chart else []:
        assert 0 <= bar.x <= bar.x + bar.width <= WIDTH
        assert 0 <= bar.y <= bar.y + bar.height <= HEIGHT
    assert chart is None or 2 <= len(chart.value_ticks) <= 11


def test_a_sparkline_needs_two_days() -> None:
    assert sparkline_of([]) is None
    assert sparkline_of([(MONDAY, 5)]) is None


def test_a_sparkline_goes_in_steps_from_edge_to_edge() -> None:
    line = sparkline_of([(MONDAY, 0), (MONDAY + timedelta(days=1), 100), (MONDAY + timedelta(days=2), 50)])
    assert line is not None
    assert line.line == "M0 92.0H200.0V8.0H400.0V50.0"
    assert line.area == line.line + "V100H0Z"
    assert line.zero_y is None


def test_a_sparkline_that_crosses_zero_shows_where() -> None:
    line = sparkline_of([(MONDAY, -100), (MONDAY + timedelta(days=1), 100)])
    assert line is not None
    assert line.zero_y == 50.0


def test_a_balance_that_never_moved_is_a_flat_line() -> None:
    line = sparkline_of([(MONDAY, 5), (MONDAY + timedelta(days=9), 5)])
    assert line is not None
    assert line.line == "M0 92.0H400.0V92.0"
