"""Reads for pages, the API and reviews: open incidents, alerts by state, the timeline of an incident."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Q, QuerySet
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from alerting.models import Alert, AlertTransition, Incident, IncidentEvent
from alerting.notify.decisions import explain
from alerting.selectors.event_titles import event_title
from alerting.selectors.price_changes import price_changes
from alerting.states.lifecycle import UNDER_WAY
from alerting.states.machine import ACTIVE
from alerting.wording import describe_value, joined, told_as
from models_registry.models import Deployment, Model, Project, User
from models_registry.shipped import shipped

SUSPECT_BEFORE: Final = timedelta(hours=24)
MOST_CHANGES: Final = 200
PRICE: Final = "price"
# Both incidents have a line on their merging.
TOLD_ONCE: Final = frozenset({IncidentEvent.Kind.MERGED})


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One line. `kind` is a value of `IncidentEvent.Kind`, a deployment's kind, or "price"; `title` and `text` are in the active language."""

    at: datetime
    kind: str
    title: str
    text: str = ""
    actor: User | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    of: str = ""  # the incident, merged into this one, in which it happened


def open_incidents(project: Project) -> QuerySet[Incident]:
    """Under way, newest first."""
    rows = Incident.objects.filter(project=project).filter(state__in=UNDER_WAY)
    return rows.select_related("model", "acknowledged_by").order_by("-number")


def suspect_changes(incident: Incident) -> list[Deployment]:
    """What changed in the model within a day before the impact began, or before the incident was opened; newest first."""
    if incident.model_id is None:
        return []
    reach = (incident.impact_started_at - SUSPECT_BEFORE, max(incident.opened_at, incident.impact_started_at))
    rows = Deployment.objects.filter(version__model=incident.model_id, at__range=reach)
    return list(rows.select_related("version__model", "prompt_version__prompt").order_by("-at"))


def incident_timeline(incident: Incident) -> list[TimelineEntry]:
    """Transitions of its alerts, what people and machines did, and changes of the model, in the order they happened.

    What happened in incidents that were merged into it is there too, and says where.
    """
    family = Q(incident=incident) | Q(incident__merged_into=incident)
    entries = [_of_change(change) for change in _changes(incident)] + _price_entries(incident)
    transitions = AlertTransition.objects.filter(family)
    for row in transitions.select_related("alert__rule__slo", "alert__rule__model", "incident"):
        entries += [replace(_of_transition(row), of=_elsewhere(row.incident, incident))]
    for event in IncidentEvent.objects.filter(family).select_related("actor", "incident"):
        if event.incident_id == incident.pk or event.kind not in TOLD_ONCE:
            entries += [replace(event_entry(event), of=_elsewhere(event.incident, incident))]
    return sorted(entries, key=lambda entry: entry.at)


def _elsewhere(where: Incident | None, incident: Incident) -> str:
    return "" if where is None or where.pk == incident.pk else str(where)


def _price_entries(incident: Incident) -> list[TimelineEntry]:
    """Of an LLM application: its calls cost something."""
    if incident.model is None or incident.model.kind != Model.Kind.LLM:
        return []
    start = incident.impact_started_at - SUSPECT_BEFORE
    found = price_changes(incident.project, start=start, end=incident.resolved_at)
    return [TimelineEntry(one.at, PRICE, one.title, one.text, one.by) for one in found]


def _changes(incident: Incident) -> list[Deployment]:
    """Those before the onset and those until the end; of very many the newest."""
    if incident.model_id is None:
        return []
    rows = Deployment.objects.filter(
        version__model=incident.model_id, at__gte=incident.impact_started_at - SUSPECT_BEFORE
    )
    if incident.resolved_at is not None:
        rows = rows.filter(at__lte=incident.resolved_at)
    return list(rows.select_related("version__model", "prompt_version__prompt").order_by("-at")[:MOST_CHANGES])


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
    if row.from_state == state:
        text = joined(describe_value(rule, row.value), row.reason)
    elif state in ACTIVE:
        text = describe_value(rule, row.value)
    else:
        text = told_as(rule, row.value, row.reason)
    return TimelineEntry(row.at, IncidentEvent.Kind.ALERT, title % {"rule": rule}, text, data=data)


def event_entry(row: IncidentEvent) -> TimelineEntry:
    """One event in the active language. Needs `actor`."""
    kind = IncidentEvent.Kind(row.kind)
    text = shipped(row.text)
    if kind == IncidentEvent.Kind.SUPPRESSED:
        text = explain(row.data)
    elif kind == IncidentEvent.Kind.ACKNOWLEDGED and row.data.get("via"):
        text = _("By the link in a message of %(channel)s.") % {"channel": row.data["via"]}
    elif kind == IncidentEvent.Kind.RUNBOOK:
        text = _step_text(row.data) or text
    return TimelineEntry(row.at, kind, event_title(row), text, row.actor, row.data)


def _step_text(data: Mapping[str, Any]) -> str:
    """A mark, what was done and what was noted, each in the reader's language where a translation is shipped."""
    parts = [_(str(data[name])) for name in ("what", "note") if data.get(name)]
    return f"{data.get('mark', '')} {': '.join(parts)}" if parts else ""
