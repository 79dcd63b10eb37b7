"""When a delivery is tried again: the schedule that Standard Webhooks recommends."""

import random
from datetime import datetime, timedelta
from typing import Final

# After the first attempt, which is made at once. Ten attempts in all, over a little more than three days.
DELAYS: Final = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600)
)
MAX_ATTEMPTS: Final = len(DELAYS) + 1
_JITTER: Final = 0.1
_PAUSE_FIRST: Final = timedelta(seconds=5)
_PAUSE_LONGEST: Final = timedelta(minutes=5)
LONGEST_RETRY_AFTER: Final = timedelta(hours=1)


def next_attempt_at(attempts: int, now: datetime) -> datetime | None:
    """When to try again after this many attempts (1 or more), up to a tenth later; None after the last."""
    if attempts >= MAX_ATTEMPTS:
        return None
    return now + DELAYS[attempts - 1] * (1 + _JITTER * random.random())  # noqa: S311 - spreads load, keeps no secret


def pause_after(failures: int) -> timedelta:
    """How long to leave alone an endpoint that cannot be reached or has too much to do, after so many in a row."""
    return min(_PAUSE_FIRST * (1 << min(failures - 1, 10)), _PAUSE_LONGEST)
