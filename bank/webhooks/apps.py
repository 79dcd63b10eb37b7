"""Django's entry for webhooks: hands their projection to the ledger."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """Deliveries to addresses outside."""

    name = "bank.webhooks"
    label = "webhooks"

    def ready(self) -> None:
        """Register the projection: it causes effects outside, so it is no read model and stands here."""
        from bank.webhooks.projection import PROJECTION
        from ledger.projections import register

        register(PROJECTION)
