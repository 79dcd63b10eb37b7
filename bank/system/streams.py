"""What the registry of aggregates knows of each kind of stream: its state, its events, and who decides a command."""

import inspect
import sys
from types import FunctionType, ModuleType
from typing import Any, get_args, get_type_hints
from uuid import UUID

from accounts.aggregates import AGGREGATES, COMMANDS
from accounts.command import Command

_ROOM = "accounts."


def state_of(category: str) -> type[Any]:
    """The class of the folded state."""
    state: type[Any] = get_type_hints(AGGREGATES[category].evolve)["return"]
    return state


def events_of(category: str) -> tuple[type[Any], ...]:
    """The closed union of the events that the state is folded from."""
    events: tuple[type[Any], ...] = get_args(get_type_hints(AGGREGATES[category].evolve)["event"])
    return events


def module_of(category: str) -> ModuleType:
    """The file that holds the events and the state."""
    return sys.modules[AGGREGATES[category].evolve.__module__]


def categories_of(command: type[Command]) -> tuple[str, ...]:
    """The kinds of streams that a command is decided on, the one that it is about first; each once."""
    return tuple(dict.fromkeys(category for category, _ in COMMANDS[command].streams(_AnyIds())))


def decider_of(command: type[Command]) -> FunctionType | None:
    """The function whose rules decide the command: the one that was handed over, or that is called for it."""
    decide = COMMANDS[command].decide
    assert isinstance(decide, FunctionType)
    held = inspect.getclosurevars(decide).nonlocals.get("decider")
    if isinstance(held, FunctionType):
        return held
    return next((f for f in _called_by(decide) if f.__module__.startswith(_ROOM)), None)


def _called_by(function: FunctionType) -> list[FunctionType]:
    """The functions of other modules that are named in this one: `customer.erase`."""
    found = []
    names = function.__code__.co_names
    modules = [function.__globals__.get(name) for name in names]
    for module in modules:
        if isinstance(module, ModuleType):
            found += [f for name in names if isinstance(f := getattr(module, name, None), FunctionType)]
    return found


class _AnyIds:
    """In place of a command: whatever is asked of it is an id."""

    def __getattr__(self, name: str) -> UUID:
        return UUID(int=0)
