"""Acting in the database with the grants of one of its roles, as a process of the bank does, and stepping out of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created


@contextmanager
def acting_as(role: str) -> Iterator[None]:
    """Django's connections, those of other threads and later ones too, have this role's grants and no more."""

    def take_on(connection: BaseDatabaseWrapper, **_: Any) -> None:
        _execute(connection, f"set role {role}")

    connection_created.connect(take_on)
    take_on(connection)
    try:
        yield
    finally:
        connection_created.disconnect(take_on)
        # In a transaction that failed, its end takes the role back.
        if not connection.needs_rollback and connection.connection is not None:
            _execute(connection, "reset role")


@contextmanager
def as_owner() -> Iterator[None]:
    """The tables' owner again, for what only a test does."""
    with connection.cursor() as cursor:
        cursor.execute("select current_user")
        (role,) = cursor.fetchone()
        cursor.execute("reset role")
        try:
            yield
        finally:
            cursor.execute(f"set role {role}")


def _execute(connection: Any, statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
