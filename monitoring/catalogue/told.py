"""Measures of metrics that clients tell, and of evaluators: not listed, for every application has its own, but read and ruled
like every other."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from django.utils.translation import gettext_lazy as _

from monitoring.catalogue.base import ALL, Indicator, Measure
from monitoring.catalogue.evaluations import indicator_of_evaluator, measure_of_evaluator
from monitoring.stats.metrics import Statistic, parse_measure

SOURCE = "OpenTelemetry, metrics data model; Prometheus, rate() and histogram_quantile()"
DEFINITIONS = {
    "mean": _("The mean of all values of the window."),
    "min": _("The least value of the window, within 1 %."),
    "max": _("The greatest value of the window, within 1 %."),
    "rate": _("What was counted in the window, per second."),
    "increase": _("What was counted in the window."),
}
QUANTILE = _(
    "So many of 100 values of the window are at most this. Straight within a bucket, whose bounds are within 1 %."
)


class Measures(Mapping[str, Measure]):
    """Measures by name. Those of the catalogue are listed; `metric:NAME:STATISTIC` is found, too, for any name of a metric,

    and `evaluation:SLUG:STATISTIC` for any evaluator.
    """

    def __init__(self, listed: Iterable[Measure]) -> None:
        self._listed = {measure.name: measure for measure in listed}

    def __getitem__(self, name: str) -> Measure:
        """`KeyError` for what is neither."""
        found = self._listed.get(name) or measure_told(name) or measure_of_evaluator(name)
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._listed)

    def __len__(self) -> int:
        return len(self._listed)


class Indicators(Mapping[str, Indicator]):
    """Indicators by name. Those of the catalogue are listed; `evaluation:SLUG` is found, too, for any evaluator."""

    def __init__(self, listed: Iterable[Indicator]) -> None:
        self._listed = {indicator.name: indicator for indicator in listed}

    def __getitem__(self, name: str) -> Indicator:
        """`KeyError` for what is neither."""
        found = self._listed.get(name) or indicator_of_evaluator(name)
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._listed)

    def __len__(self) -> int:
        return len(self._listed)


@lru_cache(maxsize=1024)
def measure_told(name: str) -> Measure | None:
    """The measure of a statistic of a metric; None where the name is none of one."""
    parsed = parse_measure(name)
    if parsed is None:
        return None
    read = Statistic(*parsed)
    return Measure(
        name=name,
        label=" ".join(parsed),
        unit="value",
        definition=DEFINITIONS.get(read.statistic, QUANTILE),
        source=SOURCE,
        kinds=ALL,
        metrics=read.metrics,
        read=read,
        sampled=False,
        lowest=0.0 if read.statistic in ("rate", "increase") else None,
    )
