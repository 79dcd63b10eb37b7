"""The write side as a Django app, so that its events are registered when Django is ready."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Loads the events into the codec's registry."""

    name = "accounts"

    def ready(self) -> None:
        """Import the modules that define events."""
        from accounts import account, customer, webhook_endpoint  # noqa: F401
