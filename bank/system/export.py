"""Everything that the catalogue is handed out as: EventCatalog, AsyncAPI, OpenAPI and Backstage."""

from bank.api.views import docs
from bank.system import asyncapi, backstage
from bank.system.eventcatalog import folder
from bank.system.eventcatalog.page import to_json, to_yaml
from bank.system.model import Catalogue

_API = "eventcatalog/domains/Bank/subdomains/Doors/services/Api"


def files(catalogue: Catalogue) -> dict[str, str]:
    """Text by path. Paths are relative, with slashes."""
    events = to_yaml(asyncapi.document(catalogue))
    calls = to_json(docs.document())
    entities = "---\n".join(to_yaml(entity) for entity in backstage.entities(catalogue))
    found = {f"eventcatalog/{path}": text for path, text in folder.files(catalogue).items()}
    return found | {
        backstage.ASYNCAPI: events,
        backstage.OPENAPI: calls,
        "catalog-info.yaml": entities,
        f"{_API}/{backstage.ASYNCAPI}": events,
        f"{_API}/{backstage.OPENAPI}": calls,
    }
