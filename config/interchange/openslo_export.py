"""Objectives as OpenSLO v1, with what it has no words for as annotations: read back, nothing is lost.

Each pair of a burn-rate rule is an alert policy, for a policy has one condition with one window.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from django.utils.text import slugify

from alerting.evaluate.burn_windows import burn_rules
from alerting.kinds.burn_rate import pairs_of
from alerting.models import AlertRule
from config.interchange.openslo_read import METHODS, VERSION, is_plain_name
from config.interchange.openslo_words import (
    COMPONENTS,
    COMPOSITION,
    ENVIRONMENT,
    FIELDS,
    GROUPED,
    HOME,
    LONG,
    LONG_NAME,
    MODEL,
    NAMED,
    OWNER,
    PLACE,
    RULE,
    SHORT,
    SLUG,
    SOURCE,
    WITHOUT_DATA,
)
from models_registry.durations import write_duration
from monitoring.models import COMPOSITE, SLO, TIME_SLICES, Component
from monitoring.selectors.components import load_components
from monitoring.slo.components import written
from monitoring.stats.burn import Pair

WINDOWS: Final = {"day": "1d", "week": "1w", "month": "1M", "quarter": "1Q"}
# The first of their kind: a Monday for weeks, the first of a quarter for the others.
STARTS: Final = {"week": "2024-01-01 00:00:00"}
START: Final = "2024-01-01 00:00:00"
# Fields of a rule that OpenSLO has no words for.
RULE_FIELDS: Final = (
    "name",
    "minimum",
    "minimum_short",
    "group_by",
    "incident_labels",
    "keep_firing_for",
    "for_duration",
    "interval",
    "summary",
    "severity",
    "labels",
    "settle",
    "no_data",
    "no_data_for",
    "on_error",
    "error_for",
    "enabled",
)


def openslo_documents(slos: Iterable[SLO]) -> list[dict[str, Any]]:
    """A Service for each model, then the SLOs with their policies within. Load `project` and `model`."""
    slos = list(slos)
    load_components(slos)
    rules = burn_rules(slos)
    models = {slo.model_id: slo.model for slo in slos}
    services = [
        _object(
            "Service",
            {"name": _plain(model.slug), "displayName": model.name or model.slug},
            _described(model.description),
        )
        for model in models.values()
    ]
    return [*services, *(_slo(slo, rules.get(slo.pk, [])) for slo in slos)]


def _object(kind: str, meta: Mapping[str, Any], spec: Mapping[str, Any]) -> dict[str, Any]:
    return {"apiVersion": VERSION, "kind": kind, "metadata": dict(meta), "spec": dict(spec)}


def _described(text: str) -> dict[str, Any]:
    return {"description": text[:1_050]} if text else {}


def _plain(text: str) -> str:
    return text if is_plain_name(text) else slugify(text).replace("_", "-").strip("-")[:63].strip("-") or "unnamed"


def _slo(slo: SLO, rules: Iterable[AlertRule]) -> dict[str, Any]:
    notes = {SLUG: slo.slug, LONG_NAME: slo.name, OWNER: slo.owner}
    meta: dict[str, Any] = {"name": _plain(slo.slug), "displayName": slo.name}
    if slo.sli == COMPOSITE:
        components = json.dumps(written(slo.parts or ()))
        notes |= {HOME: slo.model.slug, PLACE: slo.environment, GROUPED: slo.group_by}
        notes |= {COMPOSITION: slo.composition, WITHOUT_DATA: slo.without_data, COMPONENTS: components}
    meta["annotations"] = {name: text for name, text in notes.items() if text}
    policies = [_policy(rule, pair, place) for rule in rules for place, pair in enumerate(pairs_of(rule, slo))]
    spec: dict[str, Any] = {
        **_described(slo.description),
        "service": _plain(slo.model.slug),
        **({} if slo.sli == COMPOSITE else {"indicator": _named(slo)}),
        "timeWindow": [_window(slo)],
        "budgetingMethod": "Timeslices" if slo.sli == TIME_SLICES else _method(slo),
        "objectives": [_part(slo, one) for one in slo.parts or ()] or [_objective(slo)],
    }
    if policies:
        spec["alertPolicies"] = policies
    return _object("SLO", meta, spec)


def _named(slo: SLO) -> dict[str, Any]:
    return {"metadata": {"name": _plain(f"{slo.slug}-sli")}, "spec": _indicator(slo)}


def _part(slo: SLO, one: Component) -> dict[str, Any]:
    """A component as an objective of its composite, whose target it has there."""
    bound = {name: value for name, value in _objective(one.slo).items() if name in ("op", "value")}
    return {
        "displayName": one.slo.name,
        "target": float(Decimal(str(slo.target))),
        **bound,
        "compositeWeight": one.weight,
        "indicator": _named(one.slo),
    }


def _method(slo: SLO) -> str:
    return next(name for name, ours in METHODS.items() if ours == slo.method)


def _indicator(slo: SLO) -> dict[str, Any]:
    said: dict[str, Any] = {MODEL: slo.model.slug, ENVIRONMENT: slo.environment}
    said |= {name: _said(getattr(slo, name)) for name in NAMED if _told(slo, name)}
    source = {"type": SOURCE, "spec": said}
    if slo.sli == TIME_SLICES or slo.bound_ms is not None:
        return {"thresholdMetric": {"metricSource": source}}
    counted = {side: {"metricSource": {"type": SOURCE, "spec": {**said, "count": side}}} for side in ("good", "total")}
    return {"ratioMetric": {"counter": False, **counted}}


def _told(slo: SLO, name: str) -> bool:
    if name in ("measure", "comparison", "bound"):
        return slo.sli == TIME_SLICES
    if name in ("slice", "minimum"):
        return slo.sliced is not None
    return getattr(slo, name) not in ("", None)


def _said(value: Any) -> Any:
    return write_duration(value.total_seconds()) if isinstance(value, timedelta) else value


def _window(slo: SLO) -> dict[str, Any]:
    if not slo.calendar:
        return {"duration": _shorthand(slo.window), "isRolling": True}
    start = STARTS.get(slo.calendar, START)
    return {
        "duration": WINDOWS[slo.calendar],
        "isRolling": False,
        "calendar": {"startTime": start, "timeZone": slo.zone},
    }


def _shorthand(span: timedelta) -> str:
    """Whole minutes at least."""
    return write_duration(max(60, -(-span.total_seconds() // 60) * 60))


def _objective(slo: SLO) -> dict[str, Any]:
    found: dict[str, Any] = {"displayName": slo.name, "target": float(Decimal(str(slo.target)))}
    if slo.sli == TIME_SLICES:
        found |= {"op": "lte" if slo.comparison == SLO.Comparison.AT_MOST else "gte", "value": slo.bound}
        found["timeSliceTarget"] = 1.0
    elif slo.bound_ms is not None:
        found |= {"op": "lte", "value": slo.bound_ms}
    if slo.method == SLO.Method.TIMESLICES and slo.slice_target is not None:
        found["timeSliceTarget"] = slo.slice_target
    if slo.sliced:
        found["timeSliceWindow"] = _shorthand(slo.sliced)
    return found


def _policy(rule: AlertRule, pair: Pair, place: int) -> dict[str, Any]:
    name = _plain(f"{rule.slug}-{place + 1}")
    fields = {field: _said(getattr(rule, field)) for field in RULE_FIELDS}
    notes = {RULE: rule.slug, FIELDS: json.dumps(fields), LONG: str(pair.long_s), SHORT: str(pair.short_s)}
    asked: dict[str, Any] = {
        "kind": "burnrate",
        "op": "gt",
        "threshold": pair.factor,
        "lookbackWindow": _shorthand(timedelta(seconds=pair.long_s)),
    }
    if rule.for_duration:
        asked["alertAfter"] = _shorthand(rule.for_duration)
    condition = {"kind": "AlertCondition", "metadata": {"name": f"{name[:50].strip('-')}-condition"}}
    spec = {**_described(rule.summary), "alertWhenBreaching": True, "alertWhenResolved": True}
    spec["alertWhenNoData"] = rule.no_data == AlertRule.NoData.ALERT
    spec["conditions"] = [{**condition, "spec": {"severity": pair.severity, "condition": asked}}]
    spec["notificationTargets"] = [_target(rule.project.slug)]
    return {
        "kind": "AlertPolicy",
        "metadata": {"name": name, "displayName": rule.name, "annotations": notes},
        "spec": spec,
    }


def _target(project: str) -> dict[str, Any]:
    """A policy must name one; who is told is decided by routes here."""
    return {
        "kind": "AlertNotificationTarget",
        "metadata": {"name": _plain(f"{project}-routes")},
        "spec": {"target": SOURCE, "description": "Told by the routes of the project."},
    }
