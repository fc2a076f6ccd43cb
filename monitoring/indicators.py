"""The indicator that an objective promises: one of the catalogue, or a measure judged slice of time by slice of time.

A slice is valid when the measure has a value there, on enough events; it is good when that value keeps its bound. Good
and valid slices feed the same budget arithmetic as good and valid events (OpenSLO calls the two Timeslices and
Occurrences).
"""

from datetime import timedelta
from typing import Final

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from monitoring.catalogue import MEASURES, SLIS, Indicator
from monitoring.models import SLO, TIME_SLICES
from monitoring.stats.readers import GoodValid
from monitoring.stats.tally import Subject, Tally

SLICES: Final[dict[timedelta, StrOrPromise]] = {
    timedelta(minutes=5): _("5 minutes"),
    timedelta(minutes=15): _("15 minutes"),
    timedelta(hours=1): _("an hour"),
    timedelta(days=1): _("a day (UTC)"),
}
TITLE: Final = _("time in which a measure keeps its bound")
INDICATORS: Final[dict[str, StrOrPromise]] = {**{name: one.label for name, one in SLIS.items()}, TIME_SLICES: TITLE}


def is_known(slo: SLO) -> bool:
    """Whether the catalogue still has what it promises."""
    return slo.measure in MEASURES if slo.sliced else slo.sli in SLIS


def indicator_of(slo: SLO) -> Indicator:
    """`KeyError` for a name that is not in the catalogue."""
    if slo.sli != TIME_SLICES:
        return SLIS[slo.sli]
    measure = MEASURES[slo.measure]

    def judge(tally: Tally, subject: Subject, bound_ms: float | None) -> GoodValid:
        """One slice: (1, 1) good, (0, 1) bad, (0, 0) without enough to say."""
        reading = measure.read(tally, subject)
        if reading.value is None or slo.bound is None or (measure.sampled and reading.n < slo.minimum):
            return 0, 0
        at_most = slo.comparison == SLO.Comparison.AT_MOST
        return int(reading.value <= slo.bound if at_most else reading.value >= slo.bound), 1

    return Indicator(
        name=TIME_SLICES,
        label=TITLE,
        kinds=measure.kinds,
        metrics=measure.metrics,
        good_valid=judge,
        settle=measure.settle,
    )
