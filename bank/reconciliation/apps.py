"""Django's entry for the reconciliation."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReconciliationConfig(AppConfig):
    """The record of runs and of what they found."""

    name = "bank.reconciliation"
    label = "reconciliation"
    verbose_name = _("Reconciliation")
