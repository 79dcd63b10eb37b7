"""The table of partitions that were detached."""

from django.db import migrations

DETACHED = """
create table ledger_detached (
    name text not null,
    first_sequence bigint not null,
    beyond_sequence bigint not null check (beyond_sequence > first_sequence),
    first_position bigint not null,
    last_position bigint not null check (last_position >= first_position),
    events bigint not null check (events > 0),
    exports text[] not null,
    detached_at timestamptz not null default now(),
    attached_at timestamptz,
    primary key (name, detached_at)
);
comment on table ledger_detached is 'Partitions of ledger_event that were detached, with their numbers and the SHA-256 of the exports that hold them.';
create unique index ledger_detached_away on ledger_detached (name) where attached_at is null;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0003_rebuild_request")]
    operations = [migrations.RunSQL(DETACHED, "drop table ledger_detached")]
