"""What an item of each kind must say to be of any use; and the one value that is folded here."""

from collections.abc import Callable
from typing import Any

from monitoring.ingest.codes import Fault
from monitoring.ingest.log_dialects import LOCALS_DROPPED, without_locals
from monitoring.items import EventItem, FeedbackItem, Item, LLMCallItem, LogItem, OutcomeItem, PredictionItem
from monitoring.stats.log_levels import canon, is_near

MARKERS = frozenset({"deploy", "prompt_change"})


def _missing(field: str, detail: str) -> Fault:
    return Fault("missing_field", f"/{field}", detail)


def _prediction(item: PredictionItem) -> None:
    if not item.model:
        raise _missing("model", "Name the model that predicted.")
    if item.prediction is None and item.score is None and not item.scores and item.status != "error":
        raise _missing("prediction", "Send prediction, score or scores, or status error.")


def _llm_call(item: LLMCallItem) -> None:
    if not item.model:
        raise _missing("model", "Name the application that called.")


def _outcome(item: OutcomeItem) -> None:
    if not item.prediction_id:
        raise _missing("prediction_id", "Name the prediction that this outcome belongs to.")
    if item.label is None and item.value is None:
        raise _missing("label", "Send label or value.")


def _feedback(item: FeedbackItem) -> None:
    if not item.target_id:
        raise _missing("target_id", "Name the prediction or call that this feedback is about.")
    if item.value is None and not item.comment:
        raise _missing("value", "Send value or comment.")


def _event(item: EventItem) -> None:
    if item.kind in MARKERS and not item.model:
        raise _missing("model", "A marker of change names the model that changed.")
    if item.kind not in MARKERS and not item.name:
        raise _missing("name", "Name the event.")


def _log(item: LogItem) -> None:
    if not (item.message or item.exception or item.extra):
        raise _missing("message", "Send message, exception or at least one field of your own.")
    said, level = item.level, canon(item.level)
    if level != said:
        item.level = level
    kept: dict[str, Any] = {"level": said} if is_near(said) else {}
    if isinstance(item.exception, dict | list):
        item.exception, had_locals = without_locals(item.exception)
        if had_locals:
            kept["_flags"] = [*(item.extra or {}).get("_flags", ()), LOCALS_DROPPED]
    if kept:
        item.extra = {**(item.extra or {}), **kept}


REQUIRE: dict[type[Item], Callable[[Any], None]] = {
    PredictionItem: _prediction,
    LLMCallItem: _llm_call,
    OutcomeItem: _outcome,
    FeedbackItem: _feedback,
    EventItem: _event,
    LogItem: _log,
}
