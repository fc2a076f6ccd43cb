"""One span or log record as one sighting of a call of a language model, in our own terms."""

from functools import partial
from typing import Any

from monitoring.llm.dialects import values
from monitoring.llm.dialects.caps import capped
from monitoring.llm.dialects.chunks import ending
from monitoring.llm.dialects.contents import read_contents
from monitoring.llm.dialects.evidence import GROUPS, Evidence
from monitoring.llm.dialects.fragments import DETAILS, read_fragment
from monitoring.llm.dialects.kinds import dialect_of, kind_of
from monitoring.llm.dialects.params import KNOWN, NAMES, invented, is_invented, parameter, parameters
from monitoring.llm.dialects.providers import provider, provider_at
from monitoring.llm.dialects.seen import Reading, Seen, Sighting
from monitoring.llm.dialects.usage import tokens
from monitoring.llm.dialects.words import finish_reason
from monitoring.llm.pricing.shipped import shipped_book

BUCKETS = {field: field.removeprefix("usage.") for field in GROUPS["usage"]}
PARAMS = {field: field.removeprefix("params.") for field in GROUPS["params"]}
READERS = {field: partial(parameter, name) for field, name in PARAMS.items()}
CONTENTS = frozenset({"prompt", "system", "response", "tool_calls"})
SECOND_US = 1_000_000


def read_span(seen: Seen) -> Reading | None:
    """The call that a span tells; None for chains, agents, retrievers, tools, embeddings and all other spans."""
    return _reading(seen, "") if kind_of(seen) == "llm" else None


def read_log(seen: Seen) -> Reading | None:
    """The call that a log record tells or completes; None for all other records."""
    name = seen.event_name or str(seen.attributes.get("event.name", ""))
    if name == DETAILS:
        return _reading(seen, "log") if kind_of(seen) in ("llm", "span") else None
    return read_fragment(seen, name)


def _reading(seen: Seen, part: str) -> Reading:
    dialect = dialect_of(seen)
    evidence = Evidence(seen, dialect)
    call: dict[str, Any] = {}
    flags: list[str] = []
    for name in evidence.told("texts"):
        if (told := evidence.first(name, values.text)) is not None:
            call[name] = told
    _models(evidence, call, flags)
    said = read_contents(evidence, call, flags)
    _parameters(evidence, call, flags)
    _usage(seen, evidence, call, flags)
    _outcome(seen, evidence, call, said)
    start_us, end_us, part = _times(seen, evidence, call, flags, part)
    _put(call, "cost_usd", _cost(evidence, call))
    _put(call, "trace_id", seen.trace_id or None)
    _put(call, "span_id", seen.span_id or None)
    _put(call, "parent_span_id", seen.parent_span_id or None)
    if not part and CONTENTS.isdisjoint(call):
        flags.append("content_not_captured")
    sighting = Sighting(
        seen.scope or dialect, dialect, seen.trace_id, seen.span_id, seen.parent_span_id, start_us, end_us, part
    )
    leftover = capped(evidence.left())
    return Reading(call, dialect, start_us, end_us, leftover, sorted(set(flags)), [sighting])


def _put(call: dict[str, Any], name: str, value: Any) -> None:
    if value is not None:
        call[name] = value


def _models(evidence: Evidence, call: dict[str, Any], flags: list[str]) -> None:
    """A client that names one model only is believed of the other; a provider that none names is told by its models."""
    host = next((told for claim in evidence.claims("host") if (told := values.text(claim.value))), None)
    found = provider_at(provider(call.pop("provider", "")), host)
    _put(call, "provider", found or None)
    if "request_model" not in call and "response_model" in call:
        call["request_model"] = call["response_model"]
        flags.append("request_model_inferred")
    models = (call.get("response_model"), call.get("request_model"))
    if "provider" not in call and (maker := next(filter(None, map(_maker, filter(None, models))), "")):
        call["provider"] = provider(maker)
        flags.append("provider_inferred")


def _maker(model: str) -> str:
    return shipped_book().maker(model.lower())


def _parameters(evidence: Evidence, call: dict[str, Any], flags: list[str]) -> None:
    """Attributes of their own first, then objects of parameters, then of requests."""
    found = _own_parameters(evidence, flags)
    for claim in (*evidence.claims("params"), *evidence.claims("request")):
        told = values.mapping(claim.value)
        if told is None:
            continue
        made_up = invented(told, claim.place.dialect)
        if made_up:
            flags.append("invented_params")
        known = KNOWN if claim.place.field == "request" else told.keys()
        honest = {name: part for name, part in told.items() if name in known and name not in made_up}
        found = parameters(honest) | found
        for name in honest:
            if NAMES.get(name, name) in found:
                evidence.use(claim, name)
    if found:
        call["params"] = found


def _own_parameters(evidence: Evidence, flags: list[str]) -> dict[str, Any]:
    """Those that have an attribute of their own, less what the client made up."""
    found: dict[str, Any] = {}
    for field in evidence.told("params"):
        value = evidence.first(field, READERS[field])
        if is_invented(PARAMS[field], value, evidence.dialect):
            flags.append("invented_params")
        else:
            _put(found, PARAMS[field], value)
    return found


def _usage(seen: Seen, evidence: Evidence, call: dict[str, Any], flags: list[str]) -> None:
    counts: dict[str, int] = {}
    for field in evidence.told("usage"):
        if (counted := evidence.first(field, values.count)) is not None:
            counts[BUCKETS[field]] = counted
    told = None
    for claim in evidence.claims("usage"):
        if told is None:
            told = values.mapping(claim.value)
            evidence.use(claim)
    maker = f"{call.get('provider', '')} {call.get('response_model', '')}"
    found = tokens(counts, told, maker=maker, witness=seen.scope)
    _put(call, "usage", found.buckets)
    flags.extend(found.flags)
    if found.raw is not None:
        evidence.leftover["usage"] = found.raw


def _outcome(seen: Seen, evidence: Evidence, call: dict[str, Any], said: Any) -> None:
    """Whether it failed and how, and why it ended; a reason that nobody gives stays unknown.

    Some say that a model stopped (Gemini), completed (OpenAI's Responses) or nothing where others say that it called a tool;
    some call an ending that they do not know an error.
    """
    kind = evidence.first("error_type", values.error_name)
    level = evidence.first("level", values.text)
    message = evidence.first("level_message", values.text) or seen.status_message
    if kind in (None, *values.ANY_ERROR) and (seen.status == "error" or level == "ERROR"):
        kind = values.named_error(message) or kind
    call["status"] = "error" if seen.status == "error" or kind or level == "ERROR" else "ok"
    _put(call, "error_type", kind)
    streamed = next((finish_reason(ending(claim.value)) for claim in evidence.claims("chunks")), None)
    reason = streamed or evidence.first("finish_reason", finish_reason) or finish_reason(said)
    answered = call.get("response") or call.get("tool_calls")
    if reason == "error" and call["status"] == "ok" and answered:
        reason = None
    if reason in (None, "stop") and call.get("tool_calls") and not call.get("response"):
        reason = "tool_calls"
    _put(call, "finish_reason", reason)


def _times(seen: Seen, evidence: Evidence, call: dict[str, Any], flags: list[str], part: str) -> tuple[int, int, str]:
    """(start, end, part); latency and time to the first token go into the call."""
    start_us, end_us = seen.start_us, seen.end_us
    duration = evidence.first("duration_s", values.amount)
    if duration is not None:
        start_us, part = end_us - round(duration * SECOND_US), "tail"
    first_us = evidence.first("first_token_at", values.moment) or evidence.first("first_token", int)
    if first_us is not None and start_us <= end_us < first_us:
        end_us = first_us  # LlamaIndex ends the span of a stream before it begins to read it
    if end_us < start_us:
        flags.append("negative_duration")
        end_us = start_us
    elif part != "log":
        call["latency_ms"] = (end_us - start_us) / 1_000
    seconds = evidence.first("ttft_s", values.amount)
    millis = evidence.first("ttft_ms", values.amount)
    if seconds is not None and seconds * SECOND_US > end_us - start_us >= seconds * 1_000:
        seconds = seconds / 1_000  # Strands tells milliseconds under the name of seconds
    if seconds is not None or millis is not None:
        call["ttft_ms"] = millis if seconds is None else seconds * 1_000
    elif first_us is not None and first_us >= start_us:
        call["ttft_ms"] = (first_us - start_us) / 1_000
    return start_us, end_us, part


def _cost(evidence: Evidence, call: dict[str, Any]) -> float | None:
    """What the client reports; a cost of nothing for a call without tokens is none."""
    cost = evidence.first("cost_usd", values.amount)
    return cost if cost or "usage" in call else None
