"""Stored events as tuples in the order of their columns: what is copied, folded, amended and recounted.

A named tuple is a third of the cost of a model instance and goes to the database as it is. Field names are column
names; a test keeps them in step with the models.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from django.db import models

from monitoring.models import BusinessEvent, Feedback, LLMCall, LogRecord, Outcome, Prediction, Span


class PredictionRow(NamedTuple):
    """One row of `Prediction`."""

    id: int
    project_id: int
    event_id: str
    ts_us: int
    ingested_us: int
    payload: str
    version_id: int
    environment: str
    status: int
    error_type: str
    latency_us: int | None
    request_id: str
    trace_id: str
    span_id: str
    user_id: str
    session_id: str
    prediction: str
    score: float | None
    feedback_up: int = 0
    feedback_down: int = 0
    feedback_other: int = 0
    opinions: str = ""
    label: str | None = None
    label_value: float | None = None
    label_us: int | None = None
    outcome_ref: int | None = None
    label_changes: int = 0


class LLMCallRow(NamedTuple):
    """One row of `LLMCall`."""

    id: int
    project_id: int
    event_id: str
    ts_us: int
    ingested_us: int
    payload: str
    version_id: int
    environment: str
    status: int
    error_type: str
    latency_us: int | None
    request_id: str
    trace_id: str
    span_id: str
    user_id: str
    session_id: str
    provider: str
    request_model: str
    response_model: str
    prompt_name: str
    prompt_version: str
    finish_reason: str
    ttft_us: int | None
    input_tokens: int | None
    cached_input_tokens: int | None
    cache_write_tokens: int | None
    output_tokens: int | None
    reasoning_tokens: int | None
    audio_input_tokens: int | None
    audio_output_tokens: int | None
    reported_nano: int | None
    cost_nano: int | None
    price_id: int | None
    context_window: int | None
    policies: str
    evaluations: str
    texts: bytes
    feedback_up: int = 0
    feedback_down: int = 0
    feedback_other: int = 0
    opinions: str = ""


class OutcomeRow(NamedTuple):
    """One row of `Outcome`."""

    id: int
    project_id: int
    event_id: str
    ts_us: int
    ingested_us: int
    payload: str
    target: bytes
    label: str | None
    value: float | None
    target_ref: int | None = None


class FeedbackRow(NamedTuple):
    """One row of `Feedback`."""

    id: int
    project_id: int
    event_id: str
    ts_us: int
    ingested_us: int
    payload: str
    target: bytes
    kind: str
    value: str
    comment: str
    user_id: str
    target_ref: int | None = None


class BusinessEventRow(NamedTuple):
    """One row of `BusinessEvent`."""

    id: int
    project_id: int
    event_id: str
    ts_us: int
    ingested_us: int
    payload: str
    version_id: int | None
    kind: str
    name: str
    value: float | None
    target_id: str


class LogRecordRow(NamedTuple):
    """One row of `LogRecord`."""

    id: int
    project_id: int
    event_id: str
    ts_us: int
    ingested_us: int
    payload: str
    version_id: int | None
    environment: str
    level: str
    logger: str
    message: str
    request_id: str
    trace_id: str
    user_id: str
    pattern: int | None


class SpanRow(NamedTuple):
    """One row of `Span`."""

    id: int
    project_id: int
    event_id: str
    ts_us: int
    ingested_us: int
    payload: bytes
    trace_id: str
    parent_span_id: str
    name: str
    kind: str
    role: str
    service: str
    scope: str
    status: int
    duration_us: int
    request_id: str
    user_id: str
    session_id: str
    bears: bool
    call_ref: int | None = None


ServedRow = PredictionRow | LLMCallRow
LateRow = OutcomeRow | FeedbackRow
Row = ServedRow | LateRow | BusinessEventRow | LogRecordRow | SpanRow


def by_type(rows: Collection[Row]) -> defaultdict[type[Row], list[Any]]:
    """The rows of each type, in their order; mostly all are of one."""
    found: defaultdict[type[Row], list[Any]] = defaultdict(list)
    kinds = set(map(type, rows))
    if len(kinds) == 1:
        found[kinds.pop()] = list(rows)
        return found
    for row in rows:
        found[type(row)].append(row)
    return found


def columns_of(rows: Sequence[Row]) -> Mapping[str, Sequence[Any]]:
    """The fields of rows of one type (at least one) as columns."""
    return dict(zip(type(rows[0])._fields, zip(*rows, strict=True), strict=True))


ROW_TYPES: dict[str, type[Row]] = {
    "prediction": PredictionRow,
    "llm_call": LLMCallRow,
    "outcome": OutcomeRow,
    "feedback": FeedbackRow,
    "event": BusinessEventRow,
    "log": LogRecordRow,
    "span": SpanRow,
}
MODELS: dict[type[Row], type[models.Model]] = {
    PredictionRow: Prediction,
    LLMCallRow: LLMCall,
    OutcomeRow: Outcome,
    FeedbackRow: Feedback,
    BusinessEventRow: BusinessEvent,
    LogRecordRow: LogRecord,
    SpanRow: Span,
}
