"""What can be recorded: predictions, outcomes, feedback, events and logs, by the names of the wire contract.

Every function returns the id under which the record is counted once, also when nothing is sent. Nothing here raises.
"""

from __future__ import annotations

import time
from typing import Any

from atalaia.client import Client, client
from atalaia.context import ids_now, remember
from atalaia.ids import new_id


def send(kind: str, fields: dict[str, Any], extra: dict[str, Any] | None = None) -> str:
    """Record these fields (absent where None) with an id and a time. Fields of the caller's own go along."""
    item = {name: value for name, value in fields.items() if value is not None}
    return _capture(client(), kind, item, extra)


def served(kind: str, fields: dict[str, Any], extra: dict[str, Any] | None = None) -> str:
    """A prediction or an LLM call: with the ids of the request, and the model of `init` where none is named."""
    found = client()
    if not found.enabled:
        made = str(fields.get("id") or new_id())
        remember(made)
        return made
    if not found.options.capture_content:
        fields = without_content(fields)
    item = {name: value for name, value in fields.items() if value is not None}
    for defaults in (found.about, ids_now()):
        if defaults:
            item = {**defaults, **item}
    made = _capture(found, kind, item, extra)
    remember(made)
    return made


def _capture(taker: Client, kind: str, item: dict[str, Any], extra: dict[str, Any] | None) -> str:
    if extra:
        item.update(extra)
    made = item.get("id")
    if not made:
        made = item["id"] = new_id()
    if "ts" not in item:
        item["ts"] = time.time()
    taker.capture(kind, item)
    return str(made)


CONTENT = frozenset({"features", "system", "prompt", "response", "context", "tools", "tool_calls"})


def without_content(fields: dict[str, Any]) -> dict[str, Any]:
    """What was said and asked stays at home (`capture_content=False`); sizes, times and results go."""
    return {name: value for name, value in fields.items() if name not in CONTENT}


def prediction(
    model: str | None = None,
    prediction: Any = None,
    *,
    score: float | None = None,
    scores: dict[str, float] | None = None,
    features: dict[str, Any] | None = None,
    latency_ms: float | None = None,
    id: str | None = None,
    version: str | None = None,
    environment: str | None = None,
    ts: Any = None,
    status: str | None = None,
    error_type: str | None = None,
    segments: dict[str, Any] | None = None,
    batch_run: str | None = None,
    **fields: Any,
) -> str:
    """What a model decided: a label, a number or a list, and/or the `score` of its positive class (or `scores`)."""
    known = {
        "model": model, "prediction": prediction, "score": score, "scores": scores, "features": features,
        "latency_ms": latency_ms, "id": id, "version": version, "environment": environment, "ts": ts,
        "status": status, "error_type": error_type, "segments": segments, "batch_run": batch_run,
    }  # fmt: skip
    return served("prediction", known, fields)


def outcome(
    prediction_id: str, label: Any = None, *, value: float | None = None, ts: Any = None, id: str | None = None,
    **fields: Any,
) -> str:  # fmt: skip
    """What became true, however late: the label of a prediction, and/or what it was worth."""
    known = {"prediction_id": str(prediction_id), "label": label, "value": value, "ts": ts, "id": id}
    return send("outcome", known, fields)


def feedback(
    target_id: str,
    value: Any = None,
    *,
    kind: str | None = None,
    comment: str | None = None,
    user_id: str | None = None,
    ts: Any = None,
    id: str | None = None,
    **fields: Any,
) -> str:
    """What a person thinks of a prediction or an LLM call: a thumb ("up", "down", True, False), score, category, comment."""
    if isinstance(value, bool):
        value = "up" if value else "down"
    if kind is None and value is None and comment:
        kind = "comment"
    user = user_id or ids_now().get("user_id")
    known = {"target_id": str(target_id), "value": value, "kind": kind, "comment": comment, "ts": ts, "id": id}
    return send("feedback", {**known, "user_id": user}, fields)


def event(
    name: str | None = None,
    value: float | None = None,
    *,
    kind: str | None = None,
    model: str | None = None,
    version: str | None = None,
    environment: str | None = None,
    target_id: str | None = None,
    segments: dict[str, Any] | None = None,
    ts: Any = None,
    id: str | None = None,
    **fields: Any,
) -> str:
    """A business fact (a conversion, an order) or a marker of change (`kind="deploy"`)."""
    known = {
        "name": name, "value": value, "kind": kind, "model": model, "version": version, "environment": environment,
        "target_id": target_id, "segments": segments, "ts": ts, "id": id,
    }  # fmt: skip
    return send("event", known, fields)


def log(message: str, *, level: str = "info", logger: str | None = None, **fields: Any) -> str:
    """One structured log record, joined to the request by its ids."""
    return send("log", {**ids_now(), "message": message, "level": level, "logger": logger}, fields)
