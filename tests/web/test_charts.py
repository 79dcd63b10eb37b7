"""The server-drawn picture of a balance: steps where the balance steps."""

from datetime import date, timedelta

from bank.web.sparkline import sparkline_of

MONDAY = date(2026, 11, 23)


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
