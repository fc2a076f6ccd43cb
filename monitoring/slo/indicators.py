"""The indicator that an objective promises: one of the catalogue, or a measure judged slice of time by slice of time.

A slice is valid when the measure has a value there, on enough events; it is good when that value keeps its bound. Good
and valid slices feed the same budget arithmetic as good and valid events (OpenSLO calls the two Timeslices and
Occurrences).
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

import numpy as np
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise
from numpy.typing import NDArray

from monitoring.catalogue import MEASURES, SLIS, Indicator, Settle
from monitoring.models import COMPOSITE, SLO, TIME_SLICES
from monitoring.selectors.components import load_components
from monitoring.stats.marks import count_marked
from monitoring.stats.tally import Subject, Tally

SLICES: Final[dict[timedelta, StrOrPromise]] = {
    timedelta(minutes=1): _("a minute"),
    timedelta(minutes=5): _("5 minutes"),
    timedelta(minutes=15): _("15 minutes"),
    timedelta(hours=1): _("an hour"),
    timedelta(days=1): _("a day (UTC)"),
}
TITLE: Final = _("time in which a measure keeps its bound")
TOGETHER: Final = _("several objectives together")


class Titles(Mapping[str, StrOrPromise]):
    """What indicators are called. All but those of evaluators are listed; these are found."""

    def __init__(self, beside: Mapping[str, StrOrPromise]) -> None:
        self._listed = {**{name: one.label for name, one in SLIS.items()}, **beside}

    def __getitem__(self, name: str) -> StrOrPromise:
        """`KeyError` for what is none."""
        return self._listed[name] if name in self._listed else SLIS[name].label

    def __iter__(self) -> Iterator[str]:
        return iter(self._listed)

    def __len__(self) -> int:
        return len(self._listed)


INDICATORS: Final = Titles({TIME_SLICES: TITLE, COMPOSITE: TOGETHER})


def is_known(slo: SLO) -> bool:
    """Whether the catalogue still has what it promises, or all of its components do."""
    if slo.sli == COMPOSITE:
        load_components([slo])
        return all(is_known(one.slo) for one in slo.parts or ())
    return slo.measure in MEASURES if slo.sli == TIME_SLICES else slo.sli in SLIS


def indicator_of(slo: SLO) -> Indicator | None:
    """Whose events are counted; None where a measure is judged instead. `KeyError` for a name that is not in the catalogue."""
    return None if slo.sli == TIME_SLICES else SLIS[slo.sli]


def metrics_of(slo: SLO) -> tuple[str, ...]:
    """The summaries behind it."""
    return MEASURES[slo.measure].metrics if slo.sli == TIME_SLICES else SLIS[slo.sli].metrics


def settles_with(slo: SLO) -> Settle:
    """What it waits for; a composite for the labels of the component that takes longest (`composites.subjects_for`)."""
    if slo.sli == COMPOSITE:
        return "labels"
    return MEASURES[slo.measure].settle if slo.sli == TIME_SLICES else SLIS[slo.sli].settle


def good_valid(slo: SLO, tally: Tally, subject: Subject) -> tuple[float, float]:
    """Good and valid events of a window. Of a slice of time: (1, 1) good, (0, 1) bad, (0, 0) without enough to say."""
    indicator = indicator_of(slo)
    if indicator is not None:
        good, valid = count_marked(indicator.metric, indicator.marks, tally, subject, slo.bound_ms)
        if not slo.sliced:
            return good, valid
        [[share, judged]] = judge_slices(slo, np.array([good]), np.array([valid])).tolist()
        return share, judged
    measure = MEASURES[slo.measure]
    reading = measure.read(tally, subject)
    if reading.value is None or slo.bound is None or (measure.sampled and reading.n < slo.minimum):
        return 0, 0
    at_most = slo.comparison == SLO.Comparison.AT_MOST
    return int(reading.value <= slo.bound if at_most else reading.value >= slo.bound), 1


def judge_slices(slo: SLO, good: NDArray[Any], valid: NDArray[Any]) -> NDArray[Any]:
    """(good, valid) of each slice of time by its events: a verdict of 0 or 1, or their share; (0, 0) without enough of them."""
    enough = valid >= max(1, slo.minimum)
    share = good / np.maximum(valid, 1)
    if slo.method == SLO.Method.RATIO_TIMESLICES:
        return np.stack([np.where(enough, share, 0.0), enough], axis=1)
    return np.stack([enough & (share >= (slo.slice_target or 0.0)), enough], axis=1).astype(np.int64)
