"""A sample of an application's traces: its newest calls of a range, and the spans of the traces that they name."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from models_registry.models import Model
from monitoring.llm.call_names import step_name
from monitoring.models import LLMCall, Span
from monitoring.models.inbox import EventKind
from monitoring.selectors.events import micros, of_ids
from monitoring.selectors.spans import newest_first, within
from monitoring.stats.pipeline import Part

CALLS: Final = 500
TRACES: Final = 200
SPANS: Final = 40_000
_TOKENS_IN: Final = ("input_tokens", "cached_input_tokens", "cache_write_tokens", "audio_input_tokens")
_TOKENS_OUT: Final = ("output_tokens", "reasoning_tokens", "audio_output_tokens")
SpanValues = tuple[int, str, str, str, str, str, int, int, int, int | None]  # as `_spans` names them


class Call(NamedTuple):
    """Of a call what its step takes."""

    pk: int
    event_id: str
    ts_us: int
    trace_id: str
    span_id: str
    request_id: str
    status: int
    latency_us: int | None
    prompt_name: str
    response_model: str
    request_model: str
    cost_nano: int | None
    reported_nano: int | None
    input_tokens: int | None
    cached_input_tokens: int | None
    cache_write_tokens: int | None
    audio_input_tokens: int | None
    output_tokens: int | None
    reasoning_tokens: int | None
    audio_output_tokens: int | None

    @property
    def trace(self) -> str:
        """What it belongs to: its trace, else its request, else it stands alone."""
        return self.trace_id or self.request_id or self.event_id


class _Payload(msgspec.Struct):
    parent_span_id: str = ""


_read = msgspec.json.Decoder(_Payload).decode


@dataclass(frozen=True, slots=True)
class Sample:
    """`calls` of the range were read, `traced` of them name a trace; `cut` says that the range has more, or more spans."""

    parts: list[Part]
    calls: int
    traced: int
    cut: bool


def read_sample(model: Model, *, start: datetime, end: datetime, prompt: str = "") -> Sample:
    """The newest 500 calls of [start, end), with at most 40,000 spans of at most 200 traces; of one prompt if named.

    Where some name a trace, those that name none have no steps beside theirs and would only thin them out: they are left out.
    """
    calls = _calls(model, start, end, prompt)
    traces = list(dict.fromkeys(call.trace_id for call in calls if call.trace_id))
    rows, whole = _spans(model, traces[:TRACES])
    told = {call.pk: call for call in calls}
    parts = list(_of_spans(rows, told))
    read = {part.trace for part in parts}
    beyond = set(traces) - read if not whole else set(traces[TRACES:])
    left = [call for call in told.values() if call.trace_id not in beyond and (call.trace_id or not traces)]
    known = {(part.trace, part.id) for part in parts}
    parts += _of_calls(left, known)
    traced = sum(bool(call.trace_id) for call in calls)
    return Sample(parts, len(calls), traced, cut=len(calls) == CALLS or not whole or bool(beyond))


def _calls(model: Model, start: datetime, end: datetime, prompt: str) -> list[Call]:
    versions = list(model.versions.values_list("pk", flat=True))
    rows = LLMCall.objects.filter(project_id=model.project_id, version_id__in=versions)
    rows = rows.filter(prompt_name=prompt) if prompt else rows
    rows = newest_first(within(rows, start=micros(start), end=micros(end)))
    return list(map(Call._make, rows.values_list(*Call._fields)[:CALLS]))


def _spans(model: Model, traces: list[str]) -> tuple[list[SpanValues], bool]:
    """Trace after trace, and whether all of them are there; of a trace that goes on beyond the limit nothing is, but if it is the first."""
    if not traces:
        return [], True
    names = (
        "pk",
        "trace_id",
        "event_id",
        "parent_span_id",
        "name",
        "role",
        "status",
        "ts_us",
        "duration_us",
        "call_ref",
    )
    rows = list(
        of_ids(EventKind.SPAN, model.project, "trace_id", traces).order_by("trace_id").values_list(*names)[: SPANS + 1]
    )
    if len(rows) <= SPANS:
        return rows, True
    last = rows[-1][1]
    return [row for row in rows if row[1] != last] or rows[:SPANS], False


def _of_spans(rows: Iterable[SpanValues], told: dict[int, Call]) -> Iterator[Part]:
    """Where a call was seen twice, money is told by the sighting that began last; a call that was told is taken out."""
    for _pk, trace, one, parent, name, role, status, start, took, ref in sorted(
        rows, key=lambda row: (-row[7], -row[0])
    ):
        part = Part(trace, one, parent, name or role, role, status == Span.Status.ERROR, start, took)
        call = told.pop(ref, None) if ref else None
        yield _with_money(part, call) if call else part


def _of_calls(calls: list[Call], known: set[tuple[str, str]]) -> Iterator[Part]:
    """Calls that no span told, below the span that they name as their parent."""
    parents = dict(
        LLMCall.objects.filter(pk__in=[one.pk for one in calls if one.trace_id]).values_list("pk", "payload")
    )
    for call in calls:
        own = call.span_id if call.span_id and (call.trace, call.span_id) not in known else f"call {call.pk}"
        parent = _parent(parents.get(call.pk, "")) or (call.span_id if own != call.span_id else "")
        model = call.response_model or call.request_model
        name = step_name(call.prompt_name, model)
        part = Part(call.trace, own, parent, name, "llm", bool(call.status), call.ts_us, call.latency_us or 0)
        yield _with_money(part, call)


def _parent(payload: str) -> str:
    try:
        return _read(payload).parent_span_id if payload else ""
    except msgspec.MsgspecError:
        return ""


def _with_money(part: Part, call: Call) -> Part:
    tokens = [sum(getattr(call, column) or 0 for column in columns) for columns in (_TOKENS_IN, _TOKENS_OUT)]
    nano = call.reported_nano if call.cost_nano is None else call.cost_nano
    return part._replace(calls=1, nano=nano, tokens_in=tokens[0], tokens_out=tokens[1])
