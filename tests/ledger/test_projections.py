"""The registry of projections: names are given once, and every lifecycle has its own list."""

import pytest

from bank.webhooks.projection import NAME as WEBHOOK_DELIVERIES
from ledger import projections
from ledger.projections import (
    AsyncProjection,
    InlineProjection,
    Lifecycle,
    LiveProjection,
    async_projection,
    async_projections,
    inline_projections,
    projection_named,
    register,
    unregister,
)
from readmodels.registry import PROJECTIONS


@pytest.fixture(autouse=True)
def _as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projections, "_registry", dict(projections._registry))


def an_inline(name: str, *parts: str) -> InlineProjection:
    return InlineProjection(name=name, description="", tables=(), parts=dict.fromkeys(parts), rows=lambda _: {})  # type: ignore[arg-type]


def an_async(name: str) -> AsyncProjection:
    return AsyncProjection(name=name, description="", apply=lambda *_: None, tables=())


def test_the_registry_is_the_table_of_contents_of_the_read_side() -> None:
    assert [p.name for p in projections.projections()] == [*(p.name for p in PROJECTIONS), WEBHOOK_DELIVERIES]
    assert {p.lifecycle for p in PROJECTIONS} == set(Lifecycle)
    assert all(p.description.endswith(".") for p in PROJECTIONS)


def test_a_name_is_given_once() -> None:
    register(an_async("test_one"))
    for other in (an_async("test_one"), an_inline("test_one"), LiveProjection(name="test_one", description="")):
        with pytest.raises(ValueError, match="test_one"):
            register(other)


def test_the_parts_of_the_append_are_named_once() -> None:
    register(an_inline("test_one", "test_part", "test_other"))
    with pytest.raises(ValueError, match="test_part"):
        register(an_inline("test_two", "test_part"))
    assert "test_two" not in [p.name for p in projections.projections()]


@pytest.mark.parametrize("part", ["commands", "created", "moved", "events", "checked"])
def test_a_part_cannot_take_a_name_of_the_appends_own(part: str) -> None:
    with pytest.raises(ValueError, match=part):
        register(an_inline("test_one", part))


def test_projections_are_listed_by_lifecycle_in_the_order_of_their_coming() -> None:
    before = [p.name for p in async_projections()]
    for projection in (an_async("test_b"), an_inline("test_i", "test_part"), an_async("test_a")):
        register(projection)
    assert [p.name for p in async_projections()] == [*before, "test_b", "test_a"]
    assert inline_projections()[-1].name == "test_i"


def test_an_async_projection_is_found_by_name_and_others_are_not_taken_for_one() -> None:
    register(an_async("test_one"))
    register(an_inline("test_two", "test_part"))
    assert async_projection("test_one").name == "test_one"
    assert projection_named("test_two").name == "test_two"
    for name in ("test_two", "test_never"):
        with pytest.raises(KeyError):
            async_projection(name)


def test_a_projection_can_be_forgotten() -> None:
    register(an_async("test_one"))
    unregister("test_one")
    with pytest.raises(KeyError):
        async_projection("test_one")
