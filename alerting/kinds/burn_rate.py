"""A rule on an SLO's burn rate: several windows at once, after the Google SRE Workbook, chapter 5."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from alerting.kinds.base import Judgement, rule_model
from alerting.models import AlertRule, Severity
from alerting.states import Seen
from models_registry.models import LONGEST
from monitoring.catalogue.units import span
from monitoring.models import SLO
from monitoring.selectors.summaries import Ask
from monitoring.slo import ask_counts, counts_of, pair_burns, read_slices, window_end
from monitoring.stats.burn import Pair, burn_rate, highest_factor, reachable, spans, standard_pairs
from monitoring.stats.tally import Subject, Tally

PAIR = '[{"long_s": 3600, "short_s": 300, "factor": 14.4, "severity": "page"}]'


class BurnRate:
    """The long and the short window of a pair burn faster than its factor."""

    def problems(self, rule: AlertRule) -> dict[str, str]:
        """An SLO of the same project, and pairs that can be exceeded."""
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

    def question(self, rule: AlertRule, subject: Subject, *, at: datetime, watermark: datetime) -> Ask:
        """All windows of all pairs, which end where the indicator has settled."""
        slo = _promise(rule)
        end = window_end(slo, subject, now=at, watermark=watermark)
        return ask_counts(slo, end=end, spans_s=spans(pairs_of(rule, slo)))

    def judge(self, rule: AlertRule, subject: Subject, seen: Sequence[Tally]) -> Judgement:
        """The strongest pair that burns speaks alone: it suppresses the weaker ones."""
        slo = _promise(rule)
        pairs = pairs_of(rule, slo)
        counts = counts_of(slo, subject, seen, spans_s=spans(pairs))
        loud = next((pair for pair in pairs if pair_burns(pair, counts, slo.target, minimum=rule.minimum)), None)
        shown = loud or min(pairs, key=lambda pair: pair.long_s)
        long = counts[shown.long_s]
        value = burn_rate(long.bad, long.valid, slo.target)
        severity = loud.severity if loud else rule.severity
        state = Seen.BREACHED if loud else Seen.FINE if long.valid else Seen.NO_DATA
        return Judgement(
            state,
            long.end,
            severity,
            value,
            long.good,
            long.valid,
            reason=self._reason(rule, shown, state, value),
            window_s=shown.long_s,
            limit=shown.factor * (1 - slo.target),
        )

    def title(self, rule: AlertRule) -> str:
        """The SLO and its model."""
        return _("%(slo)s: %(model)s is burning its error budget") % {"slo": rule.slo, "model": rule_model(rule)}

    def describe(self, rule: AlertRule, value: float) -> str:
        """Times as fast as planned."""
        return _("burning %(rate)s times as fast as the budget allows") % {"rate": number_format(value, 1)}

    def divisible(self, rule: AlertRule) -> bool:
        """Good and valid events can be counted in any part."""
        return True

    def excess(self, rule: AlertRule, subject: Subject, seen: Judgement, edges: Sequence[datetime]) -> list[float]:
        """Bad events above the share that the factor allows."""
        if rule.slo is None:
            return []
        slices = read_slices(rule.slo, subject, edges=edges)
        return [part.bad - seen.limit * part.valid for part in slices]

    def _reason(self, rule: AlertRule, pair: Pair, seen: Seen, value: float | None) -> str:
        windows = {"long": span(pair.long_s), "short": span(pair.short_s)}
        if seen == Seen.NO_DATA:
            return _("No valid events within %(long)s.") % windows
        if seen == Seen.FINE:
            return ""
        text = _("%(seen)s over %(long)s and more than %(factor)s times over %(short)s too")
        return text % {
            **windows,
            "seen": self.describe(rule, value) if value is not None else "",
            "factor": f"{pair.factor:g}",
        }


def _promise(rule: AlertRule) -> SLO:
    if rule.slo is None:
        raise ValueError(_("A burn-rate rule needs an SLO: choose one."))
    return rule.slo


def pairs_of(rule: AlertRule, slo: SLO) -> list[Pair]:
    """The rule's own pairs, or the standard table; pages before tickets, the higher factor first."""
    pairs = [read_pair(pair) for pair in rule.pairs] or standard_pairs(slo.window.total_seconds(), slo.target)
    return sorted(pairs, key=lambda pair: (pair.severity != Severity.PAGE, -pair.factor))


def read_pair(data: Mapping[str, Any]) -> Pair:
    """A pair as it is stored: `long_s`, `short_s`, `factor`, `severity`."""
    return Pair(int(data["long_s"]), int(data["short_s"]), float(data["factor"]), str(data["severity"]))


def _is_ordinary(number: object) -> bool:
    """NaN is neither above zero nor below anything; true is not 1 here."""
    if isinstance(number, bool) or not isinstance(number, int | float):
        return False
    return 0 < number <= LONGEST.total_seconds()


def _pair_problem(pair: Any, target: float) -> str:
    if not isinstance(pair, Mapping) or pair.get("severity") not in Severity.values:
        return _("Each pair is an object like those of %(example)s.") % {"example": PAIR}
    numbers = [pair.get(name) for name in ("long_s", "short_s", "factor")]
    if not all(_is_ordinary(number) for number in numbers):
        return _("long_s, short_s and factor are numbers above zero; a window is at most 315360000 seconds, ten years.")
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


KIND = BurnRate()
