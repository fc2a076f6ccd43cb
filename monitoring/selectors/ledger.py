"""The ledger: received = accepted + rejected, accepted = stored + duplicate + dead-lettered + pending, at any instant.

Counts of drained bodies are folded into `LedgerCount`; bodies still in the inbox are added on reading. Both are read
in one statement, so one snapshot.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from django.db import connection
from django.db.models import Min, Sum

from monitoring.models import InboxBody

COLUMNS = ("received", "rejected", "accepted", "stored", "duplicate", "dead_lettered", "pending")
ORPHANS = ("outcome", "feedback")
SQL = """
SELECT kind, SUM(received), SUM(rejected), SUM(accepted), SUM(stored), SUM(duplicate), SUM(dead_lettered), SUM(pending),
       SUM(orphaned)
FROM (
    SELECT kind, received, rejected, accepted, stored, duplicate, dead_lettered, 0 AS pending, orphaned
    FROM monitoring_ledgercount WHERE project_id = %s
    UNION ALL
    SELECT kind,
           CASE WHEN replayed THEN 0 ELSE accepted + rejected END,
           CASE WHEN replayed THEN 0 ELSE rejected END,
           CASE WHEN replayed THEN 0 ELSE accepted END,
           0, 0, 0, accepted, 0
    FROM monitoring_inboxbody WHERE project_id = %s
) AS both_sides
GROUP BY kind ORDER BY kind
"""


class Ledger(TypedDict):
    """Counts by column name, in total and by kind; what is stored and speaks of what has not arrived, by kind."""

    total: dict[str, int]
    kinds: dict[str, dict[str, int]]
    orphans: dict[str, int]


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits in the inbox: items, and the real time at which the oldest arrived."""

    items: int
    oldest_at: datetime | None


def read_ledger(*, project_id: int) -> Ledger:
    """`{"total": {…}, "kinds": {kind: {…}}, "orphans": {kind: …}}` with the columns of the wire contract."""
    with connection.cursor() as cursor:
        cursor.execute(SQL, [project_id, project_id])
        rows = cursor.fetchall()
    kinds = {row[0]: {name: int(count) for name, count in zip(COLUMNS, row[1:-1], strict=True)} for row in rows}
    total = {name: sum(counts[name] for counts in kinds.values()) for name in COLUMNS}
    return Ledger(total=total, kinds=kinds, orphans={row[0]: int(row[-1]) for row in rows if row[0] in ORPHANS})


def inbox_backlog() -> Backlog:
    """Items waiting over all projects, and since when (real time), for backpressure and health."""
    waiting = InboxBody.objects.aggregate(items=Sum("accepted"), oldest_at=Min("arrived_at"))
    return Backlog(items=waiting["items"] or 0, oldest_at=waiting["oldest_at"])
