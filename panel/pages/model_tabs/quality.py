"""How right the model is, by the labels that have arrived: figures, matrix, curves, errors, and how the labels come in."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lib import charts
from models_registry.models import Model
from monitoring.catalogue import MEASURES
from monitoring.catalogue.base import CLASSICAL
from monitoring.quality.labelled import Class, Quality, read_quality
from monitoring.stats.curves import CurvePoint, Threshold
from monitoring.stats.intervals import Reading, ratio
from panel import format as write
from panel.pages.indicators import scope_of, settled
from panel.pages.label_feed import LabelFeed, label_feed
from panel.pages.matrix import Matrix, matrix_of
from panel.pages.model_tabs.charts import Plotted, charts_of
from panel.pages.model_tabs.figures import Figure, figures_of
from panel.pages.model_tabs.tab import Sight, Tab
from panel.pages.plot import Chart

DECISIONS = ("accuracy", "precision", "recall", "specificity", "f1", "f1_weighted", "f1_micro", "positive_rate")
ERRORS = ("mae", "rmse", "mape", "r2", "bias", "error_p05", "error_p50", "error_p95", "absolute_error_p95")
SCORES = ("roc_auc", "roc_auc_weighted", "average_precision", "brier_score", "log_loss")
RANKS = ("hit_rate_at_1", "hit_rate_at_3", "hit_rate_at_5", "hit_rate_at_10")
LABELS = ("label_coverage", "label_lag_p50", "label_lag_p95", "late_label_rate", "corrected_label_rate")
UNUSABLE = ("unusable_label_rate",)
CHARTS = (
    Plotted(("accuracy",), ranged=True),
    Plotted(("precision", "recall", "f1"), title=gettext_lazy("Precision, recall, F1")),
    Plotted(("roc_auc",), ranged=True),
    Plotted(("mae",), ranged=True),
    Plotted(("bias",), ranged=True),
    Plotted(("r2",), ranged=True),
    Plotted(("label_coverage",)),
)
CLASSES_SHOWN = 20


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One class against the rest, written out."""

    name: str
    precision: Figure
    recall: Figure
    f1: Figure
    support: int


@dataclass(frozen=True, slots=True)
class Drawn:
    """A drawing over the unit square, with the words of its axes."""

    slug: str
    title: str
    x: str
    y: str
    drawing: SafeString
    note: str = ""


@dataclass(frozen=True, slots=True)
class AtThreshold:
    """The matrix of a binary model at the threshold that was asked for."""

    found: Threshold
    threshold: str
    figures: list[Figure]


@dataclass(frozen=True, slots=True)
class Histogram:
    """Errors of a regression; what zero lies at is marked."""

    drawing: SafeString
    low: str
    high: str


@dataclass(frozen=True, slots=True)
class QualityPage:
    """What the tab shows; a part that the model has not is None or empty."""

    figures: list[Figure]
    scores: list[Figure]
    too_many_classes: bool
    ranks: list[Figure]
    labels: list[Figure]
    few: bool
    n: int
    matrix: Matrix | None
    classes: list[ClassRow]
    more_classes: int
    at_threshold: AtThreshold | None
    drawn: list[Drawn]
    errors: Histogram | None
    feed: LabelFeed
    charts: list[Chart]


def build(sight: Sight) -> QualityPage:
    """Over the range, up to when labels are in."""
    end = settled(sight.subject, "label_coverage", now=sight.now)
    found = read_quality(
        sight.model,
        scope_of(sight.model),
        start=min(sight.start, end),
        end=end,
        now=sight.now,
        threshold=_threshold(sight),
    )
    named = [one for one in found.classes if one.name is not None]
    return QualityPage(
        figures=figures_of(sight, DECISIONS + ERRORS),
        scores=figures_of(sight, SCORES),
        too_many_classes=found.scores == "too_many_classes",
        ranks=[figure for figure in figures_of(sight, RANKS) if figure.n],
        labels=[*figures_of(sight, LABELS), *(one for one in figures_of(sight, UNUSABLE) if one.n)],
        few=found.n > 0 and found.few,
        n=found.n,
        matrix=matrix_of(found.confusion),
        classes=[_class(one) for one in named[:CLASSES_SHOWN]],
        more_classes=max(0, len(named) - CLASSES_SHOWN),
        at_threshold=_at_threshold(found.at_threshold) if sight.model.kind == Model.Kind.BINARY else None,
        drawn=_drawn(found),
        errors=_errors(found),
        feed=label_feed(sight.model, sight.subject, now=sight.now),
        charts=charts_of(sight, CHARTS),
    )


def _threshold(sight: Sight) -> float | None:
    """What the form asks for; anything that is no probability is the model's own."""
    try:
        asked = float(sight.asked.get("threshold", "").replace(",", "."))
    except ValueError:
        return None
    return asked if 0 <= asked <= 1 else None


def _class(one: Class) -> ClassRow:
    quality = one.quality
    return ClassRow(
        one.name or "",
        _share("precision", quality.precision),
        _share("recall", quality.recall),
        _share("f1", quality.f1),
        quality.support,
    )


def _share(measure: str, reading: Reading) -> Figure:
    interval = ""
    if reading.low is not None and reading.high is not None:
        interval = f"{write.ratio(reading.low)} – {write.ratio(reading.high)}"
    return Figure(measure, str(MEASURES[measure].label), write.ratio(reading.value), reading.n, interval)


def _at_threshold(found: Threshold | None) -> AtThreshold | None:
    if found is None:
        return None
    hits = found.true_positives
    return AtThreshold(
        found,
        write.score(found.threshold),
        [
            _share("precision", ratio(hits, hits + found.false_positives)),
            _share("recall", ratio(hits, hits + found.false_negatives)),
        ],
    )


def _drawn(found: Quality) -> list[Drawn]:
    """Calibration, ROC and precision-recall; what needs two classes is absent where there is one."""
    parts = []
    if found.calibration:
        dots = [
            charts.Dot(
                one.score,
                one.positive.value or 0.0,
                _("score %(score)s: %(share)s positive, n %(n)s")
                % {
                    "score": write.score(one.score),
                    "share": write.ratio(one.positive.value),
                    "n": write.number(one.positive.n),
                },
                one.positive.low,
                one.positive.high,
            )
            for one in found.calibration
        ]
        title = _("Calibration: mean score of each tenth against its share of positives")
        drawing = charts.plane([], title=title, dots=dots, diagonal=True)
        note = _("On the dashed line a score is the probability that it says.")
        parts.append(Drawn("calibration", _("Calibration"), _("mean score"), _("share of positives"), drawing, note))
    if found.roc:
        drawing = charts.plane([("accent", _xy(found.roc))], title=_("ROC curve"), diagonal=True)
        note = _("The dashed line is chance.")
        parts.append(Drawn("roc", _("ROC curve"), _("false positive rate"), _("true positive rate"), drawing, note))
    if found.precision_recall:
        drawing = charts.plane([("accent", _xy(found.precision_recall))], title=_("Precision against recall"))
        parts.append(Drawn("pr", _("Precision against recall"), _("recall"), _("precision"), drawing))
    return parts


def _xy(points: Sequence[CurvePoint]) -> list[tuple[float, float]]:
    return [(point.x, point.y) for point in points]


def _errors(found: Quality) -> Histogram | None:
    if not found.errors:
        return None
    low, high = found.errors[0][0], found.errors[-1][1]
    bars = [
        (float(n), f"{write.target(left)} – {write.target(right)}: {write.number(n)}")
        for left, right, n in found.errors
    ]
    zero = [-low / (high - low)] if low < 0 < high else []
    drawing = charts.columns(bars, title=_("Errors: prediction minus label"), marks=zero)
    return Histogram(drawing, write.target(low), write.target(high))


TAB = Tab("quality", gettext_lazy("Quality"), CLASSICAL, build)
