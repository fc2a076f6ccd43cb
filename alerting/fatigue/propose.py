"""What would spare people of a rule without costing anybody an incident: proposals, each asked of the past by a backtest.

Nothing is changed here: a person reads the figures, and decides.
"""

from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from django.utils.translation import gettext as _

from alerting.backtest.past import Backtest, compare
from alerting.errors import Refused
from alerting.fatigue.count import FEW, HOLDS
from alerting.fatigue.read import Report, RuleLine
from alerting.models import AlertRule, Incident
from alerting.validate import rule_problems

WIDER: Final = (2, 4)
# Of an SLO the windows are those of its pairs; of the others, what they look at is no window or has a length of its own.
WINDOWED: Final = frozenset({AlertRule.Kind.THRESHOLD, AlertRule.Kind.VOLUME, AlertRule.Kind.POLICY})
What = Literal["for", "window", "retire"]


@dataclass(frozen=True, slots=True)
class Figures:
    """What a rule, as it is or as proposed, would have done."""

    firings: int
    firing_s: float
    caught: Sequence[Incident]
    missed: Sequence[Incident]
    false_alarms: int
    pages: int
    pages_at_night: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """One change of a rule; `value` is what the field would be, None to retire it. `lost` incidents would no longer be caught:
    none of them did anybody act upon, or any review call useful.
    """

    what: What
    value: timedelta | None
    figures: Figures
    lost: Sequence[Incident]


@dataclass(frozen=True, slots=True)
class Advice:
    """What the rule would have done as it is, and what may be proposed; `problem` says why there is nothing."""

    figures: Figures | None
    proposals: Sequence[Proposal]
    problem: str = ""


def advise(report: Report, line: RuleLine, *, now: datetime) -> Advice:
    """Proposals for one rule over the report's range, the most firings spared first."""
    rule, told = line.rule, line.told
    if told.n < FEW:
        few = _("It fired %(n)d times in this range: too few to propose anything from. Fewer than %(few)d say little.")
        return Advice(None, (), few % {"n": told.n, "few": FEW})
    if rule.kind == AlertRule.Kind.EXTERNAL:
        return Advice(None, (), _("Another program asks this: change the rule there."))
    variants = _variants(rule)
    try:
        base, *others = compare([rule, *(one for _, _, one in variants)], start=report.start, end=report.end, now=now)
    except (Refused, KeyError, ValueError) as error:
        return Advice(None, (), str(error))
    found = [
        _proposal(what, value, base, other, report.needed)
        for (what, value, _rule), other in zip(variants, others, strict=True)
    ]
    chosen = [*_best(one for one in found if one is not None), *_retire(report, line, base)]
    chosen.sort(key=lambda one: one.figures.firings)
    return Advice(_figures(base), chosen, "" if chosen else _nothing())


def _nothing() -> str:
    return _(
        "Nothing is proposed: no longer wait and no wider window spares anybody without missing what was acted upon."
    )


def _variants(rule: AlertRule) -> list[tuple[What, timedelta, AlertRule]]:
    """The rule with other values; those that make no rule are left out."""
    holds = [hold for hold in HOLDS if hold > rule.for_duration]
    windows = [rule.window * factor for factor in WIDER] if rule.kind in WINDOWED else []
    found: list[tuple[What, timedelta, AlertRule]] = [
        *(("for", hold, _with(rule, for_duration=hold)) for hold in holds),
        *(("window", window, _with(rule, window=window)) for window in windows),
    ]
    return [one for one in found if not rule_problems(one[2])]


def _with(rule: AlertRule, **changed: timedelta) -> AlertRule:
    variant = copy(rule)
    for name, value in changed.items():
        setattr(variant, name, value)
    return variant


def _proposal(what: What, value: timedelta, base: Backtest, other: Backtest, needed: frozenset[int]) -> Proposal | None:
    """None where it spares nobody, or misses what somebody needed."""
    caught = {one.pk for one in other.caught}
    lost = [one for one in base.caught if one.pk not in caught]
    if len(other.firings) >= len(base.firings) or any(one.pk in needed for one in lost):
        return None
    return Proposal(what, value, _figures(other), lost)


def _best(proposals: Iterable[Proposal]) -> list[Proposal]:
    """Of each kind the one that spares most, and of equals the smallest change."""
    best: dict[str, Proposal] = {}
    for one in proposals:
        known = best.get(one.what)
        if known is None or one.figures.firings < known.figures.firings:
            best[one.what] = one
    return list(best.values())


def _retire(report: Report, line: RuleLine, base: Backtest) -> list[Proposal]:
    """Where nobody ever acted upon it, or reviews call most of it noise; other rules go on catching what they caught."""
    told = line.told
    high = told.precision.high
    is_noise = told.is_judged and high is not None and high < 0.5
    if not is_noise and (told.acted or told.useful):
        return []
    mine = line.rule.pk
    kept = [one for one in base.caught if report.fired_in.get(one.pk, frozenset()) - {mine}]
    kept_keys = {one.pk for one in kept}
    lost = [one for one in base.caught if one.pk not in kept_keys]
    if any(one.pk in report.needed for one in lost):
        return []
    figures = Figures(0, 0.0, kept, [*base.missed, *lost], 0, 0, 0)
    return [Proposal("retire", None, figures, lost)]


def _figures(found: Backtest) -> Figures:
    return Figures(
        firings=len(found.firings),
        firing_s=found.firing_s,
        caught=found.caught,
        missed=found.missed,
        false_alarms=len(found.false_alarms),
        pages=len(found.pages),
        pages_at_night=len(found.pages_at_night),
    )
