from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("readmodels", "0004_movement_days")]

    operations = [
        migrations.CreateModel(
            name="GeneralLedgerRow",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "account_class",
                        "currency",
                        "date",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("account_class", models.TextField()),
                ("currency", models.CharField(max_length=3)),
                ("date", models.DateField()),
                ("debit_minor", models.DecimalField(decimal_places=0, max_digits=30)),
                ("credit_minor", models.DecimalField(decimal_places=0, max_digits=30)),
                ("count", models.BigIntegerField()),
            ],
            options={
                "db_table": "readmodels_general_ledger",
            },
        ),
        migrations.CreateModel(
            name="JournalRow",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "date", "currency", "position", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("date", models.DateField()),
                ("currency", models.CharField(max_length=3)),
                ("position", models.BigIntegerField()),
                ("type", models.TextField()),
                ("amount_minor", models.BigIntegerField()),
            ],
            options={
                "db_table": "readmodels_journal",
            },
        ),
    ]
