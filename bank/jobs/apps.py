"""Django's entry for the jobs."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class JobsConfig(AppConfig):
    """How jobs fare; what was asked for, and what it came to, stands in the record."""

    name = "bank.jobs"
    label = "jobs"
    verbose_name = _("Jobs")

    def ready(self) -> None:
        """Note when tasks that beat sends begin and end."""
        from bank.jobs import scheduled

        scheduled.connect()
