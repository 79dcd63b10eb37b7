"""Operations as a Django app: its commands, and the wake-ups of the workers."""

from django.apps import AppConfig


class OpsConfig(AppConfig):
    """Asks the ledger to be told of commits."""

    name = "bank.ops"

    def ready(self) -> None:
        """Wake the workers after each commit."""
        from bank.ops.wakeups import wake
        from bank.ops.watching import watch
        from ledger.wakeups import on_append

        on_append(wake)
        watch()
