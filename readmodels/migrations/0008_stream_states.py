from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("readmodels", "0007_event_search"),
    ]

    operations = [
        migrations.CreateModel(
            name="StreamStateRow",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "stream_id",
                        "stream_position",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("stream_id", models.UUIDField()),
                ("stream_position", models.IntegerField()),
                ("schema", models.SmallIntegerField()),
                ("state", models.JSONField(null=True)),
                ("unreadable", models.IntegerField(null=True)),
                ("first_at", models.DateTimeField()),
                ("latest_at", models.DateTimeField()),
            ],
            options={
                "db_table": "readmodels_stream_state",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__isnull", True), ("unreadable__isnull", False))
                        | models.Q(("state__isnull", False), ("unreadable__isnull", True)),
                        name="readmodels_stream_state_known",
                    )
                ],
            },
        ),
    ]
