"""What people say of the answers: how many they call bad, how they score them, in which words, and their comments."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lib import charts
from models_registry.models import Model
from models_registry.models.feedback import fold_word
from monitoring.catalogue.base import ALL
from monitoring.selectors.feedback import words_of
from monitoring.selectors.summaries import read_tally
from monitoring.stats.intervals import wilson
from monitoring.stats.layouts import HUNDREDTHS, PAST_CAP
from monitoring.stats.tally import Cell
from panel import format as write
from panel.pages.comments import CommentRow, recent_comments
from panel.pages.indicators import scope_of
from panel.pages.model_tabs.charts import Plotted, charts_of
from panel.pages.model_tabs.figures import Figure, figures_of
from panel.pages.model_tabs.tab import Sight, Tab
from panel.pages.plot import Chart

FIGURES = (
    *("bad_answer_rate", "feedback_score", "feedback_negative_rate", "feedback_rate"),
    *("feedback_comments", "feedback_unusable"),
)
CHARTS = (Plotted(("bad_answer_rate",), ranged=True), Plotted(("feedback_score",), ranged=True))
SCORE, WORDS = "feedback_score", "feedback_category"
STEPS = 10


@dataclass(frozen=True, slots=True)
class Share:
    """A score or a category: how often, and what part of all."""

    label: str
    count: int
    share: str
    interval: str
    bar: SafeString
    bad: bool


@dataclass(frozen=True, slots=True)
class Feedback:
    """What the tab shows; `range_` is the declared range of scores."""

    figures: list[Figure]
    charts: list[Chart]
    scores: list[Share]
    words: list[Share]
    comments: list[CommentRow]
    range_: str


def build(sight: Sight) -> Feedback:
    """Feedback over the range; comments are the newest, whenever they were."""
    model = sight.model
    tally = read_tally(scope_of(model), (SCORE, WORDS), start=sight.start, end=sight.now)
    return Feedback(
        figures_of(sight, FIGURES),
        charts_of(sight, CHARTS),
        _scores(model, tally.cell(SCORE)),
        _words(model, tally.cell(WORDS), words_of(model, WORDS)),
        recent_comments(model),
        _("%(low)s to %(high)s") % {"low": _plain(model.score_min), "high": _plain(model.score_max)},
    )


def _scores(model: Model, cell: Cell) -> list[Share]:
    """From the lowest to the highest: whole steps of the range where these are few, else ten parts of it."""
    width = model.score_max - model.score_min
    whole = model.score_min % 1 == 0 and width % 1 == 0 and width <= STEPS
    steps = int(width) if whole else STEPS
    counts = [0] * (steps + 1)
    for bin_, times in zip(cell.bins.tolist(), cell.counts.tolist(), strict=True):
        counts[round(bin_ * steps / HUNDREDTHS)] += times
    total = sum(counts)
    if total <= 0:
        return []
    values = [model.score_min + width * step / steps for step in range(steps + 1)]
    bound = model.bad_score
    return [
        _share(_plain(value), times, total, bad=bound is not None and value < bound)
        for value, times in zip(values, counts, strict=True)
    ]


def _words(model: Model, cell: Cell, words: Mapping[int, str]) -> list[Share]:
    """The most frequent first."""
    bad = {fold_word(word) for word in model.bad_categories}
    named = [
        (_("other") if code == PAST_CAP else words.get(code, write.DASH), times)
        for code, times in zip(cell.bins.tolist(), cell.counts.tolist(), strict=True)
    ]
    total = sum(times for _word, times in named)
    ordered = sorted(named, key=lambda pair: (-pair[1], pair[0]))
    return [_share(word, times, total, bad=fold_word(word) in bad) for word, times in ordered]


def _share(label: str, count: int, total: int, *, bad: bool) -> Share:
    low, high = wilson(count, total) or (0.0, 1.0)
    told = _("%(label)s: %(n)s of %(total)s") % {"label": label, "n": write.number(count), "total": write.number(total)}
    return Share(
        label,
        count,
        write.ratio(count / total),
        f"{write.ratio(low)} – {write.ratio(high)}",
        charts.meter(count / total, title=told, tone="bad" if bad else "accent"),
        bad,
    )


def _plain(value: float) -> str:
    """4; 0.25."""
    return write.number(value, 0 if value % 1 == 0 else 2)


TAB = Tab("feedback", gettext_lazy("Feedback"), ALL, build)
