from django.db import migrations, models

# Words of nobody's personal data, as a list that is searched by whole words and by how they begin.
WORDS = """
create index readmodels_event_words on readmodels_event_search
using gin (array_to_tsvector(string_to_array(words, ' ')));
"""


class Migration(migrations.Migration):
    dependencies = [("readmodels", "0006_reports")]

    operations = [
        migrations.CreateModel(
            name="EventSearchRow",
            fields=[
                ("position", models.BigIntegerField(primary_key=True, serialize=False)),
                ("stream_id", models.UUIDField()),
                ("stream_position", models.IntegerField()),
                ("stream_kind", models.TextField()),
                ("type", models.TextField()),
                ("actor", models.TextField()),
                ("command_id", models.UUIDField(null=True)),
                ("correlation_id", models.UUIDField(null=True)),
                ("causation_id", models.UUIDField(null=True)),
                ("occurred_at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField()),
                ("amount_minor", models.BigIntegerField(null=True)),
                ("currency", models.TextField(null=True)),
                ("words", models.TextField()),
            ],
            options={
                "db_table": "readmodels_event_search",
                "indexes": [
                    models.Index(fields=["stream_id", "position"], name="readmodels_event_stream"),
                    models.Index(
                        fields=["stream_kind", "position"],
                        name="readmodels_event_kind",
                        condition=models.Q(("stream_kind", "account"), _negated=True),
                    ),
                    models.Index(fields=["type", "position"], name="readmodels_event_type"),
                    models.Index(fields=["actor", "position"], name="readmodels_event_actor"),
                    models.Index(fields=["correlation_id", "position"], name="readmodels_event_correlation"),
                    models.Index(fields=["command_id"], name="readmodels_event_command"),
                    models.Index(fields=["recorded_at", "position"], name="readmodels_event_recorded"),
                    models.Index(fields=["occurred_at", "position"], name="readmodels_event_occurred"),
                    models.Index(
                        fields=["currency", "amount_minor"],
                        name="readmodels_event_amount",
                        condition=models.Q(("amount_minor__isnull", False)),
                    ),
                ],
            },
        ),
        migrations.RunSQL(WORDS, "drop index readmodels_event_words"),
    ]
