"""The system as Backstage's software catalogue has it: one file of entities, `catalog-info.yaml`."""

from typing import Any, Final

from bank.system.model import Catalogue, ProjectionEntry
from bank.system.schemas import first_sentence

OPENAPI: Final = "openapi.json"
ASYNCAPI: Final = "asyncapi.yaml"
OWNER: Final = "passbook"
SYSTEM: Final = "passbook"
DOMAIN: Final = "banking"
_LEDGER: Final = "ledger"
_READ_MODELS: Final = "read-models"


def entities(catalogue: Catalogue) -> list[dict[str, Any]]:
    """Group, domain, system, APIs, resources, and a component for each door, decider and projection."""
    deciders = [
        _component(
            f"{_slug(decider.category)}-decider",
            "decider",
            first_sentence(decider.description),
            dependsOn=[f"resource:{_LEDGER}"],
        )
        for decider in catalogue.deciders.values()
    ]
    return [
        _entity("Group", OWNER, "Whoever keeps this bank.", {"type": "team", "children": []}),
        _entity("Domain", DOMAIN, "Accounts, the people whose they are, and money that moves.", {"owner": OWNER}),
        _entity(
            "System",
            SYSTEM,
            "A bank whose every balance can be explained to the last cent.",
            {"owner": OWNER, "domain": DOMAIN},
        ),
        _api("rest-api", "openapi", OPENAPI, "Everything that clients may ask of the bank, and have it do."),
        _api("event-feed", "asyncapi", ASYNCAPI, "What happened: a feed of events, and webhooks."),
        _resource(_LEDGER, "database", "Streams, events, the command log and the sealed book (PostgreSQL)."),
        _resource(_READ_MODELS, "database", "The tables of the projections (PostgreSQL)."),
        _resource("valkey", "cache", "Wake-ups of the workers, and what is only quicker with it (Valkey, Redis)."),
        _component(
            "web", "website", "The pages: for customers, and for the bank's people.", dependsOn=_needs(catalogue)
        ),
        _component(
            "api",
            "service",
            "The same over HTTP and JSON.",
            providesApis=["rest-api", "event-feed"],
            dependsOn=_needs(catalogue),
        ),
        *deciders,
        *(_projection(projection) for projection in catalogue.projections.values()),
    ]


def _needs(catalogue: Catalogue) -> list[str]:
    return [f"component:{_slug(category)}-decider" for category in catalogue.deciders] + ["resource:valkey"]


def _projection(projection: ProjectionEntry) -> dict[str, Any]:
    resource = _READ_MODELS if projection.tables else _LEDGER
    spec: dict[str, Any] = {"dependsOn": sorted({f"resource:{_LEDGER}", f"resource:{resource}"})}
    if projection.name == "webhook_deliveries":
        spec["providesApis"] = ["event-feed"]
    return _component(
        f"{_slug(projection.name)}-projection",
        "projection",
        projection.description,
        tags=[f"lifecycle-{projection.lifecycle.value}"],
        **spec,
    )


def _component(name: str, kind: str, description: str, *, tags: list[str] | None = None, **spec: Any) -> dict[str, Any]:
    return _entity(
        "Component",
        name,
        description,
        {"type": kind, "lifecycle": "production", "owner": OWNER, "system": SYSTEM, **spec},
        tags=tags,
    )


def _api(name: str, kind: str, file: str, description: str) -> dict[str, Any]:
    spec = {"type": kind, "lifecycle": "production", "owner": OWNER, "system": SYSTEM}
    return _entity("API", name, description, {**spec, "definition": {"$text": f"./{file}"}})


def _resource(name: str, kind: str, description: str) -> dict[str, Any]:
    return _entity("Resource", name, description, {"type": kind, "owner": OWNER, "system": SYSTEM})


def _entity(
    kind: str, name: str, description: str, spec: dict[str, Any], *, tags: list[str] | None = None
) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, "description": description}
    if tags:
        metadata["tags"] = tags
    return {"apiVersion": "backstage.io/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec}


def _slug(name: str) -> str:
    return name.replace("_", "-")
