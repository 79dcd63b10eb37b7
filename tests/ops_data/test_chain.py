"""The order within a day, against trying every order."""

from itertools import permutations
from time import perf_counter

from hypothesis import given, settings
from hypothesis import strategies as st

from bank.ops.pkdd99.chain import DayOrder, Step, order_day


def brute_force_chains(opening: int, steps: list[Step]) -> set[int]:
    """The closing balances of all orders in which every reported balance comes true."""
    closings = set()
    for order in permutations(steps):
        balance = opening
        for step in order:
            balance += step.change_minor
            if balance != step.balance_minor:
                break
        else:
            closings.add(balance)
    return closings


def jumps_of(opening: int, steps: list[Step], found: DayOrder) -> int:
    balance, jumps = opening, 0
    for index in found.order:
        jumps += steps[index].before_minor != balance
        balance = steps[index].balance_minor
    return jumps


# Few different numbers, so that balances meet, circles close and several orders are possible.
small = st.integers(-3, 3)
any_steps = st.lists(st.builds(Step, small.filter(bool), small), min_size=1, max_size=6)


@st.composite
def shuffled_days(draw: st.DrawFn) -> tuple[int, list[Step]]:
    opening = draw(small)
    balance, steps = opening, []
    for change in draw(st.lists(small.filter(bool), min_size=1, max_size=7)):
        balance += change
        steps.append(Step(change, balance))
    return opening, draw(st.permutations(steps))


@given(small, any_steps)
@settings(max_examples=1_000)
def test_a_day_chains_exactly_when_some_order_yields_the_reported_balances(opening: int, steps: list[Step]) -> None:
    found = order_day(opening, steps)
    closings = brute_force_chains(opening, steps)
    assert found.chains == bool(closings)
    if found.chains:
        assert closings == {found.closing_minor}


@given(small, any_steps)
@settings(max_examples=1_000)
def test_every_step_is_taken_once_and_a_broken_day_still_closes_at_a_reported_balance(
    opening: int, steps: list[Step]
) -> None:
    found = order_day(opening, steps)
    assert sorted(found.order) == list(range(len(steps)))
    assert found.closing_minor in {step.balance_minor for step in steps}
    assert steps[found.order[-1]].balance_minor == found.closing_minor
    assert jumps_of(opening, steps, found) == found.jumps


@given(shuffled_days())
@settings(max_examples=500)
def test_a_shuffled_day_finds_an_order_that_chains(day: tuple[int, list[Step]]) -> None:
    opening, steps = day
    found = order_day(opening, steps)
    assert found.chains
    assert jumps_of(opening, steps, found) == 0
    assert found.closing_minor == opening + sum(step.change_minor for step in steps)


@given(small, st.lists(st.builds(Step, small.filter(bool), small), min_size=1, max_size=5))
@settings(max_examples=500)
def test_a_broken_day_takes_the_fewest_jumps(opening: int, steps: list[Step]) -> None:
    found = order_day(opening, steps)
    fewest = min(jumps_of(opening, steps, DayOrder(order, 0, 0)) for order in permutations(range(len(steps))))
    assert found.jumps == fewest


def test_rounded_interest_is_one_jump_and_closes_where_the_file_does() -> None:
    # 71,107.70 before; the file rounds interest, then takes the fee.
    steps = [Step(-1460, 7143780), Step(34480, 7145240)]
    assert order_day(7110770, steps) == DayOrder((1, 0), 7143780, 1)


def test_a_break_that_cancels_out_within_the_day_is_still_a_break() -> None:
    steps = [Step(-1460, 4014700), Step(16700, 4016170)]
    found = order_day(3999460, steps)
    assert not found.chains
    assert found.closing_minor == 4014700 == 3999460 + 16700 - 1460


def test_a_circle_beside_the_opening_balance_ends_in_the_circle() -> None:
    found = order_day(1000, [Step(50, 1060), Step(-50, 1010)])
    assert found == DayOrder((0, 1), 1010, 1)


def test_steps_that_could_go_in_any_order_keep_the_one_they_were_given_in() -> None:
    same = [Step(5, 5), Step(-5, 0), Step(5, 5), Step(-5, 0)]
    assert order_day(0, same).order == (0, 1, 2, 3)


def test_a_day_of_thousands_of_movements_takes_no_time() -> None:
    balance, steps = 0, []
    for number in range(20_000):
        balance += (number % 7) - 3 or 1
        steps.append(Step((number % 7) - 3 or 1, balance))
    began = perf_counter()
    assert order_day(0, steps[::-1]).chains
    assert not order_day(1, steps).chains
    assert perf_counter() - began < 5


def test_a_day_of_thousands_of_unconnected_circles_takes_little_time() -> None:
    steps = [step for n in range(2_000) for step in (Step(1, n * 10 + 1), Step(-1, n * 10))]
    began = perf_counter()
    found = order_day(5, steps)
    assert len(found.order) == 4_000
    assert perf_counter() - began < 5
