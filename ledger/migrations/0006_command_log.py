"""What auditors ask the command log for, at no cost to commands that are accepted: indexes of the few without events.

Refused commands have none, and neither have accepted ones that changed no stream, such as pausing a projection. All
others are found by a read model that follows their events.
"""

from django.db import migrations, models

INDEXES = """
create index ledger_command_refused_at on ledger_command (recorded_at, command_id) where refusal is not null;
create index ledger_command_refused_why on ledger_command (refusal, recorded_at) where refusal is not null;
create index ledger_command_refused_type on ledger_command (type, recorded_at) where refusal is not null;
create index ledger_command_refused_channel on ledger_command (channel, recorded_at) where refusal is not null;
create index ledger_command_refused_correlation on ledger_command (correlation_id) where refusal is not null;
create index ledger_command_silent on ledger_command (recorded_at, command_id)
    where refusal is null and coalesce(jsonb_array_length(result -> 'streams'), 0) = 0;
"""
NO_INDEXES = """
drop index ledger_command_refused_at, ledger_command_refused_why, ledger_command_refused_type,
    ledger_command_refused_channel, ledger_command_refused_correlation, ledger_command_silent;
"""
# Counted, not listed: who sends the same command again and again cannot fill the disk.
REPLAYS = """
create table ledger_replay (
    command_id uuid primary key,
    times bigint not null check (times > 0),
    first_at timestamptz not null default now(),
    last_at timestamptz not null default now()
);
comment on table ledger_replay is 'How often a command came again and was answered from the log.';
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0005_refused_commands")]
    operations = [
        migrations.RunSQL(INDEXES, NO_INDEXES),
        migrations.RunSQL(REPLAYS, "drop table ledger_replay"),
        migrations.CreateModel(
            name="Replay",
            fields=[
                ("command_id", models.UUIDField(primary_key=True, serialize=False)),
                ("times", models.BigIntegerField()),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
            ],
            options={"db_table": "ledger_replay", "managed": False},
        ),
    ]
