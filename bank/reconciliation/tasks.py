"""The Celery task of the reconciliation; beat sends it every minute."""

from celery import shared_task

from bank.reconciliation.running import reconcile as run


@shared_task(name="reconciliation.run")
def reconcile() -> None:
    """Compare what is kept twice."""
    run()
