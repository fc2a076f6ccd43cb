"""Give what predictions are folded by its place in the ingest sequence: drains fold by it from there on, a job goes back.

The steps of that job are `monitoring.summaries.refold`.
"""

from datetime import datetime

from django.db import connection

from models_registry.jobs import start_job
from models_registry.models import ModelVersion
from monitoring.drain.prepare import INDEX_BITS
from monitoring.models import InboxBody, Reaching, Series
from monitoring.selectors.floors import hold_references
from monitoring.selectors.references import first_prediction


def place(found: Reaching, version: ModelVersion, *, kind: str, now: datetime) -> None:
    """Save it at its place, with a job that folds what came before if the version has served.

    The job knows it by `kind` (reference or trees) and its primary key.
    Its place is taken while no drain folds. A drain that claims a later body then sees it, and a recount decides by the
    same place.
    """
    hold_references(to_set=True)
    found.since = next_row_id()
    first = first_prediction()
    if first is None or not Series.objects.filter(version=version).exists():
        found.reach = 0
        found.save()
        return
    found.reach = found.since
    found.save()
    total = max(1, places_between(first, found.since))
    named = {kind: found.pk, "model": version.model.slug, "version": version.version}
    found.job = start_job("refold", project=version.model.project, arguments=named, total=total, now=now)
    found.save(update_fields=["job"])


def places_between(low: int, high: int) -> int:
    """Places in the ingest sequence between two primary keys."""
    return (high >> INDEX_BITS) - (low >> INDEX_BITS)


def next_row_id() -> int:
    """The lowest primary key that an event of a body still to come can have."""
    return (_last_body() + 1) << INDEX_BITS


def _last_body() -> int:
    """The highest id that any inbox body has ever been given, be it committed or not."""
    table = InboxBody._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [table])
            cursor.execute(f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {cursor.fetchone()[0]}")
        else:
            cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        found = cursor.fetchone()
    return int(found[0]) if found else 0
