"""Reading one's own writes: consistency tokens, and waiting until an asynchronous read model has counted a command."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any, Final
from uuid import UUID

from accounts.outcome import Outcome
from bank.api.problems import Problem, invalid_field, unavailable
from ledger.connections import cursor
from ledger.consistency import token_of, wait_for
from ledger.reading import read_events

WAIT_SECONDS: Final = 2.0
_MARK: Final = b"e"
_TOKEN_BYTES: Final = len(_MARK) + 16 + 4


def consistency_token(outcome: Outcome) -> str | None:
    """The token of a command; None where it wrote nothing.

    Made of the place of the command's last event, which a replay knows as well as the first answer. The ledger's own
    token is not: commands that are written together share the one of the last of them.
    """
    if not outcome.events:
        return None
    last = outcome.events[-1]
    return place_token(last.stream_id, last.stream_position)


def place_token(stream_id: UUID, stream_position: int) -> str:
    """The token that waits for this event."""
    return urlsafe_b64encode(_MARK + stream_id.bytes + stream_position.to_bytes(4, "big")).decode()


def check_token(query: dict[str, Any]) -> None:
    """For readers that are right at once: `?consistent_with=` is met by any token; raises Problem (400) for none."""
    if "consistent_with" in query:
        _place_of(query["consistent_with"])


def wait_until_consistent(projection: str, query: dict[str, Any]) -> None:
    """Honour `?consistent_with=`; raises Problem: 400 for no token of ours, 503 where the model stays behind."""
    if "consistent_with" not in query:
        return
    place = _place_of(query["consistent_with"])
    with cursor() as cur:
        found = read_events(cur, [place]).get(place)
    if found is None or not wait_for(projection, token_of(found[1]), WAIT_SECONDS):
        raise unavailable("not_yet_consistent", "The report has not counted that command yet. Try again.")


def _place_of(token: str) -> tuple[UUID, int]:
    try:
        raw = urlsafe_b64decode(token)
    except ValueError:
        raise _invalid_token() from None
    if len(raw) != _TOKEN_BYTES:
        raise _invalid_token()
    stream_id, stream_position = UUID(bytes=raw[1:17]), int.from_bytes(raw[17:], "big")
    # What decoding skipped over, or another mark, does not come out again.
    if not 0 < stream_position < 2**31 or place_token(stream_id, stream_position) != token:
        raise _invalid_token()
    return stream_id, stream_position


def _invalid_token() -> Problem:
    return invalid_field("/consistent_with", "invalid_consistency_token", "Not a consistency token.")
