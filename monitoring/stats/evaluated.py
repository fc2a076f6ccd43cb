"""How the measures of evaluators are called and computed from a tally. Pure: no Django, no database.

Every evaluator has a metric of its own, so that reading one costs nothing of the others. `evaluation:SLUG:pass_rate` and
`evaluation:SLUG:mean_score` are its measures, `evaluation:SLUG` its indicator.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal, cast

from monitoring.stats.intervals import Reading, ratio, wilson
from monitoring.stats.layouts import FAILED, MILLIONTHS
from monitoring.stats.tally import Subject, Tally

MAX_SLUG: Final = 28  # so that the metric, and the name of the indicator, fit their columns
ALL: Final = "evaluated"  # calls that some evaluator judged
PREFIX: Final = "evaluation:"
Statistic = Literal["pass_rate", "mean_score"]
STATISTICS: Final[tuple[Statistic, ...]] = ("pass_rate", "mean_score")
NAME: Final = re.compile(rf"evaluation:([-\w]{{1,{MAX_SLUG}}})(?::(pass_rate|mean_score))?", re.ASCII)


def metric_of(slug: str) -> str:
    """The metric of an evaluator."""
    return f"ev:{slug}"


def indicator_name(slug: str) -> str:
    """The indicator of an evaluator."""
    return f"{PREFIX}{slug}"


def measure_name(slug: str, statistic: Statistic) -> str:
    """The measure of an evaluator."""
    return f"{PREFIX}{slug}:{statistic}"


def parse_measure(name: str) -> tuple[str, Statistic] | None:
    """(slug, statistic) of such a measure; None of any other."""
    found = NAME.fullmatch(name)
    return (found[1], cast("Statistic", found[2])) if found and found[2] else None


def parse_indicator(name: str) -> str | None:
    """The slug of such an indicator; None of any other."""
    found = NAME.fullmatch(name)
    return found[1] if found and not found[2] else None


@dataclass(frozen=True, slots=True)
class PassRate:
    """Answers that passed among those that were judged, of a metric."""

    metric: str = ALL

    def __call__(self, tally: Tally, subject: Subject) -> Reading:
        """With its Wilson interval."""
        cell = tally.cell(self.metric)
        return ratio(cell.n - cell.count(FAILED), cell.n)


@dataclass(frozen=True, slots=True)
class MeanScore:
    """The mean of the scores from 0 to 1, of a metric."""

    metric: str

    def __call__(self, tally: Tally, subject: Subject) -> Reading:
        """What lies between 0 and 1 varies at most as much as a yes or no of the same mean: the Wilson interval holds it."""
        cell = tally.cell(self.metric)
        if cell.n <= 0:
            return Reading(None, 0)
        share = min(max(cell.total / MILLIONTHS / cell.n, 0.0), 1.0)
        low, high = wilson(share * cell.n, cell.n) or (0.0, 1.0)
        return Reading(share, cell.n, low, high)
