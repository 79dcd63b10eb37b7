"""The front door: settings, URLs, Celery, identity, the web UI, the API and operations."""

from bank.celery import app as celery_app

__all__ = ["celery_app"]
