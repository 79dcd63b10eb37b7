"""Django's entry for the access records."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccessRecordsConfig(AppConfig):
    """One table, which is only ever added to."""

    name = "bank.access_records"
    label = "access_records"
    verbose_name = _("Access records")
