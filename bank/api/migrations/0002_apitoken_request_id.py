"""Which form made a token: the same form sent twice makes one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("api", "0001_initial")]
    operations = [
        migrations.AddField("apitoken", "request_id", models.UUIDField(editable=False, null=True, unique=True)),
    ]
