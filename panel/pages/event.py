"""One prediction or LLM call with everything that is known of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from models_registry.models import Project
from monitoring.models import Feedback, LLMCall, LogRecord, Outcome, Prediction
from monitoring.models.events import Served
from monitoring.selectors.events import related_to
from monitoring.selectors.wire import event_to_wire, moment, payload_of
from panel.pages.conversation import Message, conversation_of, log_fields, pretty
from panel.pages.cost import TokenLine, cost_story, token_lines
from panel.pages.decided import decided, is_number
from panel.pages.evaluations import Judged, judged_of, names_of
from panel.pages.prompts import PromptNote, prompt_note

# Shown in places of their own; what is left of the payload is listed as it came.
PLACED = {"features", "prediction", "scores", "segments", "system", "prompt", "response", "params", "usage", "extra"}


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and a value; `copy` offers a button for ids."""

    label: str
    value: str
    copy: bool = False
    url: str = ""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One structured log line of the same request."""

    at: datetime
    row: LogRecord
    fields: str


@dataclass(frozen=True, slots=True)
class Opinion:
    """One feedback or outcome, with its time."""

    at: datetime
    row: Feedback | Outcome


@dataclass(frozen=True, slots=True)
class EventPage:
    """The whole page; lists are empty where there is nothing to show."""

    event: Prediction | LLMCall
    wire: dict[str, Any]
    at: datetime
    ids: list[Fact]
    features: list[tuple[str, str]]
    scores: list[tuple[str, float]]
    conversation: list[Message]
    params: list[tuple[str, str]]
    tokens: list[TokenLine]
    cost: str
    rest: list[tuple[str, str]]
    raw: str
    outcomes: list[Opinion] = field(default_factory=list)
    feedback: list[Opinion] = field(default_factory=list)
    logs: list[LogLine] = field(default_factory=list)
    prompt: PromptNote | None = None
    verdicts: list[Judged] = field(default_factory=list)
    others: list[tuple[Served, str]] = field(default_factory=list)
    whole_url: str = ""

    @property
    def number(self) -> bool:
        """A regression's."""
        return isinstance(self.event, Prediction) and is_number(self.event)

    @property
    def decided(self) -> str:
        """The class or the number."""
        return decided(self.event) if isinstance(self.event, Prediction) else ""


def build_event_page(event: Prediction | LLMCall, project: Project) -> EventPage:
    """Everything about one event, in at most seven queries."""
    wire, payload, related = event_to_wire(event), payload_of(event), related_to(event)
    return EventPage(
        event=event,
        wire=wire,
        at=moment(event.ts_us),
        ids=_ids(event, payload, project),
        features=[(name, plain(value)) for name, value in (payload.get("features") or {}).items()],
        scores=_scores(event, payload),
        conversation=conversation_of(payload),
        params=[(name, plain(value)) for name, value in (payload.get("params") or {}).items()],
        tokens=token_lines(event, wire.get("usage") or {}),
        cost=cost_story(event),
        rest=[(name, plain(value)) for name, value in _rest(payload) if value not in (None, "", [], {})],
        raw=pretty(wire),
        outcomes=_opinions(related.outcomes),
        feedback=_opinions(related.feedback),
        logs=[LogLine(moment(row.ts_us), row, log_fields(row)) for row in related.logs],
        prompt=_prompt(event, payload, project),
        verdicts=judged_of(event, names_of(project.pk)) if isinstance(event, LLMCall) else [],
        others=[(other, event_url(other, project)) for other in related.served],
        whole_url=_whole_url(event, project),
    )


def event_url(event: Served, project: Project) -> str:
    """The page of a prediction or call."""
    name = "prediction" if isinstance(event, Prediction) else "llm_call"
    return reverse(f"panel:{name}", args=[project.slug, event.pk])


def id_url(page: str, project: Project, value: str) -> str:
    """The page of an id that a client gave; empty where no address can hold it, for want of a line without breaks."""
    try:
        return reverse(page, args=[project.slug, value])
    except NoReverseMatch:
        return ""


def _whole_url(event: Served, project: Project) -> str:
    """The page of the request that it is a part of; empty where it names none."""
    whole = event.request_id or event.trace_id
    return id_url("panel:request", project, whole) if whole else ""


def _prompt(event: Served, payload: dict[str, Any], project: Project) -> PromptNote | None:
    if not isinstance(event, LLMCall):
        return None
    return prompt_note(event.prompt_name, event.prompt_version, payload.get("params"), project)


def _opinions(rows: Sequence[Feedback] | Sequence[Outcome]) -> list[Opinion]:
    return [Opinion(moment(row.ts_us), row) for row in rows]


def plain(value: Any) -> str:
    """A value of a feature or parameter in one cell."""
    if value is None:
        return "null"
    return value if isinstance(value, str) else pretty(value)


def _ids(event: Served, payload: dict[str, Any], project: Project) -> list[Fact]:
    """Every id that leads somewhere, ready to copy."""
    found = [
        (_("Id"), event.event_id, ""),
        (_("Request id"), event.request_id, "panel:request"),
        (_("Trace id"), event.trace_id, "panel:request"),
        (_("User id"), event.user_id, "panel:person"),
        (_("Session id"), event.session_id, "panel:session"),
        (_("Response id"), str(payload.get("response_id") or ""), ""),
    ]
    return [
        Fact(label, value, copy=True, url=id_url(page, project, value) if page else "")
        for label, value, page in found
        if value
    ]


def _scores(event: Prediction | LLMCall, payload: dict[str, Any]) -> list[tuple[str, float]]:
    """Score by class, highest first; the positive class alone where a single score was sent."""
    if isinstance(payload.get("scores"), dict):
        return sorted(((name, float(value)) for name, value in payload["scores"].items()), key=lambda pair: -pair[1])
    if isinstance(event, Prediction) and event.score is not None and not is_number(event):
        return [(event.version.model.positive_label or _("score"), event.score)]
    return []


def _rest(payload: dict[str, Any]) -> list[tuple[str, Any]]:
    left = [(name, value) for name, value in payload.items() if name not in PLACED]
    parts = [("segments", payload.get("segments")), *left]
    return [*parts, *((payload.get("extra") or {}).items())]
