"""Django's entry for identity."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IdentityConfig(AppConfig):
    """The custom user model, in place from the first migration."""

    name = "bank.identity"
    label = "identity"
    verbose_name = _("People and roles")

    def ready(self) -> None:
        """What allauth tells of second factors and passwords goes on record."""
        from bank.identity import recording

        recording.listen()
