from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("readmodels", "0003_finding")]

    operations = [
        migrations.AddIndex(
            model_name="movementrow",
            index=models.Index("account_id", "occurred_at", "stream_position", name="readmodels_movement_days"),
        ),
    ]
