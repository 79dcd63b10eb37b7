"""An index of refused commands by actor: small, and of no cost to the commands that are accepted."""

from django.db import migrations

INDEX = """
create index ledger_command_refused on ledger_command (actor, recorded_at, command_id) where refusal is not null;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0004_detached")]
    operations = [migrations.RunSQL(INDEX, "drop index ledger_command_refused")]
