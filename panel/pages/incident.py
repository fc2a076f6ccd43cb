"""One incident: what, since when, how bad, what changed, what to do, what was done."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.db.models import Prefetch
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from alerting.models import Alert, Incident, IncidentEvent
from alerting.mutes.in_force import Mute, Quiet
from alerting.selectors.incidents import TimelineEntry, incident_timeline, suspect_changes
from alerting.wording import describe_value, told_as
from lib.markdown import render
from models_registry.models import Deployment, Model
from models_registry.shipped import shipped
from monitoring.measures.value_lost import Loss
from monitoring.models import SLO, LLMCall
from monitoring.models.inbox import EventKind
from monitoring.selectors.event_filters import EventFilter
from monitoring.selectors.events import event_page
from monitoring.selectors.wire import moment
from monitoring.slo.status import SLOStatus, slo_statuses
from panel.pages.conversation import excerpt_of
from panel.pages.event import event_url
from panel.pages.incident_chart import incident_chart
from panel.pages.plot import Chart
from runbooks.closing import is_reviewed
from runbooks.impact import loss_line, loss_of, lost_figure
from runbooks.models import Review, Run, Runbook, RunStep
from runbooks.review import IncidentTimes, times
from runbooks.selectors import runbooks_for

EXAMPLES_SHOWN = 3
WRITTEN = frozenset(
    {IncidentEvent.Kind.COMMENT, IncidentEvent.Kind.RUNBOOK, IncidentEvent.Kind.SILENCED, *Deployment.Kind.values}
)
# Examples are looked for in the last day of the window, so that a long incident costs no more than a short one.
EXAMPLES_RANGE = timedelta(days=1)
SILENCE_HOURS = (1, 2, 8, 24)
WHAT_IS_BAD: Mapping[str, list[tuple[dict[str, str], str | Promise]]] = {
    EventKind.PREDICTION: [
        ({"correct": "false"}, _("Wrong predictions")),
        ({"status": "error"}, _("Failed predictions")),
    ],
    EventKind.LLM_CALL: [
        ({"finish_reason": "length"}, _("Truncated answers")),
        ({"feedback": "down"}, _("Answers people disliked")),
        ({"status": "error"}, _("Failed calls")),
    ],
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the timeline with its permanent anchor."""

    anchor: str
    entry: TimelineEntry

    @property
    def written(self) -> bool:
        """By people, who write Markdown; what machines say is shown to the letter."""
        return self.entry.kind in WRITTEN


@dataclass(frozen=True, slots=True)
class StepView:
    """One step of a run, its text rendered."""

    row: RunStep
    body: SafeString


@dataclass(frozen=True, slots=True)
class RunView:
    """A runbook being followed: how far, and the steps."""

    run: Run
    steps: list[StepView]

    @property
    def done(self) -> int:
        """Steps ticked so far."""
        return sum(step.row.done_at is not None for step in self.steps)


@dataclass(frozen=True, slots=True)
class Example:
    """One concrete bad event."""

    at: datetime
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Examples:
    """Bad events of one sort in the window, and the explorer that lists all of them."""

    title: str
    url: str
    rows: list[Example]


@dataclass(frozen=True, slots=True)
class Suspect:
    """A change near the onset and how long before it (negative: after)."""

    change: Deployment
    before: timedelta


@dataclass(frozen=True, slots=True)
class IncidentPage:
    """The whole page."""

    incident: Incident
    alerts: list[tuple[Alert, str]]
    why: str
    objectives: list[tuple[SLO, SLOStatus]]
    open_for: timedelta
    times: IncidentTimes
    mute: Mute | None
    suspects: list[Suspect]
    runs: list[RunView]
    offered: list[Runbook]
    timeline: list[Entry]
    examples: list[Examples]
    review: Review | None
    reviewed: bool
    merged: list[Incident]
    chart: Chart | None
    loss: Loss | None
    silence_hours: tuple[int, ...] = SILENCE_HOURS

    @property
    def cost(self) -> str:
        """What was lost with its formula; empty where nothing tells."""
        return loss_line(self.loss, unit=self._unit) if self.loss else ""

    @property
    def _unit(self) -> str:
        return self.incident.model.value_unit if self.incident.model else ""

    @property
    def lost(self) -> str:
        """The same in a figure."""
        return lost_figure(self.loss, unit=self._unit) if self.loss else ""

    @property
    def group(self) -> str:
        """What its alerts have in common, where that is more than the model, which is shown anyway."""
        labels = self.incident.group_labels
        return ", ".join(f'{name}="{value}"' for name, value in labels.items()) if set(labels) - {"model"} else ""

    @property
    def resolved(self) -> bool:
        """Over."""
        return self.incident.is_over


def incident_page(incident: Incident, *, now: datetime) -> IncidentPage:
    """Everything that the page shows, in a number of queries that does not grow with the incident."""
    alerts = list(incident.alerts.select_related("rule__slo__model", "rule__model"))
    alerts.sort(key=lambda alert: (alert.state != Alert.State.FIRING, alert.severity != "page", alert.pk))
    runs = _runs(incident)
    followed = {view.run.runbook_id for view in runs}
    saw = dict(incident.transitions.exclude(value=None).order_by("at", "id").values_list("alert_id", "value"))
    return IncidentPage(
        incident=incident,
        alerts=[(alert, _why(alert, saw.get(alert.pk))) for alert in alerts],
        why=_why(alerts[0], None) or shipped(alerts[0].rule.summary) if alerts else "",
        objectives=_statuses(incident, alerts, now=now),
        open_for=(incident.resolved_at or now) - incident.impact_started_at,
        times=times(incident),
        mute=Quiet(incident.project_id, now=now).mute_of(incident),
        suspects=[Suspect(change, incident.impact_started_at - change.at) for change in suspect_changes(incident)],
        runs=runs,
        offered=[runbook for runbook in runbooks_for(incident) if runbook.pk not in followed],
        timeline=_timeline(incident),
        examples=_examples(incident, now),
        review=Review.objects.filter(incident=incident).first(),
        reviewed=incident.is_over and is_reviewed(incident),
        merged=list(incident.merged.order_by("number")),
        chart=incident_chart(incident, alerts[0] if alerts else None, now=now),
        loss=loss_of(incident, now=now),
    )


def _why(alert: Alert, saw: float | None) -> str:
    """What the alert last saw, in the reader's language: of one that is over and sees nothing now, what it saw last.

    What has no figure is told as it was written down.
    """
    if alert.state in (Alert.State.NO_DATA, Alert.State.STALE):
        return alert.reason
    if alert.state == Alert.State.INACTIVE and alert.value is not None:
        return told_as(alert.rule, alert.value, alert.reason)
    value = saw if alert.value is None and alert.state == Alert.State.INACTIVE else alert.value
    return describe_value(alert.rule, value) or alert.reason


def _statuses(incident: Incident, alerts: list[Alert], *, now: datetime) -> list[tuple[SLO, SLOStatus]]:
    """The objectives behind the alerts as they stand, or stood at the end."""
    slos = {alert.rule.slo.pk: alert.rule.slo for alert in alerts if alert.rule.slo}
    statuses = slo_statuses(slos.values(), now=incident.resolved_at or now)
    return [(slo, statuses[pk]) for pk, slo in slos.items()]


def _timeline(incident: Incident) -> list[Entry]:
    """Newest last; an anchor is made of the time and the kind, so it survives later entries."""
    found: list[Entry] = []
    seen: dict[str, int] = {}
    for entry in incident_timeline(incident):
        base = f"t{int(entry.at.timestamp() * 1_000)}-{entry.kind}"
        seen[base] = seen.get(base, 0) + 1
        found.append(Entry(base if seen[base] == 1 else f"{base}-{seen[base]}", entry))
    return found


def _runs(incident: Incident) -> list[RunView]:
    steps = Prefetch("steps", RunStep.objects.select_related("done_by"))
    rows = Run.objects.filter(incident=incident).select_related("runbook", "started_by").prefetch_related(steps)
    return [
        RunView(run, [StepView(step, render(shipped(step.body))) for step in run.steps.all()])
        for run in rows.order_by("pk")
    ]


def _examples(incident: Incident, now: datetime) -> list[Examples]:
    if incident.model is None:
        return []
    end = incident.resolved_at or now
    start = max(incident.impact_started_at, end - EXAMPLES_RANGE)
    kind = EventKind.LLM_CALL if incident.model.kind == Model.Kind.LLM else EventKind.PREDICTION
    return [
        found
        for exact, title in WHAT_IS_BAD[kind]
        if (found := _examples_of(incident, kind, {"model": incident.model.slug, **exact}, str(title), (start, end)))
    ]


def _examples_of(
    incident: Incident, kind: str, exact: dict[str, str], title: str, window: tuple[datetime, datetime]
) -> Examples | None:
    rows = event_page(kind, incident.project, EventFilter(*window, exact), limit=EXAMPLES_SHOWN).items
    if not rows:
        return None
    query = urlencode({**exact, "from": window[0].isoformat(), "to": window[1].isoformat()})
    list_name = "llm_calls" if kind == EventKind.LLM_CALL else "predictions"
    return Examples(
        title,
        f"{reverse(f'panel:{list_name}', args=[incident.project.slug])}?{query}",
        [Example(moment(row.ts_us), _words(row), event_url(row, incident.project)) for row in rows],
    )


def _words(row: object) -> str:
    if isinstance(row, LLMCall):
        return excerpt_of(row) or row.event_id
    decision, label = getattr(row, "prediction", ""), getattr(row, "label", None)
    return f"{decision or '—'} → {label}" if label is not None else str(getattr(row, "error_type", "") or decision)
