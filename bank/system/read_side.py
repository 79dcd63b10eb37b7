"""The read side as the catalogue tells it: projections with what they read, what they answer, and who asks."""

import inspect
from collections.abc import Iterator
from functools import cache
from types import FunctionType, ModuleType
from typing import Final
from uuid import UUID

import msgspec

from accounts.refusals import REFUSALS, Refused
from bank.system.model import Call, ProjectionEntry, Query, RefusalReason, Screen
from bank.system.reach import Reach
from bank.system.schemas import examples_of, parameters_of, schema_of_parameters, words_of
from bank.webhooks import projection as webhook_deliveries
from ledger.codec import EventType, event_types
from ledger.projections import AsyncProjection, InlineProjection, NewEvent, Projection, projections
from readmodels import registry

_WRITERS: Final = frozenset({"apply", "rows"})


def entries(screens: list[Screen], calls: list[Call]) -> Iterator[ProjectionEntry]:
    """Every registered projection."""
    for projection in _registered():
        module = module_of(projection.name)
        wanted = _types_of(projection)
        yield ProjectionEntry(
            name=projection.name,
            lifecycle=projection.lifecycle,
            description=projection.description,
            details=words_of(module),
            module=module.__name__,
            tables=getattr(projection, "tables", ()),
            reads_all=wanted is None,
            events=tuple(kind.name for kind in event_types() if wanted is None or kind.name in wanted),
            on_error=projection.on_error.value if isinstance(projection, AsyncProjection) else "",
            shards=projection.shards if isinstance(projection, AsyncProjection) else 0,
            refusals=_refusals_of(projection),
            queries=tuple(_query(projection.name, function) for function in _queries_of(module)),
            screens=tuple(screen.name for screen in screens if projection.name in screen.projections),
            calls=tuple(call.id for call in calls if projection.name in call.projections),
        )


def asked(found: Reach) -> tuple[str, ...]:
    """The projections that some code asks: by their functions, their classes, or their tables in its SQL."""
    modules = {name.__module__ for name in found.asked}
    return tuple(
        projection.name
        for projection in _registered()
        if module_of(projection.name).__name__ in modules
        or any(table in sql for table in getattr(projection, "tables", ()) for sql in found.statements)
    )


def reason_of(kind: type[Refused]) -> RefusalReason:
    """A refusal with the words that everybody may read."""
    return RefusalReason(code=kind.code, description=words_of(kind))


@cache
def module_of(name: str) -> ModuleType:
    """The file of a projection: table, code and queries."""
    for module in [*vars(registry).values(), webhook_deliveries]:
        held = getattr(module, "PROJECTION", None)
        if held is not None and held.name == name:
            assert isinstance(module, ModuleType)
            return module
    raise LookupError(name)


@cache
def _registered() -> list[Projection]:
    """Those of the bank: tests register others for themselves."""
    known = {projection.name for projection in registry.PROJECTIONS} | {webhook_deliveries.NAME}
    return [projection for projection in projections() if projection.name in known]


def _types_of(projection: Projection) -> frozenset[str] | None:
    """The stored types that a projection reads; None for all. Of an inline one: those that it makes rows of."""
    if not isinstance(projection, InlineProjection):
        return projection.types
    return frozenset(kind.name for kind in event_types() if any(projection.rows(new_events(kind)).values()))


def new_events(kind: EventType) -> list[NewEvent]:
    """The example of an event's newest version, as an event about to be appended; none where there is no example."""
    nobody = UUID(int=0)
    example = examples_of(kind.name).get(kind.version)
    if example is None:
        return []
    metadata = dict.fromkeys(("correlationId", "causationId", "commandId"), str(nobody))
    return [NewEvent(nobody, 1, msgspec.convert(example["stored"], kind.cls), nobody, {**metadata, "actor": "nobody"})]


def _refusals_of(projection: Projection) -> tuple[RefusalReason, ...]:
    codes = projection.refusals.values() if isinstance(projection, InlineProjection) else ()
    return tuple(reason_of(REFUSALS[code]) for code in codes)


def _queries_of(module: ModuleType) -> list[FunctionType]:
    """The public functions that the file defines besides those that write."""
    return [
        function
        for name, function in vars(module).items()
        if inspect.isfunction(function)
        and function.__module__ == module.__name__
        and not name.startswith("_")
        and name not in _WRITERS
    ]


def _query(projection: str, function: FunctionType) -> Query:
    return Query(
        name=f"{projection}.{function.__name__}",
        description=words_of(function),
        signature=str(inspect.signature(function)),
        fields=parameters_of(function),
        schema=schema_of_parameters(function),
    )
