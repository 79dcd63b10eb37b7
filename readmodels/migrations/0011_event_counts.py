from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("readmodels", "0010_command_search"),
    ]

    operations = [
        migrations.CreateModel(
            name="EventCountRow",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "type", "schema_version", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("type", models.TextField()),
                ("schema_version", models.SmallIntegerField()),
                ("count", models.BigIntegerField()),
                ("first_position", models.BigIntegerField()),
                ("last_position", models.BigIntegerField()),
                ("first_recorded_at", models.DateTimeField()),
                ("last_recorded_at", models.DateTimeField()),
            ],
            options={
                "db_table": "readmodels_event_count",
            },
        ),
    ]
