"""Fold the counts that travelled on inbox bodies into the ledger: no hot row while accepting, one upsert per drain."""

from collections import Counter
from collections.abc import Iterable

from django.db import connection

from monitoring.drain.claim import Body

COLUMNS = ("received", "rejected", "accepted", "stored", "duplicate", "dead_lettered", "orphaned")
Place = tuple[int, str]  # project, kind
LEDGER = f"""
    INSERT INTO monitoring_ledgercount AS ledger (project_id, kind, {", ".join(COLUMNS)})
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (project_id, kind)
    DO UPDATE SET {", ".join(f"{name} = ledger.{name} + excluded.{name}" for name in COLUMNS)}"""
REJECTIONS = """
    INSERT INTO monitoring_rejectioncount AS refused (project_id, kind, code, count, last_detail, last_us)
    VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (project_id, kind, code)
    DO UPDATE SET count = refused.count + excluded.count, last_us = excluded.last_us,
        last_detail = excluded.last_detail"""


class Counts:
    """What a transaction adds to the ledger."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[Place, str]] = Counter()
        self._refused: dict[tuple[int, str, str], tuple[int, str, int]] = {}

    def body(self, body: Body) -> None:
        """Count a body as it leaves the inbox; a replayed one was received before."""
        if body.replayed:
            return
        place = (body.project_id, body.kind)
        self.item(place, "received", body.accepted + body.rejected)
        self.item(place, "accepted", body.accepted)
        self.item(place, "rejected", body.rejected)
        for code, (count, detail) in body.rejections.items():
            before, *_ = self._refused.get((*place, code), (0,))
            self._refused[(*place, code)] = (before + count, detail, body.received_us)

    def item(self, place: Place, column: str, count: int = 1) -> None:
        """Count items in one column."""
        self._counts[(place, column)] += count

    def include(self, other: "Counts") -> None:
        """Add item counts that were kept apart until it was known that they hold."""
        self._counts.update(other._counts)

    def write(self) -> None:
        """Add everything to the ledger, in key order."""
        places = sorted({place for place, _ in self._counts})
        with connection.cursor() as cursor:
            for place in places:
                cursor.execute(LEDGER, [*place, *(self._counts[(place, name)] for name in COLUMNS)])
            for key, value in sorted(self._refused.items()):
                cursor.execute(REJECTIONS, [*key, *value])


def count_bodies(bodies: Iterable[Body]) -> Counts:
    """The counts that the bodies bring with them."""
    counts = Counts()
    for body in bodies:
        counts.body(body)
    return counts
