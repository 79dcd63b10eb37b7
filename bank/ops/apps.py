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
        gc.freeze()
        gc.set_threshold(_NEW_OBJECTS_BEFORE_A_LOOK)
