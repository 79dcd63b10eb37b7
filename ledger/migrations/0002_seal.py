"""The table of signed checkpoints."""

from django.db import migrations, models

SEAL = """
create table ledger_seal (
    position bigint primary key,
    first bigint not null unique check (first > 0 and first <= position),
    hash bytea not null check (length(hash) = 32),
    root bytea not null check (length(root) = 32),
    key_id text not null,
    signature bytea not null check (length(signature) = 64),
    signed_at timestamptz not null
);
comment on table ledger_seal is 'Signed checkpoints: the hash at a position, and the Merkle root of entries first to position.';
create trigger ledger_seal_append_only before update or delete or truncate on ledger_seal
    for each statement execute function ledger_refuse_change();
alter table ledger_seal enable always trigger ledger_seal_append_only;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]
    operations = [
        migrations.RunSQL(SEAL, "drop table ledger_seal"),
        migrations.CreateModel(
            "Seal",
            [
                ("position", models.BigIntegerField(primary_key=True, serialize=False)),
                ("first", models.BigIntegerField()),
                ("hash", models.BinaryField()),
                ("root", models.BinaryField()),
                ("key_id", models.TextField()),
                ("signature", models.BinaryField()),
                ("signed_at", models.DateTimeField()),
            ],
            options={"managed": False, "db_table": "ledger_seal"},
        ),
    ]
