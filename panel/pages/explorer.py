"""The explorers of predictions, LLM calls and log lines: a filter bar that is the URL, and one keyset page of rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lib.pages import CursorError
from models_registry.models import Model, Project
from monitoring.models import LLMCall, LogRecord, Prediction
from monitoring.models.inbox import EventKind
from monitoring.selectors.event_filters import CHOICES, FIELD, FilterError, read_filter
from monitoring.selectors.events import event_page
from monitoring.selectors.wire import cost_of, moment
from panel.pages.conversation import excerpt_of, log_fields
from panel.pages.decided import decided, is_number
from panel.pages.ranges import local

PAGE_ROWS = 50
LABELS: dict[str, str | Promise] = {
    "model": gettext_lazy("Model"),
    "version": gettext_lazy("Version"),
    "environment": gettext_lazy("Environment"),
    "status": gettext_lazy("Status"),
    "from": gettext_lazy("From"),
    "to": gettext_lazy("To"),
    "id": gettext_lazy("Id"),
    "request_id": gettext_lazy("Request id"),
    "user_id": gettext_lazy("User id"),
    "correct": gettext_lazy("Correct"),
    "label": gettext_lazy("True label"),
    "prediction": gettext_lazy("Decision"),
    "feedback": gettext_lazy("Feedback"),
    "finish_reason": gettext_lazy("Finish reason"),
    "prompt_name": gettext_lazy("Prompt"),
    "prompt_version": gettext_lazy("Prompt version"),
    "failed_evaluator": gettext_lazy("Failed evaluator (* is any)"),
    "error_type": gettext_lazy("Error type"),
    "q": gettext_lazy("Search"),
    "level": gettext_lazy("Exact level"),
    "min_level": gettext_lazy("Level"),
    "logger": gettext_lazy("Logger"),
    "pattern": gettext_lazy("Pattern"),
    "trace_id": gettext_lazy("Trace id"),
    "span_id": gettext_lazy("Span id"),
    "session_id": gettext_lazy("Session id"),
}
WORDS: dict[str, str | Promise] = {
    "ok": gettext_lazy("succeeded"),
    "error": gettext_lazy("failed"),
    "true": gettext_lazy("right"),
    "false": gettext_lazy("wrong"),
    "up": gettext_lazy("thumbs up"),
    "down": gettext_lazy("thumbs down"),
    "bad": gettext_lazy("called bad"),
    "stop": gettext_lazy("finished"),
    "length": gettext_lazy("truncated"),
    "tool_calls": gettext_lazy("tool call"),
    "content_filter": gettext_lazy("filtered"),
    "other": gettext_lazy("other"),
    "unknown": gettext_lazy("unknown"),
}
OR_WORSE: dict[str, str | Promise] = {
    "trace": gettext_lazy("trace or worse"),
    "debug": gettext_lazy("debug or worse"),
    "info": gettext_lazy("info or worse"),
    "warning": gettext_lazy("warning or worse"),
    "error": gettext_lazy("error or worse"),
    "critical": gettext_lazy("critical"),
}
FIRST = {
    EventKind.PREDICTION: ("model", "status", "correct", "from", "to"),
    EventKind.LLM_CALL: ("model", "finish_reason", "feedback", "from", "to"),
    EventKind.LOG: ("q", "min_level", "from", "to"),
}
MORE = {
    EventKind.PREDICTION: (
        "version",
        "environment",
        "id",
        "request_id",
        "trace_id",
        "session_id",
        "user_id",
        "prediction",
        "label",
        "feedback",
    ),
    EventKind.LLM_CALL: (
        "version",
        "environment",
        "status",
        "id",
        "request_id",
        "trace_id",
        "session_id",
        "user_id",
        "prompt_name",
        "prompt_version",
        "failed_evaluator",
    ),
    EventKind.LOG: (
        "model",
        "version",
        "environment",
        "logger",
        "level",
        "pattern",
        "request_id",
        "trace_id",
        "span_id",
        "session_id",
        "user_id",
        "id",
    ),
}


@dataclass(frozen=True, slots=True)
class Input:
    """One field of the filter bar."""

    name: str
    label: str
    value: str
    type: str
    choices: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Chip:
    """An active filter, with the query that drops it."""

    label: str
    value: str
    without: str


@dataclass(frozen=True, slots=True)
class EventRow:
    """One line: the columns that matter, already computed."""

    event: Prediction | LLMCall
    at: datetime
    latency_ms: float | None
    excerpt: str = ""
    cost_usd: float | None = None

    @property
    def decided(self) -> str:
        """The class or the number; a dash for what decided nothing."""
        return decided(self.event) if isinstance(self.event, Prediction) else ""

    @property
    def score(self) -> float | None:
        """Of a classifier; the number of a regression is its decision."""
        return None if not isinstance(self.event, Prediction) or is_number(self.event) else self.event.score

    @property
    def correct(self) -> bool | None:
        """Whether the decision was right; None while the label is unknown."""
        event = self.event
        if not isinstance(event, Prediction) or event.label is None or not event.prediction:
            return None
        return event.label == event.prediction


@dataclass(frozen=True, slots=True)
class LogRow:
    """One log line: what it says, then everything else of it."""

    event: LogRecord
    at: datetime
    fields: str

    @property
    def is_dated(self) -> bool:
        """Whether it said when it was written; else its time is that of receipt."""
        return self.event.ts_us != self.event.ingested_us


@dataclass(frozen=True, slots=True)
class Explorer:
    """The whole page."""

    kind: str
    first: list[Input]
    more: list[Input]
    chips: list[Chip]
    rows: list[EventRow | LogRow]
    next_query: str
    newest_query: str
    default_range: bool
    error: str
    paged: bool
    more_used: bool


def explorer_page(kind: str, project: Project, params: Mapping[str, str], *, now: datetime) -> Explorer:
    """The page that a query string asks for; a filter that cannot be applied shows as `error`, nothing typed is lost."""
    given = {name: value.strip() for name, value in params.items() if value.strip()}
    rows: list[EventRow | LogRow] = []
    following, problem, open_start = None, "", False
    try:
        asked = read_filter(kind, given, now=now, local=True)
        open_start = asked.start is not None and "from" not in given
        page = event_page(kind, project, asked, limit=PAGE_ROWS, cursor=given.get("cursor"))
        rows, following = [_row(event) for event in page.items], page.next
    except FilterError as error:
        problem = str(error)
    except CursorError:
        problem = _("This page address is damaged. Start again from the newest.")
    filters = {name: value for name, value in given.items() if name != "cursor"}
    models = list(_models(kind, project))
    more = [*MORE[EventKind(kind)], *(name for name in filters if name.startswith(FIELD))]
    return Explorer(
        kind=kind,
        first=[_input(name, filters, models) for name in FIRST[EventKind(kind)]],
        more=[_input(name, filters, models) for name in more],
        chips=_chips(filters),
        rows=rows,
        next_query=urlencode({**filters, "cursor": following}) if following else "",
        newest_query=urlencode(filters),
        paged="cursor" in given,
        more_used=any(name in filters for name in more),
        default_range=open_start,
        error=problem,
    )


def _models(kind: str, project: Project) -> list[tuple[str, str]]:
    rows = Model.objects.filter(project=project)
    if kind == EventKind.LLM_CALL:
        rows = rows.filter(kind=Model.Kind.LLM)
    elif kind == EventKind.PREDICTION:
        rows = rows.exclude(kind__in=(Model.Kind.LLM, Model.Kind.SERVICE))
    return [(slug, slug) for slug in rows.values_list("slug", flat=True)[:200]]


def _label(name: str) -> str:
    """A filter in words; a field of a log line's own has its own name."""
    return str(LABELS[name]) if name in LABELS else name.removeprefix(FIELD)


def _choice(name: str, value: str) -> str:
    return str((OR_WORSE if name == "min_level" else WORDS).get(value, value))


def _input(name: str, filters: Mapping[str, str], models: list[tuple[str, str]]) -> Input:
    value, label = filters.get(name, ""), _label(name)
    if name == "model":
        known = models if not value or (value, value) in models else [*models, (value, value)]
        return Input(name, label, value, "select", known)
    if name in CHOICES:
        return Input(name, label, value, "select", [(choice, _choice(name, choice)) for choice in CHOICES[name]])
    if name in {"from", "to"}:
        return Input(name, label, local(name, value), "datetime-local")
    return Input(name, label, value, "search" if name == "q" else "text")


def _chips(filters: Mapping[str, str]) -> list[Chip]:
    chips = []
    for name, value in filters.items():
        if name not in LABELS and not name.startswith(FIELD):
            continue
        shown = _choice(name, value) if name in CHOICES else value
        if name in {"from", "to"}:
            shown = local(name, value).replace("T", " ")
        without = {
            other: text for other, text in filters.items() if other != name and (name, other) != ("model", "version")
        }
        chips.append(Chip(_label(name), shown, urlencode(without)))
    return chips


def _row(event: Prediction | LLMCall | LogRecord) -> EventRow | LogRow:
    if isinstance(event, LogRecord):
        return LogRow(event, moment(event.ts_us), log_fields(event))
    latency = None if event.latency_us is None else event.latency_us / 1_000
    if isinstance(event, Prediction):
        return EventRow(event, moment(event.ts_us), latency)
    return EventRow(event, moment(event.ts_us), latency, excerpt_of(event), cost_of(event)["cost_usd"])
