"""A rule on an SLO's burn rate: several windows at once, after the Google SRE Workbook, chapter 5."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from alerting.kinds.base import BREACHED, FINE, NO_DATA, SEVERITIES, Answers, Judgement, moment, rule_model
from alerting.models import AlertRule, Severity
from alerting.states.machine import SEEN, Seen
from models_registry.models import LONGEST
from monitoring.catalogue.units import span
from monitoring.models import SLO
from monitoring.slo.books import read_books
from monitoring.slo.groups import ask_group
from monitoring.slo.status import ask_between, counts_between, guard_of
from monitoring.slo.windows import ObjectiveWindows, Sums, WindowsAsk, ask_windows
from monitoring.stats.burn import Guard, Pair, allowance, highest_factor, reachable, spans, standard_pairs
from monitoring.stats.foresee import feasible
from monitoring.stats.tally import Subject
from monitoring.stats.windows import Floats, Integers

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

    def question(self, rule: AlertRule, subject: Subject, *, until: Integers) -> WindowsAsk:
        """All windows of all pairs, which end where the indicator has settled."""
        slo = _promise(rule)
        pairs = pairs_of(rule, slo)
        for pair in pairs:  # the objective may have another target by now
            if not reachable(pair.factor, slo.target):
                raise ValueError(_never_fires(pair, slo.target))
        return ask_windows(slo, subject, until=until, spans_s=spans(pairs))

    def judge(self, rule: AlertRule, subject: Subject, seen: ObjectiveWindows) -> Answers:
        """The strongest pair that burns speaks alone: it suppresses the weaker ones."""
        slo = _promise(rule)
        pairs = pairs_of(rule, slo)
        burning = Burning(slo, seen.sums(slo, spans(pairs)))
        shortest = min(range(len(pairs)), key=lambda place: pairs[place].long_s)
        speaks = np.full(len(seen), shortest)
        guard = Guard(rule.minimum, rule.minimum_short)
        fast = [burning.by(pair) for pair in pairs]
        loud = [one & burning.enough(pair, guard) for pair, one in zip(pairs, fast, strict=True)]
        for rows in (fast, loud):  # what was held back speaks where nothing burns
            for place in range(len(pairs) - 1, -1, -1):
                speaks = np.where(rows[place], place, speaks)
        burns = np.logical_or.reduce(loud)
        held = np.logical_or.reduce(fast) & ~burns
        rates = np.stack([burning.rate(pair.long_s) for pair in pairs])
        windows = [burning.sums[pair.long_s] for pair in pairs]
        valid, came = (np.stack(rows) for rows in ([one.valid for one in windows], [one.came for one in windows]))
        value, n, some = (np.take_along_axis(rows, speaks[None], axis=0)[0] for rows in (rates, valid, came))
        levels = np.array([SEVERITIES.index(pair.severity) for pair in pairs])
        severity = np.where(burns, levels[speaks], SEVERITIES.index(rule.severity))
        found = np.where(burns, BREACHED, np.where(n > 0, FINE, NO_DATA))
        n = np.where(n > 0, n, some)  # too little to tell is not nothing

        def tell(place: int) -> Judgement:
            pair, state = pairs[speaks[place]], SEEN[found[place]]
            rate = None if np.isnan(value[place]) else float(value[place])
            why = burning.why_held(pair, place, guard) if held[place] else self._reason(rule, pair, state, rate)
            if state == Seen.NO_DATA and n[place]:
                why = _("A component has no valid events within %(long)s.") % {"long": span(pair.long_s)}
            return Judgement(
                state,
                moment(seen.ends[place]),
                SEVERITIES[severity[place]],
                rate,
                int(burning.sums[pair.long_s].good[place]),
                int(n[place]),
                reason=why,
                window_s=pair.long_s,
                limit=pair.factor * allowance(slo.target),
            )

        return Answers(found, value, n, severity, tell, held=held)

    def title(self, rule: AlertRule) -> str:
        """The SLO and its model."""
        return _("%(slo)s: %(model)s is burning its error budget") % {"slo": rule.slo, "model": rule_model(rule)}

    def describe(self, rule: AlertRule, value: float) -> str:
        """Times as fast as planned."""
        return _("burning %(rate)s times as fast as the budget allows") % {"rate": number_format(value, 1)}

    def calm(self, rule: AlertRule, value: float) -> str:
        """Why it is over, or quiet, although it burns faster than planned; empty where it does not."""
        if rule.slo is None or value <= 1:
            return ""
        pair = min(pairs_of(rule, rule.slo), key=lambda pair: pair.long_s)
        told = {"factor": f"{pair.factor:g}", "long": span(pair.long_s), "short": span(pair.short_s)}
        if value > pair.factor:
            return (
                _("above the %(factor)s that it fires at, but over %(short)s no longer, or on too few bad events")
                % told
            )
        return _("it fires above %(factor)s, over %(long)s and %(short)s alike") % told

    def divisible(self, rule: AlertRule) -> bool:
        """Good and valid events can be counted in any part."""
        return True

    def excess(self, rule: AlertRule, subject: Subject, seen: Judgement, edges: Sequence[datetime]) -> list[float]:
        """Bad events above the share that the factor allows."""
        if rule.slo is None:
            return []
        [book] = read_books([ask_group(ask_between(rule.slo, subject, edges), seen.part)])
        return [part.bad - seen.limit * part.valid for part in counts_between(rule.slo, book, edges)]

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


@dataclass(frozen=True, slots=True)
class Burning:
    """How fast the windows of an SLO burn, at each instant."""

    slo: SLO
    sums: Sums

    def rate(self, span: int) -> Floats:
        """Times as fast as planned; NaN without events."""
        good, valid, *_more = self.sums[span]
        share = np.divide(valid - good, valid, out=np.full(valid.shape, np.nan), where=valid > 0)
        return np.asarray(share / allowance(self.slo.target))

    def bad(self, span: int) -> NDArray[Any]:
        """Bad events of a window, as a guard counts them."""
        return self.sums[span].hits

    def by(self, pair: Pair) -> NDArray[np.bool_]:
        """Whether both windows burn faster than the factor."""
        return np.asarray((self.rate(pair.long_s) > pair.factor) & (self.rate(pair.short_s) > pair.factor))

    def enough(self, pair: Pair, guard: Guard) -> NDArray[np.bool_]:
        """Whether both windows hold the bad events that a pair needs."""
        needed = guard_of(self.slo, pair, guard)
        return np.asarray((self.bad(pair.long_s) >= needed.long) & (self.bad(pair.short_s) >= needed.short))

    def why_held(self, pair: Pair, place: int, guard: Guard) -> str:
        """How fast it burns, on how few bad events."""
        needed = guard_of(self.slo, pair, guard)
        text = _(
            "Held back as low traffic: burning %(rate)s times as fast as the budget allows over %(long)s, on %(bad)s bad in "
            "%(long)s and %(bad_short)s in %(short)s; a rule fires on %(needed)s and %(needed_short)s."
        )
        return text % {
            "rate": number_format(float(self.rate(pair.long_s)[place]), 1),
            "long": span(pair.long_s),
            "short": span(pair.short_s),
            "bad": _count(self.bad(pair.long_s)[place]),
            "bad_short": _count(self.bad(pair.short_s)[place]),
            "needed": needed.long,
            "needed_short": needed.short,
        }


def _count(hits: float) -> str:
    """Whole ones; bad slices of a composite's component are enough for any guard."""
    return str(int(hits)) if np.isfinite(hits) else "∞"


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
        return _never_fires(read_pair(pair), target)
    return ""


def _never_fires(pair: Pair, target: float) -> str:
    """Why not, and what can."""
    told = _(
        "With a target of %(target)s the burn rate never gets above %(top)s, so a factor of %(factor)s could never "
        "fire. Use at most %(mend)s."
    ) % {
        "target": number_format(target),
        "top": number_format(1 / allowance(target), 1),
        "factor": number_format(pair.factor),
        "mend": number_format(highest_factor(target), 1),
    }
    other = feasible(pair, target)
    if other.long_s == pair.long_s:
        return told
    more = _("The same share of the budget can be watched over longer windows: %(pair)s.") % {
        "pair": json.dumps(asdict(other))
    }
    return f"{told} {more}"


KIND = BurnRate()
