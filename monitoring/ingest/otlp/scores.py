"""`POST /api/public/scores` and `/api/public/ingestion`: what SDKs of Langfuse say of a call becomes feedback, through the same inbox.

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
from monitoring.ingest.otlp.answers import JSON, REASONS

MALFORMED = "Send a score, or an array of them, as JSON objects with `traceId`, `name` and `value`."
NO_BATCH = "Send `batch`, a list of events of the type `score-create`."
NO_SCORE = (
    "Only scores are taken here (`score-create`); traces come by OpenTelemetry, as SDKs from version 3 on send them."
)
SCORE = "score-create"
SEVERAL, ACCEPTED = "207 Multi-Status", "202 Accepted"
KINDS = {"BOOLEAN": "thumb", "CATEGORICAL": "category", "TEXT": "comment"}
_encode = msgspec.json.Encoder().encode


def keep_scores(data: bytes, *, key: ApiKey, now: datetime) -> Answer:
    """`{"id"}` of one score; of an array 202, or 207 with which were taken and which not, and why."""
    found = _read(data)
    scores: Sequence[Any] = found if isinstance(found, list) else [found]
    if not scores or not all(isinstance(score, dict) for score in scores):
        raise Refusal("malformed", MALFORMED)
    ids, refused = _kept([_feedback(score) for score in scores], key, now)
    if not isinstance(found, list):
        if refused:
            raise Refusal("malformed", refused[0])
        return _answer(REASONS[200], {"id": ids[0]})
    successes = [{"id": ids[place], "status": 201} for place in ids if place not in refused]
    if not refused:
        return _answer(ACCEPTED, {"message": "Accepted", "successes": successes, "errors": []})
    errors = [_error(ids[place], why) for place, why in refused.items()]
    counts = {"accepted": len(successes), "rejected": len(errors)}
    return _answer(SEVERAL, {**counts, "successes": successes, "errors": errors})


def keep_batch(data: bytes, *, key: ApiKey, now: datetime) -> Answer:
    """What the SDKs of Langfuse before version 5 send scores in: events, of which those of scores are taken."""
    found = _read(data)
    events: Any = found.get("batch") if isinstance(found, dict) else None
    if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
        raise Refusal("malformed", NO_BATCH)
    is_score = [event.get("type") == SCORE and isinstance(event.get("body"), dict) for event in events]
    scores = [place for place, taken in enumerate(is_score) if taken]
    _, refused = _kept([_feedback(_of_event(events[place])) for place in scores], key, now)
    why = {scores[index]: detail for index, detail in refused.items()}
    why |= {place: NO_SCORE for place, taken in enumerate(is_score) if not taken}
    ids = [str(event.get("id") or "") for event in events]
    successes = [{"id": one, "status": 201} for place, one in enumerate(ids) if place not in why]
    return _answer(
        SEVERAL, {"successes": successes, "errors": [_error(ids[place], why[place]) for place in sorted(why)]}
    )


def _read(data: bytes) -> Any:
    try:
        return msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Refusal("malformed", MALFORMED) from error


def _kept(items: Sequence[dict[str, Any]], key: ApiKey, now: datetime) -> tuple[dict[int, str], dict[int, str]]:
    """By place: the ids of all, and why some were refused."""
    if not items:
        return {}, {}
    verdict = accept(Sent("feedback", _encode(items), lines=False), key=key, now=now)
    ids = {index: item.get("id") or "" for index, item in enumerate(items)}
    ids |= {note["index"]: note["id"] for note in verdict.notes if "id" in note}
    return ids, {note["index"]: note["detail"] for note in verdict.notes if note["status"] == "rejected"}


def _of_event(event: dict[str, Any]) -> dict[str, Any]:
    """The score in an event, whose id and time are its own where it has none: so one that is sent again counts once."""
    return {"id": event.get("id"), "timestamp": event.get("timestamp"), **event["body"]}


def _error(given: str, why: str) -> dict[str, Any]:
    return {"id": given, "status": 400, "message": why, "error": why}


def _answer(status: str, told: dict[str, Any]) -> Answer:
    return Answer(status, [("Content-Type", JSON)], _encode(told))


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
