"""How the labels of a model come in: the learned lag, and what has arrived of what was expected, window by window."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import log

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from lib import charts
from models_registry.models import Model
from monitoring.measures.series import is_provisional
from monitoring.models import LabelLag
from monitoring.quality.label_lags import curve_of
from monitoring.selectors.summaries import Scope, read_tallies
from monitoring.stats.lag import LagCurve
from monitoring.stats.readers import label_coverage
from monitoring.stats.tally import Subject, Tally
from panel import format as write

WINDOWS = 8
METRICS = ("confusion", "decision", "rank", "value")
LEAST = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A window of predictions: how many, and what part of them is labelled now and was expected to be."""

    start: datetime
    n: int
    arrived: str
    expected: str
    state: str


@dataclass(frozen=True, slots=True)
class LabelFeed:
    """What the card shows; no drawing until a lag was learned."""

    sentence: str
    drawing: SafeString | None
    longest: str
    arrivals: list[Arrival]


def label_feed(model: Model, subject: Subject, *, now: datetime) -> LabelFeed:
    """Two queries: the curve, and the newest windows, which reach back twice the settle time."""
    found = LabelLag.objects.filter(model=model).first()
    curve = curve_of(found) if found else None
    final = found.coverage if found else None
    end = now.replace(second=0, microsecond=0)
    step = max(2 * subject.settle, LEAST) / WINDOWS
    edges = [end - step * back for back in range(WINDOWS, -1, -1)]
    tallies = read_tallies(Scope(model.project_id, model.pk), METRICS, edges=edges)
    return LabelFeed(
        _sentence(subject, found),
        _drawing(curve, subject) if curve else None,
        write.span(curve.lags_s[-1]) if curve else "",
        [_arrival(tally, subject, curve, final, now=now) for tally in reversed(tallies)],
    )


def _sentence(subject: Subject, found: LabelLag | None) -> str:
    wait = write.span(subject.settle)
    if found is None:
        return _("No label has come yet: the declared delay of %(wait)s counts.") % {"wait": wait}
    if found.settle_s is None:
        text = _("The declared delay of %(wait)s counts: %(labels)s labels are too few, or too young, to learn from.")
        return text % {"wait": wait, "labels": write.number(found.labels)}
    text = _("95%% of the labels are there %(wait)s after their prediction, as learned from %(labels)s labels.")
    return text % {"wait": wait, "labels": write.number(found.labels)}


def _drawing(curve: LagCurve, subject: Subject) -> SafeString:
    """The share of labels over the age of a prediction, which is drawn by its logarithm."""
    first, last = max(curve.lags_s[0], 1.0), max(curve.lags_s[-1], 2.0)

    def place(seconds: float) -> float:
        return min(1.0, max(0.0, (log(max(seconds, first)) - log(first)) / max(log(last) - log(first), 1e-9)))

    points: list[tuple[float, float]] = [(0.0, 0.0)]
    for lag, share in zip(curve.lags_s, curve.shares, strict=True):
        points += [(place(lag), points[-1][1]), (place(lag), share)]
    title = _("Labels that have arrived, by the age of their prediction")
    return charts.plane([("accent", points)], title=title, marks=[place(subject.settle.total_seconds())], height=320)


def _arrival(tally: Tally, subject: Subject, curve: LagCurve | None, final: float | None, *, now: datetime) -> Arrival:
    reading = label_coverage(tally, subject)
    expected = None
    if curve is not None and final is not None:
        middle = tally.start + (tally.end - tally.start) / 2
        expected = curve.share((now - middle).total_seconds()) * final
    state = "provisional" if is_provisional(tally.end, subject, now=now) else "settled" if reading.n else "no_data"
    return Arrival(tally.start, reading.n, write.ratio(reading.value), write.ratio(expected), state)
