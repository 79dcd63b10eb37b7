"""Consistency tokens: how a reader of an async projection waits until it has passed a command's events."""

import base64
import time
from typing import Final
from uuid import UUID

from ledger.connections import Cursor, cursor
from ledger.projections import async_projection

_POLL_SECONDS: Final = 0.02
_MARK: Final = b"e"
_TOKEN_BYTES: Final = len(_MARK) + 16 + 4


class InvalidToken(ValueError):
    """Not a token that this bank gave out."""


def token_of(stream_id: UUID, stream_position: int) -> str:
    """The opaque token of the command whose last event is this one.

    Made of the event's place, which a replay knows as well as the first answer; commands that were written together
    have tokens of their own.
    """
    return base64.urlsafe_b64encode(_MARK + stream_id.bytes + stream_position.to_bytes(4, "big")).decode()


def place_of(token: str) -> tuple[UUID, int]:
    """The (stream, stream position) in a token; raises InvalidToken."""
    try:
        raw = base64.urlsafe_b64decode(token)
    except ValueError as error:
        raise InvalidToken(token) from error
    if len(raw) != _TOKEN_BYTES:
        raise InvalidToken(token)
    stream_id, stream_position = UUID(bytes=raw[1:17]), int.from_bytes(raw[17:], "big")
    # What decoding skipped over, or another mark, does not come out again.
    if not 0 < stream_position < 2**31 or token_of(stream_id, stream_position) != token:
        raise InvalidToken(token)
    return stream_id, stream_position


def has_passed(projection: str, token: str) -> bool:
    """Whether the async projection has applied everything that the command wrote."""
    with cursor(kept=True) as cur:
        row = cur.execute(
            # All shards that there are, also where the code says another number since.
            "select count(*), bool_and(c.position >= n.position)"
            " from ledger_event e join ledger_entry n using (sequence) cross join ledger_checkpoint c"
            " where e.stream_id = %s and e.stream_position = %s and c.projection = %s and not c.rebuilding",
            (*place_of(token), projection),
        ).fetchone()
        passed = bool(row and row[0] >= async_projection(projection).shards and row[1])
        return passed or _is_away(cur, *place_of(token))


def wait_for(projection: str, token: str, timeout_seconds: float) -> bool:
    """Wait until `has_passed`, at most `timeout_seconds`; returns whether it has."""
    deadline = time.monotonic() + timeout_seconds
    while not has_passed(projection, token):
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def is_sealed(stream_id: UUID, stream_position: int) -> bool:
    """Whether an event has its place in the book."""
    with cursor(kept=True) as cur:
        row = cur.execute(
            "select 1 from ledger_event e join ledger_entry n using (sequence)"
            " where e.stream_id = %s and e.stream_position = %s",
            (stream_id, stream_position),
        ).fetchone()
        return row is not None or _is_away(cur, stream_id, stream_position)


def _is_away(cur: Cursor, stream_id: UUID, stream_position: int) -> bool:
    """Whether the event is in a detached partition: then it was sealed, and every projection had passed it."""
    row = cur.execute(
        "select 1 from ledger_stream s where s.id = %(stream)s and s.version >= %(place)s"
        " and exists (select 1 from ledger_detached where attached_at is null)"
        " and not exists (select 1 from ledger_event where stream_id = %(stream)s and stream_position = %(place)s)",
        {"stream": stream_id, "place": stream_position},
    ).fetchone()
    return row is not None
