"""What a piece of code can come to: commands that it makes, events, refusals, and what it asks of the read side.

Read from the source, not run: a function's names are looked up where the function would find them, and followed. So the
catalogue says what the code does, and nobody has to say it twice. It says what can happen, not that it does.
"""

import ast
import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cache, partial
from types import FunctionType, ModuleType
from typing import Any, Final

from django.db import models
from typing_extensions import override

from accounts.aggregates import COMMANDS
from accounts.command import Command
from accounts.refusals import Refused
from ledger.codec import event_types

_UNKNOWN: Final = object()
_READ_SIDE: Final = "readmodels."
_TABLES: Final = re.compile(r"\b(?:readmodels|webhooks)_[a-z_]+")
_SENDERS: Final = "accounts.handler"


@dataclass(slots=True, kw_only=True)
class Reach:
    """What was come to. `asked`: functions and tables of the read side; `statements`: SQL that names such tables.

    `sends`: whether commands are handed to the handler.
    """

    commands: set[type[Command]] = field(default_factory=set)
    events: set[type[Any]] = field(default_factory=set)
    refusals: set[type[Refused]] = field(default_factory=set)
    asked: set[FunctionType | type[models.Model]] = field(default_factory=set)
    statements: set[str] = field(default_factory=set)
    sends: bool = False


def reach(
    *roots: Any, inside: tuple[str, ...], only: type[Command] | None = None, without: frozenset[str] = frozenset()
) -> Reach:
    """From these functions and classes, through the modules whose names begin with one of `inside`.

    A method comes as a pair, with its class; an object of ours stands for the functions that it holds.
    `only`: of a `match` over commands, this one's case alone. `without`: functions of these names are not looked into.
    """
    walk = _Walk(inside, only, without)
    for root in roots:
        walk.meet(*(root if isinstance(root, tuple) else (root,)))
        walk.meet_entry(root)
    return walk.found


class _Walk:
    """The way through the code: each function once."""

    def __init__(self, inside: tuple[str, ...], only: type[Command] | None, without: frozenset[str]) -> None:
        self.found = Reach()
        self.only = only
        self._inside = inside
        self._without = without
        self._seen: set[tuple[FunctionType, type | None]] = set()
        self._events = {kind.cls for kind in event_types()}

    def meet(self, value: Any, owner: type | None = None) -> None:
        """Note what the value is, and look into it where it is code of ours."""
        if isinstance(value, staticmethod | classmethod):
            value = value.__func__
        if isinstance(value, property):
            value = value.fget
        if isinstance(value, partial):
            for part in (value.func, *value.args, *value.keywords.values()):
                self.meet(part)
        elif isinstance(value, str):
            if _TABLES.search(value):
                self.found.statements.add(value)
        elif isinstance(value, type):
            self._meet_class(value)
        elif callable(value) and isinstance(plain := inspect.unwrap(value), FunctionType):
            self._meet_function(plain, owner)

    def meet_table(self, value: Any) -> None:
        """A table of what may be done: functions and commands by name, on their own or in an entry's fields."""
        members = value.values() if isinstance(value, Mapping) else value if isinstance(value, tuple | list) else ()
        for member in members:
            self.meet_entry(member)

    def meet_entry(self, value: Any) -> None:
        """A function, a command, or a value of ours that holds some."""
        if value in COMMANDS if isinstance(value, type) else isinstance(value, FunctionType | partial):
            self.meet(value)
        elif is_dataclass(value) and not isinstance(value, type) and type(value).__module__.startswith(self._inside):
            for field_ in fields(value):
                held = getattr(value, field_.name)
                if isinstance(held, FunctionType | partial):
                    self.meet(held)

    def _meet_class(self, cls: type) -> None:
        if cls in COMMANDS:
            self.found.commands.add(cls)
        elif cls in self._events:
            self.found.events.add(cls)
        elif issubclass(cls, Refused):
            self.found.refusals.add(cls)
        elif issubclass(cls, models.Model):
            self.found.asked.add(cls)
        elif cls.__module__.startswith(self._inside):
            for name, member in _members(cls, self._inside):
                if name not in self._without:
                    self.meet(member, cls)

    def _meet_function(self, function: FunctionType, owner: type | None) -> None:
        module = function.__module__ or ""
        if module.startswith(_READ_SIDE):
            self.found.asked.add(function)
            if hasattr(sys.modules[module], "PROJECTION"):
                return  # a projection answers for itself
        elif module == _SENDERS:
            self.found.sends = self.found.sends or function.__name__.startswith("handle")
        if not module.startswith(self._inside) or function.__name__ in self._without:
            return
        if (function, owner) in self._seen:
            return
        self._seen.add((function, owner))
        tree = _tree_of(function)
        if tree is not None:
            _Reader(self, function, owner).visit(tree)
        else:
            self._meet_names(function)
        if function.__closure__:
            for cell in function.__closure__:
                self.meet(cell.cell_contents)

    def _meet_names(self, function: FunctionType) -> None:
        """Of a lambda, whose source cannot be read by itself: every name in it, and every name in a module of these."""
        names = function.__code__.co_names
        for value in [function.__globals__.get(name, _UNKNOWN) for name in names]:
            self.meet(value)
            if isinstance(value, ModuleType):
                for name in names:
                    self.meet(getattr(value, name, _UNKNOWN))


class _Reader(ast.NodeVisitor):
    """Reads one function, and tells the walk of every name that means something."""

    def __init__(self, walk: _Walk, function: FunctionType, owner: type | None) -> None:
        self._walk = walk
        self._owner = owner
        self._function = function
        self._known: dict[str, Any] = {"self": owner, "cls": owner} if owner else {}

    @override
    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """The body: annotations are no code that runs."""
        for part in [*node.args.defaults, *node.args.kw_defaults, *node.body]:
            if part is not None:
                self.visit(part)

    @override
    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """The value, without its annotation."""
        if node.value is not None:
            self.visit(node.value)

    @override
    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """What a function imports by itself."""
        module = sys.modules.get(node.module or "")
        for alias in node.names:
            self._known[alias.asname or alias.name] = getattr(module, alias.name, _UNKNOWN)

    @override
    def visit_Match(self, node: ast.Match) -> None:
        """Every case, or the one of the command that the walk is about."""
        self.visit(node.subject)
        for case in node.cases:
            if not self._is_of_another_command(case.pattern):
                for part in case.body:
                    self.visit(part)

    @override
    def visit_Constant(self, node: ast.Constant) -> None:
        """SQL that stands in the code itself."""
        self._walk.meet(node.value)

    @override
    def visit_Name(self, node: ast.Name) -> None:
        """A name by itself; an object by itself does nothing yet."""
        if isinstance(node.ctx, ast.Load) and node.id not in ("self", "cls"):
            value = self._value_of(node)
            self._walk.meet(value)
            self._walk.meet_table(value)

    @override
    def visit_Attribute(self, node: ast.Attribute) -> None:
        """`module.function`, `self.method`; of what cannot be known, what is inside."""
        value = self._value_of(node)
        if value is _UNKNOWN:
            self.visit(node.value)
        else:
            self._walk.meet(value, self._owner)
            self._walk.meet_table(value)

    def _is_of_another_command(self, pattern: ast.pattern) -> bool:
        named = [self._value_of(n.cls) for n in ast.walk(pattern) if isinstance(n, ast.MatchClass)]
        commands = [cls for cls in named if cls in COMMANDS] if self._walk.only else []
        return bool(commands) and self._walk.only not in commands

    def _value_of(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Name):
            return self._named(node.id)
        if isinstance(node, ast.Attribute):
            base = self._value_of(node.value)
            if isinstance(base, ModuleType | type):
                return inspect.getattr_static(base, node.attr, _UNKNOWN)
        return _UNKNOWN

    def _named(self, name: str) -> Any:
        if name in self._known:
            return self._known[name]
        closed = self._function.__code__.co_freevars
        if name in closed and self._function.__closure__:
            return self._function.__closure__[closed.index(name)].cell_contents
        return self._function.__globals__.get(name, _UNKNOWN)


@cache
def _tree_of(function: FunctionType) -> ast.AST | None:
    try:
        source = textwrap.dedent(inspect.getsource(function))
        return ast.parse(source)
    except (OSError, TypeError, SyntaxError):
        return None  # a lambda in the middle of an expression, or code that has no file


def _members(cls: type, inside: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """The methods of a class and of those that it is made of, as far as they are ours."""
    seen: set[str] = set()
    for base in cls.__mro__:
        if base.__module__.startswith(inside):
            for name, member in vars(base).items():
                if name not in seen and isinstance(member, FunctionType | property | staticmethod | classmethod):
                    seen.add(name)
                    yield name, member


def rules_of(view: Callable[..., Any], called: str) -> list[FunctionType]:
    """The functions that decorators of a view hold under this name, the outermost first."""
    found: list[FunctionType] = []
    step: Any = view
    while step is not None:
        names = getattr(getattr(step, "__code__", None), "co_freevars", ())
        cells: Iterable[Any] = getattr(step, "__closure__", None) or ()
        found += [c.cell_contents for name, c in zip(names, cells, strict=True) if name == called]
        step = getattr(step, "__wrapped__", None)
    return found
