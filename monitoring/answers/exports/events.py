"""Stored events of every kind as files, by the filters that the explorers and the API have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from lib.pages import Cursor
from models_registry.exports import ExportError, Rows
from models_registry.models import Project
from monitoring.models.inbox import EventKind
from monitoring.selectors.event_filters import PAGING, EventFilter, FilterError, read_filter
from monitoring.selectors.events import event_page
from monitoring.selectors.wire import event_to_wire

PAGE_ROWS: Final = 100
MICROS: Final = 1_000_000

_IDS = ("request_id", "trace_id", "span_id", "session_id", "user_id")
_SERVED = ("model", "version", "environment", "status", "error_type", "latency_ms", *_IDS)
_LAST = ("segments", "extra", "ingested_at")
COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    EventKind.PREDICTION: (
        *("id", "ts", *_SERVED, "prediction", "score", "scores", "label", "label_value", "label_at", "correct"),
        *("feedback", "batch_run", "features", *_LAST),
    ),
    EventKind.LLM_CALL: (
        *("id", "ts", *_SERVED, "parent_span_id", "provider", "request_model", "response_model", "response_id"),
        *("prompt_name", "prompt_version", "finish_reason", "truncated", "ttft_ms", "usage", "cost_usd", "cost_source"),
        *("cost_reported_usd", "price_version", "pricing_state", "policies", "evaluations", "feedback", "params"),
        *("system", "prompt", "response", "context", "tools", "tool_calls", *_LAST),
    ),
    EventKind.OUTCOME: ("id", "ts", "prediction_id", "label", "value", "joined", "extra", "ingested_at"),
    EventKind.FEEDBACK: (
        *("id", "ts", "target_id", "kind", "value", "comment", "user_id", "joined", "extra", "ingested_at"),
    ),
    EventKind.EVENT: (
        *("id", "ts", "kind", "name", "value", "model", "version", "environment", "target_id", "prompt_name"),
        *("prompt_version", *_LAST),
    ),
    EventKind.LOG: (
        *("id", "ts", "level", "message", "logger", "template", "exception", *_IDS, "model", "version", "environment"),
        *("pattern", "time_of_receipt", "extra", "ingested_at"),
    ),
    EventKind.SPAN: (
        *("id", "ts", "trace_id", "span_id", "parent_span_id", "name", "kind", "role", "service", "scope"),
        *("scope_version", "status", "status_message", "duration_ms", "request_id", "session_id", "user_id", "call_id"),
        *("attributes", "events", "links", "resource", "extra", "ingested_at"),
    ),
}


@dataclass(frozen=True, slots=True)
class Events:
    """Stored events of a kind, newest first."""

    kind: str

    @property
    def columns(self) -> Sequence[str]:
        """Every field that an event of the kind may have."""
        return COLUMNS[self.kind]

    def check(self, project: Project, filters: Mapping[str, str], *, now: datetime) -> dict[str, str]:
        """As the list of these events takes them."""
        asked = self._asked(filters, now)
        ends = {"from": asked.start, "to": asked.end}
        return {**asked.exact, **{name: at.astimezone(UTC).isoformat() for name, at in ends.items() if at}}

    def read(self, project: Project, filters: Mapping[str, str], place: str | None, *, now: datetime) -> Rows:
        """A page of the same list."""
        asked = self._asked(filters, now)
        page = event_page(self.kind, project, asked, limit=PAGE_ROWS, cursor=place)
        share = _behind(asked, Cursor.decode(page.next).at / MICROS, now) if page.next else 1.0
        return Rows([event_to_wire(event) for event in page.items], page.next, share)

    def _asked(self, filters: Mapping[str, str], now: datetime) -> EventFilter:
        for name in filters:
            if name in PAGING - {"from", "to"}:
                raise ExportError(name, f"`{name}` is no filter; leave it out.")
        try:
            return read_filter(self.kind, filters, now=now, local=True)
        except FilterError as error:
            raise ExportError(error.field, str(error)) from error


def _behind(asked: EventFilter, at: float, now: datetime) -> float:
    """How much of the range is newer than a moment; 0 where it has no beginning."""
    if asked.start is None:
        return 0.0
    start, end = asked.start.timestamp(), (asked.end or now).timestamp()
    return min(1.0, max(0.0, (end - at) / (end - start))) if end > start else 1.0


PREDICTIONS = Events(EventKind.PREDICTION)
LLM_CALLS = Events(EventKind.LLM_CALL)
OUTCOMES = Events(EventKind.OUTCOME)
FEEDBACK = Events(EventKind.FEEDBACK)
BUSINESS_EVENTS = Events(EventKind.EVENT)
LOGS = Events(EventKind.LOG)
SPANS = Events(EventKind.SPAN)
