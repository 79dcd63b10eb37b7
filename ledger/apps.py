"""The event store as a Django app: its migrations make tables, triggers and functions."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """The event store."""

    name = "ledger"
