"""Golden states: a state's class does not change its shape in silence, or snapshots of yesterday would be misread.

golden/<category>.<snapshot schema>.json is the JSON Schema of the class that is folded and stored as the snapshot.
"""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from accounts.aggregates import AGGREGATES, Aggregate

GOLDEN = Path(__file__).parent / "golden"


def shape_of(aggregate: Aggregate) -> Any:
    """What a snapshot looks like, without what it says of itself in words."""
    decoder: msgspec.json.Decoder[Any] = getattr(aggregate.decode, "__self__")  # noqa: B009 - a bound method's own
    return _without_words(json.loads(json.dumps(msgspec.json.schema(decoder.type))))


def _without_words(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {key: _without_words(value) for key, value in schema.items() if key not in {"title", "description"}}
    return [_without_words(one) for one in schema] if isinstance(schema, list) else schema


@pytest.mark.parametrize("aggregate", AGGREGATES.values(), ids=lambda aggregate: aggregate.category)
def test_a_state_whose_fields_change_needs_a_new_snapshot_schema(aggregate: Aggregate) -> None:
    path = GOLDEN / f"{aggregate.category}.{aggregate.snapshot_schema}.json"
    assert path.exists(), f"no golden file tells what a snapshot of {aggregate.category} looks like: {path.name}"
    assert shape_of(aggregate) == json.loads(path.read_text()), (
        f"the state of {aggregate.category} changed: make its snapshot_schema {aggregate.snapshot_schema + 1}, write"
        f" golden/{aggregate.category}.{aggregate.snapshot_schema + 1}.json, and remove {path.name}"
    )


def test_no_golden_file_tells_of_a_schema_that_is_gone() -> None:
    assert {path.stem for path in GOLDEN.glob("*.json")} == {
        f"{a.category}.{a.snapshot_schema}" for a in AGGREGATES.values()
    }
