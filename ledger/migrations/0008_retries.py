"""Parked events that somebody wants applied again, and how long the oldest transaction has been open."""

from django.db import migrations

RETRIES = """
alter table ledger_parked add column retry_by text, add column retry_at timestamptz;
create index ledger_parked_retry on ledger_parked (projection, position)
    where retry_at is not null and resolution is null;
comment on column ledger_parked.retry_at is 'Since when a worker is asked to apply it again; null once one has tried.';
"""
UNDO_RETRIES = "alter table ledger_parked drop column retry_by, drop column retry_at"

# With the owner's eyes: the roles of the bank's processes are not shown what other sessions do.
ACTIVITY = """
create function ledger_activity(out sessions bigint, out oldest_seconds double precision, out oldest_application text,
                                out oldest_state text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select count(*),
           extract(epoch from now() - min(xact_start))::double precision,
           (array_agg(application_name order by xact_start))[1],
           (array_agg(state order by xact_start))[1]
    from pg_stat_activity
    where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()
$$;
revoke execute on function ledger_activity() from public;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0007_progress")]
    operations = [
        migrations.RunSQL(RETRIES, UNDO_RETRIES),
        migrations.RunSQL(ACTIVITY, "drop function ledger_activity()"),
    ]
