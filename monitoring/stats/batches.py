"""What finished batch runs add to the summaries, and how it is read: metrics of the model, told as exporters tell theirs.

Pure. Runs and rows are counters, so that they add up over any window; how much of what was expected came, and how long it
took, are gauges. Runs that failed are told apart by an attribute.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from monitoring.stats.intervals import Reading, ratio
from monitoring.stats.metrics import COUNTED, SUMMED, key_of, series_metric, sum_of
from monitoring.stats.points import Point
from monitoring.stats.tally import Subject, Tally

RUNS, ROWS, ROWS_FAILED = "batch_run.runs", "batch_run.rows", "batch_run.rows_failed"
COMPLETENESS, DURATION = "batch_run.completeness", "batch_run.duration"
UNITS: Final = {RUNS: "{run}", ROWS: "{row}", ROWS_FAILED: "{row}", COMPLETENESS: "1", DURATION: "s"}
OK, ERROR = {"status": "ok"}, {"status": "error"}
COUNTED_RUNS, COUNTED_ROWS = series_metric(COUNTED, RUNS), series_metric(COUNTED, ROWS)
SHARES, TIMES = series_metric(SUMMED, COMPLETENESS), series_metric(SUMMED, DURATION)


class Ended(NamedTuple):
    """A run that is over; None is what its job did not say."""

    rows: int | None = None
    rows_failed: int | None = None
    completeness: float | None = None
    seconds: float | None = None


def points_of(ended: Ended) -> Iterator[tuple[str, Point]]:
    """One point of each metric of which something is known."""
    yield RUNS, Point(kind="counter", delta=True, value=1.0)
    for name, count in ((ROWS, ended.rows), (ROWS_FAILED, ended.rows_failed)):
        if count is not None:
            yield name, Point(kind="counter", delta=True, value=float(count))
    for name, value in ((COMPLETENESS, ended.completeness), (DURATION, ended.seconds)):
        if value is not None:
            yield name, Point(value=value)


def runs(tally: Tally, subject: Subject) -> Reading:
    """Runs that ended, failed ones included. None is a value: it is what somebody waits for."""
    n = tally.cell(COUNTED_RUNS, key_of(OK)).n + _failed(tally)
    return Reading(float(n), n)


def failure_rate(tally: Tally, subject: Subject) -> Reading:
    """Those that failed."""
    return ratio(_failed(tally), runs(tally, subject).n)


def rows(tally: Tally, subject: Subject) -> Reading:
    """Rows of runs that did not fail."""
    total, n = sum_of(tally, ROWS, COUNTED, keys=frozenset({key_of(OK)}))
    return Reading(total, n)


def completeness(tally: Tally, subject: Subject) -> Reading:
    """The mean over runs."""
    return _mean(tally, COMPLETENESS)


def duration(tally: Tally, subject: Subject) -> Reading:
    """The mean over runs, in seconds."""
    return _mean(tally, DURATION)


def _failed(tally: Tally) -> int:
    return tally.cell(COUNTED_RUNS, key_of(ERROR)).n


def _mean(tally: Tally, name: str) -> Reading:
    total, n = sum_of(tally, name)
    return Reading(total / n if n else None, n)
