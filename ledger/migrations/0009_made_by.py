"""What the rows of a rebuild that is under way were made by: code and tables that have changed since begin it anew."""

from django.db import migrations

MADE_BY = """
alter table ledger_checkpoint add column made_by text;
comment on column ledger_checkpoint.made_by is 'Of a rebuild: a digest of the code and the tables that its rows were made by.';
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0008_retries")]
    operations = [migrations.RunSQL(MADE_BY, "alter table ledger_checkpoint drop column made_by")]
