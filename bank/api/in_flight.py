"""Idempotency keys in use: of several requests with one key, over all processes, one works and the others are told.

Whoever works on a key holds a session lock of PostgreSQL on its thread's connection. The lock is taken in the statement
that looks up the token, so that it costs no round trip, and ends with the process, however that ends. It is kept until
the thread takes the next key: by then the command log has the command, which whoever comes later looks up. Only where
nothing was recorded is the lock let go at once.
"""

from typing import Final

from django.db import Error, connection

# What comes first in a CASE is done first: the thread is done with whatever it worked on before.
CLAIM: Final = (
    "case when pg_advisory_unlock_all() is not null then pg_try_advisory_lock(hashtextextended(%(key)s, t.user_id)) end"
)


def let_go() -> None:
    """End this thread's claim."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_unlock_all()")
    except Error:
        connection.close()  # and the lock ends with its session
