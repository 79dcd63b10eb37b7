"""The checkpoints with a key of one column, for Django's admin, which knows no others."""

from django.db import migrations, models

VIEW = """
create view ledger_progress as
select projection || '/' || shard || case when rebuilding then '/rebuilding' else '' end as name, *
from ledger_checkpoint;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0006_command_log")]
    operations = [
        migrations.RunSQL(VIEW, "drop view ledger_progress"),
        migrations.CreateModel(
            name="Progress",
            fields=[
                ("name", models.TextField(primary_key=True, serialize=False)),
                ("projection", models.TextField()),
                ("rebuilding", models.BooleanField()),
                ("shard", models.SmallIntegerField()),
                ("position", models.BigIntegerField()),
                ("applied", models.BigIntegerField()),
                ("status", models.TextField()),
                ("failures", models.SmallIntegerField()),
                ("error", models.TextField(null=True)),
                ("error_position", models.BigIntegerField(null=True)),
                ("updated_at", models.DateTimeField()),
            ],
            options={"db_table": "ledger_progress", "managed": False, "verbose_name_plural": "progress"},
        ),
    ]
