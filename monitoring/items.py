"""The items of the wire contract as msgspec structs, shared by ingest (decode) and drain (fold).

In the inbox `id` is always set and `ts` is always an integer of epoch microseconds (a moment as it was sent in a body
that is kept as sent); absent fields are left out.
Unknown fields were moved under `extra`. Labels are kept as they came; `canonical_label` makes them comparable.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, cast

from msgspec import Meta, Raw, Struct
from msgspec.structs import astuple

from monitoring.stats.points import Point

Int64 = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Number = Int64 | float
Scalar = str | Int64 | float | bool | None
Moment = int | float | str | None
Fraction = Annotated[float, Meta(ge=0, le=1)]
# Non-negative quantities, bounded so that their sums in µs or nano-USD stay exact in 64 bits.
Milliseconds = Annotated[float, Meta(ge=0, le=1e12)]
Dollars = Annotated[float, Meta(ge=0, le=1e8)]
Tokens = Annotated[int, Meta(ge=0, le=10**12)]
Name = Annotated[str, Meta(max_length=200)]
FinishReason = Literal["stop", "length", "tool_calls", "content_filter", "error", "other"]
Code = Annotated[str, Meta(max_length=64)]
Status = Literal["ok", "error"]
FeedbackKind = Literal["thumb", "score", "category", "comment"]
NOTHING = Raw(b"")
# Objects of their own, so that an item that says them can be told from one that says nothing.
OK = cast("Status", str(b"ok", "ascii"))
THUMB = cast("FeedbackKind", str(b"thumb", "ascii"))


class Item(Struct, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """What every kind has. JSON holds no cycles, so the garbage collector need not look (a third of decoding)."""

    id: Name = ""
    ts: Moment = None
    extra: dict[str, Any] | None = None


class ServedItem(Item):
    """What a prediction and an LLM call share."""

    model: Name = ""
    version: Name = ""
    environment: Code = "production"
    status: Status = OK
    error_type: Name = ""
    latency_ms: Milliseconds | None = None
    request_id: Name = ""
    trace_id: Name = ""
    span_id: Name = ""
    user_id: Name = ""
    session_id: Name = ""
    segments: dict[str, Scalar] | None = None


class PredictionItem(ServedItem):
    """`POST /api/v1/predictions`."""

    features: dict[str, Scalar] | None = None
    prediction: Name | Int64 | float | bool | list[Any] | None = None
    score: Fraction | None = None
    scores: dict[str, Fraction] | None = None
    batch_run: Name = ""


class Usage(Struct, omit_defaults=True, forbid_unknown_fields=True):
    """Disjoint token buckets: input excludes cached, output excludes reasoning."""

    input: Tokens | None = None
    cached_input: Tokens | None = None
    cache_write: Tokens | None = None
    output: Tokens | None = None
    reasoning: Tokens | None = None
    audio_input: Tokens | None = None
    audio_output: Tokens | None = None


class LLMCallItem(ServedItem):
    """`POST /api/v1/llm-calls`."""

    provider: Annotated[str, Meta(max_length=100)] = ""
    request_model: Name = ""
    response_model: Name = ""
    response_id: Name = ""
    system: Any = None
    prompt: Any = None
    response: Any = None
    context: list[Any] | None = None
    tools: Any = None
    tool_calls: Any = None
    params: dict[str, Any] | None = None
    usage: Usage | None = None
    finish_reason: FinishReason | None = None
    ttft_ms: Milliseconds | None = None
    cost_usd: Dollars | None = None
    prompt_name: Name = ""
    prompt_version: Name = ""
    parent_span_id: Name = ""


class OutcomeItem(Item):
    """`POST /api/v1/outcomes`; `ts` is when the label became known."""

    prediction_id: Name = ""
    label: Name | Int64 | float | bool | None = None
    value: Number | None = None


class FeedbackItem(Item):
    """`POST /api/v1/feedback`."""

    target_id: Name = ""
    kind: FeedbackKind = THUMB
    value: Scalar = None
    comment: str = ""
    user_id: Name = ""


class EventItem(Item):
    """`POST /api/v1/events`: business facts and change markers."""

    kind: Code = "business"
    name: Name = ""
    value: Number | None = None
    model: Name = ""
    version: Name = ""
    environment: Code = "production"
    target_id: Name = ""
    segments: dict[str, Scalar] | None = None
    prompt_name: Name = ""
    prompt_version: Name = ""


class LogItem(Item):
    """`POST /api/v1/logs`."""

    level: Annotated[str, Meta(max_length=16)] = "info"
    message: str = ""
    logger: Name = ""
    request_id: Name = ""
    trace_id: Name = ""
    span_id: Name = ""
    user_id: Name = ""
    session_id: Name = ""
    model: Name = ""
    version: Name = ""
    environment: Code = "production"
    template: str = ""
    exception: Any = None


class SpanItem(Item):
    """A span that came by `POST /v1/traces`: `id` is its span id, `ts` and `end_us` are epoch µs."""

    trace_id: Name = ""
    parent_span_id: Name = ""
    name: Name = ""
    kind: Code = "internal"
    scope: Name = ""
    scope_version: Name = ""
    status: Literal["unset", "ok", "error"] = "unset"
    status_message: str = ""
    end_us: Int64 = 0
    attributes: dict[str, Any] | None = None
    events: list[dict[str, Any]] | None = None
    links: list[dict[str, Any]] | None = None
    resource: Raw = NOTHING


class MetricItem(Item):
    """A data point that came by `POST /v1/metrics` or by scraping: `ts` is epoch µs, `writer` whose stream it is of."""

    model: Name = ""
    version: Name = ""
    environment: Code = "production"
    name: Annotated[str, Meta(max_length=255)] = ""
    unit: Annotated[str, Meta(max_length=63)] = ""
    description: str = ""
    attributes: dict[str, str] | None = None
    writer: str = ""
    point: Point = Point()


ITEM_TYPES: dict[str, type[Item]] = {
    "prediction": PredictionItem,
    "llm_call": LLMCallItem,
    "outcome": OutcomeItem,
    "feedback": FeedbackItem,
    "event": EventItem,
    "log": LogItem,
}

Columns = Mapping[str, Sequence[Any]]


def columns_of(structs: Sequence[Struct]) -> Columns:
    """The fields of structs of one type (at least one) as columns: one call per struct instead of one per field."""
    names = structs[0].__struct_fields__
    return dict(zip(names, zip(*map(astuple, structs), strict=True), strict=True))


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
