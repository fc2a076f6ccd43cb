"""Good and valid of an objective's windows at many instants, for rules: the present by one, a replayed past by thousands."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final

import numpy as np

from monitoring.indicators import good_valid, metrics_of, settles_with
from monitoring.models import SLO
from monitoring.selectors.history import Question, window_edges
from monitoring.selectors.summaries import Scope
from monitoring.slo import counts_of
from monitoring.stats.sliding import Sliding
from monitoring.stats.tally import Subject, Tally
from monitoring.stats.windows import Integers, Once, Windows

MINUTE: Final = 60
# By span in seconds: (good, valid), each over instants.
Sums = dict[int, tuple[Integers, Integers]]


def ask_windows(slo: SLO, subject: Subject, *, until: Integers, spans_s: Iterable[int]) -> Question:
    """What to read for `sum_windows`: windows of these lengths that end where the indicator has settled.

    Where slices of time are judged, one instant asks for each slice on its own.
    """
    ends = until - (int(subject.settle.total_seconds()) if settles_with(slo) == "labels" else 0)
    edges = _edges(slo, ends, spans_s)
    if slo.sliced and len(until) == 1:
        edges = np.arange(edges[0, 0], edges[-1, 0] + 1, _width(slo))[:, None]
    scope = Scope(slo.project_id, slo.model_id, environment=slo.environment)
    return Question(scope, frozenset(metrics_of(slo)), edges)


def _width(slo: SLO) -> int:
    return int(slo.sliced.total_seconds()) if slo.sliced else MINUTE


def _edges(slo: SLO, ends: Integers, spans_s: Iterable[int]) -> Integers:
    width = _width(slo)
    edges = window_edges(ends - ends % width, *(timedelta(seconds=span) for span in set(spans_s)))
    return edges - edges % width


def sum_windows(slo: SLO, subject: Subject, seen: Windows, *, spans_s: Sequence[int]) -> Sums:
    """Good and valid of each window at each instant."""
    if isinstance(seen, Once):
        counts = counts_of(slo, subject, seen.parts, spans_s=spans_s)
        return {span: (np.array([one.good]), np.array([one.valid])) for span, one in counts.items()}
    if slo.sliced and isinstance(seen, Sliding):
        parts = _of_slices(slo, subject, seen, _edges(slo, seen.edges[-1], spans_s))
    else:
        parts = seen.sums(lambda tally: _events(slo, tally, subject))
    windows = np.cumsum(parts[:, ::-1], axis=1)
    return {span: (windows[0, place], windows[1, place]) for place, span in enumerate(sorted(set(spans_s)))}


def _events(slo: SLO, tally: Tally, subject: Subject) -> tuple[int, int]:
    """Events are whole; only shares of slices are not."""
    good, valid = good_valid(slo, tally, subject)
    return int(good), int(valid)


def _of_slices(slo: SLO, subject: Subject, seen: Sliding, edges: Integers) -> Integers:
    """Each slice of time is judged once, however many windows it counts in: (good and valid, parts, instants)."""
    width = _width(slo)
    starts = np.arange(int(edges[0].min()), int(edges[-1].max()), width)
    slices = Sliding(seen.columns, np.stack([starts, starts + width]))
    verdicts = [good_valid(slo, tally, subject) for (tally,) in slices.tallies()]
    cumulated = np.cumsum(np.array([(0, 0), *verdicts]), axis=0)
    windows: Integers = np.diff(cumulated[(edges - edges[0].min()) // width], axis=0).transpose(2, 0, 1)
    return windows
