"""How each measure is computed from a tally. Pure: no Django, no database.

Everything is a count over a count, a sum, or a quantile of merged histograms. Classification metrics equal
scikit-learn's on the raw labels: the positive class for binary models, macro averages (a class without predictions
counts as 0) for the others. A quotient of nothing by nothing is *no data*.
"""

from collections.abc import Callable
from math import sqrt

from monitoring.stats import averages, errors, ranks
from monitoring.stats.histogram import quantile
from monitoring.stats.intervals import Z_95, Reading, ratio
from monitoring.stats.layouts import (
    FEEDBACK_DOWN,
    FEEDBACK_RATED,
    FEEDBACK_UP,
    FINISH_CODES,
    STATUS_ERROR,
)
from monitoring.stats.tally import Confusion, Subject, Tally
from monitoring.stats.volume import volume_of

Reader = Callable[[Tally, Subject], Reading]
MULTICLASS, REGRESSION = "multiclass", "regression"
LENGTH = FINISH_CODES["length"]
KNOWN_FINISHES = sorted(code for name, code in FINISH_CODES.items() if name)
US_PER_MS = 1_000


def requests(tally: Tally, subject: Subject) -> Reading:
    """Predictions or calls in the window; zero is a value, not an absence."""
    n = tally.cell("status").n
    return Reading(float(n), n)


def throughput(tally: Tally, subject: Subject) -> Reading:
    """Requests per minute."""
    n = tally.cell("status").n
    minutes = (tally.end - tally.start).total_seconds() / 60
    return Reading(n / minutes if minutes else None, n)


def failed(tally: Tally, subject: Subject) -> Reading:
    """Failed requests; n counts all."""
    status = tally.cell("status")
    return Reading(float(status.count(STATUS_ERROR)), status.n)


def error_rate(tally: Tally, subject: Subject) -> Reading:
    """Failed requests over requests."""
    status = tally.cell("status")
    return ratio(status.count(STATUS_ERROR), status.n)


def latency(q: float) -> Reader:
    """The q-quantile of the latency in ms."""
    return percentile("latency", q, per=US_PER_MS)


def percentile(metric: str, q: float, *, per: int = 1) -> Reader:
    """The q-quantile of a metric, within 1 %, where `per` quanta are one unit; interval by order statistics."""

    def read(tally: Tally, subject: Subject) -> Reading:
        cell = tally.cell(metric)
        n = int(cell.counts.sum())
        if n <= 0:
            return Reading(None, 0)
        half = Z_95 * sqrt(q * (1 - q) / n)
        places = (q, max(0.0, q - half), min(1.0, q + half))
        found = [quantile(cell.bins, cell.counts, place, cell.layout) for place in places]
        value, low, high = (None if quanta is None else quanta / per for quanta in found)
        return Reading(value, n, low, high)

    return read


def accuracy(tally: Tally, subject: Subject) -> Reading:
    """Correct among labelled."""
    confusion = Confusion.of(tally)
    return ratio(confusion.correct, confusion.n)


def precision(tally: Tally, subject: Subject) -> Reading:
    """True positives among predicted positives; macro for multiclass."""
    confusion = Confusion.of(tally)
    if subject.kind == MULTICLASS:
        return averages.macro(confusion, averages.precision)
    hits, predicted, _ = confusion.hits(subject.positive_code)
    return ratio(hits, predicted)


def recall(tally: Tally, subject: Subject) -> Reading:
    """True positives among actual positives; macro for multiclass."""
    confusion = Confusion.of(tally)
    if subject.kind == MULTICLASS:
        return averages.macro(confusion, averages.recall)
    hits, _, actual = confusion.hits(subject.positive_code)
    return ratio(hits, actual)


def f1(tally: Tally, subject: Subject) -> Reading:
    """2·TP / (predicted + actual positives); macro for multiclass."""
    confusion = Confusion.of(tally)
    if subject.kind == MULTICLASS:
        return averages.macro(confusion, averages.f1)
    return averages.binary_f1(*confusion.hits(subject.positive_code), confusion.n)


def f1_weighted(tally: Tally, subject: Subject) -> Reading:
    """The F1 of each class, weighted by how often the class was true (scikit-learn's average="weighted")."""
    return averages.weighted(Confusion.of(tally), averages.f1)


def specificity(tally: Tally, subject: Subject) -> Reading:
    """True negatives among actual negatives: the recall of everything but the positive class."""
    confusion = Confusion.of(tally)
    if subject.positive_code is None:
        return Reading(None, 0)
    hits, predicted, actual = confusion.hits(subject.positive_code)
    negatives = confusion.n - actual
    return ratio(negatives - (predicted - hits), negatives)


def label_coverage(tally: Tally, subject: Subject) -> Reading:
    """Labelled among decided; numbers among numbers."""
    if subject.kind == REGRESSION:
        return errors.label_coverage(tally, subject)
    labelled, lists = ranks.labelled(tally)
    return ratio(tally.cell("confusion").n + labelled, tally.cell("decision").n + lists)


def positive_rate(tally: Tally, subject: Subject) -> Reading:
    """Decisions for the positive class among decisions."""
    decision = tally.cell("decision")
    positive = 0 if subject.positive_code is None else decision.count(subject.positive_code)
    return ratio(positive, decision.n)


def truncation_rate(tally: Tally, subject: Subject) -> Reading:
    """Calls that ended with finish reason `length`, among those whose finish reason is known."""
    finish = tally.cell("finish")
    return ratio(finish.count(LENGTH), finish.count(*KNOWN_FINISHES))


def feedback_rate(tally: Tally, subject: Subject) -> Reading:
    """Requests that somebody rated, among requests."""
    return ratio(tally.cell("feedback").count(FEEDBACK_RATED), tally.cell("status").n)


def feedback_negative_rate(tally: Tally, subject: Subject) -> Reading:
    """Thumbs down among thumbs."""
    feedback = tally.cell("feedback")
    down = feedback.count(FEEDBACK_DOWN)
    return ratio(down, down + feedback.count(FEEDBACK_UP))


def tokens(tally: Tally, subject: Subject) -> Reading:
    """Tokens of every kind together; the kinds are disjoint. n is the number of requests."""
    cells = [tally.cell("tokens", key) for key in tally.keys("tokens")]
    if not any(cell.n for cell in cells):
        return Reading(None, 0)
    return Reading(float(sum(cell.total for cell in cells)), tally.cell("status").n)


def volume_ratio(tally: Tally, subject: Subject) -> Reading:
    """Events against the median of the matching windows."""
    found = volume_of(tally.cell("status").n, [past.cell("status").n for past in tally.past])
    return Reading(found.ratio, found.n)
