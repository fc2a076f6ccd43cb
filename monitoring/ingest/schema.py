"""The items of the wire contract as msgspec structs, shared by ingest (decode) and drain (fold).

In the inbox `id` is always set and `ts` is always an integer of epoch microseconds; absent fields are left out.
Unknown fields were moved under `extra`. Labels are kept as they came; `canonical_label` makes them comparable.
"""

from typing import Any

from msgspec import Struct

Scalar = str | int | float | bool | None
Moment = int | float | str | None


class Item(Struct, omit_defaults=True, forbid_unknown_fields=True):
    """What every kind has."""

    id: str = ""
    ts: Moment = None
    extra: dict[str, Any] | None = None


class ServedItem(Item):
    """What a prediction and an LLM call share."""

    model: str = ""
    version: str = ""
    environment: str = "production"
    status: str = "ok"
    error_type: str = ""
    latency_ms: float | None = None
    request_id: str = ""
    trace_id: str = ""
    span_id: str = ""
    user_id: str = ""
    session_id: str = ""
    segments: dict[str, Scalar] | None = None


class PredictionItem(ServedItem):
    """`POST /api/v1/predictions`."""

    features: dict[str, Scalar] | None = None
    prediction: str | int | float | bool | list[Any] | None = None
    score: float | None = None
    scores: dict[str, float] | None = None
    batch_run: str = ""


class Usage(Struct, omit_defaults=True):
    """Disjoint token buckets: input excludes cached, output excludes reasoning."""

    input: int | None = None
    cached_input: int | None = None
    cache_write: int | None = None
    output: int | None = None
    reasoning: int | None = None
    audio_input: int | None = None
    audio_output: int | None = None


class LLMCallItem(ServedItem):
    """`POST /api/v1/llm-calls`."""

    provider: str = ""
    request_model: str = ""
    response_model: str = ""
    response_id: str = ""
    system: Any = None
    prompt: Any = None
    response: Any = None
    context: list[Any] | None = None
    tools: Any = None
    tool_calls: Any = None
    params: dict[str, Any] | None = None
    usage: Usage | None = None
    finish_reason: str | None = None
    ttft_ms: float | None = None
    cost_usd: float | None = None
    prompt_name: str = ""
    prompt_version: str = ""
    parent_span_id: str = ""


class OutcomeItem(Item):
    """`POST /api/v1/outcomes`; `ts` is when the label became known."""

    prediction_id: str = ""
    label: Scalar = None
    value: float | None = None


class FeedbackItem(Item):
    """`POST /api/v1/feedback`."""

    target_id: str = ""
    kind: str = "thumb"
    value: Scalar = None
    comment: str = ""
    user_id: str = ""


class EventItem(Item):
    """`POST /api/v1/events`: business facts and change markers."""

    kind: str = "business"
    name: str = ""
    value: float | None = None
    model: str = ""
    version: str = ""
    environment: str = "production"
    target_id: str = ""


class LogItem(Item):
    """`POST /api/v1/logs`."""

    level: str = "info"
    message: str = ""
    logger: str = ""
    request_id: str = ""
    trace_id: str = ""
    span_id: str = ""
    user_id: str = ""
    exception: Any = None


ITEM_TYPES: dict[str, type[Item]] = {
    "prediction": PredictionItem,
    "llm_call": LLMCallItem,
    "outcome": OutcomeItem,
    "feedback": FeedbackItem,
    "event": EventItem,
    "log": LogItem,
}

# Prediction and call ids share one namespace; the other kinds have their own.
NAMESPACES = {"prediction": "call", "llm_call": "call"}


def namespace(kind: str) -> str:
    """The namespace in which an id of this kind is unique (for `lib.ids.identity`)."""
    return NAMESPACES.get(kind, kind)


def canonical_label(value: Any) -> str:
    """Label as comparable text: 1, 1.0 and "1" are equal, True is "true", None is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value).strip()
    if text.endswith(".0") and text[:-2].lstrip("-").isdigit():
        return text[:-2]
    return text.lower() if text in {"True", "False"} else text
