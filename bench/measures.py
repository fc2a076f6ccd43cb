"""`python -m bench.measures`: what reading measures costs, and that the number of rows is no part of it. See README.md."""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from statistics import median

import numpy as np

import bench.ready  # noqa: F401 - before what has models
from bench.drift import FEATURES, REFERENCE, best, columns, fold_ns, histogram, profile
from bench.fleet import CALLS_AND_PREDICTIONS, MODELS, fill_fleet, make_model
from bench.ingest import Line
from bench.lines import print_lines
from bench.server import running
from bench.synthetic import fold_day
from models_registry.models import Model, Project
from monitoring.catalogue import measures_for
from monitoring.drift.references import set_reference
from monitoring.measures.series import Wanted, read_windows, subjects_of
from monitoring.models import DirtyHour, Reference
from monitoring.selectors.drift import reports_of
from monitoring.selectors.summaries import Scope, read_tally
from monitoring.stats.inputs import report_of
from monitoring.stats.layouts import FEATURES as FEATURES_METRIC
from monitoring.stats.profile import Profile
from monitoring.summaries.rollup import rollup

REPORT_MS, READ_MS, FLEET_S, GROWTH, FOLD_NS = 5.0, 25.0, 2.0, 1.1, 100.0
MILLION = 1_000_000
DAY = datetime(2026, 3, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
REPEATS = 31


def main() -> int:
    """In a scratch database; 1 if a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", help="an empty one, such as postgresql://…; a SQLite file unless given")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        return print_lines(lines())
    with tempfile.TemporaryDirectory() as folder:
        url = options.database or f"sqlite:///{folder}/bench.sqlite3"
        own = {"DATABASE_URL": url, "ATALAIA_DATA_DIR": folder, "ATALAIA_LOG_LEVEL": "WARNING"}
        command = [sys.executable, "-m", "bench.measures", "--here"]
        with running(command, {**os.environ, **own}) as process:
            return process.wait()


def lines() -> Iterator[Line]:
    """Measurements as they are made."""
    rng = np.random.default_rng(20261126)
    known = profile(columns(rng, REFERENCE))
    table = histogram(known, columns(rng, MILLION))
    yield from _without_database(rng, known, table)
    project = Project.objects.create(slug="bench", name="Bench")
    yield from _of_rows(project, rng, known, table)
    yield from _fleet(project)


def _without_database(rng: np.random.Generator, known: Profile, table: np.ndarray) -> Iterator[Line]:
    bins = np.flatnonzero(table.ravel())
    report = best(lambda: report_of(known, MILLION, bins, table.ravel()[bins])) * 1e3
    yield _line(f"drift report, {FEATURES} features, 1,000,000 rows: maths", report, REPORT_MS, "ms")
    reading, folding = fold_ns(known, columns(rng, 5_000))
    told = f"after {reading:.0f} ns to read it from the payload"
    yield _line("folding a feature value", folding, FOLD_NS, "ns", told)


def _of_rows(project: Project, rng: np.random.Generator, known: Profile, table: np.ndarray) -> Iterator[Line]:
    """A day of a million rows beside one of ten."""
    models = {}
    for rows in (MILLION, 10 * MILLION):
        model = make_model(project, f"rows-{rows}", Model.Kind.BINARY)
        reference = set_reference(model.versions.get(), known, origin=Reference.Origin.ROWS, now=DAY)
        fold_day(model.versions.get(), reference, table, rows=rows, day=DAY, rng=rng)
        models[rows] = model
    _roll_up()
    small, large = models.values()
    read = _clocked(lambda: _report(small)) * 1e3
    yield _line(f"the same from the database, a day of {MILLION:,} rows", read, READ_MS, "ms")
    yield _growth("the day", small, large, end=DAY + 24 * HOUR, judged=True)
    yield _growth("23 of its hours", small, large, end=DAY + 23 * HOUR, judged=False)


def _growth(window: str, small: Model, large: Model, *, end: datetime, judged: bool) -> Line:
    """What ten times the rows add: nothing but bins that few rows leave empty."""
    few, many = _side_by_side(lambda: _all_measures([small], DAY, end), lambda: _all_measures([large], DAY, end))
    told = f"{few * 1e3:.1f} ms and {many * 1e3:.1f} ms"
    line = _line(f"all measures over {window}, 10 million rows against 1", many / few, GROWTH, "times", told)
    return line if judged else replace(line, target="told", passed=True)


def _fleet(project: Project) -> Iterator[Line]:
    models = fill_fleet(project, hour=DAY)
    what = f"an hour of all measures, {MODELS} models, {CALLS_AND_PREDICTIONS:,} events each"
    for state in ("by minutes, not rolled up", "rolled up"):
        seconds = _clocked(lambda: _all_measures(models, DAY, DAY + HOUR), repeats=5)
        yield _line(f"{what}, {state}", seconds, FLEET_S, "s")
        _roll_up()


def _report(model: Model) -> None:
    scope = Scope(model.project_id, model.pk)
    (report,) = reports_of(read_tally(scope, {FEATURES_METRIC}, start=DAY, end=DAY + 24 * HOUR))
    assert report.rows > MILLION * 0.99
    assert len(report.features) == FEATURES


def _all_measures(models: list[Model], start: datetime, end: datetime) -> None:
    """Every measure of the catalogue that each has, by one query."""
    subjects = subjects_of(models)
    wanted = [
        Wanted(
            tuple(measure.name for measure in measures_for(model.kind)),
            Scope(model.project_id, model.pk),
            (start, end),
            subjects[model.pk],
        )
        for model in models
    ]
    found = read_windows(wanted)
    assert all(one["requests"].n > 0 for one in found)


def _side_by_side(left: Callable[[], None], right: Callable[[], None]) -> tuple[float, float]:
    """Medians of both, measured in turn, so that other work on the machine hits both alike."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(REPEATS):
        for run, found in zip((left, right), times, strict=True):
            found.append(_once(run))
    return median(times[0]), median(times[1])


def _clocked(run: Callable[[], None], *, repeats: int = REPEATS) -> float:
    """The median time of a call, after one that nobody counts."""
    run()
    return median(_once(run) for _ in range(repeats))


def _once(run: Callable[[], None]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def _roll_up() -> None:
    while DirtyHour.objects.exists():
        rollup(now=DAY)


def _line(what: str, measured: float, target: float, unit: str, told: str = "") -> Line:
    return Line(what, f"{measured:.2f} {unit} {told}".strip(), f"{target:g} {unit}", passed=measured <= target)


if __name__ == "__main__":
    sys.exit(main())
