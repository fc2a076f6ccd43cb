"""A model's day of any number of rows, folded by the drain's own sums: drawn by columns, so that ten million take a minute.

Status, latency, score and label of every row are drawn and binned one by one. Features are drawn as histograms: counts of
so many rows from the distribution of a million real ones (multinomial), which is what folding such rows gives.
"""

from datetime import datetime

import numpy as np
from django.db import transaction

from models_registry.models import ModelVersion
from monitoring.drain.fold import Folds
from monitoring.drain.fold.decisions import CONFUSION, DECISION, LABELLED_SCORE, SCORE
from monitoring.drain.fold.sums import Slot, Sums
from monitoring.drain.merge import merge
from monitoring.models import Reference
from monitoring.stats import layouts
from monitoring.stats.layouts import score_bins, scored_bins
from monitoring.stats.profile import STRIDE

CLASSES = ("paid", "default")
HOURS = 24


class Prepared(Folds):
    """Sums that were made here, for the drain's merge."""

    def __init__(self, sums: Sums) -> None:
        super().__init__()
        self._sums = sums


def fold_day(
    version: ModelVersion,
    reference: Reference,
    table: np.ndarray,
    *,
    rows: int,
    day: datetime,
    rng: np.random.Generator,
) -> None:
    """So many rows over the 24 hours from `day` on; `table` is a histogram of each feature (features, codes)."""
    for hour in range(HOURS):
        sums = Sums()
        first = int(day.timestamp()) // 60 + hour * 60
        count = rows // HOURS
        _decisions(sums, version, first, count, rng)
        _features(sums, version, reference, table, first, count, rng)
        with transaction.atomic():
            merge(Prepared(sums))


def _decisions(sums: Sums, version: ModelVersion, first: int, count: int, rng: np.random.Generator) -> None:
    minutes = sums.places([version.pk] * 60, ["production"] * 60, range(first, first + 60))
    places = minutes[rng.integers(0, 60, count)]
    scores = 1 / (1 + np.exp(-rng.normal(-1.4, 1.8, count)))
    decided, true = (scores > 0.5).astype(np.int64), (rng.random(count) < scores).astype(np.int64)
    classes = np.array(sums.named(CLASSES), dtype=np.int64)
    pairs = np.array(sums.named([(left, right) for left in CLASSES for right in CLASSES]), dtype=np.int64)
    bins = score_bins(scores)
    sums.count(Slot("status", "", layouts.STATUS), places, (rng.random(count) < 0.01).astype(np.int64), 1)
    latency = rng.lognormal(10, 0.6, count).astype(np.int64).tolist()
    sums.measure(Slot("latency", "", layouts.LOG), places, latency, 1)
    sums.count(DECISION, places, classes[decided], 1)
    sums.count(SCORE, places, scored_bins(classes[decided], bins), 1)
    sums.count(CONFUSION, places, pairs[true * 2 + decided], 1)
    sums.count(LABELLED_SCORE, places, scored_bins(classes[true], bins), 1)


def _features(
    sums: Sums,
    version: ModelVersion,
    reference: Reference,
    table: np.ndarray,
    first: int,
    count: int,
    rng: np.random.Generator,
) -> None:
    drawn = np.array([rng.multinomial(count, row / row.sum()) for row in table])
    bins = np.flatnonzero(drawn.ravel())
    place = sums.places([version.pk], ["production"], [first])
    slot = Slot(layouts.FEATURES, layouts.features_key(version.pk, reference.pk), reference.layout)
    sums.add(slot, place, count)
    sums.grow(slot, np.broadcast_to(place, bins.shape), bins, drawn.ravel()[bins])
    assert table.shape[1] == STRIDE
