"""Every SLI, SLO and rule as series of `/metrics`, with the names that `manage.py prometheus_rules export` asks for.

What a window holds is told as a gauge for each window and not as a counter: late labels change the past, slices of time are
judged as wholes and windows wait until their labels are there, none of which `increase()` over a counter could know.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from django.db.models import Count, F
from prometheus_client.core import GaugeMetricFamily, Metric

from alerting.evaluate.burn_windows import burn_rules, burn_spans
from alerting.models import Alert, AlertRule, Evaluation
from config.remembered import Remembered
from monitoring.models import SLO
from monitoring.slo.groups import group_statuses
from monitoring.slo.standings import Standing, standings
from monitoring.slo.status import SLOState
from monitoring.stats.burn import burn_rate, span_label

SLO_LABELS: Final = ("project", "model", "environment", "slo")
RULE_LABELS: Final = ("project", "rule")
STATES: Final[Sequence[SLOState]] = ("ok", "burning", "exhausted", "no_data", "stale")
FRESH_SECONDS: Final = 15.0


def read_slo_gauges(*, now: datetime) -> list[Metric]:
    """As many queries for any number of objectives as for one."""
    slos = list(SLO.objects.select_related("project", "model").order_by("project__slug", "slug"))
    rules = burn_rules(slos)
    found = standings({slo: burn_spans(slo, rules.get(slo.pk, ())) for slo in slos}, now=now) if slos else []
    return [*_promised(slos), *_standing(found), *_windows(found), *_groups(slos, now=now)]


def read_rule_gauges() -> list[Metric]:
    """Rules, their health, their alerts, and what they saw last."""
    rules = list(AlertRule.objects.select_related("project", "model", "slo").order_by("project__slug", "slug"))
    return [*_rules(rules), _health(rules), _alerts(rules), _values()]


def _family(name: str, text: str, labels: Iterable[str]) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, labels=list(labels))


def _labels(slo: SLO) -> list[str]:
    return [slo.project.slug, slo.model.slug, slo.environment, slo.slug]


def _promised(slos: list[SLO]) -> list[Metric]:
    info = _family("atalaia_slo_info", "1; what is promised.", [*SLO_LABELS, "sli", "method", "calendar"])
    target = _family("atalaia_slo_target_ratio", "The share that must be good.", SLO_LABELS)
    window = _family("atalaia_slo_window_seconds", "The window of the budget.", SLO_LABELS)
    for slo in slos:
        labels = _labels(slo)
        info.add_metric([*labels, slo.sli, slo.method, slo.calendar or "rolling"], 1)
        target.add_metric(labels, slo.target)
        window.add_metric(labels, slo.window.total_seconds())
    return [info, target, window]


def _standing(found: list[Standing]) -> list[Metric]:
    attained = _family("atalaia_sli_ratio", "The good share of the window so far.", SLO_LABELS)
    left = _family("atalaia_slo_error_budget_remaining_ratio", "Negative when overspent.", SLO_LABELS)
    state = _family("atalaia_slo_state", "1 for the state that the SLO is in.", [*SLO_LABELS, "state"])
    settled = _family("atalaia_sli_window_end_timestamp_seconds", "Until when the SLI has settled.", SLO_LABELS)
    for one in found:
        labels, status = _labels(one.slo), one.status
        if status.attained is not None:
            attained.add_metric(labels, status.attained)
        if status.budget_left is not None:
            left.add_metric(labels, status.budget_left)
        settled.add_metric(labels, status.window_end.timestamp())
        for name in STATES:
            state.add_metric([*labels, name], int(status.state == name))
    return [attained, left, settled, state]


def _windows(found: list[Standing]) -> list[Metric]:
    labels = [*SLO_LABELS, "window"]
    good = _family("atalaia_sli_good_events", "Good events, or slices of time, of a window.", labels)
    valid = _family("atalaia_sli_valid_events", "Events, or slices of time, that count in a window.", labels)
    burn = _family("atalaia_slo_burn_rate", "How many times as fast as planned a window spends the budget.", labels)
    for one in found:
        for span, counts in one.windows.items():
            here = [*_labels(one.slo), span_label(span)]
            good.add_metric(here, counts.good)
            valid.add_metric(here, counts.valid)
            rate = burn_rate(counts.bad, counts.valid, one.slo.target)
            if rate is not None:
                burn.add_metric(here, rate)
    return [good, valid, burn]


def _groups(slos: list[SLO], *, now: datetime) -> list[Metric]:
    """Budgets of groups have names of their own, so that nothing that adds up or picks objectives counts them twice."""
    labels = [*SLO_LABELS, "group"]
    left = _family("atalaia_slo_group_error_budget_remaining_ratio", "Of one group; negative when overspent.", labels)
    ratio = _family("atalaia_sli_group_ratio", "The good share of a group over the window.", labels)
    valid = _family("atalaia_sli_group_valid_events", "Events, or slices of time, of a group over the window.", labels)
    burn = _family("atalaia_slo_group_burn_rate", "How fast a group spends its budget.", [*labels, "window"])
    found = group_statuses(slos, now=now)
    for slo, one in ((known, one) for known in slos for one in found.get(known.pk, ())):
        here, status = [*_labels(slo), one.group.value], one.status
        valid.add_metric(here, status.valid)
        for family, value in ((left, status.budget_left), (ratio, status.attained)):
            if value is not None:
                family.add_metric(here, value)
        for window, rate in status.burn.items():
            if rate is not None:
                burn.add_metric([*here, window], rate)
    return [left, ratio, valid, burn]


def _rules(rules: list[AlertRule]) -> list[Metric]:
    info = _family("atalaia_rule_info", "1; what is asked.", [*RULE_LABELS, "kind", "severity", "model", "slo"])
    enabled = _family("atalaia_rule_enabled", "1 if it is switched on.", RULE_LABELS)
    asked = _family("atalaia_rule_last_evaluation_timestamp_seconds", "The newest slot that was judged.", RULE_LABELS)
    every = _family("atalaia_rule_interval_seconds", "How often it is asked.", RULE_LABELS)
    for rule in rules:
        labels = [rule.project.slug, rule.slug]
        model, slo = rule.model.slug if rule.model else "", rule.slo.slug if rule.slo else ""
        info.add_metric([*labels, rule.kind, rule.severity, model, slo], 1)
        enabled.add_metric(labels, int(rule.enabled))
        every.add_metric(labels, rule.interval.total_seconds())
        if rule.last_slot:
            asked.add_metric(labels, rule.last_slot.timestamp())
    return [info, enabled, every, asked]


def _health(rules: list[AlertRule]) -> Metric:
    health = _family("atalaia_rule_health", "1 for the health that the rule has.", [*RULE_LABELS, "health"])
    for rule in rules:
        for name in AlertRule.Health.values:
            health.add_metric([rule.project.slug, rule.slug, name], int(rule.health == name))
    return health


def _alerts(rules: list[AlertRule]) -> Metric:
    family = _family("atalaia_rule_alerts", "Alerts of a rule by state.", [*RULE_LABELS, "state"])
    shown = (Alert.State.PENDING, Alert.State.FIRING)
    rows = Alert.objects.filter(state__in=shown).order_by().values_list("rule", "state").annotate(n=Count("id"))
    counts = Counter({(rule, state): n for rule, state, n in rows})
    for rule in rules:
        for state in shown:
            family.add_metric([rule.project.slug, rule.slug, state], counts[rule.pk, state])
    return family


def _values() -> Metric:
    family = _family("atalaia_rule_value", "What a rule saw last, by group.", [*RULE_LABELS, "group"])
    rows = Evaluation.objects.filter(slot=F("rule__last_slot"), value__isnull=False)
    for project, rule, group, value in rows.order_by("rule__project__slug", "rule__slug", "group").values_list(
        "rule__project__slug", "rule__slug", "group", "value"
    ):
        family.add_metric([project, rule, group], value or 0.0)
    return family


remembered_slos: Final = Remembered(read_slo_gauges, seconds=FRESH_SECONDS)
