"""A rule on data quality: some input column is broken, measured by its version's reference."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alerting.kinds.base import Judgement, rule_model
from alerting.kinds.inputs import UNDECIDED, InputsRule, fault_text, listed, unjudged
from alerting.models import AlertRule
from alerting.states.machine import Seen
from monitoring.selectors.drift import reports_of
from monitoring.stats.inputs import Report
from monitoring.stats.integrity import MINIMUM
from monitoring.stats.tally import Tally


class DataQuality(InputsRule):
    """More broken columns than the threshold (0 unless given): nulls, no numbers, out of range, never seen, constant."""

    def judge_one(self, rule: AlertRule, seen: Sequence[Tally]) -> Judgement:
        """Of several versions the one with most broken columns."""
        reports = reports_of(seen[-1])
        report = max(reports, key=lambda one: (len(one.broken), one.rows), default=None)
        if report is None or report.rows < max(MINIMUM, rule.minimum):
            return unjudged(rule, seen[-1], report)
        end, broken, limit = seen[-1].end, report.broken, rule.threshold or 0.0
        if len(broken) <= limit:
            return Judgement(Seen.FINE, end, rule.severity, float(len(broken)), valid=report.rows)
        reason = listed([f"{one.feature.name}: {fault_text(one.faults[0])}" for one in broken])
        window_s, value = int(rule.window.total_seconds()), float(len(broken))
        return Judgement(Seen.BREACHED, end, rule.severity, value, None, report.rows, reason, window_s, limit)

    def surplus(self, report: Report, limit: float) -> float:
        """Broken columns above the limit."""
        return report.rows * (UNDECIDED if report.rows < MINIMUM else len(report.broken) - limit)

    def title(self, rule: AlertRule) -> str:
        """The model."""
        return _("Input columns of %(model)s are broken") % {"model": rule_model(rule)}

    def describe(self, rule: AlertRule, value: float) -> str:
        """How many columns."""
        text = ngettext("%(count)d input column is broken", "%(count)d input columns are broken", round(value))
        return text % {"count": round(value)}


KIND = DataQuality()
