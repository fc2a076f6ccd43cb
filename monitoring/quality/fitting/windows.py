"""What an estimator is fitted on: labelled summaries, of a past window or of the rows of a reference, whole and in parts."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import numpy as np
from django.db import transaction

from models_registry.models import Model, ModelVersion
from models_registry.register import KnownVersion, read_version
from monitoring.drain.fold import Folds
from monitoring.drain.labels import decision, label_text
from monitoring.drain.names import Folded, Names
from monitoring.drain.rows import PredictionRow
from monitoring.quality.fitting.fit import LABELLED
from monitoring.selectors.summaries import Scope, read_tallies, read_tally
from monitoring.stats.histogram import merge, pack_each
from monitoring.stats.layouts import STATUS_OK
from monitoring.stats.sample import Sample
from monitoring.stats.tally import Cell, Tally

PARTS = 10
HOUR_S = 3_600
MINUTE_US = 60_000_000
NO_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)
_encode = msgspec.json.Encoder().encode


def tallies_of_window(version: ModelVersion, *, start: datetime, end: datetime) -> tuple[Tally, list[Tally]]:
    """The labelled summaries of a version over a window, whole and in about ten parts at whole hours."""
    scope = Scope(version.model.project_id, version.model_id, version.pk)
    step = max(timedelta(hours=1), timedelta(seconds=(end - start).total_seconds() / PARTS // HOUR_S * HOUR_S))
    edges = [start]
    while edges[-1] + step < end:
        edges.append(edges[-1] + step)
    parts = read_tallies(scope, LABELLED, edges=[*edges, end])
    return read_tally(scope, LABELLED, start=start, end=end), parts


def tallies_of_sample(version: ModelVersion, sample: Sample) -> tuple[Tally, list[Tally]]:
    """The same of a reference's rows, folded as the drain folds predictions; ten parts in the order of the rows."""
    known = read_version(version.pk)
    folds = Folds()
    folds.add_all(_rows(known, sample), with_features=False)
    cells = [cell for cell in folds.cells() if cell[1].metric in LABELLED]
    with transaction.atomic():  # classes that nobody has seen get their codes, under the lock of their model
        names = Names(cells, {known.id: known.model_id})
    parts = [_tally([one for one in cells if one[0].minute == part], names) for part in range(PARTS)]
    return _tally(cells, names), parts


def _rows(known: KnownVersion, sample: Sample) -> Iterator[PredictionRow]:
    """Rows with a label, as predictions; the part is the minute."""
    columns = (_column(sample.label, sample), _column(sample.prediction, sample), _column(sample.score, sample))
    for place, (label, given, score, scores) in enumerate(zip(*columns, _column(sample.scores, sample), strict=True)):
        if label is None:
            continue
        one = _score(known, score, scores)
        yield PredictionRow(
            id=place,
            project_id=0,
            event_id="",
            ts_us=place * PARTS // sample.rows * MINUTE_US,
            ingested_us=0,
            payload=_encode({"scores": scores}).decode() if scores and one is None else "{}",
            version_id=known.id,
            environment="",
            status=STATUS_OK,
            error_type="",
            latency_us=None,
            request_id="",
            trace_id="",
            span_id="",
            user_id="",
            session_id="",
            prediction=decision(given, one, scores or {}, known),
            score=one,
            label=label_text(label),
        )


def _column(values: Sequence[Any], sample: Sample) -> Sequence[Any]:
    return values or [None] * sample.rows


def _score(known: KnownVersion, score: float | None, scores: Mapping[str, float] | None) -> float | None:
    """As `monitoring.drain.served` reads it: a binary classifier may send its score among `scores`."""
    if score is not None or not scores or known.kind != Model.Kind.BINARY:
        return score
    return next((given for name, given in scores.items() if label_text(name) == known.positive_label), None)


def _tally(cells: Sequence[Folded], names: Names) -> Tally:
    found: dict[tuple[str, str], Cell] = {}
    for slot in {slot for _, slot, _ in cells}:
        mine = [folded for folded in cells if folded[1] == slot]
        bins, counts = merge(
            pack_each([names.numbers(*folded) for folded in mine], [cell.counts for _, _, cell in mine])
        )
        n = int(np.sum([cell.n for _, _, cell in mine]))
        found[slot.metric, slot.key] = Cell(n, 0, bins, counts, slot.layout)
    return Tally(NO_MOMENT, NO_MOMENT, found)
