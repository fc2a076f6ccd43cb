"""What it costs to ask a rule of a month: every minute of 30 days, cold and when only a threshold moved."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from statistics import median
from time import perf_counter

import numpy as np
from django.db import transaction

from alerting.backtest.past import backtest, read_past, replay_past
from alerting.models import AlertRule
from bench.fleet import make_model
from bench.ingest import Line
from models_registry.models import Model, Project
from monitoring.drain.sql import bulk_insert
from monitoring.models import SLO, Bucket, Category, Series
from monitoring.models.summaries import Tier
from monitoring.stats import layouts
from monitoring.stats.histogram import pack
from monitoring.stats.layouts import confusion_bin, log_bin

COLD_MS, MOVED_MS = 250.0, 100.0
END = datetime(2026, 3, 31, tzinfo=UTC)
DAY = timedelta(days=1)
REPEATS = 7
MINUTES = 34 * 24 * 60  # 30 days, and the longest window before them
LATENCIES = 40


def backtest_lines(project: Project) -> Iterator[Line]:
    """One rule of each kind of arithmetic: sums of windows, a share, a quality, a percentile."""
    model = _fill(project)
    slo = SLO.objects.create(
        project=project, model=model, slug="past", name="Past", sli="availability", target=0.999, window=30 * DAY
    )
    one = {"project": project, "model": model, "kind": "threshold"}
    rules = {
        "burn rate, four pairs": AlertRule(project=project, slug="burn", kind="burn_rate", slo=slo),
        "error rate over 5 m": AlertRule(**one, measure="error_rate", threshold=0.02),
        "recall over 1 h, below": AlertRule(
            **one, measure="recall", comparison="lt", threshold=0.8, window=timedelta(hours=1)
        ),
        "latency_p95 over 5 m": AlertRule(**one, measure="latency_p95", threshold=400.0),
    }
    for what, rule in rules.items():
        yield from _of_rule(what, rule)


def _of_rule(what: str, rule: AlertRule) -> Iterator[Line]:
    start = END - 30 * DAY
    cold = _median_ms(lambda: backtest(rule, start=start, end=END, now=END))
    yield _line(f"{what}: cold", cold, COLD_MS)
    past = read_past(rule, start=start, end=END)

    def moved() -> None:
        if rule.threshold is not None:
            rule.threshold *= 1.0001
        else:
            rule.minimum += 1
        read_past(rule, start=start, end=END, known=past)
        replay_past(rule, past, start=start, end=END)

    yield _line(f"{what}: only a threshold moved", _median_ms(moved), MOVED_MS)


def _median_ms(call: Callable[[], object]) -> float:
    times = []
    for _ in range(REPEATS):
        begun = perf_counter()
        call()
        times.append(1e3 * (perf_counter() - begun))
    return median(times)


def _line(what: str, found: float, most: float) -> Line:
    return Line(f"30 days by the minute, {what}", f"{found:.0f} ms", f"{most:.0f} ms", found <= most)


def _fill(project: Project) -> Model:
    """A model that served and was right or wrong in every minute, with bad stretches."""
    model = make_model(project, "past", Model.Kind.BINARY)
    Category.objects.create(model=model, field="class", code=1, value="default")
    rng = np.random.default_rng(7)
    first = int(END.timestamp()) - 60 * MINUTES
    bad = np.convolve(rng.random(MINUTES) < 0.0005, np.ones(20), "full")[:MINUTES] > 0
    failed = rng.binomial(100, np.where(bad, 0.2, 0.0005))
    rights = rng.binomial(50, np.where(bad, 0.6, 0.9))
    spread = rng.integers(0, 6, (MINUTES, LATENCIES))
    bins = [log_bin(20_000 + 9_000 * place) for place in range(LATENCIES)]
    metrics: dict[str, tuple[str, Callable[[int], dict[int, int]]]] = {
        "status": (layouts.STATUS, lambda at: {0: 100 - int(failed[at]), 1: int(failed[at])}),
        "confusion": (
            layouts.CONFUSION,
            lambda at: {confusion_bin(1, 1): int(rights[at]), confusion_bin(1, 2): 50 - int(rights[at])},
        ),
        "latency": (layouts.LOG, lambda at: dict(zip(bins, spread[at].tolist(), strict=True))),
    }
    with transaction.atomic():
        for metric, (layout, histogram) in metrics.items():
            series = Series.objects.create(
                project=project, version=model.versions.get(), environment="production", metric=metric, layout=layout
            )
            rows = [
                (series.pk, int(Tier.MINUTE), first + 60 * at, sum(found.values()), 0, pack(found))
                for at in range(MINUTES)
                for found in [histogram(at)]
            ]
            bulk_insert(Bucket, ["series_id", "tier", "start", "n", "total", "bins"], rows)
    return model
