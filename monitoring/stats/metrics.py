"""Series of metrics of OpenTelemetry and Prometheus: what they are called in the summaries, and how they are read. Pure.

The measure `metric:NAME:STATISTIC` is computed from them like every other. Counters have one series, of exact sums
(`monitoring.stats.exact`); gauges and histograms one of ranges (`monitoring.stats.ranges`) and one of exact sums. The key of
a series is that of its attributes; a measure is over all of them, unless it is asked of some.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Final

import msgspec

from monitoring.stats.exact import UNIT, sums
from monitoring.stats.histogram import merge_arrays
from monitoring.stats.intervals import Reading
from monitoring.stats.layouts import ERROR_SUMS
from monitoring.stats.points import Kind
from monitoring.stats.ranges import RANGES, Ranges, highest, lowest, quantile_of, unpack_ranges
from monitoring.stats.tally import EMPTY, Cell, Subject, Tally

PREFIX: Final = "metric:"
RANGE_METRICS: Final[Mapping[Kind, str]] = {"gauge": "mg", "histogram": "mh"}
COUNTED, SUMMED = "mc", "ms"
TOLD: Final = (COUNTED, SUMMED, *RANGE_METRICS.values())
LAYOUTS: Final = {COUNTED: ERROR_SUMS, SUMMED: ERROR_SUMS, "mg": RANGES, "mh": RANGES}
OVERFLOW: Final = {"otel.metric.overflow": "true"}  # as SDKs of OpenTelemetry call what is beyond their limit
STATISTICS: Final[Mapping[Kind, tuple[str, ...]]] = {
    "gauge": ("mean", "min", "max", "p50", "p95", "p99"),
    "counter": ("rate", "increase"),
    "histogram": ("p50", "p95", "p99", "mean", "rate", "increase", "min", "max"),
}
QUANTILES: Final = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
ALL_STATISTICS: Final = frozenset({*(name for names in STATISTICS.values() for name in names), *QUANTILES})
_encode = msgspec.json.Encoder(order="sorted").encode


def series_metric(part: str, name: str) -> str:
    """The metric of the series of a part, such as COUNTED, of the metric of this name."""
    return f"{part}:{blake2b(name.encode(), digest_size=12).hexdigest()}"


def is_told(metric: str) -> bool:
    """Whether such a series is one of these: they come from no stored event."""
    return metric[:2] in TOLD and metric[2:3] == ":"


def key_of(attributes: Mapping[str, str]) -> str:
    """The key of a set of attributes; empty for none."""
    return blake2b(_encode(attributes), digest_size=16).hexdigest() if attributes else ""


def measure_name(name: str, statistic: str) -> str:
    """The measure of a statistic of a metric."""
    return f"{PREFIX}{name}:{statistic}"


def measures_of(name: str, kind: str) -> list[str]:
    """What is read of a metric of this kind, by the names of measures; the first is what one looks at first."""
    return [
        measure_name(name, statistic) for known, all_of in STATISTICS.items() if known == kind for statistic in all_of
    ]


def parse_measure(measure: str) -> tuple[str, str] | None:
    """(name, statistic) of such a measure; None of any other."""
    name, _, statistic = measure.removeprefix(PREFIX).rpartition(":")
    is_one = measure.startswith(PREFIX) and bool(name) and statistic in ALL_STATISTICS
    return (name, statistic) if is_one else None


@dataclass(frozen=True, slots=True)
class Statistic:
    """Reads a statistic of a metric from a tally, over all attributes or those of these keys."""

    name: str
    statistic: str
    keys: frozenset[str] | None = None

    @property
    def metrics(self) -> tuple[str, ...]:
        """Of the series that it needs."""
        if self.statistic == "mean":
            return (series_metric(SUMMED, self.name),)
        parts = ("mg", "mh") if self.statistic not in ("rate", "increase") else (COUNTED, "mh")
        return tuple(series_metric(part, self.name) for part in parts)

    def __call__(self, tally: Tally, _subject: Subject) -> Reading:
        """As measures are read: it asks nothing of the model."""
        return self.read(tally)

    def read(self, tally: Tally) -> Reading:
        """No data where the window has no point."""
        if self.statistic in ("rate", "increase"):
            return self._increase(tally)
        if self.statistic == "mean":
            cell = self._cell(tally, SUMMED)
            return Reading(_total(cell) / cell.n if cell.n else None, cell.n)
        gauges, histograms = self._cell(tally, "mg"), self._cell(tally, "mh")
        cell = gauges if gauges.n else histograms
        return Reading(_reader(self.statistic)(unpack_ranges(cell.bins, cell.counts)), cell.n)

    def of(self, keys: frozenset[str]) -> "Statistic":
        """The same of these sets of attributes alone."""
        return replace(self, keys=keys)

    def _increase(self, tally: Tally) -> Reading:
        counter, histogram = self._cell(tally, COUNTED), self._cell(tally, "mh")
        n = counter.n or histogram.n
        if not n:
            return Reading(None, 0)
        found = _total(counter) if counter.n else float(histogram.n)
        seconds = (tally.end - tally.start).total_seconds()
        if self.statistic == "rate":
            return Reading(found / seconds if seconds else None, n)
        return Reading(found, n)

    def _cell(self, tally: Tally, part: str) -> Cell:
        return _merged(tally, part, self.name, self.keys)


def sum_of(tally: Tally, name: str, part: str = SUMMED, keys: frozenset[str] | None = None) -> tuple[float, int]:
    """(sum, how many) of the values of a gauge, of those that a histogram was made of, or of what was COUNTED."""
    cell = _merged(tally, part, name, keys)
    return _total(cell), cell.n


def _merged(tally: Tally, part: str, name: str, keys: frozenset[str] | None) -> Cell:
    metric = series_metric(part, name)
    cells = [tally.cell(metric, key) for key in tally.keys(metric) if keys is None or key in keys]
    if not cells:
        return EMPTY
    bins, counts = merge_arrays([(cell.bins, cell.counts) for cell in cells])
    return Cell(sum(cell.n for cell in cells), 0, bins, counts, LAYOUTS[part])


def _total(cell: Cell) -> float:
    return sums(cell.bins, cell.counts)[0] / UNIT


def _reader(statistic: str) -> Callable[[Ranges], float | None]:
    if statistic == "min":
        return lowest
    if statistic == "max":
        return highest
    return lambda ranges: quantile_of(ranges, QUANTILES[statistic])
