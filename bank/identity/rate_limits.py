"""How often somebody may ask: counted over all processes in Valkey, in windows of fixed length.

A process takes shares of a thousandth of the quota at a time, so that a generous limit does not cost every request a
round trip. Where Valkey is away everybody is let through: a limit protects the bank's manners, not its money.
"""

import logging
import threading
import time
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

import redis
from django.conf import settings

logger = logging.getLogger(__name__)

_SHARES: Final = 1_000
_TIMEOUT_SECONDS: Final = 0.2
_BACK_OFF_SECONDS: Final = 1.0
_MOST_REMEMBERED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Taken:
    """One request counted. `remaining` of the quota until the window ends in `reset_seconds` (1 or more)."""

    allowed: bool
    remaining: int
    reset_seconds: int


@dataclass(slots=True)
class _Share:
    """What this process may still give to one asker in one window; `outside`: what was left for others by then."""

    window: int
    left: int = 0
    outside: int = 0


@dataclass(slots=True)
class RateLimit:
    """At most `quota` requests in `window_seconds`, for each asker; a quota of 0 is no limit."""

    name: str
    quota: int
    window_seconds: int
    _shares: dict[str, _Share] = field(default_factory=dict)
    _mutex: threading.Lock = field(default_factory=threading.Lock)

    def take(self, asker: str) -> Taken | None:
        """Count one request; None where nobody counts: no limit is set, or Valkey is away."""
        if self.quota <= 0:
            return None
        now = time.time()
        window = int(now // self.window_seconds)
        reset_seconds = max(int((window + 1) * self.window_seconds - now), 1)
        with self._mutex:
            share = self._shares.get(asker)
            if share is None or share.window != window:
                self._forget_if_many()
                share = self._shares[asker] = _Share(window)
            if share.left == 0 and not self._fill(asker, share):
                return None
            if share.left == 0:
                return Taken(False, 0, reset_seconds)
            share.left -= 1
            return Taken(True, share.left + share.outside, reset_seconds)

    def _fill(self, asker: str, share: _Share) -> bool:
        """Take another share; whether somebody could be asked."""
        size = max(self.quota // _SHARES, 1)
        key = f"passbook:rate:{self.name}:{asker}:{share.window}"
        taken = _count(key, size, 2 * self.window_seconds)
        if taken is None:
            return False
        share.outside = max(self.quota - taken, 0)
        share.left = max(min(size, self.quota - (taken - size)), 0)
        return True

    def _forget_if_many(self) -> None:
        """What is forgotten is a share not used up: askers get a little less, never more."""
        if len(self._shares) >= _MOST_REMEMBERED:
            self._shares.clear()


@cache
def rate_limit(name: str, quota: int, window_seconds: int = 60) -> RateLimit:
    """The limit of this name, one a process."""
    return RateLimit(name, quota, window_seconds)


_client: Any = None
_asks_again_at = 0.0


def _count(key: str, by: int, expires_seconds: int) -> int | None:
    """The counter after adding to it; None while Valkey is away, which is tried again every second only."""
    global _client, _asks_again_at
    if time.monotonic() < _asks_again_at:
        return None
    try:
        if _client is None:
            _client = redis.Redis.from_url(
                settings.REDIS_URL, socket_timeout=_TIMEOUT_SECONDS, socket_connect_timeout=_TIMEOUT_SECONDS
            )
        pipeline = _client.pipeline(transaction=False)
        pipeline.incrby(key, by)
        pipeline.expire(key, expires_seconds)
        return int(pipeline.execute()[0])
    except (redis.RedisError, OSError) as error:
        _asks_again_at = time.monotonic() + _BACK_OFF_SECONDS
        logger.warning("requests are not limited: %s", error)
        return None
