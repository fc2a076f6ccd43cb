"""How bad it was: what the summaries say of the window between the first bad event and the end."""

from datetime import datetime, timedelta
from math import ceil

from django.utils.translation import gettext

from alerting.kinds.base import environment_of
from alerting.models import AlertRule, Incident
from models_registry.models import Model
from monitoring.measures import MEASURES, SLIS, measure_window, subjects_of
from monitoring.selectors.summaries import Scope
from monitoring.slo import read_counts
from runbooks.selectors import rules_of
from runbooks.words import figure

MINUTE = timedelta(minutes=1)


def impact_lines(incident: Incident) -> list[str]:
    """Requests in the window, then what each rule that fired was looking at. Empty without a model."""
    if incident.model is None:
        return []
    start, end = window(incident)
    rules = list(rules_of(incident).select_related("slo__model", "model"))
    environment = environment_of(rules[0]) if rules else None
    scope = Scope(incident.project_id, incident.model.pk, environment=environment)
    subject = subjects_of([incident.model])[incident.model.pk]
    served = measure_window("requests", scope, start=start, end=end, subject=subject)
    failed = measure_window("error_rate", scope, start=start, end=end, subject=subject)
    lines = [
        gettext("Requests in this window: %(requests)s; errors: %(errors)s.")
        % {"requests": figure(served.value, "count"), "errors": figure(failed.value, "ratio")}
    ]
    # Rules that look at the same thing say the same; a set that keeps the order.
    said = dict.fromkeys(_rule_line(rule, start, end) for rule in rules)
    return [*lines, *filter(None, said)]


def window(incident: Incident) -> tuple[datetime, datetime]:
    """Whole minutes around the impact, at least one."""
    start = incident.impact_started_at.replace(second=0, microsecond=0)
    last = incident.resolved_at or incident.opened_at
    minutes = max(ceil((last - start) / MINUTE), 1)
    return start, start + minutes * MINUTE


def _rule_line(rule: AlertRule, start: datetime, end: datetime) -> str:
    if rule.slo and rule.slo.sli in SLIS:
        seconds = int((end - start).total_seconds())
        subject = subjects_of([rule.slo.model])[rule.slo.model_id]
        counts = read_counts(rule.slo, subject, end=end, spans_s=[seconds])[seconds]
        return gettext("%(slo)s: %(bad)s of %(valid)s events were bad (the objective is %(target)s good).") % {
            "slo": rule.slo.name,
            "bad": figure(counts.bad, "count"),
            "valid": figure(counts.valid, "count"),
            "target": figure(rule.slo.target, "ratio"),
        }
    return _measure_line(rule, rule.model, start, end) if rule.model and rule.measure in MEASURES else ""


def _measure_line(rule: AlertRule, model: Model, start: datetime, end: datetime) -> str:
    measure = MEASURES[rule.measure]
    scope = Scope(rule.project_id, model.pk, environment=rule.environment)
    reading = measure_window(rule.measure, scope, start=start, end=end)
    return gettext("%(measure)s in this window: %(value)s (%(count)s events; the threshold is %(threshold)s).") % {
        "measure": str(measure.label).capitalize(),
        "value": figure(reading.value, measure.unit),
        "count": figure(reading.n, "count"),
        "threshold": figure(rule.threshold, measure.unit),
    }
