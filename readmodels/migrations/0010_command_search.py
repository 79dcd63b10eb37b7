from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("readmodels", "0009_record_jobs"), ("ledger", "0006_command_log")]

    operations = [
        migrations.CreateModel(
            name="CommandSearchRow",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "recorded_at", "command_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("recorded_at", models.DateTimeField()),
                ("command_id", models.UUIDField()),
                ("type", models.TextField()),
                ("actor", models.TextField()),
                ("channel", models.TextField()),
                ("correlation_id", models.UUIDField()),
            ],
            options={
                "db_table": "readmodels_command_search",
                "indexes": [
                    models.Index(fields=["type", "recorded_at"], name="readmodels_command_type"),
                    models.Index(fields=["actor", "recorded_at"], name="readmodels_command_actor"),
                    models.Index(fields=["channel", "recorded_at"], name="readmodels_command_channel"),
                    models.Index(fields=["correlation_id"], name="readmodels_command_correlation"),
                ],
            },
        ),
    ]
