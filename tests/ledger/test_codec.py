"""The event codec: names and versions in, the newest class out; what the code does not know is never guessed."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import codec
from ledger.codec import decode, encode_canonical, encode_json, event, type_of, upcaster
from ledger.errors import UnknownEvent


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """An event that has had three shapes: `amount` in v1, `amount_minor` in v2, with a currency in v3."""

    amount_minor: int
    currency: str


@pytest.fixture
def _three_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    for registry in ("_by_name", "_by_class", "_upcasters"):
        monkeypatch.setattr(codec, registry, dict(getattr(codec, registry)))
    event("TestMoved", version=3)(Moved)
    upcaster("TestMoved", from_version=1)(lambda data: {"amount_minor": round(data["amount"] * 100)})
    upcaster("TestMoved", from_version=2)(lambda data: {**data, "currency": "EUR"})


@pytest.mark.usefixtures("_three_versions")
@pytest.mark.parametrize(
    ("version", "stored"),
    [
        (1, b'{"amount": 12.5}'),
        (2, b'{"amount_minor": 1250}'),
        (3, b'{"amount_minor": 1250, "currency": "EUR"}'),
    ],
)
def test_every_version_ever_stored_is_read_as_the_newest(version: int, stored: bytes) -> None:
    assert decode("TestMoved", version, stored) == Moved(amount_minor=1250, currency="EUR")


@pytest.mark.usefixtures("_three_versions")
def test_a_version_newer_than_the_code_is_refused() -> None:
    with pytest.raises(UnknownEvent, match="version 4 is newer"):
        decode("TestMoved", 4, b"{}")


@pytest.mark.usefixtures("_three_versions")
def test_a_version_that_no_upcaster_brings_further_is_refused() -> None:
    with pytest.raises(UnknownEvent, match="from version 0"):
        decode("TestMoved", 0, b"{}")


def test_an_unknown_type_is_refused_both_ways() -> None:
    with pytest.raises(UnknownEvent, match="TestNever"):
        decode("TestNever", 1, b"{}")
    with pytest.raises(UnknownEvent, match="Moved"):
        type_of(Moved(amount_minor=1, currency="EUR"))


@pytest.mark.usefixtures("_three_versions")
def test_a_name_and_a_step_are_given_once() -> None:
    with pytest.raises(ValueError, match="TestMoved"):
        event("TestMoved", version=4)(Moved)
    with pytest.raises(ValueError, match="from version 2"):
        upcaster("TestMoved", from_version=2)(lambda data: data)


@pytest.mark.usefixtures("_three_versions")
@pytest.mark.parametrize(
    "stored", [b"{}", b'{"amount_minor": "1", "currency": "EUR"}', b"[]", b"", b"{", b'{"amount_minor": 1}']
)
def test_data_that_does_not_fit_its_class_is_refused(stored: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        decode("TestMoved", 3, stored)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abcXYZ_", min_size=1, max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
documents = st.dictionaries(st.text("abcXYZ_", min_size=1, max_size=5), json_values, max_size=4)


@given(documents)
def test_canonical_json_is_what_another_implementation_writes(value: dict[str, Any]) -> None:
    expected = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert encode_canonical(value) == expected.encode()


@given(documents)
def test_json_comes_back_as_it_went(value: dict[str, Any]) -> None:
    assert json.loads(encode_json(value)) == value
