"""What a rule sees at a slot: breached, fine, no data or stale, with the counts it saw. Reads only, one query per rule."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from alerting.models import AlertRule, Severity
from alerting.states import Seen
from alerting.words import describe_value, environment_of, rule_model, shown_value
from monitoring.measures import MEASURES, measure_window
from monitoring.models import SLO
from monitoring.selectors.summaries import Scope
from monitoring.slo import is_stale, pair_burns, read_counts, window_end
from monitoring.stats.burn import Pair, burn_rate, span_label, spans, standard_pairs
from monitoring.stats.tally import Subject


@dataclass(frozen=True, slots=True)
class Judgement:
    """The answer to a rule's question: `window_s` seconds before `window_end` were read and compared with `limit`."""

    seen: Seen
    window_end: datetime
    severity: str
    value: float | None = None
    good: int | None = None
    valid: int | None = None
    reason: str = ""
    window_s: int = 0
    limit: float = 0.0


def judge(rule: AlertRule, subject: Subject, *, at: datetime, watermark: datetime) -> Judgement:
    """Look at the rule's windows as they are known now. Raises when the rule itself is broken."""
    if is_stale(now=at, watermark=watermark):
        reason = _("The drain is behind: events since %(since)s are not counted yet.") % {
            "since": f"{watermark:%H:%M}Z"
        }
        return Judgement(Seen.STALE, min(at, watermark), rule.severity, reason=reason)
    if rule.kind == AlertRule.Kind.BURN_RATE:
        return _judge_burn(rule, subject, at=at, watermark=watermark)
    return _judge_threshold(rule, subject, at=at, watermark=watermark)


def pairs_of(rule: AlertRule, slo: SLO) -> list[Pair]:
    """The rule's own pairs, or the standard table; pages before tickets, the higher factor first."""
    pairs = [read_pair(pair) for pair in rule.pairs] or standard_pairs(slo.window.total_seconds(), slo.target)
    return sorted(pairs, key=lambda pair: (pair.severity != Severity.PAGE, -pair.factor))


def read_pair(data: Mapping[str, Any]) -> Pair:
    """A pair as it is stored: `long_s`, `short_s`, `factor`, `severity`."""
    return Pair(int(data["long_s"]), int(data["short_s"]), float(data["factor"]), str(data["severity"]))


def _judge_burn(rule: AlertRule, subject: Subject, *, at: datetime, watermark: datetime) -> Judgement:
    slo = rule.slo
    if slo is None:
        raise ValueError(_("A burn-rate rule needs an SLO: choose one."))
    pairs = pairs_of(rule, slo)
    end = window_end(slo, subject, now=at, watermark=watermark)
    counts = read_counts(slo, subject, end=end, spans_s=spans(pairs))
    # The strongest pair that burns speaks alone: it suppresses the weaker ones.
    loud = next((pair for pair in pairs if pair_burns(pair, counts, slo.target, minimum=rule.minimum)), None)
    shown = loud or min(pairs, key=lambda pair: pair.long_s)
    long = counts[shown.long_s]
    value = burn_rate(long.bad, long.valid, slo.target)
    severity = loud.severity if loud else rule.severity
    seen = Seen.BREACHED if loud else Seen.FINE if long.valid else Seen.NO_DATA
    return Judgement(
        seen,
        long.end,
        severity,
        value,
        long.good,
        long.valid,
        reason=_burn_reason(rule, shown, seen, value),
        window_s=shown.long_s,
        limit=shown.factor * (1 - slo.target),
    )


def _burn_reason(rule: AlertRule, pair: Pair, seen: Seen, value: float | None) -> str:
    windows = {"long": span_label(pair.long_s), "short": span_label(pair.short_s)}
    if seen == Seen.NO_DATA:
        return _("No valid events within %(long)s.") % windows
    if seen == Seen.FINE:
        return ""
    text = _("%(seen)s over %(long)s and more than %(factor)s times over %(short)s too")
    return text % {**windows, "seen": describe_value(rule, value), "factor": f"{pair.factor:g}"}


def _judge_threshold(rule: AlertRule, subject: Subject, *, at: datetime, watermark: datetime) -> Judgement:
    measure = MEASURES[rule.measure]
    if rule.threshold is None:
        raise ValueError(_("A threshold rule needs a threshold: enter one."))
    model = rule_model(rule)
    settle = subject.label_delay if measure.settle == "labels" else timedelta(0)
    end = (min(at, watermark) - settle).replace(second=0, microsecond=0)
    scope = Scope(model.project_id, model.pk, environment=environment_of(rule))
    reading = measure_window(measure.name, scope, start=end - rule.window, end=end, subject=subject)
    value, few = reading.value, measure.sampled and reading.n < rule.minimum
    if value is None or few:
        reason = _("%(n)d events, %(minimum)d are needed to judge.") % {"n": reading.n, "minimum": rule.minimum}
        return Judgement(Seen.NO_DATA, end, rule.severity, value, valid=reading.n, reason=reason)
    breached = value > rule.threshold if rule.comparison == AlertRule.Comparison.ABOVE else value < rule.threshold
    good = round(value * reading.n) if measure.unit == "ratio" else None
    if not breached:
        return Judgement(Seen.FINE, end, rule.severity, value, good, reading.n)
    bound = {"seen": describe_value(rule, value), "bound": shown_value(rule.threshold, measure.unit)}
    text = _("%(seen)s, above %(bound)s") if value > rule.threshold else _("%(seen)s, below %(bound)s")
    reason, window_s = text % bound, int(rule.window.total_seconds())
    return Judgement(Seen.BREACHED, end, rule.severity, value, good, reading.n, reason, window_s, rule.threshold)
