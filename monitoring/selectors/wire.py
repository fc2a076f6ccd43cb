"""Stored events back in the words of the wire contract, with what the panel computed added."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from models_registry.models import ModelVersion
from monitoring.llm.pricing.usage import is_usage
from monitoring.models import BusinessEvent, Feedback, LLMCall, LogRecord, Outcome, Prediction, Reaching, Span
from monitoring.models.events import Event, Served
from monitoring.selectors.evaluations import evaluations_to_wire
from monitoring.selectors.references import history_of
from monitoring.stats.intervals import Reading
from monitoring.stats.layouts import STATUS_ERROR
from monitoring.stats.patterns import id_of
from monitoring.stats.verdicts import verdicts_of
from monitoring.storage.packing import needs_another, unpack

STATUS = ("ok", "error")
SPAN_STATUS = ("unset", "ok", "error")
USAGE = {
    "input": "input_tokens",
    "cached_input": "cached_input_tokens",
    "cache_write": "cache_write_tokens",
    "output": "output_tokens",
    "reasoning": "reasoning_tokens",
    "audio_input": "audio_input_tokens",
    "audio_output": "audio_output_tokens",
}
NANO = 1_000_000_000
_SERVED_TEXT = ("environment", "error_type", "request_id", "trace_id", "span_id", "user_id", "session_id")
_SPAN_TEXT = ("trace_id", "parent_span_id", "name", "kind", "role", "service", "scope")
_CALL_TEXT = ("provider", "request_model", "response_model", "prompt_name", "prompt_version")


def moment(micros: int) -> datetime:
    """Aware UTC time of epoch microseconds, exact."""
    return datetime.fromtimestamp(micros // 1_000_000, UTC).replace(microsecond=micros % 1_000_000)


def payload_of(event: Event) -> dict[str, Any]:
    """What has no column of its own; an empty object where the stored text is not one."""
    stored = unpack(bytes(event.payload)) if isinstance(event, Span) else event.payload
    found = msgspec.json.decode(stored or "{}")
    if not isinstance(found, dict):
        return {}
    if isinstance(event, LLMCall):
        found.pop("sizes", None)
        return _texts(event) | found
    return found


def _texts(call: LLMCall) -> dict[str, Any]:
    """What was said in a call, which may need its span: that is asked here where the query did not bring it (`with_names`)."""
    stored, by = bytes(call.texts), b""
    if needs_another(stored):
        told = vars(call).get("told") or told_by(call.pk).first()
        if told is None:
            return {}
        by = unpack(bytes(told))
    found: dict[str, Any] = msgspec.json.decode(unpack(stored, by) or b"{}")
    return found


def told_by(call: Any) -> Any:
    """The payload of the span whose key a call has: what its texts are packed by."""
    return Span.objects.filter(pk=call).values_list("payload", flat=True)


def documents_of(calls: Collection[int]) -> Mapping[int, bytes]:
    """The same of many calls, unpacked; those that no span told are left out."""
    rows = Span.objects.filter(pk__in=calls).values_list("pk", "payload")
    return {pk: unpack(bytes(payload)) for pk, payload in rows}


def reading_to_wire(reading: Reading) -> dict[str, Any]:
    """A value with its sample and its interval."""
    return {"value": reading.value, "n": reading.n, "low": reading.low, "high": reading.high}


def history_to_wire(found: Reaching) -> dict[str, Any]:
    """How far back it reaches."""
    history = history_of(found)
    since = history.since.isoformat() if history.since else None
    return {"state": history.state, "since": since, "share": history.share, "job": found.job_id}


def event_to_wire(event: Event) -> dict[str, Any]:
    """One event as `GET /api/v1/…` returns it: contract field names, RFC 3339 times, units in the names.

    Absent values are left out, as clients may leave them out; what the panel computed is always there.
    """
    wire: dict[str, Any] = {
        "id": event.event_id,
        "ts": moment(event.ts_us).isoformat(),
        **payload_of(event),
    }
    match event:
        case Prediction():
            wire |= _served(event) | _prediction(event, wire)
        case LLMCall():
            wire |= _served(event) | _call(event, wire)
        case Outcome():
            wire |= {"label": event.label, "value": event.value, "joined": event.target_ref is not None}
        case Feedback():
            wire |= {"kind": event.kind, "value": event.value, "joined": event.target_ref is not None}
            wire |= _present(event, ("comment", "user_id"))
        case LogRecord():
            wire |= {"level": event.level, "message": event.message, "environment": event.environment}
            wire |= _of_version(event.version)
            wire |= _present(event, ("logger", "request_id", "trace_id", "user_id"))
            wire |= {} if event.pattern is None else {"pattern": id_of(event.pattern)}
            wire |= {"time_of_receipt": True} if event.ts_us == event.ingested_us else {}
        case Span():
            wire |= _span(event)
        case BusinessEvent():
            wire |= _fact(event)
    return wire | {"ingested_at": moment(event.ingested_us).isoformat()}


def _of_version(version: ModelVersion | None) -> dict[str, Any]:
    """Whom it counts for."""
    return {} if version is None else {"model": version.model.slug, "version": version.version}


def _fact(event: BusinessEvent) -> dict[str, Any]:
    told = {"kind": event.kind, "value": event.value} | _present(event, ("name", "target_id"))
    return told | _of_version(event.version)


def _span(event: Span) -> dict[str, Any]:
    """`call_id` names the LLM call that the span is a sighting of, where the query brought it."""
    return {
        "span_id": event.event_id,
        "status": SPAN_STATUS[min(event.status, 2)],
        "duration_ms": event.duration_us / 1_000,
        **_present(event, (*_SPAN_TEXT, "request_id", "user_id", "session_id")),
        "call_id": getattr(event, "call_id", None),
    }


def _present(event: Event, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(event, name) for name in names if getattr(event, name) != ""}


def _served(event: Served) -> dict[str, Any]:
    return {
        "model": event.version.model.slug,
        "version": event.version.version,
        "status": STATUS[min(event.status, 1)],
        "latency_ms": None if event.latency_us is None else event.latency_us / 1_000,
        **_present(event, _SERVED_TEXT),
        "feedback": _feedback(event),
    }


def _feedback(event: Served) -> dict[str, Any]:
    counts = {"up": event.feedback_up, "down": event.feedback_down, "other": event.feedback_other}
    opinions = msgspec.json.decode(event.opinions) if event.opinions else {}
    return counts | ({"bad": opinions.get("bad", False)} if opinions.get("rated") else {})


def _prediction(event: Prediction, wire: dict[str, Any]) -> dict[str, Any]:
    """The decision as it was sent where the payload kept it, as canonical text otherwise; the label once known."""
    return {
        "prediction": wire.get("prediction", event.prediction or None),
        "score": event.score,
        "label": event.label,
        "label_value": event.label_value,
        "label_at": None if event.label_us is None else moment(event.label_us).isoformat(),
        "correct": None if event.label is None or not event.prediction else event.label == event.prediction,
    }


def _call(event: LLMCall, wire: dict[str, Any]) -> dict[str, Any]:
    buckets = {name: getattr(event, column) for name, column in USAGE.items() if getattr(event, column) is not None}
    return {
        **_present(event, _CALL_TEXT),
        "finish_reason": event.finish_reason or None,
        "truncated": event.finish_reason == "length" if event.finish_reason else None,
        "ttft_ms": None if event.ttft_us is None else event.ttft_us / 1_000,
        "usage": {**(wire.get("usage") or {}), **buckets},
        **cost_of(event),
        "pricing_state": pricing_state(event, wire),
        "policies": {slug: [str(one) for one in found] for slug, found in verdicts_of(event.policies)},
        "evaluations": evaluations_to_wire(event.evaluations),
    }


def pricing_state(event: LLMCall, payload: Mapping[str, Any]) -> str:
    """`priced`, or why not: `usage_mismatch`, `nothing_to_price`, `no_usage`, `no_model`, `no_price`."""
    if event.cost_nano is not None:
        return "priced"
    if all(getattr(event, column) is None for column in USAGE.values()):
        extra = payload.get("extra")
        raw = extra.get("usage") if isinstance(extra, Mapping) else None
        if isinstance(raw, Mapping) and is_usage(raw):
            return "usage_mismatch"
        return "nothing_to_price" if event.status == STATUS_ERROR and not event.reported_nano else "no_usage"
    return "no_price" if event.response_model or event.request_model else "no_model"


def cost_of(event: LLMCall) -> dict[str, Any]:
    """What a call costs and who says so: `price` (ours, by `price_version`), `client`, or nobody (null: unpriced)."""
    ours, reported = event.cost_nano, event.reported_nano
    nano = reported if ours is None else ours
    return {
        "cost_usd": None if nano is None else nano / NANO,
        "cost_source": "price" if ours is not None else None if reported is None else "client",
        "cost_reported_usd": None if reported is None else reported / NANO,
        "price_version": None if event.price is None else str(event.price),
    }
