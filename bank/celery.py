"""The Celery app of the workers and of beat."""

import logging.config
import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bank.settings")
app = Celery("passbook")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["bank", "bank.jobs", "bank.reconciliation", "bank.webhooks"])


@setup_logging.connect
def log_as_everybody_does(**_: Any) -> None:
    """Celery asks before it sets up a form of its own; LOG_LEVEL counts, not --loglevel."""
    from django.conf import settings

    logging.config.dictConfig(settings.LOGGING)
