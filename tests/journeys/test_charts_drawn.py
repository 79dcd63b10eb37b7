"""Charts in a real Chromium: drawn of their tables, in the colours of the page, on a phone and on paper."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from bank.identity.models import Role
from bank.web.reports.catalogue import REPORTS
from ledger.runner import drain
from tests.journeys.person import Person
from tests.journeys.walks import NARROW, WIDE, somebody_new, something_happened
from tests.steps import deposit, do
from tests.web.people import Customer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey, pytest.mark.timeout(300)]

Somebody = Callable[..., Person]
FLOWS: Final = "/reports/daily-flows?days=7&currency=EUR"
LIGHT: Final = ["rgb(47, 143, 91)", "rgb(194, 112, 61)"]
DARK: Final = ["rgb(88, 196, 138)", "rgb(231, 154, 102)"]
_CHARTS: Final = """
() => [...document.querySelectorAll("[data-chart-of] canvas")].map((canvas) => {
  const chart = Chart.getChart(canvas);
  const box = canvas.getBoundingClientRect();
  const empty = Object.assign(document.createElement("canvas"), { width: canvas.width, height: canvas.height });
  return {
    labels: chart.data.labels,
    data: chart.data.datasets.map((one) => one.data),
    colours: chart.data.datasets.map((one) => one.backgroundColor),
    ticks: chart.options.scales.x.ticks.color,
    is_blank: canvas.toDataURL() === empty.toDataURL(),
    width: box.width,
    height: box.height,
    said: canvas.getAttribute("aria-label"),
  };
})
"""
# Where it is on the screen, once the letters are there and all is drawn in their measure.
_MIDDLE_OF_THE_LAST_BAR: Final = """
async () => {
  const nextFrame = () => new Promise(requestAnimationFrame);
  await document.fonts.ready;
  for (let frame = 0; frame < 3; frame += 1) await nextFrame();
  const canvas = document.querySelector("canvas");
  const box = canvas.getBoundingClientRect();
  const last = Chart.getChart(canvas).getDatasetMeta(0).data.at(-1);
  return { x: box.x + last.x, y: box.y + (last.y + last.base) / 2 };
}
"""

_TILES: Final = """
async () => {
  await document.fonts.ready;
  return [...document.querySelectorAll(".tiles")].map((list) => [...list.children].map((tile) => {
    const { left, right, top } = tile.getBoundingClientRect();
    return { left, right, top: Math.round(top) };
  }));
}
"""


@pytest.fixture
def reader(somebody: Somebody, ada: Customer, grace: Customer) -> Person:
    """Somebody at the figures of a bank in which things have happened."""
    something_happened(ada, grace)
    do(deposit(ada.account_id, 42_00, at=timezone.now()))
    drain()
    return somebody(signed_in=somebody_new("counting", Role.OPERATIONS))


def charts(person: Person) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = person.page.evaluate(_CHARTS)
    return found


def painted(person: Person, colours: list[str]) -> dict[str, Any]:
    """The one chart of the page, once it has these colours."""
    person.page.wait_for_function(
        "(colours) => { const chart = Chart.getChart(document.querySelector('canvas'));"
        " return chart && chart.data.datasets.every((one, place) => one.backgroundColor === colours[place]); }",
        arg=colours,
    )
    (chart,) = charts(person)
    return chart


def test_every_chart_is_drawn_without_a_word_in_the_console(reader: Person) -> None:
    drawn = set()
    for path in ("/dashboard?days=365", *(f"/reports/{report.path}?days=365&currency=EUR" for report in REPORTS)):
        reader.open(path)
        for chart in charts(reader):
            assert not chart["is_blank"], path
            assert chart["said"].endswith("a chart of the table below")
            drawn.add(path)
    assert len(drawn) >= len(REPORTS)
    assert reader.complaints == []


def test_a_chart_says_what_its_table_says(reader: Person) -> None:
    reader.open(FLOWS)
    (chart,) = charts(reader)
    cells = reader.page.locator("#flows-table tbody tr:first-child data").evaluate_all(
        "(all) => all.map((one) => Number(one.value))"
    )
    assert len(chart["labels"]) == 7
    assert [series[-1] for series in chart["data"]] == [cells[0], -cells[1]]
    assert cells[0] == 42


def test_a_chart_has_the_colours_of_the_page_and_paper_is_light(reader: Person) -> None:
    reader.open(FLOWS)
    (light,) = charts(reader)
    assert light["colours"] == LIGHT
    reader.colours("dark")
    dark = painted(reader, DARK)
    assert dark["ticks"] != light["ticks"]
    reader.page.emulate_media(media="print", color_scheme="dark")
    paper = painted(reader, LIGHT)
    assert paper["ticks"] == light["ticks"]
    expect(reader.page.locator(".report-filters")).to_be_hidden()
    expect(reader.page.locator("#flows-table")).to_be_visible()
    assert not paper["is_blank"]
    reader.page.emulate_media(media="screen", color_scheme="dark")
    painted(reader, DARK)


def test_the_chosen_colours_win_over_the_systems(reader: Person) -> None:
    reader.open(FLOWS)
    reader.colours("dark")
    painted(reader, DARK)
    reader.press("Light")
    painted(reader, LIGHT)


def test_a_chart_fits_a_phone(reader: Person) -> None:
    reader.open("/dashboard?days=90")
    reader.resize(**WIDE)
    reader.resize(**NARROW)
    reader.page.wait_for_function("document.querySelector('canvas').getBoundingClientRect().width < 390")
    assert reader.cut_off() == []
    for chart in charts(reader):
        assert 200 < chart["width"] < 390
        assert chart["height"] >= 170


def test_an_axis_says_no_number_twice(reader: Person, ada: Customer) -> None:
    """A hundred million that grow by some thousands a day: rounded to millions all would be the same."""
    for days, minor in ((20, 100_000_000_00), (10, 400_000_00), (5, 900_000_00)):
        do(deposit(ada.account_id, minor, at=timezone.now() - timedelta(days=days)))
    drain()
    reader.open("/reports/cash-position?days=7&currency=EUR")
    labels = reader.page.evaluate(
        "() => Chart.getChart(document.querySelector('canvas')).scales.y.ticks.map((tick) => tick.label)"
    )
    assert len(labels) > 2
    assert len(set(labels)) == len(labels), labels


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_every_row_of_tiles_is_full(reader: Person, size: dict[str, int]) -> None:
    reader.open("/dashboard")
    reader.resize(**size)
    lists: list[list[dict[str, float]]] = reader.page.evaluate(_TILES)
    assert [len(tiles) for tiles in lists] == [6, 5]
    for tiles in lists:
        width = max(tile["right"] for tile in tiles) - min(tile["left"] for tile in tiles)
        rows = [[tile for tile in tiles if tile["top"] == top] for top in sorted({tile["top"] for tile in tiles})]
        assert len(rows) > 1
        for row in rows:
            assert max(tile["right"] for tile in row) - min(tile["left"] for tile in row) == pytest.approx(width, abs=1)


def test_a_chart_is_drawn_anew_when_figures_come(reader: Person, ada: Customer) -> None:
    reader.open(FLOWS)
    do(deposit(ada.account_id, 77_00, at=timezone.now()))
    drain()
    reader.sees("€119.00")
    (chart,) = charts(reader)
    assert chart["data"][0][-1] == 119
    assert not chart["is_blank"]
    assert reader.page.evaluate("Object.keys(Chart.instances).length") == 1
    assert reader.complaints == []


def test_a_month_in_a_chart_leads_to_its_days(reader: Person) -> None:
    reader.open("/reports/daily-flows?days=365&currency=EUR")
    reader.page.locator("canvas").scroll_into_view_if_needed()
    at = reader.page.evaluate(_MIDDLE_OF_THE_LAST_BAR)
    reader.page.mouse.click(at["x"], at["y"])
    reader.page.wait_for_url("**from=*")
    assert len(charts(reader)[0]["labels"]) <= 31


def test_without_scripts_there_is_the_table(somebody: Somebody, ada: Customer) -> None:
    drain()
    person = somebody(signed_in=somebody_new("counting", Role.OPERATIONS), java_script_enabled=False)
    person.open("/reports/cash-position?currency=EUR")
    assert person.page.locator("canvas").is_hidden()
    expect(person.page.locator("#cash-table")).to_be_visible()
    person.open("/dashboard?from=2026-03-01&to=2026-03-31")
    person.page.get_by_text("The same figures as a table").first.click()
    expect(person.page.locator("#flows-table")).to_be_visible()
