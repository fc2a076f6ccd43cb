"""Stored events for people and programs: keyset pages, one event, and what belongs to it.

Every query runs along an index: (project, second) for pages, the key directory for ids, partial indexes for request
ids. Nothing here counts rows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import RawSQL
from django.db.models.lookups import Exact
from django.utils.translation import gettext as _

from lib.ids import identities, identity
from lib.pages import Page, keyset_page
from models_registry.models import Project
from monitoring.items import canonical_label, namespace
from monitoring.llm.call_names import names_of
from monitoring.models import BusinessEvent, EventKey, Feedback, LLMCall, LogRecord, Outcome, Prediction, Span
from monitoring.models.events import Event, Served
from monitoring.models.inbox import EventKind
from monitoring.selectors.about import ABOUT, about_events, about_versions
from monitoring.selectors.evaluations import failing
from monitoring.selectors.event_filters import INDEXED, EventFilter, FilterError, version_ids
from monitoring.selectors.log_filters import named_before, narrow_logs, said_by_few, said_by_many, walk
from monitoring.selectors.spans import SECOND, newest_first, within
from monitoring.selectors.wire import told_by
from monitoring.stats.patterns import key_by_id

MODELS: dict[str, type[Event]] = {
    EventKind.PREDICTION: Prediction,
    EventKind.LLM_CALL: LLMCall,
    EventKind.OUTCOME: Outcome,
    EventKind.FEEDBACK: Feedback,
    EventKind.EVENT: BusinessEvent,
    EventKind.LOG: LogRecord,
    EventKind.SPAN: Span,
}
RELATED_LIMIT = 200
MOST_OF_REQUEST = 5_000
LINE = frozenset(
    {"id", "request_id", "trace_id", "user_id", "environment", "model", "version", "pattern"}
)  # columns of log lines
BAD_PREFIX = '{"bad":true'  # how the column `opinions` of a bad answer begins
FEEDBACK_COUNTS = {"up": "feedback_up", "down": "feedback_down", "other": "feedback_other"}


def _correct(value: str) -> Q:
    """Labelled, and the label agrees with the decision or does not."""
    agrees = Q(prediction=F("label"))
    return Q(label__isnull=False) & (agrees if value == "true" else ~agrees)


def _spoken_of(value: str) -> Q:
    """Somebody pointed that way, or called it bad."""
    return Q(opinions__startswith=BAD_PREFIX) if value == "bad" else Q(**{f"{FEEDBACK_COUNTS[value]}__gt": 0})


# Filters that are not an equality with the column of the same name.
_SPECIAL: dict[str, Callable[[str], Q]] = {
    "status": lambda value: Q(status=1 if value == "error" else 0),
    "label": lambda value: Q(label=canonical_label(value)),
    "prediction": lambda value: Q(prediction=canonical_label(value)),
    "correct": _correct,
    "feedback": _spoken_of,
    "pattern": lambda value: Q(pattern=key_by_id(value)),
    "failed_evaluator": failing,
    "finish_reason": lambda value: Q(finish_reason="" if value == "unknown" else value),
}
_OF_SPANS: dict[str, Callable[[str], Q]] = {
    "status": lambda value: Q(status=Span.Status.ERROR) if value == "error" else ~Q(status=Span.Status.ERROR),
    "span_id": lambda value: Q(event_id=value.lower()),
    "trace_id": lambda value: Q(trace_id=value.lower()),
}
# Ids of the client, found through the 16-byte identities that the drain stored.
_SPEAKING = (EventKind.OUTCOME, EventKind.FEEDBACK)
_BY_TARGET = frozenset({"prediction_id", "target_id", "request_id"})
_TARGETS = {"prediction_id": EventKind.PREDICTION, "target_id": EventKind.PREDICTION}


def micros(moment: datetime) -> int:
    """Epoch microseconds, as events store time."""
    return int(moment.replace(microsecond=0).timestamp()) * 1_000_000 + moment.microsecond


def newest_key(kind: str, *, below: int) -> int:
    """The primary key of what arrived last of a kind; 0 where nothing did."""
    newest = MODELS[kind]._default_manager.filter(pk__lt=below).order_by("-pk")
    return newest.values_list("pk", flat=True).first() or 0


def oldest_arrival() -> int | None:
    """When the oldest event that is still there was taken in, in epoch microseconds."""
    firsts = [
        model._default_manager.order_by("pk").values_list("ingested_us", flat=True).first() for model in MODELS.values()
    ]
    return min((first for first in firsts if first is not None), default=None)


def newest_line(project: Project, *, since: datetime) -> int | None:
    """The primary key of the newest log line since then."""
    rows = within(LogRecord.objects.filter(project=project), start=micros(since))
    return newest_first(rows).values_list("pk", flat=True).first()


def event_page(
    kind: str, project: Project, asked: EventFilter, *, limit: int = 50, cursor: str | None = None
) -> Page[Any]:
    """One keyset page of a kind, newest first; `lib.pages.CursorError` if the cursor is not ours."""
    if kind == EventKind.LOG and (query := said_by_many(_of_lines(asked))):
        return walk(filtered(kind, project, asked, by_words=False), query, limit=limit, cursor=cursor)
    return keyset_page(filtered(kind, project, asked), time="ts_us", limit=limit, cursor=cursor, coarse=SECOND)


def _of_lines(asked: EventFilter) -> dict[str, str]:
    """What is asked of log lines beyond their columns."""
    return {name: value for name, value in asked.exact.items() if name not in LINE}


def get_event(kind: str, project: Project, event: int | str) -> Any | None:
    """One event by its stored id (int) or by the id its client gave it (str); None if there is none."""
    rows = _rows(kind, project)
    if isinstance(event, str):
        return rows.filter(pk__in=_refs(kind, project, event)).first()
    return rows.filter(pk=event).first()


def _rows(kind: str, project: Project) -> QuerySet[Any]:
    return with_names(MODELS[kind]._default_manager.filter(project=project))


def with_names(rows: QuerySet[Any]) -> QuerySet[Any]:
    """The rows with what they refer to: version, model, price, the span that a call's texts are packed by, the call of a span."""
    if issubclass(rows.model, LLMCall):
        told: QuerySet[Any] = rows.annotate(told=Subquery(told_by(OuterRef("pk"))[:1]))
        return told.select_related("version__model", "price")
    if issubclass(rows.model, Span):
        call = LLMCall.objects.filter(pk=OuterRef("call_ref"))
        found: QuerySet[Any] = rows.annotate(call_id=Subquery(call.values("event_id")[:1]))
        return found
    return rows.select_related("version__model") if issubclass(rows.model, Served | BusinessEvent | LogRecord) else rows


def _refs(kind: str, project: Project, event_id: str) -> list[int]:
    key = identity(project.pk, namespace(kind), event_id)
    refs = EventKey.objects.filter(key=key, kind=kind).values_list("ref", flat=True)
    return [ref for ref in refs if ref is not None]


def filtered(kind: str, project: Project, asked: EventFilter, *, by_words: bool = True) -> QuerySet[Any]:
    """The rows a filter names, in no order yet; of log lines without `by_words` whatever they say."""
    pointed = next((name for name in INDEXED.get(kind, ()) if name in asked.exact), "")
    own = _of_lines(asked) if kind == EventKind.LOG else {}
    if own and by_words and not pointed and said_by_few(own):
        rows = with_names(LogRecord.objects.filter(along(project.pk)))  # their words lead there, not their time
    else:
        rows = with_names(of_id(kind, project, pointed, asked.exact.get(pointed, "")))
    if kind in _SPEAKING and _BY_TARGET & asked.exact.keys():
        rows = with_names(
            MODELS[kind]._default_manager.filter(along(project.pk))
        )  # by the index of targets, not of pages
    start, end = (None if moment is None else micros(moment) for moment in (asked.start, asked.end))
    rows = within(rows, start=start, end=end)
    handled = {"model", "version", pointed}
    if kind == EventKind.LOG:
        rows = narrow_logs(rows, own, by_words=by_words)
        handled |= own.keys()
    versions = version_ids(project.pk, asked)
    if versions is not None:
        named = about_versions(kind, versions) if kind in ABOUT else Q(version_id__in=versions)
        rows = rows.filter(named | named_before(asked.exact) if kind == EventKind.LOG else named)
    return rows.filter(*(_where(kind, project, *pair) for pair in asked.exact.items() if pair[0] not in handled))


def of_id(kind: str, project: Project, name: str, value: str) -> QuerySet[Any]:
    """Events that have this id, along the index of it (`INDEXED`); without a name all of the project."""
    rows = MODELS[kind]._default_manager
    if kind == EventKind.SPAN and name in _OF_SPANS:
        return rows.filter(_OF_SPANS[name](value), along(project.pk))
    return rows.filter(_of_project(project.pk, name, value))


def of_ids(kind: str, project: Project, name: str, values: Sequence[str]) -> QuerySet[Any]:
    """Events that have one of these ids, along the same index."""
    rows = MODELS[kind]._default_manager
    column = "event_id" if kind == EventKind.SPAN and name == "span_id" else name
    return rows.filter(Q(**{f"{column}__in": values}) & ~Q(**{column: RawSQL("''", ())}) & along(project.pk))


def _where(kind: str, project: Project, name: str, value: str) -> Q:
    if name == "id":
        return Q(pk__in=_refs(kind, project, value))
    if name in _TARGETS and kind in _SPEAKING:
        return Q(target=identity(project.pk, namespace(_TARGETS[name]), value))
    if kind == EventKind.SPAN and name in _OF_SPANS:
        return _OF_SPANS[name](value)
    if kind in _SPEAKING and name == "request_id":
        return about_events(project.pk, _served_in(project, value))
    return _SPECIAL[name](value) if name in _SPECIAL else Q(**{name: value})


def _served_in(project: Project, request_id: str) -> list[Served]:
    """The predictions and calls of a request, by what they are called alone; `FilterError` where a whole batch has its id."""
    same = _of_project(project.pk, "request_id", request_id)
    named = [table._default_manager.filter(same).only("event_id", "payload") for table in (Prediction, LLMCall)]
    found: list[Served] = [event for rows in named for event in rows[: MOST_OF_REQUEST + 1]]
    if len(found) > MOST_OF_REQUEST:
        told = _("More than %(most)d predictions and calls have this request id: ask by the ids of these.")
        raise FilterError("request_id", told % {"most": MOST_OF_REQUEST})
    return found


def _of_project(project_id: int, name: str = "", value: str = "") -> Q:
    """Events of a project, along its page index, or those of one request, trace, span, session or user, along theirs.

    The condition of these indexes must be a literal, because SQLite does not look into parameters.
    """
    if not name:
        return Q(project_id=project_id)
    return Q(**{name: value}) & ~Q(**{name: RawSQL("''", ())}) & along(project_id)


def along(project_id: int) -> Q:
    """Of the project, as an expression: SQLite without statistics would walk the whole page index for the sake of its order."""
    return Q(Exact(F("project_id") + 0, project_id))


@dataclass(frozen=True, slots=True)
class Related:
    """What belongs to one prediction or call: truth, opinions, log lines, and other events of the same request."""

    outcomes: Sequence[Outcome]
    feedback: Sequence[Feedback]
    logs: Sequence[LogRecord]
    served: Sequence[Served]


def related_to(event: Served) -> Related:
    """Everything that names this event or shares its request id, oldest first, at most 200 of each."""
    targets = identities(event.project_id, namespace(EventKind.PREDICTION), names_of(event))
    outcomes = Outcome.objects.filter(target__in=targets, project_id=event.project_id).order_by("ts_us", "event_id")
    feedback = Feedback.objects.filter(target__in=targets, project_id=event.project_id).order_by("ts_us", "event_id")
    logs: QuerySet[LogRecord] = LogRecord.objects.none()
    served: list[Served] = []
    if event.request_id:
        same = _of_project(event.project_id, "request_id", event.request_id)
        logs = LogRecord.objects.filter(same).order_by("ts_us", "pk")
        for model in (Prediction, LLMCall):
            rows = model._default_manager.filter(same).select_related("version__model")[:RELATED_LIMIT]
            served += [row for row in rows if row.pk != event.pk]
    return Related(list(outcomes[:RELATED_LIMIT]), list(feedback[:RELATED_LIMIT]), list(logs[:RELATED_LIMIT]), served)
