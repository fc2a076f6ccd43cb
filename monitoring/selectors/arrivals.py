"""What came last of a kind. Read along the index of pages: one second's rows at most are looked at for a moment."""

from datetime import datetime

from monitoring.models import MetricStream, Span
from monitoring.models.events import Second
from monitoring.models.inbox import EventKind
from monitoring.selectors.events import MODELS
from monitoring.selectors.wire import moment

LOOKED_AT = 200


def newest_at(project_id: int, kind: str) -> datetime | None:
    """When the newest stored event of a kind happened (UTC); None where none is stored, or none any more."""
    if kind == EventKind.METRIC:
        streams = MetricStream.objects.filter(metric__model__project_id=project_id).order_by("-time_us")
        found = streams.values_list("time_us", flat=True).first()
    else:
        rows = MODELS[kind]._default_manager.filter(project_id=project_id).order_by(Second("ts_us").desc(), "-ts_us")
        found = rows.values_list("ts_us", flat=True).first()
    return None if found is None else moment(found)


def spans_bring_calls(project_id: int) -> bool:
    """Whether one of the newest spans is a sighting of an LLM call."""
    rows = Span.objects.filter(project_id=project_id).order_by(Second("ts_us").desc())
    return any(ref is not None for ref in rows.values_list("call_ref", flat=True)[:LOOKED_AT])
