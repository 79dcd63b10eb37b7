"""Django's entry for the web pages."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Views, forms and template tags; no tables."""

    name = "bank.web"
    label = "web"
