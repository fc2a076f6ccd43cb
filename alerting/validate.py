"""Whether a rule could ever fire; forms and `apply` ask before they save. A rule that cannot is worse than none."""

from collections.abc import Mapping
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from alerting.models import AlertRule, Severity
from monitoring.measures import MEASURES, measures_for
from monitoring.stats.burn import highest_factor, reachable

PAIR = '[{"long_s": 3600, "short_s": 300, "factor": 14.4, "severity": "page"}]'


def rule_problems(rule: AlertRule) -> dict[str, str]:
    """Field to a sentence that names the mend; empty when the rule can be asked and could fire."""
    problems = _burn_problems(rule) if rule.kind == AlertRule.Kind.BURN_RATE else _threshold_problems(rule)
    if rule.interval.total_seconds() < 1:
        problems["interval"] = _("Ask at most once a second: 00:01:00 is every minute.")
    return problems


def _burn_problems(rule: AlertRule) -> dict[str, str]:
    if rule.slo is None:
        return {"slo": _("A burn-rate rule watches an SLO: choose one.")}
    if rule.slo.project_id != rule.project_id:
        return {"slo": _("This SLO belongs to another project.")}
    if not isinstance(rule.pairs, list):
        return {"pairs": _("Write a list like %(example)s, or leave it empty.") % {"example": PAIR}}
    for pair in rule.pairs:
        problem = _pair_problem(pair, rule.slo.target)
        if problem:
            return {"pairs": problem}
    return {}


def _pair_problem(pair: Any, target: float) -> str:
    if not isinstance(pair, Mapping) or pair.get("severity") not in Severity.values:
        return _("Each pair is an object like those of %(example)s.") % {"example": PAIR}
    numbers = [pair.get(name) for name in ("long_s", "short_s", "factor")]
    if not all(isinstance(number, int | float) and number > 0 for number in numbers):
        return _("long_s, short_s and factor are numbers above zero.")
    if pair["short_s"] < 60:
        return _("Summaries are kept by the minute: windows are 60 seconds or more.")
    if pair["long_s"] <= pair["short_s"]:
        return _("The long window must be longer than the short one.")
    if not reachable(pair["factor"], target):
        return _(
            "With a target of %(target)s the burn rate never gets above %(top)s, so a factor of %(factor)s could never "
            "fire. Use at most %(mend)s."
        ) % {
            "target": number_format(target),
            "top": number_format(1 / (1 - target), 1),
            "factor": number_format(pair["factor"]),
            "mend": number_format(highest_factor(target), 1),
        }
    return ""


def _threshold_problems(rule: AlertRule) -> dict[str, str]:
    if rule.model is None:
        return {"model": _("A threshold rule watches one model: choose it.")}
    problems: dict[str, str] = {}
    if rule.model.project_id != rule.project_id:
        problems["model"] = _("This model belongs to another project.")
    measure = MEASURES.get(rule.measure)
    if measure is None or rule.model.kind not in measure.kinds:
        fitting = ", ".join(fit.name for fit in measures_for(rule.model.kind))
        problems["measure"] = _("A %(kind)s has these measures: %(fitting)s.") % {
            "kind": rule.model.get_kind_display(),
            "fitting": fitting,
        }
        return problems
    if rule.threshold is None:
        problems["threshold"] = _("Write the number that must not be crossed.")
    elif rule.comparison == AlertRule.Comparison.BELOW and rule.threshold <= 0:
        problems["threshold"] = _("It is never below zero, so this could never fire: write a number above 0.")
    elif measure.unit == "ratio" and rule.comparison == AlertRule.Comparison.ABOVE and rule.threshold >= 1:
        problems["threshold"] = _(
            "It is a fraction and never above 1, so this could never fire: write 0.05 for five in a hundred."
        )
    if rule.window.total_seconds() < 60:
        problems["window"] = _("Summaries are kept by the minute: choose 00:01:00 or more.")
    return problems
