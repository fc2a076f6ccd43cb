"""What a step says of the calls within it: whose they are, of which request, of which prompt. Agents, requests and workflows
name them once, on their own span, and the calls below name nobody.

Decision 44. What a call says of itself counts first. Then the nearest step above it that says something, as far as steps that
do are each other's parents; then those that were at work when the call began, if they agree; at last, of people, sessions and
requests, all steps of the trace, if they agree. Where they do not, nothing is said.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from monitoring.llm.dialects.aliases import ALIASES
from monitoring.llm.dialects.kinds import dialect_of
from monitoring.llm.dialects.seen import Reading, Seen, Sighting
from monitoring.llm.dialects.values import text

OF_TRACE = ("user_id", "session_id", "request_id")
OF_PROMPT = ("prompt_name", "prompt_version")
# A name without a dot is one of an application's own spans, not that of a library.
OWN = "genai"
WAYS: Mapping[str, tuple[str, ...]] = {
    field: tuple(
        row.source
        for row in ALIASES
        if row.field == field and " " not in row.source and ("." in row.source or row.dialect == OWN)
    )
    for field in (*OF_TRACE, *OF_PROMPT)
}
NAMES = frozenset(name for names in WAYS.values() for name in names)


def said_by(attributes: Mapping[str, object]) -> dict[str, str]:
    """Field → value of what the attributes of a span say for the calls within it; mostly nothing."""
    if NAMES.isdisjoint(attributes):
        return {}
    found = {}
    for field, names in _ways(tuple(attributes)):
        for name in names:
            if told := text(attributes[name]):
                found[field] = told
                break
    return found


@lru_cache(maxsize=1024)
def _ways(names: tuple[str, ...]) -> Sequence[tuple[str, Sequence[str]]]:
    """The fields that attributes of these names may say, and which of them do: a shape, as in `Evidence`."""
    return [(field, mine) for field, known in WAYS.items() if (mine := [name for name in known if name in names])]


def read_around(seen: Seen) -> Reading | None:
    """A step that says something for the calls within it; no call by itself, and no part of one."""
    said = said_by(seen.attributes)
    if not said:
        return None
    dialect = dialect_of(seen)
    sighting = Sighting(
        seen.scope or dialect, dialect, seen.trace_id, seen.span_id, seen.parent_span_id, seen.start_us, seen.end_us
    )
    return Reading(dict(said), dialect, seen.start_us, seen.end_us, {}, [], [sighting], whole=False)


def given(call: Reading, around: Iterable[Reading]) -> dict[str, str]:
    """What the steps around a call say for it, of what it does not say itself."""
    traces = {sighting.trace_id for sighting in call.sightings}
    steps = [step for step in around if step.sightings[0].trace_id in traces]
    if not steps:
        return {}
    found = {field: value for field in OF_TRACE if field not in call.call and (value := _said(field, call, steps))}
    if "prompt_name" not in call.call and (name := _said("prompt_name", call, steps)):
        version = _said("prompt_version", call, steps)
        found |= {"prompt_name": name} | ({"prompt_version": version} if version else {})
    return found


def _said(field: str, call: Reading, steps: Sequence[Reading]) -> str | None:
    above = {(one.trace_id, one.span_id): step for step in steps for one in step.sightings}
    for sighting in call.sightings:
        step = above.get((sighting.trace_id, sighting.parent_span_id))
        for _ in steps:
            if step is None:
                break
            if field in step.call:
                return str(step.call[field])
            one = step.sightings[0]
            step = above.get((one.trace_id, one.parent_span_id))
    saying = [step for step in steps if field in step.call]
    at_work = [step for step in saying if step.start_us <= call.start_us <= step.end_us]
    values = {str(step.call[field]) for step in at_work or (saying if field in OF_TRACE else ())}
    return values.pop() if len(values) == 1 else None
