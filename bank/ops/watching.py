"""Who is told of what the ledger, Celery and Django do: what counts, what logs, what comments SQL."""

from django.conf import settings
from django.db.backends.signals import connection_created

from bank.ops import sql_comments, task_signals
from bank.ops.metrics.observer import Counting
from ledger.observing import observe


def watch() -> None:
    """Once in every process that runs Django, as soon as it is ready."""
    observe(Counting())
    task_signals.connect()
    if settings.SQL_COMMENTS in {sql_comments.ORM, sql_comments.ALL}:
        connection_created.connect(sql_comments.comment_statements)
    if settings.SQL_COMMENTS == sql_comments.ALL:
        observe(sql_comments.CommentingLedger())
