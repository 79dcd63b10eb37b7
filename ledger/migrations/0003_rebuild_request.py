"""The table of rebuilds that somebody asked for."""

from django.db import migrations

REBUILD_REQUEST = """
create table ledger_rebuild_request (
    projection text primary key,
    command_id uuid not null,
    requested_by text not null,
    requested_at timestamptz not null default now(),
    error text
);
comment on table ledger_rebuild_request is 'Rebuilds that were asked for: gone when done; with an error, waiting to be asked for again.';
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_seal")]
    operations = [migrations.RunSQL(REBUILD_REQUEST, "drop table ledger_rebuild_request")]
