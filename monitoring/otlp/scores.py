"""`POST /api/public/scores`: what an SDK of Langfuse says of a call becomes feedback, through the same inbox.

A score names an observation (a span) of a trace, or a trace alone. Scores of different names about one call stand beside each
other: the name takes the place of the person who speaks.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from models_registry.models import ApiKey
from monitoring.ingest.accept import Sent, accept
from monitoring.ingest.codes import Refusal
from monitoring.ingest.door import Answer
from monitoring.otlp.answers import JSON, REASONS

MALFORMED = "Send a score, or an array of them, as JSON objects with `traceId`, `name` and `value`."
SEVERAL = "207 Multi-Status"
KINDS = {"BOOLEAN": "thumb", "CATEGORICAL": "category", "TEXT": "comment"}
_encode = msgspec.json.Encoder().encode


def keep_scores(data: bytes, *, key: ApiKey, now: datetime) -> Answer:
    """`{"id"}` of one score, or for an array which were taken and which not, and why."""
    try:
        found: Any = msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Refusal("malformed", MALFORMED) from error
    scores: Sequence[Any] = found if isinstance(found, list) else [found]
    if not scores or not all(isinstance(score, dict) for score in scores):
        raise Refusal("malformed", MALFORMED)
    items = [_feedback(score) for score in scores]
    verdict = accept(Sent("feedback", _encode(items), lines=False), key=key, now=now)
    ids = {index: item.get("id") or "" for index, item in enumerate(items)}
    ids |= {note["index"]: note["id"] for note in verdict.notes if "id" in note}
    refused = {note["index"]: note["detail"] for note in verdict.notes if note["status"] == "rejected"}
    if isinstance(found, list):
        told = {
            "successes": [{"id": ids[place], "status": 201} for place in ids if place not in refused],
            "errors": [{"id": ids[place], "status": 400, "message": why} for place, why in refused.items()],
        }
        return Answer(SEVERAL, [("Content-Type", JSON)], _encode(told))
    if refused:
        raise Refusal("malformed", refused[0])
    return Answer(REASONS[200], [("Content-Type", JSON)], _encode({"id": ids[0]}))


def _feedback(score: dict[str, Any]) -> dict[str, Any]:
    """A score in the words of the wire contract; what has no place there is kept as it came."""
    kind = KINDS.get(str(score.get("dataType") or ""), "category" if isinstance(score.get("value"), str) else "score")
    value = score.get("value")
    if kind == "thumb":
        value = "up" if value in (1, True) else "down" if value in (0, False) else value
    elif kind == "category":
        value = score.get("stringValue") or value
    name = str(score.get("name") or "")
    told: dict[str, Any] = {
        "target_id": _target(score),
        "kind": kind,
        "value": None if kind == "comment" else value,
        "comment": str((value if kind == "comment" else score.get("comment")) or ""),
        "user_id": f"score:{name}"[:200] if name else "",
        "extra": {
            key: part for key, part in score.items() if part is not None and key not in {"id", "value", "comment"}
        },
    }
    if score.get("id"):
        told["id"] = str(score["id"])
    if score.get("timestamp"):
        told["ts"] = score["timestamp"]
    return told


def _target(score: dict[str, Any]) -> str:
    trace, observation = (str(score.get(name) or "") for name in ("traceId", "observationId"))
    return (
        f"{trace}:{observation}" if trace and observation else observation or trace or str(score.get("sessionId") or "")
    )
