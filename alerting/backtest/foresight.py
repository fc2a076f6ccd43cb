"""What a rule will do, before anybody saves it: by closed forms where there are any, and on the days that were. Reads only."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from django.utils.translation import gettext as _

from alerting.backtest.past import Backtest, Past, read_past, replay_past
from alerting.errors import BadRange, Refused
from alerting.kinds.base import scope_of
from alerting.kinds.burn_rate import pairs_of
from alerting.models import AlertRule
from monitoring.catalogue import MEASURES, Measure
from monitoring.measures.series import edges_between, read_series, subjects_of
from monitoring.slo.foresight import DAYS, Expected, Foresight, PairForesight, foresee, read_traffic
from monitoring.stats.burn import HOUR, Guard, Pair
from monitoring.stats.false_alarms import false_alarms
from monitoring.stats.foresee import OUTAGES, Clocks, foresee_threshold
from monitoring.stats.readers import Share
from monitoring.stats.traffic import Traffic, traffic_of

REPLAYED: Final = timedelta(days=7)
NOTHING: Final = Guard(0, 0)


@dataclass(frozen=True, slots=True)
class RuleForesight:
    """What it will do: `foresight` where closed forms tell, `replayed` on the past, or why that cannot be told; `saved` is what
    the rule as it is saved did there, where what is asked is another, or why that cannot be told. `bad_range`: the past
    that was asked for makes no sense.
    """

    rule: AlertRule
    foresight: Foresight | None
    replayed: Backtest | None = None
    problem: str = ""
    saved: Backtest | None = None
    saved_problem: str = ""
    bad_range: str = ""

    @property
    def columns(self) -> list[tuple[str, Backtest]]:
        """Side by side, each with its name."""
        if self.replayed is None:
            return []
        if self.saved is None:
            return [(_("this rule"), self.replayed)]
        return [(_("as it is saved"), self.saved), (_("as it is typed"), self.replayed)]


def foresee_rule(rule: AlertRule, *, now: datetime) -> RuleForesight:
    """A rule that can be asked (`rule_problems`), saved or not, on the last seven days. As many statements for any rule of a kind."""
    return foresee_over(rule, (now - REPLAYED, now), now=now)


def foresee_over(
    rule: AlertRule, span: tuple[datetime, datetime] | None, *, now: datetime, saved: AlertRule | None = None
) -> RuleForesight:
    """The same on [start, end), if any, beside the rule as it is saved."""
    told = RuleForesight(rule, _foresight(rule, now=now))
    if span is None:
        return told
    start, end = span[0], min(span[1], now)
    try:
        past = read_past(rule, start=start, end=end)
        told = replace(told, replayed=replay_past(rule, past, start=start, end=end))
    except BadRange as error:
        return replace(told, bad_range=str(error))
    except (Refused, ValueError) as error:
        return replace(told, problem=str(error))
    return told if saved is None else _beside(told, saved, past, start, end)


def _beside(told: RuleForesight, saved: AlertRule, past: Past, start: datetime, end: datetime) -> RuleForesight:
    """With what the saved rule did; what both look at is read once."""
    alike = (saved.slo_id, saved.model_id) == (told.rule.slo_id, told.rule.model_id)
    try:
        known = read_past(saved, start=start, end=end, known=past if alike else None)
        return replace(told, saved=replay_past(saved, known, start=start, end=end))
    except (Refused, KeyError, ValueError) as error:
        return replace(told, saved_problem=str(error))


def _foresight(rule: AlertRule, *, now: datetime) -> Foresight | None:
    if rule.kind == AlertRule.Kind.BURN_RATE and rule.slo is not None:
        traffic = read_traffic(rule.slo, now=now)
        guard = Guard(rule.minimum, rule.minimum_short)
        return foresee(rule.slo, pairs_of(rule, rule.slo), traffic, guard=guard, clocks=_clocks(rule))
    if rule.kind == AlertRule.Kind.THRESHOLD and (limit := _bad_limit(rule, rule.threshold)) is not None:
        return _of_threshold(rule, limit, now=now)
    return None


def _clocks(rule: AlertRule) -> Clocks:
    return Clocks(rule.for_duration.total_seconds(), rule.keep_firing_for.total_seconds())


def _bad_limit(rule: AlertRule, number: float | None) -> float | None:
    """The number as a share of bad events, where the measure is a share and the rule watches its bad side."""
    measure = MEASURES.get(rule.measure)
    if number is None or measure is None or not isinstance(measure.read, Share) or measure.open_ended:
        return None
    if measure.better == "lower" and rule.comparison == AlertRule.Comparison.ABOVE:
        return number
    if measure.better == "higher" and rule.comparison == AlertRule.Comparison.BELOW:
        return 1 - number
    return None


def _of_threshold(rule: AlertRule, limit: float, *, now: datetime) -> Foresight:
    """A threshold is a pair of one window that needs no budget: its factor is the limit."""
    seconds = int(rule.window.total_seconds())
    pair = Pair(seconds, seconds, limit, rule.severity)
    traffic = _traffic(rule, MEASURES[rule.measure], now=now)
    outages = tuple(
        foresee_threshold(
            limit,
            seconds,
            share,
            recovery=_bad_limit(rule, rule.recovery),
            minimum=rule.minimum,
            per_second=traffic.per_second if traffic else None,
            clocks=_clocks(rule),
        )
        for share in OUTAGES
    )
    rows = (PairForesight(pair, Guard(rule.minimum, 0), outages),)
    shown = Foresight(1 - limit, rows, traffic, traffic.share if traffic else 0.0)
    if traffic is None:
        return shown
    expected = _expected(pair, limit, traffic, rule.minimum)
    if rule.severity == "page":
        return replace(shown, false_pages=expected)
    return replace(shown, false_tickets=expected)


def _expected(pair: Pair, limit: float, traffic: Traffic, minimum: int) -> Expected:
    """Windows of fewer events than the minimum are never judged."""
    volumes = traffic.volumes([pair.long_s])
    judged = volumes[pair.long_s] >= minimum
    if not judged.any():
        return Expected(0.0, 0.0, 0.0)
    kept = {pair.long_s: volumes[pair.long_s][judged]}
    part = float(np.mean(judged))
    low, high = traffic.interval
    found = (
        part * false_alarms([pair], 0.0, min(share, limit), kept, [NOTHING]) for share in (traffic.share, low, high)
    )
    return Expected(*found)


def _traffic(rule: AlertRule, measure: Measure, *, now: datetime) -> Traffic | None:
    """The measure by the hour over two weeks."""
    scope = scope_of(rule)
    if rule.model is None:
        return None
    subject = subjects_of([rule.model])[rule.model.pk]
    end = (now - (subject.settle if measure.settle == "labels" else timedelta(0))).replace(
        minute=0, second=0, microsecond=0
    )
    edges = edges_between(end - timedelta(days=DAYS), end, timedelta(hours=1))
    points = read_series([measure.name], scope, edges=edges, now=now, subject=subject)[measure.name]
    n = np.array([point.n for point in points], dtype=np.float64)
    value = np.array([point.value or 0.0 for point in points])
    return traffic_of(n, n * value if measure.better == "lower" else n * (1 - value), HOUR)
