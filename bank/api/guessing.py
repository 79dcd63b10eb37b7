"""Bad tokens are counted by the address that they come from; past the limit the rest of the minute is lost to it.

What an address sends then is not even looked up, unless this process found the same token good before: somebody who
guesses does not shut out who works behind the same address.
"""

import time
from typing import Final

from django.conf import settings

from bank.api.problems import Problem, status_problem
from bank.identity.rate_limits import rate_limit

_MOST_REMEMBERED: Final = 10_000

_closed_until: dict[str, float] = {}  # by address, by the clock of this process
_found_good: set[bytes] = set()  # digests: a process keeps no tokens


def require_welcome(address: str, digest: bytes) -> None:
    """Raises Problem (429) where the address has sent too many bad tokens, and this is none that was good before.

    A token is told by its digest.
    """
    left = _closed_until.get(address, 0.0) - time.monotonic()
    if left > 0 and digest not in _found_good:
        raise _too_many(left)


def note_good(digest: bytes) -> None:
    """The token opened something."""
    if digest not in _found_good:
        if len(_found_good) >= _MOST_REMEMBERED:
            _found_good.clear()
        _found_good.add(digest)


def note_bad(address: str) -> None:
    """The token opened nothing. Raises Problem (429) where it was one too many."""
    taken = rate_limit("api_bad_tokens", settings.API_BAD_TOKEN_RATE_LIMIT).take(address)
    if taken is None or taken.allowed:
        return
    if len(_closed_until) >= _MOST_REMEMBERED:
        _closed_until.clear()
    _closed_until[address] = time.monotonic() + taken.reset_seconds
    raise _too_many(taken.reset_seconds)


def _too_many(seconds: float) -> Problem:
    return status_problem(429, {"Retry-After": str(max(int(seconds), 1))})
