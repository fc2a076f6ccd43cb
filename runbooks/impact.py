"""How bad it was: what the summaries say of the window between the first bad event and the end."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from math import ceil

from django.utils.text import capfirst
from django.utils.translation import gettext

from alerting.kinds.base import environment_of, rule_model
from alerting.models import AlertRule, Incident
from monitoring.catalogue import MEASURES, units
from monitoring.catalogue.units import in_unit, value_places
from monitoring.measures.series import Wanted, subjects_of
from monitoring.measures.value_lost import Loss, value_lost
from monitoring.models import SLO
from monitoring.selectors.summaries import Ask, Scope, read_tallies_of
from monitoring.slo.books import read_books
from monitoring.slo.composites import subjects_for
from monitoring.slo.indicators import is_known
from monitoring.slo.status import Counts, ask_between, counts_between
from monitoring.stats.tally import Subject, Tally
from runbooks.selectors import rules_of
from runbooks.words import figure

MINUTE = timedelta(minutes=1)
Promised = dict[SLO, Counts]


def impact_lines(incident: Incident) -> list[str]:
    """Requests in the window, then what each rule that fired was looking at. Empty without a model."""
    if incident.model is None:
        return []
    edges = window(incident)
    rules = list(rules_of(incident).select_related("slo__model", "model"))
    subjects = subjects_of([incident.model, *(rule.model for rule in rules if rule.model)])
    environment = environment_of(rules[0]) if rules else None
    scope = Scope(incident.project_id, incident.model.pk, environment=environment)
    traffic = Wanted(("requests", "error_rate"), scope, edges, subjects[incident.model.pk])
    asks = {rule: ask for rule in rules if (ask := _ask(rule, edges))}
    (served,), *seen = read_tallies_of([traffic.ask, *asks.values()])
    measured = {rule: tallies[0] for rule, tallies in zip(asks, seen, strict=True)}
    promised = _promised(rules, edges)
    requests, errors = (MEASURES[name].read(served, traffic.subject).value for name in traffic.names)
    lines = [
        gettext("Requests in this window: %(requests)s; errors: %(errors)s.")
        % {"requests": figure(requests, "count"), "errors": figure(errors, "ratio")}
    ]
    loss = value_lost(incident.model, environment, start=edges[0], end=edges[1], subject=traffic.subject)
    if loss:
        lines.append(loss_line(loss, unit=incident.model.value_unit))
    # Rules that look at the same thing say the same; a set that keeps the order.
    said = [
        _promise_line(rule.slo, promised[rule.slo]) if rule.slo else _measure_line(rule, measured[rule], subjects)
        for rule in rules
        if rule in measured or rule.slo in promised
    ]
    return [*lines, *dict.fromkeys(said)]


def loss_of(incident: Incident, *, now: datetime) -> Loss | None:
    """What the incident has cost until it was resolved, or so far."""
    if incident.model is None:
        return None
    rule = rules_of(incident).select_related("slo__model", "model").first()
    start, end = window(incident)
    end = end if incident.resolved_at else max(end, now.replace(second=0, microsecond=0))
    subject = subjects_of([incident.model])[incident.model.pk]
    return value_lost(incident.model, environment_of(rule) if rule else None, start=start, end=end, subject=subject)


def loss_line(loss: Loss, *, unit: str = "") -> str:
    """The loss with its formula, which whoever counts again gets to the last digit: the rate is as exact as its count needs."""
    return _LOSSES[loss.of, loss.baseline]() % _formula(loss, unit)


def lost_figure(loss: Loss, *, unit: str = "") -> str:
    """The same loss alone."""
    return _formula(loss, unit)["lost"]


def _formula(loss: Loss, unit: str) -> dict[str, str]:
    places = value_places(loss.lost)
    rate = _exact(loss.rate, places + len(str(loss.count)))
    worth = _exact(loss.worth, places)
    lost = _exact(rate * loss.count - worth, places)
    shown = in_unit(units.number(float(worth), places), unit)
    return {
        "lost": in_unit(units.number(float(lost), places), unit),
        "rate": in_unit(units.number(float(rate), max(places, _digits(rate))), unit),
        "count": figure(loss.count, "count"),
        "worth": shown if worth >= 0 else f"({shown})",
    }


def _exact(value: float | Decimal, places: int) -> Decimal:
    return Decimal(str(value)).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN)


def _digits(value: Decimal) -> int:
    """After the point, without zeros at the end."""
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


_LOSSES = {
    ("decisions", "week"): lambda: gettext(
        "Value lost: %(lost)s = %(rate)s per decision in the same hours a week before × %(count)s decisions − %(worth)s."
    ),
    ("decisions", "before"): lambda: gettext(
        "Value lost: %(lost)s = %(rate)s per decision in as much time just before × %(count)s decisions − %(worth)s."
    ),
    ("requests", "week"): lambda: gettext(
        "Value lost: %(lost)s = %(rate)s per request in the same hours a week before × %(count)s requests − %(worth)s."
    ),
    ("requests", "before"): lambda: gettext(
        "Value lost: %(lost)s = %(rate)s per request in as much time just before × %(count)s requests − %(worth)s."
    ),
}


def window(incident: Incident) -> tuple[datetime, datetime]:
    """Whole minutes around the impact, at least one."""
    start = incident.impact_started_at.replace(second=0, microsecond=0)
    last = incident.resolved_at or incident.opened_at
    minutes = max(ceil((last - start) / MINUTE), 1)
    return start, start + minutes * MINUTE


def _promised(rules: Sequence[AlertRule], edges: tuple[datetime, datetime]) -> Promised:
    """Good and valid of the objectives that rules watch, within the window of the incident."""
    slos = list(dict.fromkeys(rule.slo for rule in rules if rule.slo and is_known(rule.slo)))
    pairs = zip(slos, subjects_for(slos), strict=True) if slos else ()
    books = read_books(ask_between(slo, subject, edges) for slo, subject in pairs)
    return {slo: counts_between(slo, book, edges)[0] for slo, book in zip(slos, books, strict=True)}


def _ask(rule: AlertRule, edges: tuple[datetime, datetime]) -> Ask | None:
    """What a rule on a measure looks at, within the window of the incident; None of a rule that says nothing."""
    if rule.slo is None and rule.model and rule.watched in MEASURES:
        scope = Scope(rule.project_id, rule.model.pk, environment=rule.environment)
        return Ask(scope, frozenset(MEASURES[rule.watched].metrics), edges)
    return None


def _measure_line(rule: AlertRule, tally: Tally, subjects: dict[int, Subject]) -> str:
    measure = MEASURES[rule.watched]
    reading = measure.read(tally, subjects[rule_model(rule).pk])
    seen = {
        "measure": capfirst(str(measure.label)),
        "value": figure(reading.value, measure.unit),
        "count": figure(reading.n, "count"),
    }
    if rule.watched_limit is None:
        return gettext("%(measure)s in this window: %(value)s (%(count)s events).") % seen
    seen["threshold"] = figure(rule.watched_limit, measure.unit)
    return gettext("%(measure)s in this window: %(value)s (%(count)s events; the threshold is %(threshold)s).") % seen


def _promise_line(slo: SLO, counts: Counts) -> str:
    said = {
        "slo": slo,
        "bad": figure(counts.bad, "count"),
        "valid": figure(counts.valid, "count"),
        "target": figure(slo.target, "ratio"),
    }
    if slo.sliced:
        return (
            gettext("%(slo)s: %(bad)s of %(valid)s slices of time were bad (the objective is %(target)s good).") % said
        )
    return gettext("%(slo)s: %(bad)s of %(valid)s events were bad (the objective is %(target)s good).") % said
