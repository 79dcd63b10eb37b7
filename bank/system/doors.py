"""The doors of the bank: screens, calls of the API, roles, and whatever else sends commands."""

import ast
from collections.abc import Callable, Iterable
from functools import cache
from inspect import signature
from pathlib import Path
from typing import Any, Final

from django.urls import URLPattern
from django.views.generic import RedirectView

import bank
from accounts.aggregates import COMMANDS
from bank.api.base import ApiView
from bank.identity import policy
from bank.identity.models import Role, User
from bank.system.model import Call, RoleEntry, Screen
from bank.system.reach import Reach, reach, rules_of
from bank.system.read_side import asked
from bank.system.schemas import first_sentence, words_of
from bank.web.access import signed_in

_OURS: Final = ("bank.", "readmodels.")
# A task asks what it could do at least, to say what stands in its way; it does not do it.
_NOT_DONE: Final = frozenset({"smallest"})
_FOLDER: Final = Path(bank.__file__).parent
# What has its own entries in the catalogue.
_DOORS: Final = ("web/", "api/", "system/")


def screens() -> list[Screen]:
    """Every path of the pages that shows or does something by itself, in the order of its registry."""
    # The catalogue's own pages are among them.
    from bank.identity.urls import urlpatterns as pages_of_the_door
    from bank.web.urls import urlpatterns as pages_of_the_bank

    found = [_screen(pattern, "web:") for pattern in pages_of_the_bank if _is_screen(pattern)]
    return found + [_screen(pattern, "") for pattern in pages_of_the_door if _is_screen(pattern)]


def calls() -> list[Call]:
    """Every method of every resource of the API."""
    from bank.api.urls import urlpatterns as resources

    found = []
    for pattern in resources:
        view = getattr(pattern.callback, "view_class", None) or getattr(pattern.callback, "cls", None)
        assert view is not None
        assert issubclass(view, ApiView)
        found += [_call(view, method, f"/api/v1/{pattern.pattern}") for method in view.contract]
    return found


def roles() -> tuple[RoleEntry, ...]:
    """What the policy says of each role: every rule that asks for nothing but the person."""
    rules = [
        rule
        for name, rule in vars(policy).items()
        if name.startswith("may_") and len(signature(rule).parameters) == 1 and rule.__module__ == policy.__name__
    ]
    found = []
    for role in Role:
        person = User(roles=[role], is_active=True)
        person.__dict__["has_second_factor"] = True
        rights = tuple(words_of(rule) for rule in rules if rule(person))
        found.append(RoleEntry(name=role.value, title=str(role.label), rights=rights))
    return tuple(found)


def other_senders(command: str) -> tuple[tuple[str, str], ...]:
    """Modules that make this command and are neither screen nor call: imports, the door, jobs; each with its words."""
    return tuple((module, words) for module, words, names in _modules() if command in names)


def _is_screen(pattern: URLPattern) -> bool:
    view = getattr(pattern.callback, "view_class", None)
    return bool(pattern.name) and not (isinstance(view, type) and issubclass(view, RedirectView))


def _screen(pattern: URLPattern, namespace: str) -> Screen:
    view: Any = pattern.callback
    cls = getattr(view, "view_class", None)
    extra = pattern.default_args or {}
    task = extra.get("task")
    # A task's pages do what its command does, though they also speak of other tasks.
    found = reach(cls or view, *extra.values(), inside=_OURS, without=_NOT_DONE)
    made = reach((task.command, task), inside=_OURS, without=_NOT_DONE) if task else found
    path = "/" + str(pattern.pattern).lstrip("^").rstrip("$")
    return Screen(
        name=f"{namespace}{pattern.name}",
        path=path,
        area=path.split("/")[1] or "overview",
        description=f"{words_of(task)} {words_of(view).replace('`task`', f'`{task.name}`')}"
        if task
        else words_of(cls or view),
        door=_door_of(view),
        commands=_names(made) if found.sends else (),
        projections=asked(found),
    )


def _call(view: type[ApiView], method: str, path: str) -> Call:
    contract = view.contract[method]
    found = reach((getattr(view, method.lower()), view), inside=_OURS, without=_NOT_DONE)
    return Call(
        id=contract.id,
        method=method,
        path=path.replace("<str:", "{").replace(">", "}"),
        summary=contract.summary,
        description=" ".join((contract.description or words_of(view)).split()),
        scopes=tuple(str(scope) for scope in view.scopes.get(method, ())),
        commands=_names(found) if found.sends else (),
        projections=asked(found),
    )


def _names(found: Reach) -> tuple[str, ...]:
    return tuple(cls.__name__ for cls in COMMANDS if cls in found.commands)


def _door_of(view: Callable[..., Any]) -> str:
    """Who gets in, as far as the door itself knows; what one may see behind it, the view asks the policy."""
    rules = [words_of(rule) for rule in rules_of(view, "rule")]
    if rules:
        return " ".join(rules)
    if rules_of(view, "test_func") or _is_behind(view):
        return "Whoever is signed in."
    return "Everybody."


def _is_behind(view: Any) -> bool:
    """Whether the page asks to sign in."""
    step = view
    while step is not None:
        if getattr(step, "__code__", None) in signed_in.__code__.co_consts:
            return True
        step = getattr(step, "__wrapped__", None)
    return False


@cache
def _modules() -> tuple[tuple[str, str, frozenset[str]], ...]:
    """(module, first sentence, commands that it makes) of the code besides screens and calls; read, not run."""
    known = {cls.__name__ for cls in COMMANDS}
    found = []
    for path in sorted(_FOLDER.rglob("*.py")):
        place = path.relative_to(_FOLDER).as_posix()
        if not place.startswith(_DOORS):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            names = frozenset(known.intersection(_called(ast.walk(tree))))
            if names:
                words = first_sentence(" ".join((ast.get_docstring(tree) or "").split()))
                found.append(("bank." + place.removesuffix(".py").replace("/", "."), words, names))
    return tuple(found)


def _called(nodes: Iterable[ast.AST]) -> set[str]:
    """The names that are loaded: called, handed over, or kept in a table of what a line of a batch may be."""
    return {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
