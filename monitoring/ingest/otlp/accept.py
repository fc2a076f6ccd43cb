"""The verb: what a body of OpenTelemetry holds is judged, redacted and durably in the inbox before it is answered.

A body may hold more than the inbox takes in one piece: then it becomes several. If only some of them could be committed the
whole is refused with 503 and sent again, and what is there already is known by its identity.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

import msgspec
from django.conf import settings

from models_registry.models import ApiKey
from monitoring.ingest.backpressure import note_accepted
from monitoring.ingest.codes import Fault, Rejection
from monitoring.ingest.moments import Window
from monitoring.ingest.otlp import logs, metric_names, points, spans
from monitoring.ingest.otlp.clean import Cleaner
from monitoring.ingest.otlp.records import Decoded, Group
from monitoring.ingest.redact import redactor_for
from monitoring.ingest.store import Body, committer
from monitoring.ingest.window import window_at
from monitoring.items import Item, MetricItem

ITEMS: dict[str, Callable[[Group, Cleaner, Window], Sequence[Item | Fault]]] = {
    "span": spans.items_of,
    "log": logs.items_of,
    "metric": points.items_of,
}
MAX_BODY = 8 * 1024 * 1024
_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class Outcome:
    """What happened to the records: how many were refused, and what their sender should be told."""

    accepted: list[Item] = field(default_factory=list)
    rejected: int = 0
    rejections: dict[str, list[Any]] = field(default_factory=dict)
    told: str = ""

    def refuse(self, rejection: Rejection) -> None:
        """Count a refused record by its code; the first one is told to the sender."""
        self.rejected += 1
        count = self.rejections.get(rejection.code, [0])[0]
        self.rejections[rejection.code] = [count + 1, rejection.detail]
        self.told = self.told or f"{rejection.code}: {rejection.detail}"


def accept(kind: str, decoded: Decoded, *, key: ApiKey, now: datetime) -> Outcome:
    """Judge and store; `now` is story time. `DatabaseError` if it could not be committed."""
    limits: dict[str, Any] = settings.INGEST
    window = window_at(now, backfill="backfill" in key.scopes)
    cleaner = Cleaner(
        redact=redactor_for(key.project), joinable=not key.project.redact_extra, max_text=limits["max_text"]
    )
    outcome = Outcome()
    for group in decoded.groups:
        for found in ITEMS[kind](group, cleaner, window):
            if isinstance(found, Fault):
                outcome.refuse(found.rejection)
            else:
                outcome.accepted.append(found)
        for reason in group.broken:
            outcome.refuse(Rejection("unreadable_record", "", f"This record cannot be read: {reason}."))
    if kind == "metric":
        limit_names(outcome, key.project_id)
    if not outcome.told:
        outcome.told = decoded.mended
    store_outcome(kind, outcome, key.project_id, window.received, limits["max_items"])
    return outcome


def limit_names(outcome: Outcome, project_id: int) -> None:
    """Refuse metrics beyond the number of names that an application may have; say of which attributes are counted together."""
    items, most = cast("list[MetricItem]", outcome.accepted), int(str(settings.INGEST["max_metrics"]))
    limits = metric_names.limit(items, project_id, most=most)
    outcome.accepted = [item for item in items if item.name not in limits.beyond[item.model]]
    for item in items:
        if item.name in limits.beyond[item.model]:
            outcome.refuse(metric_names.REFUSED)
    outcome.told = outcome.told or limits.told


def store_outcome(kind: str, outcome: Outcome, project_id: int, received_us: int, most: int) -> None:
    """A body of which everything was refused is stored for the ledger's sake."""
    rejected, rejections = outcome.rejected, outcome.rejections
    for items, count in _pieces(outcome.accepted, most) or ([(b"[]", 0)] if rejected else []):
        committer.commit(Body(project_id, kind, received_us, items, count, rejected, rejections))
        note_accepted(count)
        rejected, rejections = 0, {}


def _pieces(items: Sequence[Item], most: int) -> list[tuple[bytes, int]]:
    """The items encoded, in pieces of at most so many and about so many bytes."""
    if not items:
        return []
    encoded = _encode(items)
    if len(items) <= most and (len(encoded) <= MAX_BODY or len(items) == 1):
        return [(encoded, len(items))]
    half = min(most, (len(items) + 1) // 2)
    return [*_pieces(items[:half], most), *_pieces(items[half:], most)]
