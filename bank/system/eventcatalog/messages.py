"""Commands, queries and events as pages, each with its JSON Schema; events in every version that was ever stored."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from bank.system.eventcatalog.page import listing, page, table, to_json, words
from bank.system.model import Call, Catalogue, Command, Event, EventVersion, Field, ProjectionEntry, Query

_SCHEMA = "schema.json"


def command_files(command: Command, catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    """A command: what it wants, by which rule it is decided, what refuses it, and who sends it."""
    head: dict[str, Any] = {"id": command.name, "name": command.name, "summary": command.description}
    if call := _own_call(command, catalogue):
        head["operation"] = {"method": call.method, "path": call.path}
    senders = [
        *(f"the page `{catalogue.screens[name].path}`" for name in command.screens),
        *(f"the API: `{catalogue.calls[id_].method} {catalogue.calls[id_].path}`" for id_ in command.calls),
        *(f"`{module}`" for module, _ in command.others),
    ]
    yield from _with_schema(
        f"commands/{command.name}",
        head,
        command.schema,
        words(command.description),
        "<NodeGraph />",
        f"## Rule\n\n{words(command.rule)}",
        _table_of(command.fields),
        listing("Leads to", (f"`{event}`" for event in command.events)),
        listing("Refused as", (f"`{r.code}`: {words(r.description)}" for r in command.refusals)),
        listing("Sent by", senders),
    )


def query_files(query: Query) -> Iterator[tuple[str, str]]:
    """A question that a projection answers."""
    yield from _with_schema(
        f"queries/{query.name}",
        {"id": query.name, "name": query.name, "summary": query.description},
        query.schema,
        words(query.description),
        "<NodeGraph />",
        f"```python\n{query.name}{query.signature}\n```",
        _table_of(query.fields),
    )


def event_files(event: Event) -> Iterator[tuple[str, str]]:
    """An event: its newest version, and each older one in a folder of its own."""
    for version in event.versions:
        number = semver(version.version)
        is_newest = version is event.newest
        place = f"events/{event.name}" + ("" if is_newest else f"/versioned/{number}")
        yield from _with_schema(
            place,
            {"id": event.name, "name": event.name, "version": number, "summary": event.description},
            version.schema,
            words(event.description),
            "<NodeGraph />",
            _withheld(event),
            _table_of(version.fields),
            _differences(version),
            _example(version),
            f"## Upcaster\n\n{words(version.upcaster)}" if version.upcaster else "",
        )


def semver(version: int) -> str:
    """A schema version as EventCatalog counts: every one may break who reads without an upcaster."""
    return f"{version}.0.0"


def _with_schema(place: str, head: dict[str, Any], schema: Any, *parts: str) -> Iterator[tuple[str, str]]:
    head = {**head, "schemaPath": _SCHEMA}
    yield f"{place}/index.mdx", page(head, *parts, f'## Schema\n\n<Schema file="{_SCHEMA}" />')
    yield f"{place}/{_SCHEMA}", to_json(schema)


def _own_call(command: Command, catalogue: Catalogue) -> Call | None:
    """The one call that stands for this command; a batch stands for many."""
    calls = [catalogue.calls[id_] for id_ in command.calls if len(catalogue.calls[id_].commands) == 1]
    return calls[0] if calls else None


def _table_of(fields: Sequence[Field]) -> str:
    rows = [(f"`{f.name}`", f.type, f.unit, "" if f.is_required else f"`{f.default}`", _words_of(f)) for f in fields]
    made = table(("field", "type", "unit or form", "default", "says"), rows)
    return f"## Fields\n\n{made}" if made else ""


def _words_of(field: Field) -> str:
    return f"{field.description} Personal data: encrypted." if field.is_personal else field.description


def _withheld(event: Event) -> str:
    names = ", ".join(f"`{name}`" for name in event.withheld)
    return f"Webhooks withhold {names}." if names else ""


def _differences(version: EventVersion) -> str:
    said = [
        *(f"`{name}` is new" for name in version.added),
        *(f"`{name}` is gone" for name in version.removed),
        *(f"`{name}` is of another type" for name in version.changed),
    ]
    return listing(f"Since version {version.version - 1}", said)


def _example(version: EventVersion) -> str:
    if version.example is None:
        return ""
    return f"## Example\n\n```json\n{json.dumps(dict(version.example), indent=2, ensure_ascii=False)}\n```"


def queries_of(projection: ProjectionEntry) -> list[str]:
    """The ids of a projection's queries."""
    return [query.name for query in projection.queries]
