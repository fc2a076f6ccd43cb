"""A rule on policies: calls break the limits of one, or of any, more often than the threshold allows."""

from collections.abc import Sequence
from datetime import datetime
from math import isfinite

import numpy as np
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from alerting.kinds.base import (
    BREACHED,
    FINE,
    NO_DATA,
    SEVERITIES,
    Answers,
    Judgement,
    model_problems,
    moment,
    rule_model,
    scope_of,
)
from alerting.models import AlertRule
from alerting.states.machine import SEEN, Seen
from models_registry.models import Model
from monitoring.catalogue.units import span
from monitoring.selectors.history import Question, window_edges
from monitoring.selectors.summaries import read_tallies
from monitoring.stats.tally import Subject, Tally
from monitoring.stats.verdicts import ANY
from monitoring.stats.windows import Integers, Windows

METRIC = "policy"


class PolicyRule:
    """Violations among the calls judged, above a share (0 unless given: one is enough)."""

    def problems(self, rule: AlertRule) -> dict[str, str]:
        """An application, one of its policies or none, and a share."""
        problems = model_problems(rule, _("This rule watches the calls of one application: choose it."))
        if rule.model is None:
            return problems
        if rule.model.kind != Model.Kind.LLM:
            problems["model"] = _("Policies are about calls of language models: choose such an application.")
        elif rule.policy is not None and rule.policy.model_id != rule.model_id:
            problems["policy"] = _("This policy belongs to another application.")
        if rule.threshold is not None and not (isfinite(rule.threshold) and 0 <= rule.threshold < 1):
            problems["threshold"] = _("Write a share from 0 to below 1, or leave it empty.")
        if rule.window.total_seconds() < 60:
            problems["window"] = _("Summaries are kept by the minute: choose 00:01:00 or more.")
        return problems

    def question(self, rule: AlertRule, subject: Subject, *, until: Integers) -> Question:
        """One window up to now."""
        return Question(scope_of(rule), frozenset({METRIC}), window_edges(until - until % 60, rule.window))

    def judge(self, rule: AlertRule, subject: Subject, seen: Windows) -> Answers:
        """Fewer calls judged than the minimum are no data."""
        broken, judged = seen.sums(lambda tally: _counts(rule, tally))[:, -1]
        share = np.divide(broken, judged, out=np.full(judged.shape, np.nan), where=judged > 0)
        few, limit = judged < max(1, rule.minimum), rule.threshold or 0.0
        found = np.where(few, NO_DATA, np.where(share > limit, BREACHED, FINE))

        def tell(place: int) -> Judgement:
            state, n, bad = SEEN[found[place]], int(judged[place]), int(broken[place])
            value = float(share[place]) if n else None
            reason = ""
            if state == Seen.NO_DATA:
                reason = _("%(n)d events, %(minimum)d are needed to judge.") % {"n": n, "minimum": max(1, rule.minimum)}
            elif state == Seen.BREACHED:
                window = span(rule.window.total_seconds())
                reason = _("%(broken)s of %(judged)s calls broke a policy in %(window)s") % {
                    "broken": number_format(bad),
                    "judged": number_format(n),
                    "window": window,
                }
            end, window_s = moment(seen.edges[-1, place]), int(rule.window.total_seconds())
            return Judgement(state, end, rule.severity, value, n - bad, n, reason, window_s, limit)

        severity = np.full(len(found), SEVERITIES.index(rule.severity))
        return Answers(found, share, judged, severity, tell)

    def title(self, rule: AlertRule) -> str:
        """The policy, or the application."""
        if rule.policy is not None:
            return _("Calls of %(model)s break the policy %(policy)s") % {
                "model": rule_model(rule),
                "policy": rule.policy,
            }
        return _("Calls of %(model)s break their policies") % {"model": rule_model(rule)}

    def describe(self, rule: AlertRule, value: float) -> str:
        """The share."""
        return _("%(share)s %% of the calls judged broke a policy") % {"share": number_format(100 * value, 1)}

    def divisible(self, rule: AlertRule) -> bool:
        """Any part has calls of its own."""
        return True

    def excess(self, rule: AlertRule, subject: Subject, seen: Judgement, edges: Sequence[datetime]) -> list[float]:
        """Violations above the share."""
        counts = [_counts(rule, tally) for tally in read_tallies(scope_of(rule, seen.part), {METRIC}, edges=edges)]
        return [broken - seen.limit * judged for broken, judged in counts]


def _counts(rule: AlertRule, tally: Tally) -> tuple[int, int]:
    """(calls that broke it, calls judged)."""
    slugs = tally.keys(METRIC) if rule.policy is None else [rule.policy.slug]
    cells = [tally.cell(METRIC, slug) for slug in slugs]
    return sum(cell.count(ANY) for cell in cells), sum(cell.n for cell in cells)


KIND = PolicyRule()
