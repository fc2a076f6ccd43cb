"""What may be asked of stored events, read from a query string; shared by the explorers and the API.

A filter is refused with a sentence, never ignored: a misspelt filter that shows everything is worse than an error.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils.timezone import get_current_timezone
from django.utils.translation import gettext as _

from lib import clock
from models_registry.models import ModelVersion
from monitoring.models.inbox import EventKind
from monitoring.selectors.phrases import QueryError, read_query
from monitoring.stats.log_levels import LEVELS
from monitoring.stats.patterns import key_by_id

FIELD = "field."  # a field of a log line's own: `field.order_id`
DEFAULT_RANGE = timedelta(hours=24)

_IDS = frozenset({"id", "request_id", "trace_id", "span_id", "session_id", "user_id"})
_SERVED = _IDS | {"model", "version", "environment", "status", "error_type", "feedback"}
FIELDS: dict[str, frozenset[str]] = {
    EventKind.PREDICTION: _SERVED | {"prediction", "label", "correct"},
    EventKind.LLM_CALL: _SERVED | {"finish_reason", "prompt_name", "prompt_version", "failed_evaluator"},
    EventKind.OUTCOME: frozenset({"id", "prediction_id", "label", "model", "version", "request_id"}),
    EventKind.FEEDBACK: frozenset({"id", "target_id", "kind", "value", "user_id", "model", "version", "request_id"}),
    EventKind.EVENT: frozenset({"id", "kind", "name", "model", "version", "target_id"}),
    EventKind.LOG: _IDS | {"q", "level", "min_level", "logger", "model", "version", "environment", "pattern"},
    EventKind.SPAN: frozenset(
        {
            "trace_id",
            "span_id",
            "name",
            "kind",
            "role",
            "service",
            "scope",
            "status",
            "request_id",
            "user_id",
            "session_id",
            "model",
            "version",
        }
    ),
}
# Ids that events of a kind have an index of, the most exact first.
INDEXED: dict[str, tuple[str, ...]] = {
    EventKind.PREDICTION: ("span_id", "request_id", "trace_id", "session_id", "user_id"),
    EventKind.LLM_CALL: ("span_id", "request_id", "trace_id", "session_id", "user_id"),
    EventKind.LOG: ("request_id", "trace_id"),
    EventKind.SPAN: ("span_id", "request_id", "trace_id", "session_id", "user_id"),
}
# An answer found through an index of its own needs no time range; in log lines the index of words holds the other ids.
_POINTED = frozenset({"id", "request_id", "trace_id", "span_id", "prediction_id", "target_id"})
POINTED: dict[str, frozenset[str]] = {
    **dict.fromkeys(EventKind.values, _POINTED),
    **dict.fromkeys(
        (EventKind.PREDICTION, EventKind.LLM_CALL, EventKind.LOG, EventKind.SPAN), _POINTED | {"session_id"}
    ),
}
CHOICES: dict[str, tuple[str, ...]] = {
    "status": ("ok", "error"),
    "correct": ("true", "false"),
    "feedback": ("up", "down", "other", "bad"),
    "finish_reason": ("stop", "length", "tool_calls", "content_filter", "error", "other", "unknown"),
    "min_level": LEVELS,
}
PAGING = frozenset({"from", "to", "cursor", "limit", "fields", "project"})


class FilterError(ValueError):
    """A filter that cannot be applied; `field` is the query parameter at fault."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(detail)
        self.field = field


@dataclass(frozen=True, slots=True)
class EventFilter:
    """A half-open range of event time, open where None, and exact values by wire name."""

    start: datetime | None
    end: datetime | None
    exact: Mapping[str, str] = field(default_factory=dict)


def read_filter(kind: str, params: Mapping[str, str], *, now: datetime, local: bool = False) -> EventFilter:
    """The filter that a query string asks for, the last 24 hours unless it says otherwise; `FilterError` if it cannot be.

    Empty values count as absent, because forms send them; `local` as in `read_moment`.
    """
    given = {name: value.strip() for name, value in params.items() if value.strip() and name not in PAGING}
    for name, value in given.items():
        if name not in FIELDS[kind] and not (kind == EventKind.LOG and name.removeprefix(FIELD) not in ("", name)):
            raise FilterError(
                name,
                _("Unknown filter “%(name)s”. Known here: %(known)s.")
                % {"name": name, "known": ", ".join(sorted(FIELDS[kind] | {"from", "to"}))},
            )
        if name in CHOICES and value not in CHOICES[name]:
            raise FilterError(
                name,
                _("“%(name)s” is one of %(choices)s.") % {"name": name, "choices": ", ".join(CHOICES[name])},
            )
    _check_texts(given)
    if "version" in given and "model" not in given:
        raise FilterError("version", _("A version belongs to a model: name the “model” too."))
    start, end = (read_moment(name, params.get(name, ""), local=local) for name in ("from", "to"))
    if start and end and start >= end:
        raise FilterError("to", _("“to” must be later than “from”."))
    if start is None and not POINTED[kind] & given.keys():
        start = (min(end, now) if end else now) - DEFAULT_RANGE
    return EventFilter(start, end, given)


def _check_texts(given: Mapping[str, str]) -> None:
    if "q" in given:
        _check_search(given["q"])
    if "pattern" in given:
        _check_pattern(given["pattern"])


def _check_search(text: str) -> None:
    try:
        read_query(text)
    except QueryError as error:
        raise FilterError("q", str(error)) from error


def _check_pattern(text: str) -> None:
    try:
        key_by_id(text)
    except ValueError as error:
        told = _("“pattern” is the id of a pattern: 16 hexadecimal digits, as the list of patterns has them.")
        raise FilterError("pattern", told) from error


def read_moment(name: str, text: str, *, local: bool = False) -> datetime | None:
    """A time as the contract writes it; None if empty. `local`: one without an offset is of this zone, as forms send it."""
    text = text.strip()
    if not text:
        return None
    try:
        found = clock.read_moment(text)
    except ValueError as error:
        told = _("“%(name)s” is not a time; write it like 2026-11-23T18:00:00Z.") % {"name": name}
        raise FilterError(name, told) from error
    if not found.tzinfo and not local:
        told = _("“%(name)s” has no offset from UTC; write it like 2026-11-23T18:00:00Z or 2026-11-23T18:00:00-03:00.")
        raise FilterError(name, told % {"name": name})
    return found if found.tzinfo else found.replace(tzinfo=get_current_timezone())


def read_span(params: Mapping[str, str], *, now: datetime, length: timedelta) -> tuple[datetime, datetime]:
    """[from, to) that a query string asks for, so long up to now where it does not say; `FilterError` if it cannot be."""
    end = read_moment("to", params.get("to", "")) or now
    start = read_moment("from", params.get("from", "")) or end - length
    if start >= end:
        raise FilterError("to", "`to` must be later than `from`.")
    return start, end


def version_ids(project_id: int, asked: EventFilter) -> list[int] | None:
    """The versions that `model` and `version` name; None if the filter names no model."""
    model = asked.exact.get("model")
    if model is None:
        return None
    versions = ModelVersion.objects.filter(model__project_id=project_id, model__slug=model)
    if "version" in asked.exact:
        versions = versions.filter(version=asked.exact["version"])
    return list(versions.values_list("pk", flat=True))
