from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("readmodels", "0008_stream_states"),
    ]

    operations = [
        migrations.CreateModel(
            name="RecordJobRow",
            fields=[
                ("job_id", models.UUIDField(primary_key=True, serialize=False)),
                ("kind", models.TextField()),
                ("asked", models.JSONField()),
                ("asked_by", models.TextField()),
                ("asked_at", models.DateTimeField()),
                ("correlation_id", models.UUIDField()),
                ("outcome", models.JSONField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("downloads", models.IntegerField()),
            ],
            options={
                "db_table": "readmodels_record_job",
                "indexes": [
                    models.Index(fields=["kind", "-asked_at", "job_id"], name="readmodels_record_job_of_kind"),
                    models.Index(
                        fields=["asked_at"],
                        name="readmodels_record_job_open",
                        condition=models.Q(("finished_at__isnull", True)),
                    ),
                ],
            },
        ),
    ]
