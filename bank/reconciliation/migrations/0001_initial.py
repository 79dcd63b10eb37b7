"""The tables of the reconciliation: runs, breaks, and the place of the walk."""

import uuid

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Break",
            fields=[
                ("break_id", models.BigAutoField(primary_key=True, serialize=False)),
                ("check_name", models.TextField()),
                ("subject", models.TextField()),
                ("field", models.TextField()),
                ("expected", models.TextField()),
                ("found", models.TextField()),
                ("since", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
                ("gone_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "reconciliation_break",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("gone_at__isnull", True)),
                        fields=("check_name", "subject", "field"),
                        name="reconciliation_break_open",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Run",
            fields=[
                ("run_id", models.BigAutoField(primary_key=True, serialize=False)),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField()),
                ("position", models.BigIntegerField()),
                ("head", models.BigIntegerField()),
                ("figures", models.JSONField(null=True)),
                ("streams", models.BigIntegerField()),
                ("away", models.BigIntegerField()),
                ("breaks", models.IntegerField()),
            ],
            options={
                "db_table": "reconciliation_run",
                "indexes": [models.Index(models.F("ended_at"), name="reconciliation_run_ended_at")],
            },
        ),
        migrations.CreateModel(
            name="Walk",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("after", models.UUIDField(default=uuid.UUID("00000000-0000-0000-0000-000000000000"))),
                ("round_started_at", models.DateTimeField(null=True)),
                ("round_streams", models.BigIntegerField(default=0)),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_streams", models.BigIntegerField(default=0)),
                ("ended_seconds", models.FloatField(default=0)),
            ],
            options={
                "db_table": "reconciliation_walk",
            },
        ),
    ]
