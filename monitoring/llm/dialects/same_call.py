"""Which readings are sightings of one call.

Pairs are joined from the surest to the least sure: the same span; the provider's response id; a span inside another; the two
halves of a streamed call; at last the same model at the same time, for failed calls, which have no id, of instrumentations
that are known to have a twin in another trace. An instrumentation sees a call once: two spans of one of them, neither inside
the other, are two calls, and nothing that would join them is joined.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, pairwise
from typing import NamedTuple

import msgspec

from monitoring.llm.dialects.messages import flat
from monitoring.llm.dialects.seen import Reading, Sighting
from monitoring.llm.pricing.names import plain, provider_meant

SAME_SPAN, SAME_ID, INSIDE, HALVES, SAME_TIME = range(5)
# Sightings of one call touch each other, but for what a client does in between. A local server uses its ids again, later.
NEAR_US = 10_000_000
TIME_US = 250_000
"""How far apart two sightings that only time joins begin at most."""
# Who tells a streamed call in two spans of two traces; whose twin is the root of a trace of its own, so that a failed call,
# which has no id, has nothing else; and who stands above the library that calls, in another trace, often without an id.
TELL_TWICE = ("logfire",)
TWINS = ("com.anthropic.sdk", "opentelemetry.instrumentation.anthropic")
ABOVE = (
    "openinference.instrumentation.langchain",
    "opentelemetry.instrumentation.langchain",
    "opentelemetry.instrumentation.genai.langchain",
    "langsmith",
)
# Who stands so above the SDK of Anthropic, which tells its calls through the tracer of whoever set one up.
ABOVE_CLAUDE = ("langfuse", "mlflow")
# Whose own spans tell neither an id nor a word, beside those of an instrumentation in another trace.
SILENT = ("mistralai_sdk_tracer",)
# Whose own spans tell no word, at most an id.
WORDLESS = (*SILENT, "com.anthropic.sdk")
# How many readings are looked at before and after each; beyond that, calls are so many that time tells nothing.
MOST_NEAR = 128
_encode = msgspec.json.Encoder(order="sorted").encode


class Pair(NamedTuple):
    """Two readings that may be one call; pairs are joined in this order, which no order of arrival changes."""

    strength: int
    distance: int
    keys: tuple[bytes, bytes]
    one: int
    other: int


def same_call(readings: Sequence[Reading]) -> list[list[int]]:
    """Groups of places in `readings` that are one call each; every place is in one group."""
    keys = [_key(one) for one in readings]
    groups = _Groups(readings)
    for pair in sorted(_pairs(readings, keys)):
        groups.join(pair.one, pair.other, sure=pair.strength == SAME_SPAN)
    return groups.all()


def needs_time(reading: Reading) -> bool:
    """Whether nothing but time can join it to another sighting of its call: few calls, so that none meet by chance."""
    if len(reading.sightings) > 1 or not reading.whole:
        return False
    sighting = reading.sightings[0]
    if sighting.witness.startswith((*ABOVE, *SILENT)):
        return "response_id" not in reading.call
    if sighting.witness.startswith(ABOVE_CLAUDE):
        return reading.call.get("provider") == "anthropic" and "response_id" not in reading.call
    if sighting.witness.startswith(TELL_TWICE):
        return sighting.part == "tail" or not {"response_id", "response", "error_type"} & reading.call.keys()
    if "response_id" in reading.call or not sighting.witness.startswith(TWINS):
        return False
    asked_raw = "prompt" in reading.call and not {"response", "usage"} & reading.call.keys()
    return reading.call.get("status") == "error" or asked_raw


class _Groups:
    """Groups that grow while nothing contradicts."""

    def __init__(self, readings: Sequence[Reading]) -> None:
        self._group = list(range(len(readings)))
        self._members = {place: [place] for place in range(len(readings))}
        self._sightings = {place: set(one.sightings) for place, one in enumerate(readings)}
        self._ids = {place: {one.call.get("response_id")} - {None} for place, one in enumerate(readings)}

    def join(self, one: int, other: int, *, sure: bool) -> None:
        """Join two groups, unless they are two calls."""
        left, right = sorted((self._group[one], self._group[other]))
        if left == right or not (sure or self._agree(left, right)):
            return
        for place in self._members[right]:
            self._group[place] = left
        self._members[left] += self._members.pop(right)
        self._sightings[left] |= self._sightings.pop(right)
        self._ids[left] |= self._ids.pop(right)

    def all(self) -> list[list[int]]:
        """The groups, each in order, by their first place."""
        return [sorted(members) for _, members in sorted(self._members.items())]

    def _agree(self, left: int, right: int) -> bool:
        if len(self._ids[left] | self._ids[right]) > 1:
            return False
        return not any(_two_calls(a, b) for a in self._sightings[left] for b in self._sightings[right])


def _two_calls(one: Sighting, other: Sighting) -> bool:
    """Whether one witness saw these two beside each other."""
    if one.witness != other.witness or "log" in (one.part, other.part) or _span(one) == _span(other):
        return False
    return not (_inside(one, other) or _inside(other, one) or (one.part == "tail") != (other.part == "tail"))


def _inside(inner: Sighting, outer: Sighting) -> bool:
    return bool(inner.parent_span_id) and (inner.trace_id, inner.parent_span_id) == _span(outer)


def _span(sighting: Sighting) -> tuple[str, str]:
    return sighting.trace_id, sighting.span_id


def _pairs(readings: Sequence[Reading], keys: Sequence[bytes]) -> Iterator[Pair]:
    """All pairs that something speaks for."""
    for strength, places in (
        (SAME_SPAN, _same_span(readings, keys)),
        (SAME_ID, _same_id(readings)),
        (INSIDE, _nested(readings)),
        (HALVES, ((a, b) for a, b in _at_once(readings, keys) if _halves(readings[a], readings[b]))),
        (SAME_TIME, ((a, b) for a, b in _at_once(readings, keys) if _same_time(readings[a], readings[b]))),
    ):
        for a, b in places:
            if strength == SAME_SPAN or _compatible(readings[a], readings[b]):
                lower, upper = sorted((keys[a], keys[b]))
                yield Pair(strength, _distance(readings[a], readings[b]), (lower, upper), a, b)


def _same_span(readings: Sequence[Reading], keys: Sequence[bytes]) -> Iterator[tuple[int, int]]:
    """Readings of one span, or equal ones without any."""
    places: dict[object, list[int]] = defaultdict(list)
    for place, one in enumerate(readings):
        spans: set[object] = {_span(sighting) for sighting in one.sightings if sighting.trace_id and sighting.span_id}
        for span in spans or {keys[place]}:
            places[span].append(place)
    for members in places.values():
        yield from pairwise(members)


def _same_id(readings: Sequence[Reading]) -> Iterator[tuple[int, int]]:
    places: dict[str, list[int]] = defaultdict(list)
    for place, one in enumerate(readings):
        if one.call.get("response_id"):
            places[one.call["response_id"]].append(place)
    for members in places.values():
        yield from ((a, b) for a, b in combinations(members, 2) if _gap(readings[a], readings[b]) <= NEAR_US)


def _nested(readings: Sequence[Reading]) -> Iterator[tuple[int, int]]:
    places: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, one in enumerate(readings):
        for sighting in one.sightings:
            places[_span(sighting)].append(place)
    for place, one in enumerate(readings):
        for sighting in one.sightings:
            if sighting.parent_span_id:
                outer = places.get((sighting.trace_id, sighting.parent_span_id), ())
                yield from ((place, other) for other in outer if other != place)


def _at_once(readings: Sequence[Reading], keys: Sequence[bytes]) -> Iterator[tuple[int, int]]:
    """Readings that only time can join, and all others that begin at nearly the same time."""
    order = sorted(range(len(readings)), key=lambda place: (readings[place].start_us, keys[place]))
    for at, place in enumerate(order):
        if needs_time(readings[place]):
            near = (*order[max(0, at - MOST_NEAR) : at], *order[at + 1 : at + 1 + MOST_NEAR])
            start_us = readings[place].start_us
            yield from ((place, other) for other in near if abs(readings[other].start_us - start_us) <= TIME_US)


def _halves(one: Reading, other: Reading) -> bool:
    """A span that ended when the stream began, and the one that was told when the stream ended."""
    first, second = sorted((one, other), key=lambda it: it.sightings[0].part)
    parts = (first.sightings[0].part, second.sightings[0].part)
    same = first.sightings[0].witness == second.sightings[0].witness and needs_time(first)
    return parts == ("", "tail") and same and first.start_us <= second.start_us and _same_words(one, other)


def _same_time(one: Reading, other: Reading) -> bool:
    """One within the other, by different witnesses, who say the same; where only one of them needs it, the same prompt."""
    if {it.witness for it in one.sightings} & {it.witness for it in other.sightings} or not (
        _named(one) and _named(other)
    ):
        return False
    both = (needs_time(one) and needs_time(other)) or ("prompt" in one.call and "prompt" in other.call)
    if not both and not ((_wordless(one) or _wordless(other)) and _same_counts(one, other)):
        return False
    inner, outer = sorted((one, other), key=lambda it: it.end_us - it.start_us)
    return outer.start_us <= inner.start_us and inner.end_us <= outer.end_us and _same_words(one, other)


def _wordless(one: Reading) -> bool:
    return len(one.sightings) == 1 and one.sightings[0].witness.startswith(WORDLESS)


def _same_counts(one: Reading, other: Reading) -> bool:
    """Whether they took as many tokens, where both tell it; a part may be told by one of them alone."""
    usages = [it.call["usage"] for it in (one, other) if "usage" in it.call]
    return len({sum(usage.values()) for usage in usages}) <= 1


def _compatible(one: Reading, other: Reading) -> bool:
    """Whether nothing that both say says that they are two calls."""
    ids = [it.call["response_id"] for it in (one, other) if "response_id" in it.call]
    providers = {provider_meant(it.call["provider"]) for it in (one, other) if _certain(it, "provider")}
    models, others = _named(one), _named(other)
    related = not models or not others or _related(models, others)
    # Of one answer a library names the host (Azure, a gateway), and what stands above it the maker, or the other way about.
    same_answer = len(ids) == 2 and len(set(ids)) == 1
    return len(set(ids)) <= 1 and (same_answer or len(providers) <= 1) and related


def _certain(one: Reading, field: str) -> bool:
    return field in one.call and f"{field}_inferred" not in one.flags


def _named(one: Reading) -> set[str]:
    return {plain(one.call[name]) for name in ("request_model", "response_model") if name in one.call}


def _related(models: Iterable[str], others: Iterable[str]) -> bool:
    """The same name, or one with less around it: `gpt-4o`, `gpt-4o-2024-08-06`, `openai/gpt-4o`."""
    pairs = ((a, b) for a in models for b in others)
    return any(
        a == b or a.startswith(b) or b.startswith(a) or a.endswith("/" + b) or b.endswith("/" + a) for a, b in pairs
    )


def _same_words(one: Reading, other: Reading) -> bool:
    """Whether prompt and response are the same where both tell them."""
    return all(
        name not in one.call or name not in other.call or _words(one.call[name]) == _words(other.call[name])
        for name in ("prompt", "response")
    )


def _words(told: object) -> str:
    if isinstance(told, list):
        return "\n".join(filter(None, (flat(part.get("content")).strip() for part in told if isinstance(part, dict))))
    return str(told).strip()


def _gap(one: Reading, other: Reading) -> int:
    return max(0, max(one.start_us, other.start_us) - min(one.end_us, other.end_us))


def _distance(one: Reading, other: Reading) -> int:
    return abs(one.start_us - other.start_us) + abs(one.end_us - other.end_us)


def _key(one: Reading) -> bytes:
    """What tells a reading from all others."""
    named = all(sighting.trace_id and sighting.span_id for sighting in one.sightings)
    return _encode((one.sightings, one.whole, one.said) if named else one)
