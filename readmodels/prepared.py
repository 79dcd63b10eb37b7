"""Statements on Django's own connection that PostgreSQL plans once: for the few that every request needs.

Django's cursors put the values into the text of each statement, so that it is planned anew each time, and ask before
the first of a request whether the connection still stands. These statements read, or do no harm when they are carried
out twice: where the connection broke, they are simply sent again on a new one.
"""

from collections.abc import Iterable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import psycopg
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model
from django.db.models.base import ModelState

Row = TypeVar("Row", bound=Model)
Parameters = dict[str, Any] | list[Any]

_ROWS_KEPT_AT_MOST = 1_000
_cursors: WeakKeyDictionary[BaseDatabaseWrapper, psycopg.Cursor[tuple[Any, ...]]] = WeakKeyDictionary()


def fetch_all(statement: str, parameters: Parameters) -> list[tuple[Any, ...]]:
    """The rows of a statement that may be carried out twice; in the transaction that Django is in, if it is in one."""
    link = connections[DEFAULT_DB_ALIAS]
    before = link.connection
    try:
        return _fetch_all(link, statement, parameters)
    except (OperationalError, InterfaceError):
        if before is None or not before.closed or link.in_atomic_block:
            raise
        link.close()
        return _fetch_all(link, statement, parameters)


def instance(model: type[Row], fields: Iterable[str], values: Iterable[Any], **related: Model) -> Row:
    """What `model.from_db` makes of a row, without its signals and its look at each field.

    `related`: the rows that foreign keys of it lead to, by the relation's name.
    """
    made = model.__new__(model)
    state = ModelState()
    state.adding, state.db = False, DEFAULT_DB_ALIAS
    state.fields_cache = related
    vars(made).update(zip(fields, values, strict=True), _state=state)
    return made


def _fetch_all(link: BaseDatabaseWrapper, statement: str, parameters: Parameters) -> list[tuple[Any, ...]]:
    link.ensure_connection()
    with link.wrap_database_errors:
        raw: psycopg.Connection[tuple[Any, ...]] = link.connection
        if raw.prepare_threshold is None:
            raw.prepare_threshold = 0  # for cursors of psycopg's: Django's never prepare
        # A new cursor would find out anew how each type is sent and read; an old one holds on to its last result.
        kept = _cursors.pop(link, None)
        cursor = kept if kept is not None and kept.connection is raw else psycopg.Cursor(raw)
        rows = cursor.execute(statement, parameters, prepare=True, binary=True).fetchall()
        if len(rows) <= _ROWS_KEPT_AT_MOST:
            _cursors[link] = cursor
        return rows
