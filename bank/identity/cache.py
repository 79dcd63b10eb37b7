"""The cache, in Valkey; while that is away, in this process: what is counted in it is then counted by each process."""

import logging
import time
from collections.abc import Callable
from typing import Any, Final

import redis
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache

logger = logging.getLogger(__name__)

_BACK_OFF_SECONDS: Final = 1.0


class SteadyCache(RedisCache):
    """Django's own, for as long as Valkey answers; it is asked again a second after it did not."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._own = LocMemCache("steady", {})
        self._asks_again_at = 0.0

    def add(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._ask("add", args, kwargs))

    def get(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("get", args, kwargs)

    def set(self, *args: Any, **kwargs: Any) -> None:
        self._ask("set", args, kwargs)

    def touch(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._ask("touch", args, kwargs))

    def delete(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._ask("delete", args, kwargs))

    def incr(self, *args: Any, **kwargs: Any) -> int:
        return int(self._ask("incr", args, kwargs))

    def has_key(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._ask("has_key", args, kwargs))

    def _ask(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Valkey; this process where Valkey is away."""
        if time.monotonic() >= self._asks_again_at:
            ask: Callable[..., Any] = getattr(super(), name)
            try:
                return ask(*args, **kwargs)
            except (redis.RedisError, OSError) as error:
                self._asks_again_at = time.monotonic() + _BACK_OFF_SECONDS
                logger.warning("the cache is this process's own for now: %s", type(error).__name__)
        return getattr(self._own, name)(*args, **kwargs)
