"""Django's entry for the web pages."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Views, forms and template tags; and what somebody has looked at already."""

    name = "bank.web"
    label = "web"

    def ready(self) -> None:
        """A person's language comes along at each sign-in."""
        from bank.web import languages

        languages.listen()
