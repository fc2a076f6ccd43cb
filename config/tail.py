"""What arrives, as it is stored: events of any kind and changes of alerts.

Rows are followed by their keys, which grow with the ingest sequence. Workers store bodies in any order, so nothing is
shown from behind the oldest body that still waits in the inbox: what a later look would have to go back for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from django.db.models import Min

from alerting.models import AlertTransition
from models_registry.models import Project
from monitoring.ingest.views import PATHS
from monitoring.models import InboxBody
from monitoring.models.inbox import EventKind
from monitoring.selectors.event_filters import EventFilter
from monitoring.selectors.events import event_page, filtered, newest_key
from monitoring.selectors.wire import event_to_wire, moment

KINDS: Final = {**{path.rpartition("/")[2]: kind for path, kind in PATHS.items()}, "spans": EventKind.SPAN.value}
ALERTS: Final = "alerts"
SOURCES: Final = (*KINDS, ALERTS)
MOST: Final = 1_000
BODY: Final = 13  # bits of a key for the place in its body
ENDLESS: Final = 2**62


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened: when, which source it is of, the whole of it as the API tells it."""

    at: datetime
    source: str
    wire: Mapping[str, Any]


class Source(Protocol):
    """Something that can be followed."""

    def latest(self, limit: int) -> list[Line]:
        """The newest that are there, oldest first; what comes after them is for `more`."""

    def more(self) -> list[Line]:
        """What has come since the last look, at most a thousand."""


@dataclass
class Events:
    """The events of one kind that a filter lets through."""

    name: str
    project: Project
    asked: EventFilter
    place: int = 0

    def latest(self, limit: int) -> list[Line]:
        """The newest by their own time; what follows goes by arrival."""
        kind, horizon = KINDS[self.name], _horizon()
        self.place = newest_key(kind, below=horizon)
        rows = event_page(kind, self.project, self.asked, limit=limit).items if limit else []
        return [self._line(row) for row in reversed(rows)]

    def more(self) -> list[Line]:
        """In the order of their arrival, whatever their own time."""
        anytime = EventFilter(None, None, self.asked.exact)
        rows = filtered(KINDS[self.name], self.project, anytime).filter(pk__gt=self.place, pk__lt=_horizon())
        fresh = list(rows.order_by("pk")[:MOST])
        self.place = fresh[-1].pk if fresh else self.place
        return [self._line(row) for row in fresh]

    def _line(self, row: Any) -> Line:
        return Line(moment(row.ts_us), self.name, event_to_wire(row))


@dataclass
class Alerts:
    """Every change of state of an alert."""

    project: Project
    place: int = 0

    def latest(self, limit: int) -> list[Line]:
        """The newest changes."""
        rows = list(self._rows().order_by("-pk")[: max(1, limit)])
        self.place = rows[0].pk if rows else 0
        return [_change(row) for row in reversed(rows)] if limit else []

    def more(self) -> list[Line]:
        """In the order they were written."""
        rows = list(self._rows().filter(pk__gt=self.place).order_by("pk")[:MOST])
        self.place = rows[-1].pk if rows else self.place
        return [_change(row) for row in rows]

    def _rows(self) -> Any:
        rows = AlertTransition.objects.filter(alert__rule__project=self.project)
        return rows.select_related("alert__rule", "incident")


def newest(sources: Sequence[Source], limit: int) -> list[Line]:
    """The newest of all of them together, oldest first."""
    lines = sorted((line for source in sources for line in source.latest(limit)), key=lambda line: line.at)
    return lines[-limit:] if limit else []


def arrived(sources: Sequence[Source]) -> list[Line]:
    """What has come since the last look, of all of them."""
    return [line for source in sources for line in source.more()]


def _horizon() -> int:
    """The key of the first event that may still be stored; asked before the events are."""
    oldest = InboxBody.objects.aggregate(oldest=Min("id"))["oldest"]
    return ENDLESS if oldest is None else int(oldest) << BODY


def _change(row: AlertTransition) -> Line:
    wire = {
        "at": row.at,
        "rule": row.alert.rule.slug,
        "labels": row.alert.labels,
        "signal": row.alert.signal,
        "from": row.from_state,
        "to": row.to_state,
        "severity": row.alert.severity,
        "value": row.value,
        "reason": row.reason,
        "incident": row.incident.number if row.incident else None,
    }
    return Line(row.at, ALERTS, wire)
