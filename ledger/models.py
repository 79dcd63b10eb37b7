"""The ledger's tables as Django sees them: for the admin's read-only pages. Nothing writes through these."""

from django.db import models


class Stream(models.Model):
    """The head of a stream: its version and the snapshot of its state."""

    id = models.UUIDField(primary_key=True)
    category = models.TextField()
    version = models.IntegerField()
    snapshot = models.JSONField()
    snapshot_schema = models.SmallIntegerField()

    class Meta:
        managed = False
        db_table = "ledger_stream"

    def __str__(self) -> str:
        return f"{self.category} {self.id}"


class Event(models.Model):
    """What happened: immutable."""

    sequence = models.BigIntegerField(primary_key=True)
    stream_id = models.UUIDField()
    stream_position = models.IntegerField()
    id = models.UUIDField()
    type = models.TextField()
    schema_version = models.SmallIntegerField()
    data = models.JSONField()
    metadata = models.JSONField()
    recorded_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "ledger_event"

    def __str__(self) -> str:
        return f"{self.type} {self.stream_id}/{self.stream_position}"


class Command(models.Model):
    """What was asked for, and what became of it: immutable."""

    command_id = models.UUIDField(primary_key=True)
    type = models.TextField()
    fingerprint = models.BinaryField()
    actor = models.TextField()
    channel = models.TextField()
    correlation_id = models.UUIDField()
    outcome = models.TextField()
    refusal = models.TextField(null=True)  # noqa: DJ001 - accepted commands have none
    result = models.JSONField()
    recorded_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "ledger_command"

    def __str__(self) -> str:
        return f"{self.type} {self.outcome}"


class Replay(models.Model):
    """How often a command came again and was answered from the log."""

    command_id = models.UUIDField(primary_key=True)
    times = models.BigIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "ledger_replay"

    def __str__(self) -> str:
        return f"{self.command_id} x {self.times}"


class Entry(models.Model):
    """A committed event's place in the book, and its link of the hash chain: immutable."""

    position = models.BigIntegerField(primary_key=True)
    event = models.OneToOneField(Event, models.DO_NOTHING, db_column="sequence", db_constraint=False)
    hash = models.BinaryField()
    sealed_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "ledger_entry"
        verbose_name_plural = "entries"

    def __str__(self) -> str:
        return f"#{self.position}"


class Seal(models.Model):
    """A signed checkpoint: the book's hash at a position, the Merkle root of entries `first` to there: immutable."""

    position = models.BigIntegerField(primary_key=True)
    first = models.BigIntegerField()
    hash = models.BinaryField()
    root = models.BinaryField()
    key_id = models.TextField()
    signature = models.BinaryField()
    signed_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "ledger_seal"

    def __str__(self) -> str:
        return f"signed #{self.position}"


class Checkpoint(models.Model):
    """Up to which position a shard of an async projection has read."""

    pk = models.CompositePrimaryKey("projection", "rebuilding", "shard")
    projection = models.TextField()
    rebuilding = models.BooleanField()
    shard = models.SmallIntegerField()
    position = models.BigIntegerField()
    applied = models.BigIntegerField()
    status = models.TextField()
    failures = models.SmallIntegerField()
    retry_at = models.DateTimeField(null=True)
    error = models.TextField(null=True)  # noqa: DJ001 - null while all is well
    error_position = models.BigIntegerField(null=True)
    events_per_second = models.FloatField()
    updated_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "ledger_checkpoint"

    def __str__(self) -> str:
        return f"{self.projection}/{self.shard} at {self.position}"


class Progress(models.Model):
    """A checkpoint under one name: how far a shard of a projection has read, and what holds it up."""

    name = models.TextField(primary_key=True)
    projection = models.TextField()
    rebuilding = models.BooleanField()
    shard = models.SmallIntegerField()
    position = models.BigIntegerField()
    applied = models.BigIntegerField()
    status = models.TextField()
    failures = models.SmallIntegerField()
    error = models.TextField(null=True)  # noqa: DJ001 - null while all is well
    error_position = models.BigIntegerField(null=True)
    updated_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "ledger_progress"
        verbose_name_plural = "progress"

    def __str__(self) -> str:
        return f"{self.name} at {self.position}"
