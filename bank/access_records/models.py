"""The table of access records. A migration makes it, append-only by trigger; nothing writes it but `recording`."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class AccessRecord(models.Model):
    """Somebody was about to be shown a customer's data. It names nobody: ids only, so that erasing need not touch it.

    `actor` is as in the command log ("user:7"), `roles` what the person was to the bank at that time, `route` the
    template of the address, `account_id` null where it was about the customer and no account in particular.
    """

    record_id = models.BigIntegerField(primary_key=True)
    looked_at = models.DateTimeField()
    actor = models.TextField()
    roles = ArrayField(models.TextField())
    customer_id = models.UUIDField()
    account_id = models.UUIDField(null=True)
    route = models.TextField()
    channel = models.TextField()
    correlation_id = models.UUIDField()

    class Meta:
        managed = False
        db_table = "access_record"

    def __str__(self) -> str:
        return f"{self.actor} at {self.route}"
