"""A primary key of several columns cannot be altered, so the table is made again, and filled from the calls it comes from.

Days whose calls are past their time keep their sums without an environment. Backwards, environments are summed up.
"""

from django.db import migrations, models

TABLE = "monitoring_userday"
SUMS = ("calls", "costed", "cost_nano", "last_us")
SECONDS_A_DAY, US_A_DAY = 86_400, 86_400_000_000
FROM_CALLS = f"""
    INSERT INTO {TABLE} (model_id, day, user_id, environment, calls, costed, cost_nano, last_us)
    SELECT version.model_id, c.ts_us / {US_A_DAY}, c.user_id, c.environment, count(*),
        count(coalesce(c.cost_nano, c.reported_nano)), coalesce(sum(coalesce(c.cost_nano, c.reported_nano)), 0), max(c.ts_us)
    FROM monitoring_llmcall c JOIN models_registry_modelversion version ON version.id = c.version_id
    WHERE c.user_id <> '' AND c.ts_us >= %s
    GROUP BY 1, 2, 3, 4"""


def _make(schema_editor, *columns):
    """The table by this name with a key of these columns, empty; the old one beside it."""
    types = {"model_id": "bigint", "day": "integer", "user_id": "varchar(200)", "environment": "varchar(64)"}
    text = [f"{name} {types[name]} NOT NULL" for name in columns] + [f"{name} bigint NOT NULL" for name in SUMS]
    schema_editor.execute(f"ALTER TABLE {TABLE} RENAME TO {TABLE}_old")
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"ALTER TABLE {TABLE}_old DROP CONSTRAINT {TABLE}_pkey")
    key = f"CONSTRAINT {TABLE}_pkey PRIMARY KEY ({', '.join(columns)})"
    schema_editor.execute(f"CREATE TABLE {TABLE} ({', '.join(text)}, {key})")


def by_environment(apps, schema_editor):
    _make(schema_editor, "model_id", "day", "user_id", "environment")
    floor = apps.get_model("monitoring", "RetentionFloor").objects.filter(kind="events").first()
    first = max(0, -(-floor.start // SECONDS_A_DAY)) if floor else 0
    schema_editor.execute(
        f"INSERT INTO {TABLE} SELECT model_id, day, user_id, '', {', '.join(SUMS)} FROM {TABLE}_old WHERE day < %s",
        [first],
    )
    schema_editor.execute(FROM_CALLS, [first * US_A_DAY])
    schema_editor.execute(f"DROP TABLE {TABLE}_old")


def of_all_environments(apps, schema_editor):
    _make(schema_editor, "model_id", "day", "user_id")
    schema_editor.execute(
        f"INSERT INTO {TABLE} SELECT model_id, day, user_id, sum(calls), sum(costed), sum(cost_nano), max(last_us)"
        f" FROM {TABLE}_old GROUP BY 1, 2, 3"
    )
    schema_editor.execute(f"DROP TABLE {TABLE}_old")


class Migration(migrations.Migration):

    dependencies = [
        ("monitoring", "0019_widen_objectives"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(by_environment, of_all_environments)],
            state_operations=[
                migrations.AddField(
                    model_name="userday",
                    name="environment",
                    field=models.CharField(
                        default="",
                        help_text="Empty for days from before environments were told apart.",
                        max_length=64,
                    ),
                ),
                migrations.AlterField(
                    model_name="userday",
                    name="pk",
                    field=models.CompositePrimaryKey(
                        "model", "day", "user_id", "environment",
                        blank=True, editable=False, primary_key=True, serialize=False,
                    ),
                ),
            ],
        ),
    ]
