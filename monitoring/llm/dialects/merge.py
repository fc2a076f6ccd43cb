"""Several sightings of one call as one call: a function of their set, whatever their order and however often each came.

Field by field, the dialect that is trusted more speaks; where none is, the value decides, so that merging may be done in
any steps: merge([merge([a, b]), c]) is merge([a, b, c]).
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from monitoring.llm.dialects.kinds import TRUST
from monitoring.llm.dialects.seen import Reading, Sighting

RANK = {dialect: rank for rank, dialect in enumerate(TRUST)}
INFERRED = {"request_model_inferred": "request_model", "provider_inferred": "provider"}
# Not chosen field by field: they belong together, or come from all sightings.
TOGETHER = ("trace_id", "span_id", "parent_span_id")
_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder().decode
Choice = tuple[Any, ...]


def merge(readings: Sequence[Reading]) -> Reading:
    """One call of its sightings (at least one)."""
    sightings = sorted({sighting for one in readings for sighting in one.sightings})
    said = sorted({utterance for one in readings for utterance in one.said})
    best: dict[str, tuple[Choice, Any, str]] = {}
    for one in readings:
        for name, value, whose in _told(one):
            choice = _choice(name, value, whose)
            if name not in best or choice < best[name][0]:
                best[name] = (choice, value, whose)
    call = _call({name: value for name, (_, value, _) in best.items()})
    origin = {name: told for name, (_, _, told) in best.items()}
    _say(call, origin, [utterance.message for utterance in said if utterance.place == "prompt"])
    call |= _identity(sightings)
    dialect = min((sighting.dialect for sighting in sightings), key=_rank)
    times = [time for one in readings for time in (one.start_us, one.end_us)]
    whole = any(one.whole for one in readings)
    flags = _flags(readings, call, origin)
    return Reading(call, dialect, min(times), max(times), _leftover(readings), flags, sightings, whole, said, origin)


def _told(reading: Reading) -> Iterable[tuple[str, Any, str]]:
    """(field, value, whose) of a reading; parameters are fields of their own."""
    inferred = {INFERRED[flag] for flag in reading.flags if flag in INFERRED}
    for name, value in reading.call.items():
        if name == "params":
            for key, part in value.items():
                yield f"params.{key}", part, reading.origin.get(f"params.{key}", reading.dialect)
        elif name not in TOGETHER and reading.origin.get(name) != "said":
            yield name, value, reading.origin.get(name, "inferred" if name in inferred else reading.dialect)


def _choice(name: str, value: Any, origin: str) -> Choice:
    """The smallest is believed: a failure before a success, the longest latency, the most buckets, the most specific
    model, the class of an error before a provider's word for it, any ending before a mere stop; then by trust."""
    first = 0
    if name == "latency_ms":
        first = -value
    elif name == "status":
        first = int(value != "error")
    elif name in ("usage", "response_model"):
        first = -len(value)
    elif name == "error_type":
        first = int(value.islower())
    elif name == "finish_reason":
        first = int(value in ("stop", "other"))
    return (first, _rank(origin), origin, _encode(value))


def _rank(dialect: str) -> int:
    return RANK.get(dialect, len(TRUST))


def _call(fields: dict[str, Any]) -> dict[str, Any]:
    params = {name.removeprefix("params."): fields[name] for name in sorted(fields) if name.startswith("params.")}
    call = {name: fields[name] for name in sorted(fields) if not name.startswith("params.")}
    return call | ({"params": params} if params else {})


def _say(call: dict[str, Any], origin: dict[str, str], messages: list[str]) -> None:
    """The prompt as its messages came one by one, where nobody told it whole."""
    told = [_decode(message) for message in messages]
    if told and "prompt" not in call:
        call["prompt"], origin["prompt"] = [one for one in told if one.get("role") != "system"], "said"
        system = "\n".join(one["content"] for one in told if one.get("role") == "system")
        if system and "system" not in call:
            call["system"], origin["system"] = system, "said"


def _identity(sightings: Sequence[Sighting]) -> dict[str, str]:
    """Where the call stands in its trace: the outermost span below a step of the application."""
    spans = {sighting.span_id for sighting in sightings}

    def outside(sighting: Sighting) -> tuple[Any, ...]:
        inner = sighting.parent_span_id in spans
        return (
            not sighting.span_id,
            sighting.part == "log",
            inner,
            not sighting.parent_span_id,
            _rank(sighting.dialect),
            sighting,
        )

    best = min(sightings, key=outside)
    told = {"trace_id": best.trace_id, "span_id": best.span_id, "parent_span_id": best.parent_span_id}
    return {name: value for name, value in told.items() if value}


def _flags(readings: Sequence[Reading], call: dict[str, Any], origin: dict[str, str]) -> list[str]:
    flags = {flag for one in readings for flag in one.flags}
    if any(name in call for name in ("prompt", "system", "response", "tool_calls")):
        flags.discard("content_not_captured")
    for flag, name in INFERRED.items():
        if origin.get(name) != "inferred":
            flags.discard(flag)
    return sorted(flags)


def _leftover(readings: Sequence[Reading]) -> dict[str, Any]:
    """All of them; of two values of one name the trusted one, the others stay with their spans."""
    best: dict[str, tuple[bytes, Any]] = {}
    for one in readings:
        for name, value in one.leftover.items():
            key = _encode(value)
            if name not in best or key < best[name][0]:
                best[name] = (key, value)
    return {name: best[name][1] for name in sorted(best)}
