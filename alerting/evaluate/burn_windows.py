"""Which windows of an objective anybody judges by: the standard table's, and those of the rules on its burn rate."""

from collections import defaultdict
from collections.abc import Iterable

from alerting.kinds.burn_rate import pairs_of
from alerting.models import AlertRule
from monitoring.models import SLO
from monitoring.stats.burn import spans, standard_pairs


def burn_rules(slos: Iterable[SLO]) -> dict[int, list[AlertRule]]:
    """The enabled burn-rate rules of each, by the objective's id and in the order of their slugs: one query.

    Load `project` and `model` with the objectives; the rules have them from there.
    """
    known = {slo.pk: slo for slo in slos}
    found: defaultdict[int, list[AlertRule]] = defaultdict(list)
    rules = AlertRule.objects.filter(kind=AlertRule.Kind.BURN_RATE, enabled=True, slo__in=known)
    for rule in rules.order_by("slug"):
        if rule.slo_id is not None:
            rule.slo = known[rule.slo_id]
            rule.project = rule.slo.project
            found[rule.slo_id].append(rule)
    return found


def burn_spans(slo: SLO, rules: Iterable[AlertRule]) -> list[int]:
    """Lengths in seconds, shortest first; the objective's own window is the last one at the latest."""
    pairs = list(standard_pairs(slo.window.total_seconds(), slo.target))
    for rule in rules:
        pairs += pairs_of(rule, slo)
    return sorted({*spans(pairs), int(slo.window.total_seconds())})
