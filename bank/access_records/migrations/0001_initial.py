"""The table of access records, append-only as those of the ledger are."""

import django.contrib.postgres.fields
from django.db import migrations, models

# One index for each way to ask, each in the order of the page: newest first, whatever the filters.
TABLE = """
create table access_record (
    record_id bigint generated always as identity primary key,
    looked_at timestamptz not null default now(),
    actor text not null,
    roles text[] not null,
    customer_id uuid not null,
    account_id uuid,
    route text not null,
    channel text not null,
    correlation_id uuid not null
);
comment on table access_record is 'Who of the bank''s people was about to be shown which customer''s data.';
create index access_record_time on access_record (looked_at, record_id);
create index access_record_actor on access_record (actor, looked_at, record_id);
create index access_record_customer on access_record (customer_id, looked_at, record_id);
create trigger access_record_append_only before update or delete or truncate on access_record
    for each statement execute function ledger_refuse_change();
alter table access_record enable always trigger access_record_append_only;
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = [("ledger", "0001_initial")]
    operations = [
        migrations.RunSQL(TABLE, "drop table access_record"),
        migrations.CreateModel(
            name="AccessRecord",
            fields=[
                ("record_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("looked_at", models.DateTimeField()),
                ("actor", models.TextField()),
                ("roles", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ("customer_id", models.UUIDField()),
                ("account_id", models.UUIDField(null=True)),
                ("route", models.TextField()),
                ("channel", models.TextField()),
                ("correlation_id", models.UUIDField()),
            ],
            options={"managed": False, "db_table": "access_record"},
        ),
    ]
