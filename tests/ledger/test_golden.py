"""Golden events: every version of every event ever stored stays readable, and none changes its shape in silence.

accounts/golden/<Type>.v<version>.json holds one stored event (`stored`; personal data as they are once deciphered),
what it is read as today (`read`), and the fields that this version of the class has (`fields`). A class whose fields
change needs a new version, an upcaster from the old one and a new file; the old stays, and only its `read` follows.
"""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from accounts import account, customer, log_in, record_job, webhook_endpoint  # noqa: F401 - they register their events
from ledger.codec import decode, encode_json, event_types, type_of
from ledger.personal import personal_fields

GOLDEN = Path(account.__file__).parent / "golden"
FILES = sorted(GOLDEN.glob("*.json"))


def load(path: Path) -> tuple[str, int, dict[str, Any]]:
    name, version = path.stem.rsplit(".v", 1)
    return name, int(version), json.loads(path.read_text())


def fields_of(cls: type[Any]) -> dict[str, str]:
    """Every field of an event's class: its type, and its default where it has one."""
    found = {}
    personal = personal_fields(cls)
    for field in msgspec.structs.fields(cls):
        kind = "personal" if field.name in personal else getattr(field.type, "__name__", str(field.type))
        found[field.encode_name] = kind if field.required else f"{kind} = {field.default!r}"
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_event_once_stored_is_read_as_it_always_was(path: Path) -> None:
    name, version, golden = load(path)
    event = decode(name, version, json.dumps(golden["stored"]).encode())
    assert msgspec.to_builtins(event) == golden["read"]
    assert type_of(event).name == name


@pytest.mark.parametrize("kind", event_types(), ids=lambda kind: f"{kind.name}.v{kind.version}")
def test_an_event_whose_fields_change_needs_a_new_version(kind: Any) -> None:
    path = GOLDEN / f"{kind.name}.v{kind.version}.json"
    assert path.exists(), f"{kind.name} has a version {kind.version} that no golden file tells of"
    _, _, golden = load(path)
    assert fields_of(kind.cls) == golden["fields"], (
        f"{kind.name} changed its fields: give it version {kind.version + 1}, an upcaster from {kind.version},"
        f" and golden/{kind.name}.v{kind.version + 1}.json; {path.name} stays"
    )
    assert set(golden["stored"]) == set(golden["fields"]), "the golden event of the newest version says everything"


@pytest.mark.parametrize("kind", event_types(), ids=lambda kind: kind.name)
def test_the_newest_version_is_stored_as_its_golden_event(kind: Any) -> None:
    _, _, golden = load(GOLDEN / f"{kind.name}.v{kind.version}.json")
    event = decode(kind.name, kind.version, json.dumps(golden["stored"]).encode())
    assert json.loads(encode_json(event)) == golden["stored"]


@pytest.mark.parametrize("kind", event_types(), ids=lambda kind: kind.name)
def test_no_version_on_the_way_is_missing(kind: Any) -> None:
    versions = sorted(version for name, version, _ in map(load, FILES) if name == kind.name)
    assert versions == list(range(1, kind.version + 1))


def test_no_event_that_was_stored_has_been_forgotten() -> None:
    assert {name for name, _, _ in map(load, FILES)} == {kind.name for kind in event_types()}
