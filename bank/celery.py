"""The Celery app of the workers and of beat."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bank.settings")
app = Celery("passbook")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["bank"])
