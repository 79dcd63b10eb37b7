"""Django's entry for the access records."""

from django.apps import AppConfig


class AccessRecordsConfig(AppConfig):
    """One table, which is only ever added to."""

    name = "bank.access_records"
    label = "access_records"
    verbose_name = "Access records"
