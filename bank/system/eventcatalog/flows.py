"""A flow for each command: who asks, where, what decides it, what happens then, and what shows it."""

from collections.abc import Iterator
from typing import Any

from bank.system.eventcatalog.page import page, words
from bank.system.model import Catalogue, Command


def flow_files(command: Command, catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    """The page of one flow."""
    id_ = flow_id(command.name)
    summary = f"From the wish to what shows it: {command.description}"
    head: dict[str, Any] = {
        "id": id_,
        "name": f"{command.name}: the way through the bank",
        "summary": summary,
        "steps": _steps(command, catalogue),
    }
    yield f"flows/{id_}/index.mdx", page(head, words(summary), "<NodeGraph />")


def flow_id(command: str) -> str:
    """The id of a command's flow."""
    return f"{command}Flow"


def _steps(command: Command, catalogue: Catalogue) -> list[dict[str, Any]]:
    doors = _doors(command, catalogue)
    decider = f"{command.category.title().replace('_', '')}Decider"
    events = [catalogue.events[name] for name in command.events]
    readers = {name: p for name, p in catalogue.projections.items() if not p.reads_all}
    shown = [name for name in readers if any(name in event.projections for event in events)]
    return [
        *doors,
        {
            "id": "command",
            "title": command.name,
            "summary": command.description,
            "message": {"id": command.name},
            "next_step": "decider",
        },
        {
            "id": "decider",
            "title": "Decide",
            "summary": command.rule,
            "service": {"id": decider},
            "next_steps": [f"event-{event.name}" for event in events],
        },
        *(
            {
                "id": f"event-{event.name}",
                "title": event.name,
                "message": {"id": event.name},
                "next_steps": [f"projection-{name}" for name in shown if name in event.projections],
            }
            for event in events
        ),
        *(
            {
                "id": f"projection-{name}",
                "title": name,
                "summary": readers[name].description,
                "service": {"id": f"{name.title().replace('_', '')}Projection"},
            }
            for name in shown
        ),
    ]


def _doors(command: Command, catalogue: Catalogue) -> list[dict[str, Any]]:
    doors = []
    for number, name in enumerate(command.screens, 1):
        screen = catalogue.screens[name]
        doors.append(_door(f"screen-{number}", screen.path, screen.description, screen.door))
    for id_ in command.calls:
        call = catalogue.calls[id_]
        doors.append(_door(f"call-{id_}", f"{call.method} {call.path}", call.summary, "A client of the API."))
    for number, (module, says) in enumerate(command.others, 1):
        doors.append(_door(f"code-{number}", module, says, ""))
    return doors


def _door(id_: str, title: str, summary: str, who: str) -> dict[str, Any]:
    custom = {"title": title, "icon": "RectangleGroupIcon", "type": "Door", "summary": f"{summary} {who}".strip()}
    return {"id": id_, "title": title, "custom": custom, "next_step": "command"}
