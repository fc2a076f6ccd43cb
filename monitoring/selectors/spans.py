"""Events of a span of time, and the newest first: exactly by microsecond, along the index that holds their seconds.

Whatever looks for events by time goes through here, or it reads all of them.
"""

from typing import Any, Final, TypeVar

from django.db.models import QuerySet

from lib.pages import Coarse
from monitoring.models.events import Event, Second

SECOND: Final = Coarse("second", 1_000_000)
Stored = TypeVar("Stored", bound=Event)


def within(rows: QuerySet[Stored], *, start: int | None = None, end: int | None = None) -> QuerySet[Stored]:
    """The rows from `start` on and before `end`, in epoch microseconds."""
    bounds: dict[str, int] = {}
    if start is not None:
        bounds |= {"ts_us__gte": start, "second__gte": start // SECOND.width}
    if end is not None:
        bounds |= {"ts_us__lt": end, "second__lte": end // SECOND.width}
    found: QuerySet[Any] = rows.alias(second=Second("ts_us")).filter(**bounds)
    return found


def newest_first(rows: QuerySet[Stored]) -> QuerySet[Stored]:
    """The rows of `within` by time, then by arrival; no more than a second's events are sorted at a time."""
    return rows.order_by("-second", "-ts_us", "-pk")
