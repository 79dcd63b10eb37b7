"""Reading one's own writes: waiting until an asynchronous read model has counted a command."""

from typing import Any, Final

from bank.api.problems import invalid_field, unavailable
from ledger.consistency import InvalidToken, wait_for

WAIT_SECONDS: Final = 2.0


def wait_until_consistent(projection: str, query: dict[str, Any]) -> None:
    """Honour `?consistent_with=`; raises Problem: 400 for no token of ours, 503 where the model stays behind."""
    token = query.get("consistent_with")
    if token is None:
        return
    try:
        passed = wait_for(projection, token, WAIT_SECONDS)
    except InvalidToken:
        raise invalid_field("/consistent_with", "invalid_consistency_token", "Not a consistency token.") from None
    if not passed:
        raise unavailable("not_yet_consistent", "The report has not counted that command yet. Try again.")
