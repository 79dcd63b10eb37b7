"""Consistency tokens: how a reader of an async projection waits until it has passed a command's events."""

import base64
import binascii
import time
from uuid import UUID

from ledger.connections import cursor
from ledger.projections import async_projection

_POLL_SECONDS = 0.02


class InvalidToken(ValueError):
    """Not a token that this bank gave out."""


def token_of(sequence: int) -> str:
    """The opaque token of the command whose highest sequence number this is."""
    return base64.urlsafe_b64encode(b"s" + sequence.to_bytes(8, "big")).rstrip(b"=").decode()


def sequence_of(token: str) -> int:
    """The sequence number in a token; raises InvalidToken."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidToken(token) from error
    if len(raw) != 9 or raw[:1] != b"s" or raw[1] > 0x7F:
        raise InvalidToken(token)
    return int.from_bytes(raw[1:], "big")


def has_passed(projection: str, token: str) -> bool:
    """Whether the async projection has applied everything that the command wrote."""
    with cursor() as cur:
        row = cur.execute(
            "select count(*) from ledger_entry n join ledger_checkpoint c on c.position >= n.position"
            " where n.sequence = %s and c.projection = %s and not c.rebuilding",
            (sequence_of(token), projection),
        ).fetchone()
    return bool(row and row[0] >= async_projection(projection).shards)


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
    with cursor() as cur:
        row = cur.execute(
            "select 1 from ledger_event e join ledger_entry n using (sequence)"
            " where e.stream_id = %s and e.stream_position = %s",
            (stream_id, stream_position),
        ).fetchone()
    return row is not None
