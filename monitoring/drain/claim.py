"""Take bodies from the inbox in the order of their ids, as many as hold a budget of events.

PostgreSQL locks what it takes (SKIP LOCKED: several drains share the work). SQLite only looks; deleting the rows
later proves, inside the transaction, that nobody else drained them.
"""

from typing import Any, NamedTuple

import msgspec
from django.db import connection

from monitoring.drain.sql import fetch_any, is_postgres

POSTGRES_BUDGET = 20_000  # buckets are written once a batch, and nobody but other drains waits for them
SQLITE_BUDGET = 10_000  # 80 ms of writing, during which others wait; a third is what any batch costs
LATE_WEIGHT = 2
MAX_FETCH = 1_000
COLUMNS = "id, project_id, kind, received_us, items, accepted, rejected, rejections, replayed, as_sent"
SELECT = f"SELECT {COLUMNS} FROM monitoring_inboxbody"


def weight(kind: str, accepted: int) -> int:
    """Events in a budget: late truth is looked up and amended, so it counts double; an empty body counts too."""
    return max(1, accepted * (LATE_WEIGHT if kind in {"outcome", "feedback"} else 1))


class ClaimLostError(Exception):
    """Another drain took these bodies first; nothing was stored twice, try the next ones."""


class Body(NamedTuple):
    """One claimed inbox body."""

    id: int
    project_id: int
    kind: str
    received_us: int
    items: bytes
    accepted: int
    rejected: int
    rejections: dict[str, tuple[int, str]]
    replayed: bool
    as_sent: bool

    @property
    def weight(self) -> int:
        """Its share of a budget."""
        return weight(self.kind, self.accepted)


def claim() -> list[Body]:
    """The next bodies, up to the budget of this database; at least one if there is any.

    On PostgreSQL call it inside the transaction that stores them.
    """
    return _claim_locked() if is_postgres() else _claim_seen()


def claim_one(body_id: int) -> Body | None:
    """This body, if nobody else has it; inside the transaction that stores it."""
    found = fetch_any(SELECT, "id", "bigint", [body_id], lock="FOR UPDATE SKIP LOCKED")
    return _body(found[0]) if found else None


def remove(bodies: list[Body]) -> None:
    """Delete the rows; ClaimLostError unless every one of them was still there."""
    ids = [body.id for body in bodies]
    places = ", ".join(["%s"] * len(ids))
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM monitoring_inboxbody WHERE id IN ({places})", ids)
        if cursor.rowcount != len(ids):
            raise ClaimLostError


def _claim_seen() -> list[Body]:
    """Rows are stepped through one by one, so what is past the budget is never read."""
    taken: list[Body] = []
    left = SQLITE_BUDGET
    with connection.cursor() as cursor:
        cursor.execute(f"{SELECT} ORDER BY id")
        while left > 0 and (row := cursor.fetchone()):
            body = _body(row)
            if taken and body.weight > left:
                break
            taken.append(body)
            left -= body.weight
    return taken


def _claim_locked() -> list[Body]:
    """Ids are locked a few at a time (as many as the last body suggests), then just the bodies of the budget are read."""
    ids: list[int] = []
    left, size = POSTGRES_BUDGET, 1
    with connection.cursor() as cursor:
        cursor.execute(
            "DECLARE claim CURSOR FOR SELECT id, accepted, kind FROM monitoring_inboxbody"
            " ORDER BY id FOR UPDATE SKIP LOCKED"
        )
        while left > 0:
            cursor.execute(f"FETCH {size} FROM claim")
            rows = cursor.fetchall()
            if not rows:
                break
            for body_id, accepted, kind in rows:
                if left > 0:
                    ids.append(body_id)
                    left -= weight(kind, accepted)
            size = min(MAX_FETCH, max(1, left // weight(*reversed(rows[-1][1:]))))
        cursor.execute("CLOSE claim")
    return [_body(row) for row in fetch_any(SELECT, "id", "bigint", ids)]


def _body(row: tuple[Any, ...]) -> Body:
    body_id, project_id, kind, received_us, items, accepted, rejected, refused, *flags = row
    rejections = msgspec.json.decode(refused) if isinstance(refused, str | bytes) else refused
    return Body(body_id, project_id, kind, received_us, bytes(items), accepted, rejected, rejections, *map(bool, flags))
