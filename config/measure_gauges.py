"""Every measure of the catalogue as a gauge of `/metrics`: per model, over the newest whole hour whose truth has settled."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from prometheus_client.core import GaugeMetricFamily, Metric

from config.remembered import Remembered
from models_registry.models import Model
from monitoring.catalogue import MEASURES, Measure, measures_for
from monitoring.measures.series import Wanted, read_windows, subjects_of
from monitoring.selectors.evaluations import measures_by_model
from monitoring.selectors.summaries import Scope
from monitoring.selectors.watermark import ingest_watermark
from monitoring.stats.intervals import Reading
from monitoring.stats.layouts import NEWEST
from monitoring.stats.slices import slice_start
from monitoring.stats.tally import Subject

HOUR: Final = timedelta(hours=1)
MINUTE: Final = timedelta(minutes=1)
LABELS: Final = ("project", "model", "measure", "unit")
FRESH_SECONDS: Final = 60.0


def read_gauges(*, now: datetime) -> list[Metric]:
    """Three families; the summaries behind all values of all models are read by one query, the newest requests by another, and evaluators by a third."""
    models = list(Model.objects.select_related("project").order_by("id")[: settings.METRICS_MODELS + 1])
    shown, more = models[: settings.METRICS_MODELS], len(models) > settings.METRICS_MODELS
    value = GaugeMetricFamily(
        "atalaia_measure", "A measure over the newest whole hour that has settled.", labels=LABELS
    )
    sample = GaugeMetricFamily("atalaia_measure_sample", "Events that the measure rests on.", labels=LABELS)
    for model, name, reading in _readings(shown, now):
        labels = [model.project.slug, model.slug, name, MEASURES[name].unit]
        sample.add_metric(labels, reading.n)
        if reading.value is not None:
            value.add_metric(labels, reading.value)
    told = "1 if there are more models than ATALAIA_METRICS_MODELS lets through."
    return [value, sample, GaugeMetricFamily("atalaia_measure_models_left_off", told, value=int(more))]


def _readings(models: list[Model], now: datetime) -> list[tuple[Model, str, Reading]]:
    subjects = subjects_of(models)
    known = min(now, ingest_watermark(now=now))
    evaluated = measures_by_model(models)
    asked = [
        (model, Wanted(names, Scope(model.project_id, model.pk), (end - HOUR, end), subjects[model.pk]))
        for model in models
        for end, names in _windows(model, evaluated[model.pk], known, subjects[model.pk]).items()
    ]
    answers = read_windows([wanted for _, wanted in asked])
    return [
        (model, name, reading)
        for (model, _), answer in zip(asked, answers, strict=True)
        for name, reading in answer.items()
    ]


def _windows(
    model: Model, evaluated: Iterable[str], known: datetime, subject: Subject
) -> dict[datetime, tuple[str, ...]]:
    """End of the hour → the measures read over it: what waits for labels is read from an earlier one."""
    ends: dict[datetime, tuple[str, ...]] = {}
    for measure in (*measures_for(model.kind), *(MEASURES[name] for name in evaluated)):
        # An hour ago nobody knew how long it is silent now.
        width = MINUTE if NEWEST in measure.metrics else HOUR
        end = slice_start(known - _settle(measure, subject), width)
        ends[end] = (*ends.get(end, ()), measure.name)
    return ends


def _settle(measure: Measure, subject: Subject) -> timedelta:
    return subject.settle if measure.settle == "labels" else timedelta(0)


remembered: Final = Remembered(read_gauges, seconds=FRESH_SECONDS)
