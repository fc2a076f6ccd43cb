"""Predictions and LLM calls to rows, column by column: they are nearly everything that comes.

What has no column is never decoded: its bytes are spliced into the payload as they came.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import repeat
from typing import Any

import msgspec

from models_registry.models import Model
from models_registry.register import KnownVersion
from monitoring.drain.claim import Body
from monitoring.drain.fold.contents import sizes_of
from monitoring.drain.labels import decisions, number_of
from monitoring.drain.rows import LLMCallRow, PredictionRow, ServedRow
from monitoring.items import (
    Columns,
    LLMCallItem,
    PredictionItem,
    ServedItem,
    Usage,
    canonical_label,
    columns_of,
)
from monitoring.stats.layouts import STATUS_ERROR, STATUS_OK
from monitoring.storage.packing import pack

Named = tuple[int, str, str]  # project, slug, version
Versions = Mapping[Named, KnownVersion]
Column = Iterable[Any]

PREDICTION_PAYLOAD = ("features", "scores", "segments", "batch_run", "extra")
CALL_PAYLOAD = ("response_id", "params", "parent_span_id", "segments", "extra")
SAID = ("system", "prompt", "response", "context", "tools", "tool_calls")
NOTHING = msgspec.Raw(b"")
EMPTY = b"{}"
NOBODY: Mapping[int, bytes] = {}
ABSENT = (b"", b"null", b'""')
LONGEST_ABSENT = max(map(len, ABSENT))
STATUSES = {"ok": STATUS_OK, "error": STATUS_ERROR}
CALL_TEXTS = ("provider", "request_model", "response_model", "prompt_name", "prompt_version")
NOT_YET = (
    None,
    None,
    None,
    "",
    "",
)  # cost, price, context window, policies, evaluations: filled in for the whole batch
NO_USAGE = Usage()
NO_SCORES: dict[str, float] = {}
_encode = msgspec.json.Encoder().encode
_decode_scores = msgspec.json.Decoder(dict[str, float]).decode


def _undecoded(item_type: type[ServedItem], payload: Iterable[str]) -> type[Any]:
    """The type of item with the fields of its payload left as the bytes they came in."""
    fields = [(name, msgspec.Raw, NOTHING) for name in payload]
    return msgspec.defstruct(f"Undecoded{item_type.__name__}", fields, bases=(item_type,))


UNDECODED: dict[str, type[Any]] = {
    "prediction": _undecoded(PredictionItem, PREDICTION_PAYLOAD),
    "llm_call": _undecoded(LLMCallItem, (*CALL_PAYLOAD, *SAID)),
}


def build_predictions(
    body: Body, ids: Iterable[int], items: Sequence[PredictionItem], versions: Versions
) -> Iterator[PredictionRow]:
    """The rows of undecoded predictions."""
    return _rows(PredictionRow, prediction_columns(body, ids, items, versions))


def prediction_columns(body: Body, ids: Iterable[int], items: Sequence[Any], versions: Versions) -> list[Column]:
    """The columns of undecoded predictions but for what comes later; those that never end repeat one value."""
    given = columns_of(items)
    known = _versions(body, given, versions)
    payload = {name: _bytes(given[name]) for name in PREDICTION_PAYLOAD}
    scores = list(map(scores_of, payload["scores"]))
    score = list(map(_positive_score, given["score"], scores, known)) if scores else given["score"]
    decided = decisions(given["prediction"], score, scores or repeat(NO_SCORES), known)
    # as it came, where the column holds something else to compare with
    other = [value if value != text else None for value, text in zip(given["prediction"], decided, strict=True)]
    payload["prediction"] = (
        [b"" if value is None else _encode(value) for value in other] if other.count(None) < len(other) else []
    )
    numbers = [
        number_of(value, one) if version.kind == Model.Kind.REGRESSION else one
        for one, version, value in zip(score, known, other, strict=True)
    ]
    return [*_served(body, ids, given, known, payload), decided, numbers]


def build_calls(
    body: Body,
    ids: Sequence[int],
    items: Sequence[LLMCallItem],
    versions: Versions,
    told: Mapping[int, bytes] = NOBODY,
) -> Iterator[LLMCallRow]:
    """The rows of undecoded LLM calls; `told` has the documents of the spans that their texts are packed by."""
    given = columns_of(items)
    known = _versions(body, given, versions)
    payload = {name: _bytes(given[name]) for name in CALL_PAYLOAD}
    said = _spliced({name: _bytes(given[name]) for name in SAID}, len(items))
    payload["sizes"] = [_encode(sizes) if (sizes := sizes_of(texts)) else b"" for texts in said]
    used = columns_of([usage or NO_USAGE for usage in given["usage"]])
    own = [
        *(given[name] for name in CALL_TEXTS),
        [reason or "" for reason in given["finish_reason"]],
        _micros(given["ttft_ms"]),
        *used.values(),
        [None if cost is None else round(cost * 1_000_000_000) for cost in given["cost_usd"]],
        *map(repeat, NOT_YET),
        [pack(texts, told.get(pk, b"")) if texts != EMPTY else b"" for pk, texts in zip(ids, said, strict=True)],
    ]
    return _rows(LLMCallRow, [*_served(body, ids, given, known, payload), *own])


def _rows(row_type: type[ServedRow], columns: Sequence[Column]) -> Iterator[Any]:
    """What comes later (labels, feedback) starts at its default."""
    later = map(repeat, row_type._field_defaults.values())
    return map(partial(tuple.__new__, row_type), zip(*columns, *later, strict=False))


def _versions(body: Body, given: Columns, versions: Versions) -> list[KnownVersion]:
    names = list(zip(given["model"], given["version"], strict=True))
    of = {name: versions[(body.project_id, *name)] for name in set(names)}
    return list(map(of.__getitem__, names))


def _served(
    body: Body,
    ids: Iterable[int],
    given: Columns,
    known: Iterable[KnownVersion],
    payload: Mapping[str, Sequence[bytes]],
) -> list[Column]:
    """The columns that predictions and calls share, in their order."""
    received = repeat(body.received_us)
    return [
        ids,
        repeat(body.project_id),
        given["id"],
        given["ts"],
        received,
        [document.decode() for document in _spliced(payload, len(given["id"]))],
        [version.id for version in known],
        given["environment"],
        map(STATUSES.__getitem__, given["status"]),
        given["error_type"],
        _micros(given["latency_ms"]),
        given["request_id"],
        given["trace_id"],
        given["span_id"],
        given["user_id"],
        given["session_id"],
    ]


def _micros(milliseconds: Column) -> Column:
    return [None if ms is None else round(ms * 1_000) for ms in milliseconds]


def _bytes(column: Sequence[msgspec.Raw]) -> list[bytes]:
    """A field that was left undecoded; an empty list where no item has it."""
    return list(map(bytes, column)) if any(column) else []


def scores_of(raw: bytes) -> dict[str, float]:
    """Class to probability, of a field that was left undecoded; empty where it is absent."""
    return {} if raw in ABSENT else _decode_scores(raw)


def _positive_score(score: float | None, scores: Mapping[str, float], version: KnownVersion) -> float | None:
    """The score of the positive class, which a binary classifier may send among `scores`."""
    if score is not None or version.kind != Model.Kind.BINARY:
        return score
    positive = canonical_label(version.positive_label)
    return next((given for name, given in scores.items() if canonical_label(name) == positive), None)


def _spliced(columns: Mapping[str, Sequence[bytes]], rows: int) -> list[bytes]:
    """A JSON object per row of the bytes of each field; what was not given is left out."""
    used = {f'"{name}":'.encode(): column for name, column in columns.items() if column}
    if not used:
        return [EMPTY] * rows
    if len(used) == 1:
        ((head, column),) = used.items()
        if min(map(len, column)) > LONGEST_ABSENT:  # the usual case: features and nothing else, of every one
            opening = b"{" + head
            return [opening + raw + b"}" for raw in column]
    fields = ([head + raw if raw not in ABSENT else b"" for raw in column] for head, column in used.items())
    return [b"{%b}" % b",".join(filter(None, given)) for given in zip(*fields, strict=True)]
