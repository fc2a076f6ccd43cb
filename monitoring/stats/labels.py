"""What becomes of labels: how long they take, how many come late, how many are corrected. Pure: no Django, no database."""

from monitoring.stats.histogram import fraction_at_most
from monitoring.stats.intervals import Reading, ratio
from monitoring.stats.readers import Reader, percentile
from monitoring.stats.tally import Subject, Tally

US_PER_S = 1_000_000


def label_lag(q: float) -> Reader:
    """The q-quantile of the time from prediction to label, in seconds."""
    return percentile("label_lag", q, per=US_PER_S)


def late_labels(tally: Tally, subject: Subject) -> Reading:
    """Labels that took longer than the settle time, which is rounded up to the end of its bin (2 %), among labels."""
    cell = tally.cell("label_lag")
    if cell.n <= 0:
        return Reading(None, 0)
    on_time = fraction_at_most(cell.bins, cell.counts, subject.settle.total_seconds() * US_PER_S, cell.layout) or 0.0
    return ratio(cell.n - round(on_time * cell.n), cell.n)


def corrected_labels(tally: Tally, subject: Subject) -> Reading:
    """Labels that another one followed, among labels."""
    return ratio(tally.cell("label_corrected").n, tally.cell("label_lag").n)
