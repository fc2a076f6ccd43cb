"""How each measure is computed from a tally. Pure: no Django, no database.

Everything is a count over a count, a sum, or a quantile of merged histograms. Classification metrics equal
scikit-learn's on the raw labels: the positive class for binary models, macro averages (a class without predictions
counts as 0) for the others. A quotient of nothing by nothing is *no data*.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

from monitoring.stats import averages, errors, ranks
from monitoring.stats.histogram import quantile
from monitoring.stats.intervals import Z_95, Reading, ratio
from monitoring.stats.layouts import (
    FEEDBACK_DOWN,
    FEEDBACK_RATED,
    FEEDBACK_UP,
    FINISH_CODES,
    NEWEST,
    STATUS_ERROR,
)
from monitoring.stats.log_levels import ERROR_CODES
from monitoring.stats.tally import Confusion, Subject, Tally
from monitoring.stats.volume import volume_of

Reader = Callable[[Tally, Subject], Reading]
GoodValid = tuple[int, int]
MULTICLASS, REGRESSION = "multiclass", "regression"
LENGTH = FINISH_CODES["length"]
KNOWN_FINISHES = sorted(code for name, code in FINISH_CODES.items() if name)
US_PER_MS = 1_000


@dataclass(frozen=True, slots=True)
class Amount:
    """How many of some, and of all: both add up over windows."""

    counts: Callable[[Tally, Subject], GoodValid]

    def __call__(self, tally: Tally, subject: Subject) -> Reading:
        """Zero is a value, not an absence."""
        some, n = self.counts(tally, subject)
        return Reading(float(some), n)


@dataclass(frozen=True, slots=True)
class Share:
    """Some among all; both add up over windows, so that thousands of them cost little more than one.

    `by_class` reads it of several classes, where it is an average that does not add up.
    """

    counts: Callable[[Tally, Subject], GoodValid]
    by_class: Reader | None = None

    def adds_up(self, subject: Subject) -> bool:
        """Whether it is this quotient for the subject."""
        return self.by_class is None or subject.kind != MULTICLASS

    def __call__(self, tally: Tally, subject: Subject) -> Reading:
        """With its interval."""
        if self.by_class is not None and subject.kind == MULTICLASS:
            return self.by_class(tally, subject)
        return ratio(*self.counts(tally, subject))


def _served(tally: Tally, subject: Subject) -> GoodValid:
    n = tally.cell("status").n
    return n, n


def _failed(tally: Tally, subject: Subject) -> GoodValid:
    status = tally.cell("status")
    return status.count(STATUS_ERROR), status.n


def _logged(tally: Tally, subject: Subject) -> GoodValid:
    n = tally.cell("log_level").n
    return n, n


def _logged_errors(tally: Tally, subject: Subject) -> GoodValid:
    level = tally.cell("log_level")
    return level.count(*ERROR_CODES), level.n


# Log lines of any level.
log_records = Amount(_logged)
# Log lines of the levels error and critical; n counts all.
error_logs = Amount(_logged_errors)
# These over all log lines.
error_log_rate = Share(_logged_errors)
# Predictions or calls in the window.
requests = Amount(_served)
# Failed requests; n counts all.
failed = Amount(_failed)
# Failed requests over requests.
error_rate = Share(_failed)


def throughput(tally: Tally, subject: Subject) -> Reading:
    """Requests per minute."""
    n = tally.cell("status").n
    minutes = (tally.end - tally.start).total_seconds() / 60
    return Reading(n / minutes if minutes else None, n)


def staleness(tally: Tally, subject: Subject) -> Reading:
    """Seconds from the newest minute with a request to the end of the window; n counts the window's own requests."""
    newest, n = tally.cell(NEWEST), tally.cell("status").n
    return Reading(max(0.0, tally.end.timestamp() - newest.total) if newest.n else None, n)


def latency(q: float) -> Reader:
    """The q-quantile of the latency in ms."""
    return percentile("latency", q, per=US_PER_MS)


@dataclass(frozen=True, slots=True)
class Percentile:
    """The q-quantile of a metric, within 1 %, where `per` quanta are one unit; interval by order statistics."""

    metric: str
    q: float
    per: int = 1

    def __call__(self, tally: Tally, subject: Subject) -> Reading:
        """With the number of events; nothing of nothing."""
        cell = tally.cell(self.metric)
        n = int(cell.counts.sum())
        if n <= 0:
            return Reading(None, 0)
        half = Z_95 * sqrt(self.q * (1 - self.q) / n)
        places = (self.q, max(0.0, self.q - half), min(1.0, self.q + half))
        found = [quantile(cell.bins, cell.counts, place, cell.layout) for place in places]
        value, low, high = (None if quanta is None else quanta / self.per for quanta in found)
        return Reading(value, n, low, high)


def percentile(metric: str, q: float, *, per: int = 1) -> Reader:
    """The q-quantile of a metric."""
    return Percentile(metric, q, per)


def _correct(tally: Tally, subject: Subject) -> GoodValid:
    confusion = Confusion.of(tally)
    return confusion.correct, confusion.n


def _precise(tally: Tally, subject: Subject) -> GoodValid:
    hits, predicted, _ = Confusion.of(tally).hits(subject.positive_code)
    return hits, predicted


def _recalled(tally: Tally, subject: Subject) -> GoodValid:
    hits, _, actual = Confusion.of(tally).hits(subject.positive_code)
    return hits, actual


# Correct among labelled.
accuracy = Share(_correct)
# True positives among predicted positives; macro for multiclass.
precision = Share(_precise, lambda tally, _: averages.macro(Confusion.of(tally), averages.precision))
# True positives among actual positives; macro for multiclass.
recall = Share(_recalled, lambda tally, _: averages.macro(Confusion.of(tally), averages.recall))


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


def _positive(tally: Tally, subject: Subject) -> GoodValid:
    """Of two classes that are both no positive one nobody can say which would be: none counts."""
    decision = tally.cell("decision")
    if subject.positive_code is None:
        return 0, decision.n if len(decision.bins) < 2 else 0
    return decision.count(subject.positive_code), decision.n


def _of_several(tally: Tally, subject: Subject) -> Reading:
    """Several classes have no positive one."""
    return Reading(None, 0)


def _truncated(tally: Tally, subject: Subject) -> GoodValid:
    finish = tally.cell("finish")
    return finish.count(LENGTH), finish.count(*KNOWN_FINISHES)


def _rated(tally: Tally, subject: Subject) -> GoodValid:
    return tally.cell("feedback").count(FEEDBACK_RATED), tally.cell("status").n


def _disliked(tally: Tally, subject: Subject) -> GoodValid:
    feedback = tally.cell("feedback")
    down = feedback.count(FEEDBACK_DOWN)
    return down, down + feedback.count(FEEDBACK_UP)


# Decisions for the positive class among decisions.
positive_rate = Share(_positive, by_class=_of_several)
# Calls that ended with finish reason `length`, among those whose finish reason is known.
truncation_rate = Share(_truncated)
# Requests that somebody rated, among requests.
feedback_rate = Share(_rated)
# Thumbs down among thumbs.
feedback_negative_rate = Share(_disliked)


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
