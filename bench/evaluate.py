"""`python -m bench.evaluate`: what the statuses of a thousand objectives cost, however many events are behind them. See README.md."""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from statistics import median
from time import perf_counter

from django.db import connection
from django.test.utils import CaptureQueriesContext

import bench.ready  # noqa: F401 - before what has models
from bench.backtest import backtest_lines
from bench.ingest import Line
from bench.judged import fill, make_objectives
from bench.lines import print_lines
from bench.server import running, scratch_database
from models_registry.models import Project
from monitoring.models import SLO
from monitoring.slo.status import slo_statuses

OBJECTIVES, SECONDS, GROWTH = 1_000, 1.0, 1.1
MILLION = 1_000_000
NOW = datetime(2026, 3, 31, 15, 37, tzinfo=UTC)
REPEATS = 15


def main() -> int:
    """On both databases, each in a process of its own; 1 if a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    parser.add_argument(
        "--postgres", default=os.environ.get("BENCH_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
    )
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        return print_lines(lines())
    code = 0
    with tempfile.TemporaryDirectory() as folder:
        if options.only != "postgresql":
            code |= _child(f"sqlite:///{folder}/bench.sqlite3", folder)
        if options.only != "sqlite":
            with scratch_database(options.postgres) as url:
                code |= _child(url, folder)
    return code


def _child(url: str, folder: str) -> int:
    own = {"DATABASE_URL": url, "ATALAIA_DATA_DIR": folder, "ATALAIA_LOG_LEVEL": "WARNING"}
    with running([sys.executable, "-m", "bench.evaluate", "--here"], {**os.environ, **own}) as process:
        return process.wait()


def lines() -> Iterator[Line]:
    """Measurements as they are made."""
    fleets = {events: _fleet(events) for events in (MILLION, 100 * MILLION)}
    times = _clocked(fleets)
    for events, found in times.items():
        seconds, what = median(found), f"{OBJECTIVES:,} objectives, {events:,} events"
        told = f"{seconds:.2f} s ({min(found):.2f} to {max(found):.2f})"
        yield Line(what, told, f"{SECONDS:g} s", passed=seconds <= SECONDS)
    growth = median(many / few for few, many in zip(*times.values(), strict=True))
    yield Line("100 million events against one", f"{growth:.2f} times", f"{GROWTH:g} times", passed=growth <= GROWTH)
    few, many = _statements(10), _statements(OBJECTIVES)
    yield Line(f"statements for 10 and for {OBJECTIVES:,}", f"{few} and {many}", "equal", passed=few == many)
    yield from backtest_lines(Project.objects.create(slug="past", name="Past"))


def _fleet(events: int) -> Project:
    """Objectives with so many events behind them."""
    project = Project.objects.create(slug=f"bench-{events}", name="Bench")
    make_objectives(project, OBJECTIVES)
    fill(project, events=events, now=NOW)
    return project


def _clocked(fleets: Mapping[int, Project]) -> dict[int, list[float]]:
    """Evaluations of each fleet, in turn, so that whatever else the machine does meets all alike; the first counts nowhere."""
    found: dict[int, list[float]] = {events: [] for events in fleets}
    for _ in range(REPEATS + 1):
        for events, project in fleets.items():
            slos = list(SLO.objects.filter(project=project).select_related("model"))
            started = perf_counter()
            statuses = slo_statuses(slos, now=NOW)
            found[events].append(perf_counter() - started)
            assert len(statuses) == OBJECTIVES
            assert all(status.attained is not None and len(status.burn) == 7 for status in statuses.values())
    return {events: times[1:] for events, times in found.items()}


def _statements(count: int) -> int:
    slos = list(SLO.objects.select_related("model")[:count])
    with CaptureQueriesContext(connection) as seen:
        slo_statuses(slos, now=NOW)
    return len(seen)


if __name__ == "__main__":
    sys.exit(main())
