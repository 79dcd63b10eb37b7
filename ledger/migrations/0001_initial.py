"""Tables, append-only triggers and functions of the event store."""

from typing import Any

from django.db import migrations, models

SCHEMA = """
create table ledger_stream (
    id uuid primary key,
    category text not null,
    version integer not null check (version > 0),
    snapshot jsonb not null,
    snapshot_schema smallint not null
) with (fillfactor = 70);
comment on table ledger_stream is 'Heads of streams: version and snapshot. Room is left in each page for HOT updates.';

create sequence ledger_event_sequence as bigint;
create table ledger_event (
    sequence bigint primary key default nextval('ledger_event_sequence'),
    stream_id uuid not null,
    stream_position integer not null check (stream_position > 0),
    id uuid not null,
    type text not null,
    schema_version smallint not null,
    data jsonb not null,
    metadata jsonb not null,
    recorded_at timestamptz not null default now(),
    constraint ledger_event_stream_position unique (stream_id, stream_position)
);
alter sequence ledger_event_sequence owned by ledger_event.sequence;
comment on column ledger_event.sequence is 'In the order drawn, not in the order committed: readers follow ledger_entry.position.';

create table ledger_command (
    command_id uuid primary key,
    type text not null,
    fingerprint bytea not null,
    actor text not null,
    channel text not null,
    correlation_id uuid not null,
    outcome text not null check (outcome in ('accepted', 'refused')),
    refusal text check ((refusal is null) = (outcome = 'accepted')),
    result jsonb not null,
    recorded_at timestamptz not null default now()
);
-- Rows come in the order of time: a block range index finds a day at next to no cost for the append.
create index ledger_command_recorded_at on ledger_command using brin (recorded_at);

create table ledger_entry (
    position bigint primary key check (position > 0),
    sequence bigint not null constraint ledger_entry_sequence unique,
    hash bytea not null check (length(hash) = 32),
    sealed_at timestamptz not null default now()
);
comment on table ledger_entry is 'The sealed book: position is dense, hash = SHA-256(previous hash, position, canonical event).';

create table ledger_sealer_state (
    id smallint primary key check (id = 1),
    position bigint not null,
    hash bytea not null,
    high_sequence bigint not null,
    gaps jsonb not null
);
insert into ledger_sealer_state values (1, 0, decode(repeat('00', 32), 'hex'), 0, '[]');

create table ledger_checkpoint (
    projection text primary key,
    position bigint not null default 0,
    updated_at timestamptz not null default now()
);

create function ledger_check_heads(got bigint, wanted bigint) returns boolean language plpgsql as $$
begin
    if got <> wanted then
        raise exception 'a stream is not at the expected version' using errcode = 'serialization_failure';
    end if;
    return true;
end $$;

create function ledger_refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only: % refused', tg_table_name, tg_op using errcode = 'insufficient_privilege';
end $$;
"""

# ALWAYS: also where session_replication_role says replica.
APPEND_ONLY = "".join(
    f"""
create trigger {table}_append_only before update or delete or truncate on {table}
    for each statement execute function ledger_refuse_change();
alter table {table} enable always trigger {table}_append_only;
"""
    for table in ("ledger_event", "ledger_entry", "ledger_command")
)

DROP = """
drop table ledger_checkpoint, ledger_sealer_state, ledger_entry, ledger_command, ledger_event, ledger_stream;
drop function ledger_check_heads, ledger_refuse_change;
"""


def unmanaged(
    name: str, table: str, fields: list[tuple[str, models.Field[Any, Any]]], **options: Any
) -> migrations.CreateModel:
    return migrations.CreateModel(name, fields, options={"managed": False, "db_table": table, **options})


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.RunSQL(SCHEMA + APPEND_ONLY, DROP),
        unmanaged(
            "Stream",
            "ledger_stream",
            [
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("category", models.TextField()),
                ("version", models.IntegerField()),
                ("snapshot", models.JSONField()),
                ("snapshot_schema", models.SmallIntegerField()),
            ],
        ),
        unmanaged(
            "Event",
            "ledger_event",
            [
                ("sequence", models.BigIntegerField(primary_key=True, serialize=False)),
                ("stream_id", models.UUIDField()),
                ("stream_position", models.IntegerField()),
                ("id", models.UUIDField()),
                ("type", models.TextField()),
                ("schema_version", models.SmallIntegerField()),
                ("data", models.JSONField()),
                ("metadata", models.JSONField()),
                ("recorded_at", models.DateTimeField()),
            ],
        ),
        unmanaged(
            "Command",
            "ledger_command",
            [
                ("command_id", models.UUIDField(primary_key=True, serialize=False)),
                ("type", models.TextField()),
                ("fingerprint", models.BinaryField()),
                ("actor", models.TextField()),
                ("channel", models.TextField()),
                ("correlation_id", models.UUIDField()),
                ("outcome", models.TextField()),
                ("refusal", models.TextField(null=True)),
                ("result", models.JSONField()),
                ("recorded_at", models.DateTimeField()),
            ],
        ),
        unmanaged(
            "Entry",
            "ledger_entry",
            [
                ("position", models.BigIntegerField(primary_key=True, serialize=False)),
                (
                    "event",
                    models.OneToOneField("ledger.event", models.DO_NOTHING, db_column="sequence", db_constraint=False),
                ),
                ("hash", models.BinaryField()),
                ("sealed_at", models.DateTimeField()),
            ],
            verbose_name_plural="entries",
        ),
        unmanaged(
            "Checkpoint",
            "ledger_checkpoint",
            [
                ("projection", models.TextField(primary_key=True, serialize=False)),
                ("position", models.BigIntegerField()),
                ("updated_at", models.DateTimeField()),
            ],
        ),
    ]
