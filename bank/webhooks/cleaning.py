"""Retention: deliveries and attempts that are over for long, and secrets that sign nothing."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import connection

_BATCH_SIZE: Final = 5_000
_BATCHES_AT_MOST: Final = 200
_SPARE_SECRETS_FOR: Final = timedelta(days=1)

# In batches, so that nobody waits long for a lock and a killed worker loses little.
_DELIVERIES: Final = """
delete from webhooks_delivery where (endpoint_id, event_id) in (
    select endpoint_id, event_id from webhooks_delivery
    where asked_at < %(before)s and status <> 'pending' limit %(limit)s for update skip locked)
"""
_ATTEMPTS: Final = """
delete from webhooks_attempt where id in (
    select id from webhooks_attempt where attempted_at < %(before)s limit %(limit)s for update skip locked)
"""
_SECRETS: Final = """
delete from webhooks_secret s where s.created_at < %(spared)s and not exists (
    select 1 from readmodels_webhook_endpoint e where e.status <> 'removed' and (
        e.secret_id = s.secret_id or (e.previous_secret_id = s.secret_id and e.previous_valid_until > %(now)s)))
"""


def clean(now: datetime) -> int:
    """Delete what nobody needs any more; how many rows. What is still to be sent stays, however old."""
    parameters: dict[str, Any] = {
        "now": now,
        "before": now - timedelta(days=settings.WEBHOOKS_KEEP_DAYS),
        "spared": now - _SPARE_SECRETS_FOR,
        "limit": _BATCH_SIZE,
    }
    deleted = 0
    with connection.cursor() as cursor:
        for statement in (_DELIVERIES, _ATTEMPTS):
            for _ in range(_BATCHES_AT_MOST):
                cursor.execute(statement, parameters)
                deleted += cursor.rowcount
                if cursor.rowcount < _BATCH_SIZE:
                    break
        cursor.execute(_SECRETS, parameters)
        return deleted + int(cursor.rowcount)
