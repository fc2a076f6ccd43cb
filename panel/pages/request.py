"""One request: what it asked, what it called, what was logged meanwhile, and what was said of it since."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.utils.translation import gettext as _

from alerting.models import Incident
from models_registry.models import Project, User
from monitoring.llm.call_names import step_name
from monitoring.models import Feedback, LLMCall, LogRecord, Outcome, Prediction, Span
from monitoring.selectors.feedback import evaluation_of
from monitoring.selectors.requests import SpanFacts, Story, read_span_facts, spans_by_key
from monitoring.selectors.wire import cost_of, moment, payload_of
from panel.pages.conversation import Message, conversation_of, log_fields, pretty
from panel.pages.decided import decided
from panel.pages.evaluations import Judged, judged_of, names_of
from panel.pages.event import Fact, Opinion, event_url, id_url, plain
from panel.pages.waterfall import Part, Row, Waterfall, waterfall

LONGEST: Final = 700  # of a text beside others; the event's own page has it whole
ATTRIBUTES: Final = 1_500
SERVED_SHOWN: Final = 20
FEATURES_OPEN: Final = 12


@dataclass(frozen=True, slots=True)
class Served:
    """A prediction or call of the request, as much of it as is read at a glance."""

    event: Prediction | LLMCall
    url: str
    at: datetime
    decided: str
    features: list[tuple[str, str]]
    turns: list[Message]
    latency_ms: float | None
    cost_usd: float | None
    is_call: bool

    @property
    def many_features(self) -> bool:
        """More than are read at a glance."""
        return len(self.features) > FEATURES_OPEN


@dataclass(frozen=True, slots=True)
class Bar:
    """A row of the waterfall with what is known of its span."""

    row: Row
    service: str
    kind: str
    url: str
    attributes: str


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened: a log line, or an event with where it leads."""

    at: datetime
    line: LogRecord | None = None
    fields: str = ""
    dated: bool = True
    kind: str = ""
    text: str = ""
    url: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class RequestPage:
    """The whole page."""

    id: str
    at: datetime
    failed: bool
    cost_usd: float | None
    duration_ms: float
    ids: list[Fact]
    served: list[Served]
    waterfall: Waterfall
    bars: list[Bar]
    entries: list[Entry]
    feedback: list[Opinion]
    evaluations: list[Opinion]
    verdicts: list[Judged]
    incidents: list[Incident]
    cut: list[str]
    errors: int


def build_request_page(story: Story, text: str, project: Project, *, user: User | AnonymousUser) -> RequestPage:
    """The page of a request; what the person may not see is left out."""
    served = [_served(event, project) for event in story.served]
    costs = [one.cost_usd for one in served if one.cost_usd is not None]
    spans = read_span_facts(project, story)
    fall = waterfall([*map(_part, spans), *map(_part_of_served, _untold(story, spans))])
    times = [row.ts_us for row in (*story.served, *story.logs, *spans)]
    times = times or [row.ts_us for row in (*story.outcomes, *story.feedback)] or [0]
    begun = min(times)
    errors = sum(line.level in ("error", "critical") for line in story.logs)
    return RequestPage(
        id=text,
        at=moment(begun),
        failed=any(event.status for event in story.served) or bool(fall.failed),
        cost_usd=sum(costs) if costs else None,
        duration_ms=fall.total_ms or (max(times) - begun) / 1_000,
        ids=_ids(story, project),
        served=served[:SERVED_SHOWN],
        waterfall=fall,
        bars=_bars(fall, story, project),
        entries=_entries(story, project),
        feedback=[Opinion(moment(row.ts_us), row) for row in story.feedback if not evaluation_of(row)],
        evaluations=[Opinion(moment(row.ts_us), row) for row in story.feedback if evaluation_of(row)],
        verdicts=_verdicts(story, project),
        incidents=_incidents(story, moment(begun), project) if user.has_perm("alerting.view_incident") else [],
        cut=story.cut,
        errors=errors,
    )


def _verdicts(story: Story, project: Project) -> list[Judged]:
    judged = [event for event in story.served if isinstance(event, LLMCall) and event.evaluations]
    names = names_of(project.pk) if judged else {}
    return [one for event in judged for one in judged_of(event, names)]


def _served(event: Prediction | LLMCall, project: Project) -> Served:
    is_call = isinstance(event, LLMCall)
    payload = payload_of(event)
    turns = conversation_of(payload) if is_call else []
    return Served(
        event=event,
        url=event_url(event, project),
        at=moment(event.ts_us),
        decided=decided(event) if isinstance(event, Prediction) else "",
        features=[(name, _short(plain(value))) for name, value in (payload.get("features") or {}).items()],
        turns=[Message(turn.role, _short(turn.text)) for turn in turns[-2:]],
        latency_ms=None if event.latency_us is None else event.latency_us / 1_000,
        cost_usd=cost_of(event)["cost_usd"] if isinstance(event, LLMCall) else None,
        is_call=is_call,
    )


def _short(text: str, length: int = LONGEST) -> str:
    return text if len(text) <= length else f"{text[:length]}…"


def _part(span: SpanFacts) -> Part:
    failed = span.status == Span.Status.ERROR
    return Part(span.event_id, span.parent_span_id, span.name, span.role, failed, span.ts_us, span.duration_us, span.pk)


def _part_of_served(event: Prediction | LLMCall) -> Part:
    """What no span tells has a beginning and a length too."""
    is_call = isinstance(event, LLMCall)
    own = event.span_id or f"{event.pk}"
    parent = str(payload_of(event).get("parent_span_id", "")) if is_call else ""
    role = "llm" if is_call else "span"
    return Part(own, parent, _name(event), role, bool(event.status), event.ts_us, event.latency_us or 0)


def _name(event: Prediction | LLMCall) -> str:
    """Of a call what was asked; a prediction has its model alone."""
    if isinstance(event, LLMCall):
        return step_name(event.prompt_name, event.response_model or event.request_model)
    return _service(event)


def _service(event: Prediction | LLMCall) -> str:
    return f"{event.version.model.slug} {event.version.version}"


def _untold(story: Story, spans: list[SpanFacts]) -> list[Prediction | LLMCall]:
    """What was served and no span tells; it stands below the span that it names as its parent."""
    told = {span.call_ref for span in spans}
    known = {span.event_id for span in spans}
    return [event for event in story.served if event.pk not in told and event.span_id not in known]


def _bars(fall: Waterfall, story: Story, project: Project) -> list[Bar]:
    """Rows with their attributes; only of those that are shown is the payload read."""
    wanted = [row.part.key for row in fall.rows if row.part.key]
    spans = spans_by_key(wanted)
    calls = {event.pk: event for event in story.served if isinstance(event, LLMCall)}
    untold = {event.span_id or f"{event.pk}": event for event in story.served}
    bars = []
    for row in fall.rows:
        span = spans.get(row.part.key)
        call = untold.get(row.part.id) if not span else calls.get(span.call_ref) if span.call_ref else None
        url = event_url(call, project) if call else ""
        attributes = payload_of(span).get("attributes") if span else None
        told = _short(pretty(attributes), ATTRIBUTES) if attributes else ""
        service = span.service if span else _service(call) if isinstance(call, LLMCall) else ""
        bars.append(Bar(row, service, span.kind if span else "", url, told))
    return bars


def _ids(story: Story, project: Project) -> list[Fact]:
    found = [(_("Request id"), one) for one in story.request_ids]
    found += [(_("Trace id"), one) for one in story.trace_ids]
    facts = [Fact(label, value, copy=True) for label, value in found]
    for name, page, label in (
        ("session_id", "panel:session", _("Session id")),
        ("user_id", "panel:person", _("User id")),
    ):
        ids = dict.fromkeys(getattr(event, name) for event in story.served)
        facts += [Fact(label, one, copy=True, url=id_url(page, project, one)) for one in ids if one]
    return facts


def _entries(story: Story, project: Project) -> list[Entry]:
    """Everything that happened, in order of time."""
    entries = [
        Entry(moment(line.ts_us), line=line, fields=log_fields(line), dated=line.ts_us != line.ingested_us)
        for line in story.logs
    ]
    for event in story.served:
        kind = _("call") if isinstance(event, LLMCall) else _("prediction")
        tone = "error" if event.status else "event"
        text = " · ".join(dict.fromkeys((_service(event), _name(event))))
        entries.append(Entry(moment(event.ts_us), kind=kind, text=text, url=event_url(event, project), tone=tone))
    entries += [Entry(moment(row.ts_us), kind=_("outcome"), text=_told(row), tone="event") for row in story.outcomes]
    entries += [Entry(moment(row.ts_us), kind=_("feedback"), text=_told(row), tone="event") for row in story.feedback]
    return sorted(entries, key=lambda entry: entry.at)


def _told(row: Outcome | Feedback) -> str:
    if isinstance(row, Outcome):
        return " · ".join(str(one) for one in (row.label, row.value) if one is not None)
    return " · ".join(filter(None, (row.value, row.comment, row.user_id)))


def _incidents(story: Story, at: datetime, project: Project) -> list[Incident]:
    """Those of the models that served, which were under way then."""
    models = {event.version.model_id for event in story.served}
    if not models:
        return []
    under_way = Q(impact_started_at__lte=at + timedelta(seconds=1)) & (Q(resolved_at=None) | Q(resolved_at__gte=at))
    return list(Incident.objects.filter(under_way, project=project, model_id__in=models)[:5])
