"""A rule on drift: some feature is significantly and largely different from its version's reference."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alerting.kinds.base import Judgement, rule_model
from alerting.kinds.inputs import UNDECIDED, InputsRule, drift_text, listed, unjudged
from alerting.models import AlertRule
from alerting.states.machine import Seen
from monitoring.selectors.drift import newest_period, reports_of
from monitoring.selectors.summaries import window_start
from monitoring.stats.drift import FLOOR
from monitoring.stats.inputs import Report
from monitoring.stats.matched import AGAINST, matched
from monitoring.stats.tally import Tally


class Drift(InputsRule):
    """Both gates: p corrected for all features of the window, and PSI at least the threshold (0.05 unless given).

    One alert per model and window, its features ranked in the reason; broken columns are another rule's.
    """

    def past(self, rule: AlertRule, end: datetime) -> tuple[timedelta, ...]:
        """The same hours of earlier days or weeks, where the rule asks for them."""
        against = next(one for one in AGAINST if one == rule.against)
        period = newest_period(rule_model(rule).pk) if against == "reference_week" else None
        return matched(against, window_start(end, rule.window), end, period)

    def judge_one(self, rule: AlertRule, seen: Sequence[Tally]) -> Judgement:
        """Of several versions the one that drifted, else the one with most predictions."""
        if rule.against != AlertRule.Against.REFERENCE and not seen[-1].past:
            reason = _("The reference was not taken from a past window that has matching hours: choose days or weeks.")
            return Judgement(Seen.NO_DATA, seen[-1].end, rule.severity, reason=reason)
        floor = FLOOR if rule.threshold is None else rule.threshold
        reports = reports_of(seen[-1], floor=floor, minimum=rule.minimum, by_past=bool(seen[-1].past))
        report = max(reports, key=lambda one: (bool(one.drifted), bool(one.judged), one.rows), default=None)
        if report is None or report.psi is None:
            return unjudged(rule, seen[-1], report)
        end, drifted, psi = seen[-1].end, report.drifted, report.psi
        if not drifted:
            return Judgement(Seen.FINE, end, rule.severity, psi, valid=report.rows)
        text = ngettext(
            "%(count)d of %(all)d features has drifted: %(named)s; n %(n)s",
            "%(count)d of %(all)d features have drifted: %(named)s; n %(n)s",
            len(drifted),
        )
        reason = text % {
            "count": len(drifted),
            "all": len(report.features),
            "named": listed([drift_text(one) for one in drifted]),
            "n": number_format(report.rows),
        }
        window_s = int(rule.window.total_seconds())
        return Judgement(Seen.BREACHED, end, rule.severity, psi, None, report.rows, reason, window_s, floor)

    def surplus(self, report: Report, limit: float) -> float:
        """PSI above the floor."""
        return report.rows * (UNDECIDED if report.psi is None else report.psi - limit)

    def title(self, rule: AlertRule) -> str:
        """The model."""
        return _("Inputs of %(model)s have drifted from their reference") % {"model": rule_model(rule)}

    def describe(self, rule: AlertRule, value: float) -> str:
        """The greatest PSI."""
        return _("drift of the inputs: PSI up to %(psi)s") % {"psi": number_format(value, 2)}


KIND = Drift()
