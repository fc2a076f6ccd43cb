"""Predictions and LLM calls to rows, column by column: they are nearly everything that comes.

What has no column is never decoded: its bytes are spliced into the payload as they came.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import repeat
from operator import attrgetter
from typing import Any

import msgspec

from models_registry.models import Model
from models_registry.register import KnownVersion
from monitoring.drain.claim import Body
from monitoring.drain.labels import decision
from monitoring.drain.rows import LLMCallRow, PredictionRow, ServedRow
from monitoring.ingest.schema import Item, LLMCallItem, PredictionItem, ServedItem, Usage
from monitoring.stats.layouts import STATUS_ERROR, STATUS_OK

Named = tuple[int, str, str]  # project, slug, version
Versions = Mapping[Named, KnownVersion]
Column = Iterable[Any]

PREDICTION_PAYLOAD = ("features", "scores", "segments", "batch_run", "extra")
CALL_PAYLOAD = (
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
NOTHING = msgspec.Raw(b"")
ABSENT = (b"", b"null", b'""')
STATUSES = {"ok": STATUS_OK, "error": STATUS_ERROR}
CALL_TEXTS = ("provider", "request_model", "response_model", "prompt_name", "prompt_version")
NO_USAGE = Usage()
_encode = msgspec.json.Encoder().encode
_decode_scores = msgspec.json.Decoder(dict[str, float]).decode


def _undecoded(item_type: type[ServedItem], payload: Iterable[str]) -> type[Any]:
    """The type of item with the fields of its payload left as the bytes they came in."""
    fields = [(name, msgspec.Raw, NOTHING) for name in payload]
    return msgspec.defstruct(f"Undecoded{item_type.__name__}", fields, bases=(item_type,))


UNDECODED: dict[str, type[Any]] = {
    "prediction": _undecoded(PredictionItem, PREDICTION_PAYLOAD),
    "llm_call": _undecoded(LLMCallItem, CALL_PAYLOAD),
}


def build_predictions(
    body: Body, ids: Iterable[int], items: Sequence[PredictionItem], versions: Versions
) -> Iterator[PredictionRow]:
    """The rows of undecoded predictions."""
    known = _versions(body, items, versions)
    payload = {name: _bytes(name, items) for name in PREDICTION_PAYLOAD}
    scores = map(_scores, payload["scores"] or repeat(b"", len(items)))
    decided = [decision(*of) for of in zip(items, known, scores, strict=True)]
    # as it came, where the column holds something else to compare with
    other = [item.prediction if item.prediction != text else None for item, text in zip(items, decided, strict=True)]
    payload["prediction"] = (
        [b"" if value is None else _encode(value) for value in other] if other.count(None) < len(other) else []
    )
    numbers = [
        float(value) if version.kind == Model.Kind.REGRESSION and isinstance(value, int | float) else item.score
        for item, version, value in zip(items, known, other, strict=True)
    ]
    yield from _rows(PredictionRow, [*_served(body, ids, items, known, payload), decided, numbers])


def build_calls(
    body: Body, ids: Iterable[int], items: Sequence[LLMCallItem], versions: Versions
) -> Iterator[LLMCallRow]:
    """The rows of undecoded LLM calls."""
    known = _versions(body, items, versions)
    payload = {name: _bytes(name, items) for name in CALL_PAYLOAD}
    usages = [item.usage or NO_USAGE for item in items]
    own = [
        *(_each(name, items) for name in CALL_TEXTS),
        (item.finish_reason or "" for item in items),
        _micros("ttft_ms", items),
        *(_each(name, usages) for name in Usage.__struct_fields__),
        (None if cost is None else round(cost * 1_000_000_000) for cost in _each("cost_usd", items)),
    ]
    yield from _rows(LLMCallRow, [*_served(body, ids, items, known, payload), *own])


def _rows(row_type: type[ServedRow], columns: Sequence[Column]) -> Iterator[Any]:
    """What comes later (labels, feedback) starts at its default."""
    later = map(repeat, row_type._field_defaults.values())
    return map(partial(tuple.__new__, row_type), zip(*columns, *later, strict=False))


def _versions(body: Body, items: Sequence[ServedItem], versions: Versions) -> list[KnownVersion]:
    names = list(zip(_each("model", items), _each("version", items), strict=True))
    of = {name: versions[(body.project_id, *name)] for name in set(names)}
    return [of[name] for name in names]


def _served(
    body: Body,
    ids: Iterable[int],
    items: Sequence[ServedItem],
    known: Iterable[KnownVersion],
    payload: Mapping[str, Sequence[bytes]],
) -> list[Column]:
    """The columns that predictions and calls share, in their order."""
    received = body.received_us
    return [
        ids,
        repeat(body.project_id),
        _each("id", items),
        [ts if isinstance(ts, int) else received for ts in _each("ts", items)],
        repeat(received),
        _spliced(payload, len(items)),
        _each("id", known),
        _each("environment", items),
        map(STATUSES.__getitem__, _each("status", items)),
        _each("error_type", items),
        _micros("latency_ms", items),
        _each("request_id", items),
        _each("trace_id", items),
        _each("span_id", items),
        _each("user_id", items),
        _each("session_id", items),
    ]


def _each(name: str, things: Iterable[Any]) -> Iterator[Any]:
    return map(attrgetter(name), things)


def _micros(name: str, items: Iterable[Item]) -> Column:
    return [None if ms is None else round(ms * 1_000) for ms in _each(name, items)]


def _bytes(name: str, items: Iterable[Item]) -> list[bytes]:
    """A field that was left undecoded; an empty list where no item has it."""
    column = list(_each(name, items))
    return list(map(bytes, column)) if any(column) else []


def _scores(raw: bytes) -> dict[str, float]:
    return {} if raw in ABSENT else _decode_scores(raw)


def _spliced(columns: Mapping[str, Sequence[bytes]], rows: int) -> list[str]:
    """A JSON object per row of the bytes of each field; what was not given is left out."""
    used = {f'"{name}":'.encode(): column for name, column in columns.items() if column}
    if not used:
        return ["{}"] * rows
    fields = ([head + raw if raw not in ABSENT else b"" for raw in column] for head, column in used.items())
    return [(b"{%b}" % b",".join(filter(None, given))).decode() for given in zip(*fields, strict=True)]
