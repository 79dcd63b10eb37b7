"""Reading one's own writes: consistency tokens, and waiting until an asynchronous read model has counted a command."""

from typing import Any, Final

from bank.api.problems import Problem, invalid_field, unavailable
from ledger.consistency import InvalidToken, place_of, wait_for

WAIT_SECONDS: Final = 2.0


def check_token(query: dict[str, Any]) -> None:
    """For readers that are right at once: `?consistent_with=` is met by any token; raises Problem (400) for none."""
    if "consistent_with" in query:
        _checked(query["consistent_with"])


def wait_until_consistent(projection: str, query: dict[str, Any]) -> None:
    """Honour `?consistent_with=`; raises Problem: 400 for no token of ours, 503 where the model stays behind."""
    if "consistent_with" in query and not wait_for(projection, _checked(query["consistent_with"]), WAIT_SECONDS):
        raise unavailable("not_yet_consistent", "The report has not counted that command yet. Try again.")


def _checked(token: str) -> str:
    try:
        place_of(token)
    except InvalidToken:
        raise _invalid_token() from None
    return token


def _invalid_token() -> Problem:
    return invalid_field("/consistent_with", "invalid_consistency_token", "Not a consistency token.")
