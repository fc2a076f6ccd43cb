"""When the newest request of a scope came: by the newest minute that has one.

Sums cannot say it, for an empty window knows nothing of what came before it. Once minutes are gone, the hour or the day
tells.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from django.db import connection

from models_registry.models import ModelVersion
from monitoring.models import Bucket, Series
from monitoring.models.summaries import TIER_SECONDS, Tier


class Edge(NamedTuple):
    """A moment in epoch seconds, of a scope; version 0 and environment "" are any. `number` is the caller's own."""

    number: int
    at: int
    project: int
    model: int
    version: int
    environment: str
    segment: str


def _last(tier: Tier) -> str:
    """End of the newest bucket of a series that begins by the edge: the minute that runs counts."""
    return f"""(SELECT b.start + {TIER_SECONDS[tier]} FROM {Bucket._meta.db_table} b
    WHERE b.series_id = s.id AND b.tier = {tier:d} AND b.start <= e.at AND b.n > 0 ORDER BY b.start DESC LIMIT 1)"""


_SQL: Final = f"""
WITH edges(number, at, project, model, version, environment, segment) AS (VALUES {{edges}})
SELECT e.number, e.at, MAX(COALESCE({_last(Tier.MINUTE)}, {_last(Tier.HOUR)}, {_last(Tier.DAY)}))
FROM edges e CROSS JOIN {ModelVersion._meta.db_table} v CROSS JOIN {Series._meta.db_table} s
WHERE v.model_id = e.model AND s.version_id = v.id AND s.project_id = e.project AND s.segment = e.segment
  AND s.metric = 'status' AND (e.version = 0 OR s.version_id = e.version)
  AND (e.environment = '' OR s.environment = e.environment)
GROUP BY e.number, e.at
"""


def newest_ends(edges: Sequence[Edge]) -> dict[tuple[int, int], int]:
    """(number, edge) → end of the newest minute with a request, at most the edge; left out where there was none. One query."""
    sql = _SQL.format(edges=", ".join([f"({', '.join(['%s'] * len(Edge._fields))})"] * len(edges)))
    with connection.cursor() as cursor:
        cursor.execute(sql, [value for edge in edges for value in edge])
        return {(number, at): min(at, end) for number, at, end in cursor.fetchall() if end is not None}
