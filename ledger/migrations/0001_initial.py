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
    sequence bigint not null default nextval('ledger_event_sequence'),
    stream_id uuid not null,
    stream_position integer not null check (stream_position > 0),
    id uuid not null,
    type text not null,
    schema_version smallint not null,
    data jsonb not null,
    metadata jsonb not null,
    recorded_at timestamptz not null default now(),
    primary key (sequence)
) partition by range (sequence);
alter sequence ledger_event_sequence owned by ledger_event.sequence;
comment on table ledger_event is 'What happened, for ever. Partitioned by sequence: old partitions can be detached.';
comment on column ledger_event.sequence is 'As drawn, not as committed: readers follow ledger_entry.position.';

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
    projection text not null,
    rebuilding boolean not null default false,
    shard smallint not null default 0,
    position bigint not null default 0,
    applied bigint not null default 0,
    status text not null default 'running' check (status in ('running', 'paused')),
    failures smallint not null default 0,
    retry_at timestamptz,
    error text,
    error_position bigint,
    events_per_second real not null default 0,
    updated_at timestamptz not null default now(),
    primary key (projection, rebuilding, shard)
);
comment on table ledger_checkpoint is 'How far each shard of an async projection has read; also of one that is being rebuilt.';

create table ledger_subject_key (
    subject_id uuid primary key,
    key bytea not null,
    created_at timestamptz not null default now()
);
comment on table ledger_subject_key is 'Keys of personal data, wrapped; deleting one erases a person.';

create table ledger_generation (
    projection text primary key,
    generation integer not null,
    switched_at timestamptz not null default now()
);

create table ledger_parked (
    projection text not null,
    position bigint not null,
    stream_id uuid not null,
    error text not null,
    parked_at timestamptz not null default now(),
    resolution text check (resolution in ('applied', 'discarded')),
    reason text,
    resolved_by text,
    resolved_at timestamptz,
    primary key (projection, position)
);
create index ledger_parked_open on ledger_parked (projection, stream_id) where resolution is null;

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

# A partition is made apart and then attached: attaching does not stop appends. Each has its own unique index of stream
# and position (one over all partitions would have to contain the sequence; the stream's head guards the whole) and its
# own triggers, so that it is append-only when it is named directly.
PARTITIONS = """
create function ledger_make_partition(first bigint, beyond bigint) returns text language plpgsql as $$
declare
    name text := case when first is null then 'ledger_event_rest' else format('ledger_event_%s', first) end;
begin
    execute format('create table %I (like ledger_event including defaults including constraints)', name);
    execute format('alter table %I add primary key (sequence)', name);
    execute format('alter table %I add constraint %I unique (stream_id, stream_position)', name, name || '_stream_position');
    execute format('create trigger %I before update or delete or truncate on %I for each statement'
                   ' execute function ledger_refuse_change()', name || '_append_only', name);
    execute format('alter table %I enable always trigger %I', name, name || '_append_only');
    if first is null then
        execute format('alter table ledger_event attach partition %I default', name);
    else
        execute format('alter table ledger_event attach partition %I for values from (%s) to (%s)', name, first, beyond);
    end if;
    return name;
end $$;

create function ledger_ensure_partitions(size bigint, ahead integer) returns integer language plpgsql security definer
set search_path = public, pg_temp as $$
declare
    last bigint;
    edge bigint;
    made integer := 0;
begin
    perform pg_advisory_xact_lock(20546, 1);
    select case when is_called then last_value else 0 end from ledger_event_sequence into last;
    select coalesce(max((regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \\(''?(\\d+)''?\\)'))[1]::bigint), 1)
    from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'ledger_event'::regclass into edge;
    -- Too late for what was drawn already: it is in the rest, where no partition can claim it. Begin so far behind it
    -- that what is drawn meanwhile does not meet the new partition either.
    if edge <= last then
        edge := last + size;
    end if;
    while edge <= last + size * ahead loop
        perform ledger_make_partition(edge, edge + size);
        edge := edge + size;
        made := made + 1;
    end loop;
    return made;
end $$;

select ledger_make_partition(null, null);
select ledger_ensure_partitions(10000000, 1);
"""

# A rebuild writes into tables of the same names in the schema `rebuild`: with that schema first on the search path, a
# projection's own statements write there. These functions belong to the tables' owner, so that a worker needs no
# right to make or drop tables.
REBUILD = """
create schema rebuild;
revoke execute on function ledger_make_partition, ledger_ensure_partitions from public;

create function ledger_begin_rebuild(tables text[]) returns void language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
declare
    t text;
    g record;
begin
    foreach t in array tables loop
        if t !~ '^readmodels_' then
            raise exception '% is not a table of a projection', t using errcode = 'insufficient_privilege';
        end if;
        execute format('drop table if exists rebuild.%I', t);
        execute format('create table rebuild.%I (like public.%I including all)', t, t);
        -- Whoever may write the old table may write the new one.
        for g in
            select a.grantee::regrole::text as grantee, string_agg(a.privilege_type, ', ') as privileges
            from pg_class c, aclexplode(c.relacl) a
            where c.oid = format('public.%I', t)::regclass and a.grantee <> 0 and a.grantee <> c.relowner
            group by a.grantee
        loop
            execute format('grant %s on rebuild.%I to %s', g.privileges, t, g.grantee);
        end loop;
    end loop;
end $$;

create function ledger_end_rebuild(tables text[], switch boolean) returns void language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
declare
    t text;
    i record;
    options text[];
begin
    foreach t in array tables loop
        if t !~ '^readmodels_' then
            raise exception '% is not a table of a projection', t using errcode = 'insufficient_privilege';
        end if;
        if not switch then
            execute format('drop table if exists rebuild.%I', t);
            continue;
        end if;
        -- LIKE gives indexes names of its own: give them those of the old table's, matched by what they are.
        for i in
            select n.relname as new_name, o.relname as old_name
            from pg_index ni join pg_class n on n.oid = ni.indexrelid
            join pg_index oi on oi.indrelid = format('public.%I', t)::regclass and oi.indkey::text = ni.indkey::text
                and oi.indisunique = ni.indisunique and oi.indisprimary = ni.indisprimary
                and pg_get_expr(oi.indpred, oi.indrelid) is not distinct from pg_get_expr(ni.indpred, ni.indrelid)
            join pg_class o on o.oid = oi.indexrelid
            where ni.indrelid = format('rebuild.%I', t)::regclass and n.relname <> o.relname
        loop
            execute format('alter index rebuild.%I rename to %I', i.new_name, i.old_name);
        end loop;
        select c.reloptions from pg_class c where c.oid = format('public.%I', t)::regclass into options;
        if options is not null then
            execute format('alter table rebuild.%I set (%s)', t, array_to_string(options, ', '));
        end if;
        execute format('drop table public.%I', t);
        execute format('alter table rebuild.%I set schema public', t);
    end loop;
end $$;
revoke execute on function ledger_begin_rebuild, ledger_end_rebuild from public;
"""

DROP = """
drop table ledger_parked, ledger_subject_key, ledger_generation, ledger_checkpoint, ledger_sealer_state,
    ledger_entry, ledger_command, ledger_event, ledger_stream;
drop function ledger_check_heads, ledger_refuse_change, ledger_make_partition, ledger_ensure_partitions,
    ledger_begin_rebuild, ledger_end_rebuild;
drop schema rebuild cascade;
"""


def unmanaged(
    name: str, table: str, fields: list[tuple[str, models.Field[Any, Any]]], **options: Any
) -> migrations.CreateModel:
    return migrations.CreateModel(name, fields, options={"managed": False, "db_table": table, **options})


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.RunSQL(SCHEMA + APPEND_ONLY + PARTITIONS + REBUILD, DROP),
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
                ("pk", models.CompositePrimaryKey("projection", "rebuilding", "shard")),
                ("projection", models.TextField()),
                ("rebuilding", models.BooleanField()),
                ("shard", models.SmallIntegerField()),
                ("position", models.BigIntegerField()),
                ("applied", models.BigIntegerField()),
                ("status", models.TextField()),
                ("failures", models.SmallIntegerField()),
                ("retry_at", models.DateTimeField(null=True)),
                ("error", models.TextField(null=True)),
                ("error_position", models.BigIntegerField(null=True)),
                ("events_per_second", models.FloatField()),
                ("updated_at", models.DateTimeField()),
            ],
        ),
    ]
