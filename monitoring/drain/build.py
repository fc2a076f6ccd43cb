"""From items of the wire contract to rows: what has a column goes there, the rest into the payload.

The decision of a prediction is frozen here, by the model's definition at this moment: what is stored can be folded,
amended and recounted without asking what the definition was.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from lib.ids import identity
from models_registry.models import Model
from models_registry.register import KnownVersion
from monitoring.drain.claim import Body
from monitoring.drain.rows import (
    BusinessEventRow,
    FeedbackRow,
    LLMCallRow,
    LogRecordRow,
    OutcomeRow,
    PredictionRow,
    Row,
)
from monitoring.ingest.schema import (
    EventItem,
    FeedbackItem,
    Item,
    LLMCallItem,
    LogItem,
    OutcomeItem,
    PredictionItem,
    Usage,
    canonical_label,
)
from monitoring.stats.layouts import STATUS_ERROR, STATUS_OK

Named = tuple[int, str, str]  # project, slug, version
Versions = Mapping[Named, KnownVersion]
MAX_LABEL = 200
NO_USAGE = Usage()
_encode = msgspec.json.Encoder().encode
_PREDICTION_PAYLOAD = ("features", "scores", "segments", "batch_run", "extra")
_CALL_PAYLOAD = (
    "response_id",
    "system",
    "prompt",
    "response",
    "context",
    "tools",
    "tool_calls",
    "params",
    "parent_span_id",
    "segments",
    "extra",
)


def build_row(pk: int, body: Body, item: Item, versions: Versions) -> Row:
    """The row of one item; `versions` holds every name in its batch."""
    return _BUILDERS[type(item)](pk, body, item, versions)


def decision(item: PredictionItem, version: KnownVersion) -> str:
    """Canonical text of the decision: the label given, else the likeliest class, else the score over the threshold.

    Empty when there is none, and for regression, whose values are numbers rather than classes.
    """
    if version.kind == Model.Kind.REGRESSION:
        return ""
    if item.prediction is not None:
        return label_text(item.prediction)
    if item.scores:
        return label_text(max(sorted(item.scores), key=item.scores.__getitem__))
    if item.score is None:
        return ""
    return version.positive_label if item.score >= version.threshold else negative_label(version.positive_label)


def negative_label(positive: str) -> str:
    """The stable name of "not positive" for models that only give a score."""
    return {"1": "0", "true": "false"}.get(positive, f"not {positive}"[:MAX_LABEL])


def label_text(value: Any) -> str:
    """Canonical label that fits its column; lists (several outputs) as JSON."""
    if isinstance(value, str):
        return _text_label(value)
    text = _encode(value).decode() if isinstance(value, list | dict) else canonical_label(value)
    return text[:MAX_LABEL]


@lru_cache(maxsize=4_096)
def _text_label(text: str) -> str:
    """Classes are few; what is equal as text has one canonical label (1, 1.0 and true are equal too, and are not text)."""
    return canonical_label(text)[:MAX_LABEL]


def _payload(item: Item, names: tuple[str, ...]) -> str:
    """JSON object of the fields without a column that were given."""
    given = {name: value for name in names if (value := getattr(item, name)) not in (None, "")}
    return _encode(given).decode() if given else "{}"


def _micros(milliseconds: float | None) -> int | None:
    return None if milliseconds is None else round(milliseconds * 1_000)


def _moment(item: Item, body: Body) -> int:
    return item.ts if isinstance(item.ts, int) else body.received_us


def _prediction(pk: int, body: Body, item: PredictionItem, versions: Versions) -> PredictionRow:
    version = versions[(body.project_id, item.model, item.version)]
    chosen = decision(item, version)
    names: tuple[str, ...] = _PREDICTION_PAYLOAD
    score = item.score
    if item.prediction is not None and chosen != item.prediction:
        names = ("prediction", *names)  # as it came; the column holds what is compared
        if version.kind == Model.Kind.REGRESSION and isinstance(item.prediction, int | float):
            score = float(item.prediction)
    return PredictionRow(
        pk,
        body.project_id,
        item.id,
        _moment(item, body),
        body.received_us,
        _payload(item, names),
        version.id,
        item.environment,
        STATUS_ERROR if item.status == "error" else STATUS_OK,
        item.error_type,
        _micros(item.latency_ms),
        item.request_id,
        item.trace_id,
        item.span_id,
        item.user_id,
        item.session_id,
        chosen,
        score,
    )


def _llm_call(pk: int, body: Body, item: LLMCallItem, versions: Versions) -> LLMCallRow:
    usage = item.usage or NO_USAGE
    return LLMCallRow(
        pk,
        body.project_id,
        item.id,
        _moment(item, body),
        body.received_us,
        _payload(item, _CALL_PAYLOAD),
        versions[(body.project_id, item.model, item.version)].id,
        item.environment,
        STATUS_ERROR if item.status == "error" else STATUS_OK,
        item.error_type,
        _micros(item.latency_ms),
        item.request_id,
        item.trace_id,
        item.span_id,
        item.user_id,
        item.session_id,
        item.provider,
        item.request_model,
        item.response_model,
        item.prompt_name,
        item.prompt_version,
        item.finish_reason or "",
        _micros(item.ttft_ms),
        usage.input,
        usage.cached_input,
        usage.cache_write,
        usage.output,
        usage.reasoning,
        usage.audio_input,
        usage.audio_output,
        None if item.cost_usd is None else round(item.cost_usd * 1_000_000_000),
    )


def _outcome(pk: int, body: Body, item: OutcomeItem, _versions: Versions) -> OutcomeRow:
    return OutcomeRow(
        pk,
        body.project_id,
        item.id,
        _moment(item, body),
        body.received_us,
        _payload(item, ("prediction_id", "extra")),
        identity(body.project_id, "call", item.prediction_id),
        None if item.label is None else label_text(item.label),
        None if item.value is None else float(item.value),
    )


def _feedback(pk: int, body: Body, item: FeedbackItem, _versions: Versions) -> FeedbackRow:
    return FeedbackRow(
        pk,
        body.project_id,
        item.id,
        _moment(item, body),
        body.received_us,
        _payload(item, ("target_id", "extra")),
        identity(body.project_id, "call", item.target_id),
        item.kind,
        label_text(item.value),
        item.comment,
        item.user_id,
    )


def _event(pk: int, body: Body, item: EventItem, versions: Versions) -> BusinessEventRow:
    version = versions.get((body.project_id, item.model, item.version))
    return BusinessEventRow(
        pk,
        body.project_id,
        item.id,
        _moment(item, body),
        body.received_us,
        _payload(item, ("environment", "extra")),
        version.id if version else None,
        item.kind,
        item.name,
        None if item.value is None else float(item.value),
        item.target_id,
    )


def _log(pk: int, body: Body, item: LogItem, _versions: Versions) -> LogRecordRow:
    return LogRecordRow(
        pk,
        body.project_id,
        item.id,
        _moment(item, body),
        body.received_us,
        _payload(item, ("span_id", "exception", "extra")),
        item.level,
        item.logger,
        item.message,
        item.request_id,
        item.trace_id,
        item.user_id,
    )


_BUILDERS: dict[type[Item], Callable[..., Row]] = {
    PredictionItem: _prediction,
    LLMCallItem: _llm_call,
    OutcomeItem: _outcome,
    FeedbackItem: _feedback,
    EventItem: _event,
    LogItem: _log,
}
