"""What a rule asks and what it saw, in words, in the active language."""

from django.utils.formats import number_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from alerting.models import AlertRule
from models_registry.models import Model
from monitoring.measures import MEASURES, Unit
from monitoring.stats.burn import span_label


def rule_model(rule: AlertRule) -> Model:
    """The model a rule is about: its own or its SLO's."""
    model = rule.slo.model if rule.slo is not None else rule.model
    if model is None:
        message = _("Rule %(rule)s is about no model: choose a model or an SLO.") % {"rule": rule.slug}
        raise ValueError(message)
    return model


def environment_of(rule: AlertRule) -> str:
    """The environment a rule looks at."""
    return rule.slo.environment if rule.slo is not None else rule.environment


def incident_title(rule: AlertRule) -> str:
    """The rule's summary; without one, what it asks: "Accuracy of Credit risk below 0.90"."""
    if rule.summary:
        return rule.summary
    model = rule_model(rule)
    if rule.kind == AlertRule.Kind.BURN_RATE:
        return _("%(slo)s: %(model)s is burning its error budget") % {"slo": rule.slo, "model": model}
    texts = {"gt": _("%(measure)s of %(model)s above %(bound)s"), "lt": _("%(measure)s of %(model)s below %(bound)s")}
    measure = MEASURES[rule.measure]
    names = {
        "measure": capfirst(str(measure.label)),
        "model": model,
        "bound": shown_value(rule.threshold, measure.unit),
    }
    return texts[rule.comparison] % names


def describe_value(rule: AlertRule, value: float | None) -> str:
    """A value this rule saw, with its unit; empty for none."""
    if value is None:
        return ""
    if rule.kind == AlertRule.Kind.BURN_RATE:
        return _("burning %(rate)s times as fast as the budget allows") % {"rate": number_format(value, 1)}
    measure = MEASURES.get(rule.measure)
    if measure is None:
        return number_format(value, 3)
    window = span_label(rule.window.total_seconds())
    names = {"measure": measure.label, "value": shown_value(value, measure.unit), "window": window}
    return _("%(measure)s %(value)s over %(window)s") % names


def shown_value(value: float | None, unit: Unit) -> str:
    """A number with its unit, as short as it can be judged by: 0.90, 412 ms, US$ 3.20."""
    if value is None:
        return ""
    if unit == "ratio":
        return number_format(value, 2)
    if unit == "ms":
        return f"{number_format(value, 0)} ms"
    if unit == "usd":
        return f"US$ {number_format(value, 2)}"
    return number_format(value, 0)


def joined(*parts: str) -> str:
    """The non-empty parts, one sentence after the other."""
    return "; ".join(part for part in parts if part)
