"""docs/OPERATIONS.md lists every metric with its kind and labels, and every setting of these is in the README."""

import re
from pathlib import Path
from typing import Any

import pytest

from bank.ops.metrics import instruments
from bank.ops.metrics.ledger import LedgerCollector
from bank.ops.metrics.reconciliation import ReconciliationCollector
from bank.reconciliation.running import reconcile
from ledger.sealing import seal_all
from ledger.signing import sign_head
from tests.ledger.book import write

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "OPERATIONS.md").read_text()


def listed() -> dict[str, tuple[str, set[str]]]:
    """Kind and labels by name."""
    rows = re.findall(r"^\| `(passbook_\w+)` \| (\w+) \|([^|]*)\|", DOCUMENT, re.MULTILINE)
    assert len({name for name, _, _ in rows}) == len(rows)
    return {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}


def counted_by_processes() -> dict[str, tuple[str, set[str]]]:
    found = {}
    for value in vars(instruments).values():
        instrument: Any = getattr(value, "_instrument", value)
        if hasattr(instrument, "_labelnames") and isinstance(getattr(instrument, "_type", None), str):
            suffix = "_total" if instrument._type == "counter" else ""
            found[instrument._name + suffix] = (instrument._type, set(instrument._labelnames))
    return found


def read_from_the_database() -> dict[str, tuple[str, set[str]]]:
    found = {}
    for family in (*LedgerCollector().collect(), *ReconciliationCollector().collect()):
        suffix = "_total" if family.type == "counter" else ""
        labels = {name for sample in family.samples for name in sample.labels}
        if family.name == "passbook_projection_rebuild_position":  # no rebuild, no samples
            labels = {"projection"}
        found[family.name + suffix] = (family.type, labels)
    return found


@pytest.mark.django_db(transaction=True)
def test_every_metric_is_in_the_table_with_its_kind_and_labels() -> None:
    write()
    seal_all()
    sign_head()
    reconcile()
    ours = counted_by_processes()
    assert len(ours) > 10
    assert listed() == ours | read_from_the_database()
