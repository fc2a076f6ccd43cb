"""Everything that labels say of a model over a window: the matrix, each class, curves, calibration, errors."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from models_registry.models import Model
from monitoring.measures.series import CLASS_FIELD, is_provisional, subjects_of
from monitoring.models import Category
from monitoring.selectors.summaries import Scope, read_tally
from monitoring.stats import errors
from monitoring.stats.classes import ClassQuality, class_qualities
from monitoring.stats.curves import (
    Calibrated,
    CurvePoint,
    Threshold,
    at_threshold,
    calibration_curve,
    precision_recall_curve,
    roc_curve,
)
from monitoring.stats.intervals import Reading
from monitoring.stats.readers import label_coverage
from monitoring.stats.tally import Confusion, Subject, Tally

CLASS_SCORES = ("labelled_class_score", "class_scores_cut")
METRICS = frozenset({"confusion", "decision", "rank", "value", "labelled_score", "error", *CLASS_SCORES})
FEW = 30
Scores = Literal["ok", "none", "too_many_classes"]
State = Literal["ok", "no_data", "provisional"]


@dataclass(frozen=True, slots=True)
class Class:
    """A class under its label; `name` is None for all classes past the cap."""

    name: str | None
    quality: ClassQuality


@dataclass(frozen=True, slots=True)
class Quality:
    """What is known of the window; lists are empty where the kind of model has no such thing, or nobody has labels.

    `confusion` holds (true label, decided label, events). `scores` says whether there was something to rank by,
    `few` that there are too few labels to trust any figure.
    """

    kind: str
    start: datetime
    end: datetime
    state: State
    n: int
    settle: timedelta
    coverage: Reading
    scores: Scores
    confusion: list[tuple[str | None, str | None, int]]
    classes: list[Class]
    at_threshold: Threshold | None
    calibration: list[Calibrated]
    roc: list[CurvePoint]
    precision_recall: list[CurvePoint]
    errors: list[tuple[float, float, int]]
    unusable_labels: Reading
    snapped: bool

    @property
    def few(self) -> bool:
        """Fewer labels than a figure can rest on."""
        return self.n < FEW


def read_quality(
    model: Model, scope: Scope, *, start: datetime, end: datetime, now: datetime, threshold: float | None = None
) -> Quality:
    """The quality over [start, end). The matrix at a threshold (the model's own unless given) is of binary models."""
    subject = subjects_of([model])[model.pk]
    tally = read_tally(scope, METRICS, start=start, end=end)
    confusion = Confusion.of(tally)
    names = _names(model) if confusion.cells else {}
    coverage, errors_n = label_coverage(tally, subject), tally.cell("error").n
    n = errors_n if model.kind == Model.Kind.REGRESSION else confusion.n
    return Quality(
        kind=model.kind,
        start=tally.start,
        end=tally.end,
        state=_state(n, tally, subject, now),
        n=n,
        settle=subject.settle,
        coverage=coverage,
        scores=_scores(tally),
        confusion=[
            (names.get(true), names.get(guess), count)
            for (true, guess), count in sorted(confusion.cells.items())
            if count
        ],
        classes=[Class(names.get(one.code), one) for one in class_qualities(confusion)],
        at_threshold=at_threshold(tally, subject, model.threshold if threshold is None else threshold),
        calibration=calibration_curve(tally, subject),
        roc=roc_curve(tally, subject),
        precision_recall=precision_recall_curve(tally, subject),
        errors=errors.histogram(tally),
        unusable_labels=errors.unusable_labels(tally, subject),
        snapped=tally.snapped,
    )


def _scores(tally: Tally) -> Scores:
    """Whether labelled predictions had scores to rank by."""
    if tally.cell("class_scores_cut").n > 0:
        return "too_many_classes"
    return "ok" if tally.cell("labelled_score").n or tally.cell("labelled_class_score").n else "none"


def _names(model: Model) -> dict[int, str]:
    return dict(Category.objects.filter(model=model, field=CLASS_FIELD).values_list("code", "value"))


def _state(n: int, tally: Tally, subject: Subject, now: datetime) -> State:
    if is_provisional(tally.end, subject, now=now):
        return "provisional"
    return "ok" if n else "no_data"
