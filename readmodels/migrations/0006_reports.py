from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("readmodels", "0005_general_ledger"),
    ]

    operations = [
        migrations.CreateModel(
            name="ActivityHourRow",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "currency", "date", "hour", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                ("date", models.DateField()),
                ("hour", models.SmallIntegerField()),
                ("count", models.BigIntegerField()),
                ("amount_minor", models.DecimalField(decimal_places=0, max_digits=30)),
            ],
            options={
                "db_table": "readmodels_activity_hour",
            },
        ),
        migrations.CreateModel(
            name="BalanceBandRow",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "currency", "band", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                ("band", models.SmallIntegerField()),
                ("accounts", models.BigIntegerField()),
                ("total_minor", models.DecimalField(decimal_places=0, max_digits=30)),
            ],
            options={
                "db_table": "readmodels_balance_band",
            },
        ),
        migrations.CreateModel(
            name="BalanceDayRow",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "currency", "date", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                ("date", models.DateField()),
                ("change_minor", models.DecimalField(decimal_places=0, max_digits=30)),
                ("accounts_change", models.BigIntegerField()),
            ],
            options={
                "db_table": "readmodels_balance_day",
            },
        ),
        migrations.CreateModel(
            name="CashDayRow",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "currency", "date", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                ("date", models.DateField()),
                ("in_count", models.BigIntegerField()),
                ("in_minor", models.DecimalField(decimal_places=0, max_digits=30)),
                ("out_count", models.BigIntegerField()),
                ("out_minor", models.DecimalField(decimal_places=0, max_digits=30)),
            ],
            options={
                "db_table": "readmodels_cash_day",
            },
        ),
        migrations.CreateModel(
            name="GrowthDayRow",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "date", "currency", "what", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("date", models.DateField()),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("what", models.CharField(max_length=20)),
                ("count", models.BigIntegerField()),
            ],
            options={
                "db_table": "readmodels_growth_day",
            },
        ),
        migrations.CreateModel(
            name="ReportedBalanceRow",
            fields=[
                ("account_id", models.UUIDField(primary_key=True, serialize=False)),
                ("currency", models.CharField(max_length=3)),
                ("balance_minor", models.BigIntegerField()),
            ],
            options={
                "db_table": "readmodels_reported_balance",
            },
        ),
        migrations.CreateModel(
            name="LargeMovementRow",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "currency",
                        "date",
                        "kind",
                        "position",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                ("date", models.DateField()),
                ("kind", models.CharField(max_length=17)),
                ("position", models.BigIntegerField()),
                ("amount_minor", models.BigIntegerField()),
                ("account_id", models.UUIDField()),
                ("stream_position", models.IntegerField()),
                ("counterparty_account_id", models.UUIDField(null=True)),
                ("occurred_at", models.DateTimeField()),
            ],
            options={
                "db_table": "readmodels_large_movement",
                "indexes": [
                    models.Index(
                        models.F("currency"),
                        models.OrderBy(models.F("amount_minor"), descending=True),
                        models.F("position"),
                        name="readmodels_large_amount",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="LastInitiatedRow",
            fields=[
                ("account_id", models.UUIDField(primary_key=True, serialize=False)),
                ("currency", models.CharField(max_length=3)),
                ("last_on", models.DateField()),
            ],
            options={
                "db_table": "readmodels_last_initiated",
                "indexes": [
                    models.Index(models.F("last_on"), models.F("account_id"), name="readmodels_last_initiated_on")
                ],
            },
        ),
    ]
