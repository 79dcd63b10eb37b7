from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="ExportPart",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "job_id", "claim", "number", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("job_id", models.UUIDField()),
                ("claim", models.UUIDField()),
                ("number", models.IntegerField()),
                ("data", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="Run",
            fields=[
                ("job_id", models.UUIDField(primary_key=True, serialize=False)),
                (
                    "status",
                    models.CharField(
                        choices=[("running", "Running"), ("done", "Done"), ("failed", "Failed")], max_length=7
                    ),
                ),
                ("claim", models.UUIDField()),
                ("attempts", models.IntegerField(default=1)),
                ("worker", models.TextField()),
                ("started_at", models.DateTimeField()),
                ("heartbeat_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                ("done", models.BigIntegerField(default=0)),
                ("total", models.BigIntegerField(default=0)),
                ("details", models.JSONField(default=dict)),
                ("error", models.TextField(default="")),
                ("traceback", models.TextField(default="")),
                ("file_deleted_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["running", "done", "failed"])),
                        name="jobs_run_status_known",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ScheduledRun",
            fields=[
                ("name", models.TextField(primary_key=True, serialize=False)),
                ("task", models.TextField()),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                ("milliseconds", models.FloatField(null=True)),
                ("runs", models.BigIntegerField(default=0)),
                ("failures", models.BigIntegerField(default=0)),
                ("failed_at", models.DateTimeField(null=True)),
                ("error", models.TextField(default="")),
                ("worker", models.TextField()),
            ],
        ),
        # The pieces are compressed already. One page holds every scheduled run: to rewrite a row in place costs least.
        migrations.RunSQL(
            "alter table jobs_exportpart alter column data set storage external;"
            "alter table jobs_scheduledrun set (fillfactor = 20)",
            migrations.RunSQL.noop,
        ),
    ]
