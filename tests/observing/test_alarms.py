"""The dashboard for Grafana and the alerting rules ask only for metrics that there are; the runbook has every alarm."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.observing.test_documents import listed

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "operations"
RULES = [
    rule for group in yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"] for rule in group["rules"]
]  # fmt: skip
RUNBOOK = (FOLDER / "runbook.md").read_text()
DASHBOARD = json.loads((FOLDER / "grafana.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def expressions() -> Iterator[str]:
    yield from (rule["expr"] for rule in RULES)
    yield from (target["expr"] for panel in PANELS for target in panel["targets"])


def asked_for(expression: str) -> set[str]:
    return set(re.findall(r"passbook_\w+", expression))


@pytest.mark.parametrize("expression", sorted(set(expressions())))
def test_only_metrics_that_there_are_are_asked_for_by_labels_that_they_have(expression: str) -> None:
    there = listed()
    labels: set[str] = {"le"}
    for name in asked_for(expression):
        known = name if name in there else re.sub(r"_(bucket|sum|count)$", "", name)
        assert known in there, name
        assert (known == name) == (there[known][0] != "histogram"), name
        labels |= there[known][1]
    used = set(re.findall(r'(\w+)(?:=~|!=|=)"', expression))
    used |= {label for listing in re.findall(r"by \(([\w, ]+)\)", expression) for label in listing.split(", ")}
    assert used <= labels


def test_every_expression_is_balanced_and_says_what_it_takes() -> None:
    for expression in expressions():
        assert asked_for(expression)
        assert all(expression.count(a) == expression.count(b) for a, b in ("()", "[]", "{}"))


def test_every_alarm_has_its_section_in_the_runbook_and_no_section_is_left_over() -> None:
    sections = re.findall(r"^## (Passbook\w+)$", RUNBOOK, re.MULTILINE)
    assert sections == [rule["alert"] for rule in RULES]
    for rule in RULES:
        assert rule["annotations"]["runbook"] == f"runbook.md#{rule['alert'].lower()}"
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"]["summary"]


def test_every_panel_says_what_it_shows_and_none_lies_on_another() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at: dict[str, Any] = panel["gridPos"]
        cells = {(at["x"] + dx, at["y"] + dy) for dx in range(at["w"]) for dy in range(at["h"])}
        assert taken.isdisjoint(cells)
        assert max(x for x, _ in cells) < 24
        taken |= cells
    assert all(panel["title"] and panel["description"] for panel in PANELS)
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
