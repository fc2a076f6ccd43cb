"""The chart of an incident, frozen around its window: what the rule watched, its threshold, what changed."""

from datetime import UTC, datetime, timedelta

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from alerting.models import Alert, AlertRule, Incident
from models_registry.models import Model
from monitoring.catalogue import MEASURES
from monitoring.measures.series import measure_series
from monitoring.selectors.summaries import Scope
from panel import format as write
from panel.pages.history import marks
from panel.pages.indicators import is_estimate, scope_of, shown
from panel.pages.plot import Band, Chart, Line, Threshold

POINTS = 120
ESTIMATES = 30  # points of a share: fewer, each over more events
STEPS = (60, 300, 900, 3_600, 21_600, 86_400)
BEFORE = timedelta(hours=1)
AFTER = timedelta(minutes=30)
# Minute summaries are kept for a week; older windows are drawn by the hour.
COARSE_AFTER = timedelta(days=6)


def incident_chart(incident: Incident, lead: Alert | None, *, now: datetime) -> Chart | None:
    """The measure behind the leading alert; None where the incident has no model or no alert, or a composite burns."""
    if lead is None or incident.model is None:
        return None
    watched = _watched(lead.rule)
    if watched is None:
        return None
    name, threshold = watched
    measure, (start, end, step) = MEASURES[name], _window(incident, name, now)
    points = measure_series(name, _scope(lead.rule, incident.model), start=start, end=end, step=step, now=now)
    return Chart(
        slug="incident",
        title=capfirst(str(measure.label)),
        unit=measure.unit,
        lines=[Line(capfirst(str(measure.label)), points, show_range=measure.sampled)],
        start=start,
        end=end,
        bands=[Band(incident.impact_started_at, min(incident.resolved_at or end, end), str(incident))],
        marks=marks(incident.model, start=start, end=end),
        threshold=None if threshold is None else _line(threshold, measure.unit),
    )


def _watched(rule: AlertRule) -> tuple[str, float | None] | None:
    """The measure to draw and the value it crossed."""
    if rule.slo is not None:
        seen = shown(rule.slo)
        return (seen.measure, seen.bound) if seen else None
    return (rule.watched, rule.watched_limit) if rule.watched in MEASURES else None


def _line(value: float, unit: str) -> Threshold:
    return Threshold(value, _("limit %(value)s") % {"value": write.figure(value, unit)})


def _scope(rule: AlertRule, model: Model) -> Scope:
    environment = rule.slo.environment if rule.slo is not None else rule.environment
    return scope_of(model, environment=environment)


def _window(incident: Incident, name: str, now: datetime) -> tuple[datetime, datetime, timedelta]:
    """From an hour before the impact to half an hour after the end, in steps of whole summaries."""
    lasted = (incident.resolved_at or now) - incident.impact_started_at
    start = incident.impact_started_at - max(BEFORE, lasted / 2)
    end = min(now, incident.resolved_at + max(AFTER, lasted / 4)) if incident.resolved_at else now
    wanted = (end - start).total_seconds() / (ESTIMATES if is_estimate(name) else POINTS)
    steps = [step for step in STEPS if step >= 3_600 or now - start < COARSE_AFTER]
    step = next((step for step in steps if step >= wanted), steps[-1])
    floor = int(start.timestamp()) // step * step
    ceiling = -(-int(end.timestamp()) // step) * step
    return datetime.fromtimestamp(floor, UTC), datetime.fromtimestamp(ceiling, UTC), timedelta(seconds=step)
