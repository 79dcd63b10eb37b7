"""The whole folder: domains with their services, messages and entities, channels, containers, flows, language."""

from collections.abc import Iterator
from typing import Any, Final

from bank.system.eventcatalog.flows import flow_files, flow_id
from bank.system.eventcatalog.messages import command_files, event_files, queries_of, query_files, semver
from bank.system.eventcatalog.page import front, listing, page, pointers, table, to_json, words
from bank.system.model import Catalogue, Decider, Event, ProjectionEntry
from bank.system.schemas import first_sentence
from ledger.projections import Lifecycle

_BANK: Final = "domains/Bank"
_READ_SIDE: Final = "ReadSide"
_DOORS: Final = "Doors"
_CONFIG: Final = """\
/** @type {import('@eventcatalog/core/bin/eventcatalog.config').Config} */
export default {
  cId: '7f0e0c1e-2a8f-4a56-9d53-5a1e4b9c6f10',
  title: 'Passbook',
  organizationName: 'Passbook',
  tagline: 'A bank whose every balance can be explained to the last cent.',
  homepageLink: 'http://localhost:8000',
  landingPage: '',
  trailingSlash: false,
  base: '/',
  logo: { alt: 'Passbook', src: '/logo.svg', text: 'Passbook' },
  docs: { sidebar: { type: 'LIST_VIEW' } },
};
"""
_LOGO: Final = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#0b4a6f"/>\
<path d="M9 11h14M9 16h14M9 21h9" stroke="#fff" stroke-width="2" stroke-linecap="round"/></svg>
"""
_CHANNELS: Final[dict[str, tuple[str, str, list[str], str]]] = {
    "book": (
        "The book",
        "Sealed events in one order without gaps: what workers, the feed and the auditors follow.",
        ["postgresql"],
        "exactly-once",
    ),
    "event-feed": ("Event feed", "`GET /api/v1/events`: the book over HTTP, from any position on.", ["http"], ""),
    "webhooks": ("Webhooks", "POSTs to registered addresses, signed, again and again.", ["https"], "at-least-once"),
}
_CONTAINERS: Final[dict[str, tuple[str, str, str, str]]] = {
    "ledger": ("The ledger", "Streams, events, the command log and the sealed book.", "database", "PostgreSQL"),
    "read-models": ("Read models", "The tables of the projections.", "database", "PostgreSQL"),
    "valkey": ("Valkey", "Wake-ups, and what is only quicker with it.", "cache", "Valkey"),
}


def files(catalogue: Catalogue) -> dict[str, str]:
    """Every file by its path, without what stands beside the services' pages: the two specifications."""
    found = dict(_frame())
    found |= dict(_bank(catalogue))
    for decider in catalogue.deciders.values():
        found |= {f"{_BANK}/subdomains/{_id(decider.category)}/{p}": text for p, text in _subdomain(decider, catalogue)}
    found |= {f"{_BANK}/subdomains/{_READ_SIDE}/{p}": text for p, text in _read_side(catalogue)}
    found |= {f"{_BANK}/subdomains/{_DOORS}/{p}": text for p, text in _doors(catalogue)}
    for command in catalogue.commands.values():
        found |= dict(flow_files(command, catalogue))
    return found


def _frame() -> Iterator[tuple[str, str]]:
    yield "eventcatalog.config.js", _CONFIG
    yield "public/logo.svg", _LOGO
    yield (
        "package.json",
        to_json(
            {
                "name": "passbook-catalogue",
                "private": True,
                "type": "module",
                "scripts": {"build": "eventcatalog build", "dev": "eventcatalog dev", "lint": "eventcatalog-linter"},
                "dependencies": {"@eventcatalog/core": "^3.48.0", "@eventcatalog/linter": "^1.1.0"},
            }
        ),
    )
    summary = "Whoever keeps this bank."
    yield "teams/passbook.mdx", front({"id": "passbook", "name": "Passbook", "summary": summary}, summary)
    for id_, (name, summary, protocols, guarantee) in _CHANNELS.items():
        head = {"id": id_, "name": name, "summary": summary, "protocols": protocols, "deliveryGuarantee": guarantee}
        yield f"channels/{id_}/index.mdx", page(head, words(summary), "<ChannelInformation />")
    for id_, (name, summary, kind, technology) in _CONTAINERS.items():
        head = {"id": id_, "name": name, "summary": summary, "container_type": kind, "technology": technology}
        yield f"containers/{id_}/index.mdx", page(head, words(summary))


def _bank(catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    ids = [*map(_id, catalogue.deciders), _READ_SIDE, _DOORS]
    summary = (
        "What people want becomes commands, what happened becomes events, and everything read is derived from them."
    )
    rights = [(role.title, " ".join(role.rights)) for role in catalogue.roles]
    roles = table(("role", "may"), rights)
    head = {"id": "Bank", "name": "Bank", "summary": summary, "domains": pointers(ids)}
    yield f"{_BANK}/index.mdx", page(head, words(summary), "<NodeGraph />", f"## Roles\n\n{roles}")
    terms = [{"id": term, "name": term, "summary": says} for term, says in catalogue.terms.items()]
    yield f"{_BANK}/ubiquitous-language.mdx", front({"dictionary": terms})


def _subdomain(decider: Decider, catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    id_ = _id(decider.category)
    head = {
        "id": id_,
        "name": decider.title,
        "summary": first_sentence(decider.description),
        "services": pointers([_decider_id(decider)]),
        "entities": pointers([decider.state]),
        "flows": pointers(map(flow_id, decider.commands)),
    }
    yield "index.mdx", page(head, words(decider.description), "<NodeGraph />", "<EntityMap />")
    yield f"entities/{decider.state}/index.mdx", _entity(decider)
    place = f"services/{_decider_id(decider)}"
    yield f"{place}/index.mdx", _decider_page(decider)
    for name in decider.commands:
        yield from ((f"{place}/{p}", text) for p, text in command_files(catalogue.commands[name], catalogue))
    for name in decider.events:
        yield from ((f"{place}/{p}", text) for p, text in event_files(catalogue.events[name]))


def _entity(decider: Decider) -> str:
    properties = [
        {"name": f.name, "type": f.type, "required": f.is_required, "description": f.description}
        for f in decider.fields
    ]
    head = {
        "id": decider.state,
        "name": decider.state,
        "summary": decider.state_description,
        "aggregateRoot": True,
        "identifier": decider.fields[0].name,
        "properties": properties,
    }
    return page(head, words(decider.state_description), "<EntityPropertiesTable />")


def _decider_page(decider: Decider) -> str:
    head = {
        "id": _decider_id(decider),
        "name": f"{decider.title} decider",
        "summary": f"Decides the commands of every {decider.title.lower()}: events, or a refusal.",
        "receives": pointers(decider.commands),
        "sends": pointers(decider.events, to=pointers(["book"])),
        "entities": pointers([decider.state]),
        "writesTo": pointers(["ledger"]),
        "readsFrom": pointers(["ledger"]),
        "flows": pointers(map(flow_id, decider.commands)),
    }
    return page(head, words(decider.description), "<NodeGraph />", "<MessageTable />")


def _read_side(catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    summary = "Everything that anyone reads, derived from the events."
    projections = catalogue.projections.values()
    head = {
        "id": _READ_SIDE,
        "name": "Read side",
        "summary": summary,
        "services": pointers(map(_projection_id, projections)),
    }
    yield "index.mdx", page(head, summary, "<NodeGraph />")
    for projection in projections:
        place = f"services/{_projection_id(projection)}"
        yield f"{place}/index.mdx", _projection_page(projection, catalogue)
        for query in projection.queries:
            yield from ((f"{place}/{p}", text) for p, text in query_files(query))


def _projection_page(projection: ProjectionEntry, catalogue: Catalogue) -> str:
    through = {} if projection.lifecycle is Lifecycle.INLINE else {"from": pointers(["book"])}
    events = [_newest(catalogue.events[name]) | through for name in projection.events]
    is_sending = projection.name == "webhook_deliveries"
    sent = [_newest(event) | {"to": pointers(["webhooks"])} for event in catalogue.events.values()]
    head = {
        "id": _projection_id(projection),
        "name": f"{projection.name} ({projection.lifecycle.value})",
        "summary": projection.description,
        "receives": [*events, *pointers(queries_of(projection))],
        "sends": sent if is_sending else [],
        "writesTo": pointers(["read-models"]) if projection.tables else [],
        "readsFrom": pointers(["read-models" if projection.tables else "ledger"]),
    }
    tables = (f"`{name}`" for name in projection.tables)
    return page(head, words(projection.details), "<NodeGraph />", listing("Tables", tables), "<MessageTable />")


def _doors(catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    summary = "Where people and programs come in: pages, the API, and messages that go out."
    head = {"id": _DOORS, "name": "Doors", "summary": summary, "services": pointers(["Web", "Api"])}
    yield "index.mdx", page(head, summary, "<NodeGraph />")
    web = {
        "id": "Web",
        "name": "Web",
        "summary": "The pages, for customers and for the bank's people.",
        "sends": pointers(_sent(catalogue, catalogue.screens.values())),
    }
    rows = [(f"`{s.path}`", s.description, s.door) for s in catalogue.screens.values()]
    pages = f"## Pages\n\n{table(('path', 'what', 'who'), rows)}"
    yield "services/Web/index.mdx", page(web, words(web["summary"]), "<NodeGraph />", pages)  # type: ignore[arg-type]
    feed = [_newest(event) | {"to": pointers(["event-feed"])} for event in catalogue.events.values()]
    api = {
        "id": "Api",
        "name": "API",
        "summary": "Everything that clients may ask of the bank, and have it do.",
        "sends": [*pointers(_sent(catalogue, catalogue.calls.values())), *feed],
        "specifications": [
            {"type": "openapi", "path": "openapi.json", "name": "REST API"},
            {"type": "asyncapi", "path": "asyncapi.yaml", "name": "Events"},
        ],
    }
    yield "services/Api/index.mdx", page(api, "The same commands and rules as on the pages.", "<NodeGraph />")


def _sent(catalogue: Catalogue, doors: Any) -> list[str]:
    """The commands that these doors send, and the queries of the projections that they ask."""
    doors = list(doors)
    commands = [name for name in catalogue.commands if any(name in door.commands for door in doors)]
    asked = [p for p in catalogue.projections.values() if any(p.name in door.projections for door in doors)]
    return [*commands, *(query for projection in asked for query in queries_of(projection))]


def _newest(event: Event) -> dict[str, Any]:
    return {"id": event.name, "version": semver(event.newest.version)}


def _id(category: str) -> str:
    return category.title().replace("_", "")


def _decider_id(decider: Decider) -> str:
    return f"{_id(decider.category)}Decider"


def _projection_id(projection: ProjectionEntry) -> str:
    return f"{_id(projection.name)}Projection"
