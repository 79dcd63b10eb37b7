"""Operations as a Django app: its commands, the wake-ups of the workers, and a garbage collector that looks seldom."""

import gc
from typing import Final

from django.apps import AppConfig

# A batch of a thousand commands makes tens of thousands of objects, none of them in cycles. With Python's own threshold
# (700) two fifths of its time went into looking for some (docs/PERFORMANCE.md).
_NEW_OBJECTS_BEFORE_A_LOOK: Final = 50_000


class OpsConfig(AppConfig):
    """Asks the ledger to be told of commits."""

    name = "bank.ops"

    def ready(self) -> None:
        """Wake the workers after each commit; keep the collector away from what start has made."""
        from bank.ops.wakeups import wake
        from bank.ops.watching import watch
        from ledger.wakeups import on_append

        on_append(wake)
        watch()
        _do_once_a_request_what_django_does_twice()
        gc.freeze()
        gc.set_threshold(_NEW_OBJECTS_BEFORE_A_LOOK)


def _do_once_a_request_what_django_does_twice() -> None:
    """Connections are looked after when a request begins; caches need no closing, and nobody logs queries."""
    from django.conf import settings
    from django.core.cache import close_caches
    from django.core.signals import request_finished, request_started
    from django.db import close_old_connections, reset_queries

    request_finished.disconnect(close_old_connections)
    request_finished.disconnect(close_caches)
    if not settings.DEBUG:
        request_started.disconnect(reset_queries)
