"""The read side as a Django app: hands its projections to the ledger."""

from django.apps import AppConfig


class ReadModelsConfig(AppConfig):
    """Registers every projection of the registry with the ledger."""

    name = "readmodels"

    def ready(self) -> None:
        """Hand over the projections."""
        from ledger.projections import register
        from readmodels.registry import PROJECTIONS

        for projection in PROJECTIONS:
            register(projection)
