"""Two versions (or two segments) of a model side by side: every measure of both, their difference, and a plain verdict."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from models_registry.models import Model
from monitoring.catalogue import MEASURES, Measure, measures_for
from monitoring.catalogue.units import figure, number
from monitoring.measures.series import Wanted, is_provisional, read_windows, subjects_of
from monitoring.selectors.summaries import Scope
from monitoring.stats.compare import Difference, Verdict, difference, judge
from monitoring.stats.intervals import Reading
from monitoring.stats.tally import Subject

# What a model is judged by, the first that both have: is it right, how near, do people like it, does it answer.
JUDGED_BY = ("accuracy", "mae", "bad_answer_rate", "feedback_negative_rate", "truncation_rate", "error_rate")


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two, by the name that people know it by."""

    name: str
    scope: Scope


@dataclass(frozen=True, slots=True)
class Row:
    """One measure of both. `provisional`: labels of the window may still arrive."""

    measure: Measure
    champion: Reading
    challenger: Reading
    difference: Difference | None
    verdict: Verdict
    sentence: str
    provisional: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every measure, and the sentence that sums it up by the measure that the model is judged by."""

    champion: Side
    challenger: Side
    rows: list[Row]
    verdict: Verdict
    sentence: str


def compare(
    model: Model,
    champion: Side,
    challenger: Side,
    *,
    start: datetime,
    end: datetime,
    now: datetime,
    subject: Subject | None = None,
) -> Comparison:
    """All measures of this kind of model over [start, end), in one query for the summaries."""
    subject = subject or subjects_of([model])[model.pk]
    names = tuple(measure.name for measure in measures_for(model.kind))
    sides = (champion, challenger)
    before, after = read_windows([Wanted(names, side.scope, (start, end), subject) for side in sides])
    provisional = is_provisional(end, subject, now=now)
    rows = [_row(MEASURES[name], sides, before[name], after[name], provisional) for name in names]
    rows = [row for row in rows if row.champion.n or row.challenger.n]
    return Comparison(champion, challenger, rows, *_sum_up(sides, rows))


def _row(measure: Measure, sides: tuple[Side, Side], before: Reading, after: Reading, provisional: bool) -> Row:
    found = difference(before, after)
    verdict = judge(found, measure.better)
    sentence = sentence_of(measure, (sides[0].name, sides[1].name), before, after, found, verdict)
    return Row(measure, before, after, found, verdict, sentence, provisional and measure.settle == "labels")


def _sum_up(sides: tuple[Side, Side], rows: Sequence[Row]) -> tuple[Verdict, str]:
    by_name = {row.measure.name: row for row in rows if row.verdict not in {"no_data", "unjudged"}}
    row = next((by_name[name] for name in JUDGED_BY if name in by_name), None)
    if row is None:
        told = _(
            "%(champion)s and %(challenger)s cannot be compared: no measure has data of both in this window. A longer one may have."
        )
        return "no_data", told % {"champion": sides[0].name, "challenger": sides[1].name}
    told = row.sentence
    if row.provisional:
        told = " ".join((told, _("Labels of this window may still arrive.")))
    return row.verdict, told


def sentence_of(
    measure: Measure,
    names: tuple[str, str],
    before: Reading,
    after: Reading,
    found: Difference | None,
    verdict: Verdict,
) -> str:
    """The verdict in words, with the difference, its interval and both n."""
    about = {"champion": names[0], "challenger": names[1], "measure": capfirst(str(measure.label))}
    about |= {"n_before": number(before.n), "n_after": number(after.n)}
    if found is None:
        missing = names[0] if before.value is None else names[1]
        return _("%(measure)s: %(missing)s has no data in this window.") % {**about, "missing": missing}
    about["difference"] = difference_figure(found.value, measure.unit)
    if found.low is None or found.high is None:
        return (
            _("%(measure)s: %(difference)s from %(champion)s to %(challenger)s; no interval tells chance apart.")
            % about
        )
    about |= {"low": bare_figure(found.low, measure.unit), "high": bare_figure(found.high, measure.unit)}
    return _SENTENCES[verdict]() % about


_SENTENCES = {
    "better": lambda: _(
        "%(challenger)s is better than %(champion)s: %(measure)s %(difference)s (95%%: %(low)s to %(high)s), "
        "n %(n_after)s and %(n_before)s."
    ),
    "worse": lambda: _(
        "%(challenger)s is worse than %(champion)s: %(measure)s %(difference)s (95%%: %(low)s to %(high)s), "
        "n %(n_after)s and %(n_before)s."
    ),
    "different": lambda: _(
        "%(challenger)s differs from %(champion)s: %(measure)s %(difference)s (95%%: %(low)s to %(high)s), "
        "n %(n_after)s and %(n_before)s."
    ),
    "same": lambda: _(
        "No difference that n %(n_after)s and %(n_before)s could show: %(measure)s %(difference)s "
        "(95%%: %(low)s to %(high)s) from %(champion)s to %(challenger)s."
    ),
}


def difference_figure(value: float, unit: str) -> str:
    """A difference with its sign and unit: +4.1 points, −12 ms, +2 min 5 s."""
    sign = "+" if value > 0 else "" if value < 0 else "±"
    written = sign + bare_figure(value, unit)
    return _("%(number)s points") % {"number": written} if unit == "ratio" else written


def bare_figure(value: float, unit: str) -> str:
    """A difference without the sign of what grew; a share in points, without the word."""
    if unit != "ratio":
        return figure(value, unit)
    return number(value * 100, 1 if abs(value) >= 0.01 else 2)


def interval_figure(gap: Difference, unit: str) -> str:
    """From low to high; empty where no interval is known."""
    if gap.low is None or gap.high is None:
        return ""
    return f"{bare_figure(gap.low, unit)} … {bare_figure(gap.high, unit)}"
