"""What a target tells, in the text format of Prometheus or in OpenMetrics, as data points. Parsed by prometheus_client.

Counters, histograms and summaries are cumulative; where the target says since when (`_created`), that is their start.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from math import inf, isfinite
from typing import Any, NamedTuple

from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from monitoring.stats.points import Explicit, Point

ACCEPT = "application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
OPENMETRICS = "application/openmetrics-text"
GAUGES = ("gauge", "unknown", "untyped")
CREATED = "_created"
SUMMED = ("counter", "histogram", "summary")
MAX_COUNT = 2**62
MAX_BUCKETS = 1_000
Labels = tuple[tuple[str, str], ...]
Starts = dict[Labels, int]  # since when, in epoch µs


class Told(NamedTuple):
    """One data point of a target."""

    name: str
    unit: str
    description: str
    labels: Mapping[str, str]
    point: Point


class ExpositionError(ValueError):
    """The answer cannot be read; the message says why."""


def read_exposition(text: str, media: str) -> list[Told]:
    """The points of every family that has numbers; `ExpositionError` where the text is in neither format."""
    read: Callable[[str], Iterable[Metric]] = read_openmetrics if media == OPENMETRICS else read_text
    try:
        families = list(read(text))
        starts = _starts(families)
        return [told for family in families for told in _points(family, starts) if told.name.isprintable()]
    # What the parser does with nonsense is not of one kind.
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
        raise ExpositionError(str(error)) from error


def _points(family: Metric, starts: Mapping[str, Starts]) -> Iterator[Told]:
    if family.type == "counter":
        yield from _counters(family, starts[family.name])
    elif family.type in ("histogram", "summary"):
        yield from _distributions(family, starts[family.name])
    elif family.type in GAUGES and family.name.removesuffix(CREATED) not in starts:
        for sample in family.samples:
            if isfinite(sample.value):
                yield _told(family, sample.name, sample.labels, Point(value=float(sample.value)))


def _counters(family: Metric, begun: Starts) -> Iterator[Told]:
    for sample in family.samples:
        if sample.name.endswith(CREATED) or not isfinite(sample.value) or sample.value < 0:
            continue
        start = begun.get(_labels(sample.labels), 0)
        yield _told(family, sample.name, sample.labels, Point(kind="counter", start=start, value=float(sample.value)))


def _distributions(family: Metric, begun: Starts) -> Iterator[Told]:
    """Histograms by their buckets; a summary keeps what adds up, its count and sum."""
    for labels, parts in _grouped(family).items():
        count = parts.get("_count", parts.get("_buckets", {}).get(inf))
        if not isinstance(count, float) or not 0 <= count < MAX_COUNT:
            continue
        total = parts.get("_sum")
        point = Point(
            kind="histogram",
            start=begun.get(labels, 0),
            count=int(count),
            sum=total if total is not None and isfinite(total) else None,
            explicit=_buckets(parts.get("_buckets", {}), int(count)),
        )
        yield _told(family, family.name, dict(labels), point)


def _grouped(family: Metric) -> dict[Labels, dict[str, Any]]:
    """Labels without `le` → what is told of them: `_count`, `_sum`, and `_buckets` by bound."""
    found: dict[Labels, dict[str, Any]] = {}
    for sample in family.samples:
        labels = {name: value for name, value in sample.labels.items() if name not in ("le", "quantile")}
        parts = found.setdefault(_labels(labels), {})
        suffix = sample.name.removeprefix(family.name)
        if suffix == "_bucket":
            parts.setdefault("_buckets", {})[float(sample.labels["le"])] = float(sample.value)
        elif suffix in ("_count", "_sum"):
            parts[suffix] = float(sample.value)
    return found


def _buckets(cumulated: Mapping[float, float], count: int) -> Explicit | None:
    """Counts of each bucket, from those of all up to each bound; None where they do not ascend to the count."""
    bounds = sorted(bound for bound in cumulated if bound != inf)
    edges = [0, *(int(cumulated[bound]) for bound in bounds), count]
    counts = [high - low for low, high in pairwise(edges)]
    return Explicit(bounds, counts) if 0 < len(bounds) < MAX_BUCKETS and min(counts) >= 0 else None


def _starts(families: Iterable[Metric]) -> dict[str, Starts]:
    """Name of a family that adds up → its starts; OpenMetrics tells them in it, the text format as a gauge beside it."""
    families = list(families)
    found: dict[str, Starts] = {family.name: {} for family in families if family.type in SUMMED}
    for family in families:
        root = family.name if family.name in found else family.name.removesuffix(CREATED)
        if root in found:
            found[root] |= {
                _labels(sample.labels): round(sample.value * 1_000_000)
                for sample in family.samples
                if sample.name == root + CREATED and isfinite(sample.value)
            }
    return found


def _labels(labels: Mapping[str, str]) -> Labels:
    return tuple(sorted(labels.items()))


def _told(family: Metric, name: str, labels: Mapping[str, str], point: Point) -> Told:
    return Told(name, family.unit or "", family.documentation or "", labels, point)


def wanted(told: Iterable[Told], names: Sequence[str]) -> list[Told]:
    """Those that the list allows; an asterisk at the end of a name is any rest."""
    if not names:
        return list(told)
    whole = {name for name in names if not name.endswith("*")}
    heads = tuple(name[:-1] for name in names if name.endswith("*"))
    return [one for one in told if one.name in whole or (heads and one.name.startswith(heads))]
