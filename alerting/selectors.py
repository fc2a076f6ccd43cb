"""Reads for pages, the API and reviews: open incidents, alerts by state, the timeline of an incident."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import QuerySet
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from alerting.models import Alert, AlertTransition, Incident, IncidentEvent
from alerting.notify.decisions import explain
from alerting.words import describe_value, joined
from models_registry.models import Deployment, Project, User
from models_registry.shipped import shipped

SUSPECT_BEFORE: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One line. `kind` is a value of `IncidentEvent.Kind`, or a deployment's kind; `title` and `text` are in the active language."""

    at: datetime
    kind: str
    title: str
    text: str = ""
    actor: User | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


def open_incidents(project: Project) -> QuerySet[Incident]:
    """Not resolved, newest first."""
    rows = Incident.objects.filter(project=project).exclude(state=Incident.State.RESOLVED)
    return rows.select_related("model", "acknowledged_by").order_by("-number")


def suspect_changes(incident: Incident) -> list[Deployment]:
    """What changed in the model within a day before the impact began, or before the incident was opened; newest first."""
    if incident.model_id is None:
        return []
    reach = (incident.impact_started_at - SUSPECT_BEFORE, max(incident.opened_at, incident.impact_started_at))
    rows = Deployment.objects.filter(version__model=incident.model_id, at__range=reach)
    return list(rows.select_related("version__model", "prompt_version__prompt").order_by("-at"))


def incident_timeline(incident: Incident) -> list[TimelineEntry]:
    """Transitions of its alerts, what people and machines did, and changes near the onset, in the order they happened."""
    entries = [_of_change(change) for change in suspect_changes(incident)]
    transitions = incident.transitions.select_related("alert__rule__slo", "alert__rule__model")
    entries += [_of_transition(row) for row in transitions]
    entries += [_of_event(row) for row in incident.events.select_related("actor")]
    return sorted(entries, key=lambda entry: entry.at)


def _of_change(change: Deployment) -> TimelineEntry:
    title = _("%(what)s: %(version)s") % {"what": capfirst(str(change.get_kind_display())), "version": change.what}
    return TimelineEntry(
        change.at, change.kind, title, shipped(change.remark), data={"environment": change.environment}
    )


def _of_transition(row: AlertTransition) -> TimelineEntry:
    rule, state = row.alert.rule, row.to_state
    titles = {
        "pending": _("%(rule)s: breached, waiting to be sure"),
        "firing": _("%(rule)s: firing"),
        "inactive": _("%(rule)s: over"),
        "no_data": _("%(rule)s: no data"),
        "stale": _("%(rule)s: stale"),
        "error": _("%(rule)s: the rule is broken"),
    }
    title = titles[state]
    if row.alert.signal != Alert.Signal.BREACH:
        title = f"{title} ({row.alert.get_signal_display()})"
    if row.from_state == state:
        title = _("%(rule)s: severity changed")
    data = {"from": row.from_state, "to": state, "value": row.value, "rule": rule.slug, "alert": row.alert_id}
    text = joined(describe_value(rule, row.value), row.reason if row.from_state == state else "")
    return TimelineEntry(row.at, IncidentEvent.Kind.ALERT, title % {"rule": rule}, text, data=data)


def _of_event(row: IncidentEvent) -> TimelineEntry:
    kind = IncidentEvent.Kind(row.kind)
    titles = {
        IncidentEvent.Kind.OPENED: _("Incident opened"),
        IncidentEvent.Kind.ACKNOWLEDGED: _("Acknowledged"),
        IncidentEvent.Kind.SILENCED: _("Silenced for %(hours)s h") % {"hours": row.data.get("hours", "?")},
        IncidentEvent.Kind.RESOLVED: _("Resolved") if row.actor_id else _("Resolved: every alert is quiet again"),
        IncidentEvent.Kind.ALERT: _("Severity raised"),
        IncidentEvent.Kind.COMMENT: _("Note"),
        IncidentEvent.Kind.NOTIFIED: _("Message sent"),
        IncidentEvent.Kind.SUPPRESSED: _("Message not sent"),
        IncidentEvent.Kind.REQUEUED: _("Message queued again"),
    }
    text = shipped(row.text)
    if kind == IncidentEvent.Kind.SUPPRESSED:
        text = explain(row.data)
    elif kind == IncidentEvent.Kind.ACKNOWLEDGED and row.data.get("via"):
        text = _("By the link in a message of %(channel)s.") % {"channel": row.data["via"]}
    elif kind == IncidentEvent.Kind.RUNBOOK:
        text = _step_text(row.data) or text
    return TimelineEntry(row.at, kind, str(titles.get(kind, capfirst(str(kind.label)))), text, row.actor, row.data)


def _step_text(data: Mapping[str, Any]) -> str:
    """A mark, what was done and what was noted, each in the reader's language where a translation is shipped."""
    parts = [_(str(data[name])) for name in ("what", "note") if data.get(name)]
    return f"{data.get('mark', '')} {': '.join(parts)}" if parts else ""
