"""One kind of stream as a drawing: commands, decider, events, projections, and the areas of pages that show them.

Commands and events stand in rows, so that each command is beside the events that it may lead to; the decider is the bar
between them. Sizes are in the drawing's own units, about a pixel at full width.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from django.urls import reverse
from django.utils.translation import gettext

from bank.system.model import Catalogue, Decider

WIDTH: Final = 1120
_ROW: Final = 38
_BOX: Final = 30
_TOP: Final = 34
_LEFTS: Final = {"command": 0, "decider": 236, "event": 312, "projection": 620, "screen": 930}
_WIDTHS: Final = {"command": 196, "decider": 36, "event": 220, "projection": 210, "screen": 190}

Kind = Literal["command", "decider", "event", "projection", "screen"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A thing, as a link to its page."""

    kind: Kind
    text: str
    href: str
    x: float
    y: float
    width: float
    height: float

    @property
    def middle_x(self) -> float:
        """Where its words are centred."""
        return self.x + self.width / 2

    @property
    def middle_y(self) -> float:
        """Where lines come in and go out."""
        return self.y + self.height / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A curve from a box's right side to another's left side; `kind`: of the box that it goes out of."""

    kind: Kind
    path: str


@dataclass(slots=True, kw_only=True)
class Drawing:
    """Boxes and lines. `heads`: where the columns begin."""

    height: float
    boxes: list[Box] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    width: int = WIDTH

    @property
    def view_box(self) -> str:
        """As SVG has it, with room for a frame around a box at the edge."""
        return f"-3 0 {self.width + 6} {self.height:g}"

    @property
    def heads(self) -> dict[str, float]:
        """The left edge of each column."""
        return {kind: float(left) for kind, left in _LEFTS.items()}


def drawing_of(catalogue: Catalogue, decider: Decider) -> Drawing:
    """The drawing of one kind of stream."""
    rows = _rows(catalogue, decider)
    events = list(dict.fromkeys(event for _, found in rows for event in found))
    readers = [
        projection
        for projection in catalogue.projections.values()
        if not projection.reads_all and set(events).intersection(projection.events)
    ]
    areas = _areas(catalogue, [projection.name for projection in readers])
    count = max(sum(max(len(found), 1) for _, found in rows), len(readers), len(areas))
    drawing = Drawing(height=_TOP + count * _ROW)
    bar = _bar(decider, count)
    drawing.boxes.append(bar)
    placed = _place_rows(drawing, rows, bar)
    projections = _column(
        "projection", [(p.name, reverse("web:system_projection", args=[p.name])) for p in readers], count
    )
    screens = _column("screen", [(area, reverse("web:system_screens", args=[area])) for area in areas], count)
    drawing.boxes += [*projections.values(), *screens.values()]
    for projection in readers:
        box = projections[projection.name]
        drawing.lines += [_line(placed[name], box) for name in events if name in projection.events]
        shown = {catalogue.screens[name].area for name in projection.screens}
        drawing.lines += [_line(box, screens[area]) for area in areas if area in shown]
    return drawing


def drawing_of_all(catalogue: Catalogue) -> Drawing:
    """The projections that read every event, whatever it is about."""
    readers = [projection for projection in catalogue.projections.values() if projection.reads_all]
    areas = _areas(catalogue, [projection.name for projection in readers])
    count = max(len(readers), len(areas), 1)
    drawing = Drawing(height=_TOP + count * _ROW)
    (every,) = _column("event", [(gettext("Every event"), f"{reverse('web:system')}#everything")], count).values()
    projections = _column(
        "projection", [(p.name, reverse("web:system_projection", args=[p.name])) for p in readers], count
    )
    screens = _column("screen", [(area, reverse("web:system_screens", args=[area])) for area in areas], count)
    drawing.boxes += [every, *projections.values(), *screens.values()]
    for projection in readers:
        box = projections[projection.name]
        drawing.lines.append(_line(every, box))
        shown = {catalogue.screens[name].area for name in projection.screens}
        drawing.lines += [_line(box, screens[area]) for area in areas if area in shown]
    return drawing


def _rows(catalogue: Catalogue, decider: Decider) -> list[tuple[str, list[str]]]:
    """Each command with those of its events that no command above it has."""
    seen: set[str] = set()
    rows = []
    for name in decider.commands:
        rows.append((name, [event for event in catalogue.commands[name].events if event not in seen]))
        seen.update(catalogue.commands[name].events)
    return rows


def _place_rows(drawing: Drawing, rows: Sequence[tuple[str, list[str]]], bar: Box) -> dict[str, Box]:
    """Commands and events; lines lead through the bar at the height of the command. The events by name."""
    events: dict[str, Box] = {}
    row = 0
    for name, found in rows:
        span = max(len(found), 1)
        box = _box("command", name, reverse("web:system_command", args=[name]), row + (span - 1) / 2)
        drawing.boxes.append(box)
        drawing.lines.append(_straight(box, bar))
        for number, event in enumerate(found):
            events[event] = _box("event", event, reverse("web:system_event", args=[event]), row + number)
            drawing.lines.append(_line(box, events[event], start_x=bar.x + bar.width))
        row += span
    drawing.boxes += events.values()
    return events


def _bar(decider: Decider, count: int) -> Box:
    return Box(
        kind="decider",
        text=decider.title,
        href=reverse("web:system_decider", args=[decider.category]),
        x=_LEFTS["decider"],
        y=_TOP,
        width=_WIDTHS["decider"],
        height=count * _ROW - (_ROW - _BOX),
    )


def _column(kind: Kind, things: Sequence[tuple[str, str]], count: int) -> dict[str, Box]:
    """Boxes of one column, evenly over the height; by their words."""
    step = count / max(len(things), 1)
    return {text: _box(kind, text, href, (number + 0.5) * step - 0.5) for number, (text, href) in enumerate(things)}


def _box(kind: Kind, text: str, href: str, row: float) -> Box:
    y = round(_TOP + row * _ROW, 1)
    return Box(kind=kind, text=text, href=href, x=_LEFTS[kind], y=y, width=_WIDTHS[kind], height=_BOX)


def _line(source: Box, target: Box, *, start_x: float | None = None) -> Line:
    x1 = source.x + source.width if start_x is None else start_x
    bend = (target.x - x1) / 2
    path = (
        f"M{x1:g} {source.middle_y:g}C{x1 + bend:g} {source.middle_y:g} "
        f"{target.x - bend:g} {target.middle_y:g} {target.x:g} {target.middle_y:g}"
    )
    return Line(kind=source.kind, path=path)


def _straight(source: Box, target: Box) -> Line:
    return Line(kind=source.kind, path=f"M{source.x + source.width:g} {source.middle_y:g}H{target.x:g}")


def _areas(catalogue: Catalogue, projections: Iterable[str]) -> list[str]:
    """The areas of pages that ask one of these, in the order of the paths."""
    wanted = set(projections)
    return list(dict.fromkeys(s.area for s in catalogue.screens.values() if wanted.intersection(s.projections)))
