"""Measures of a model over time, with its objectives, incidents and deployments drawn in."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django_stubs_ext import StrOrPromise

from monitoring.catalogue import MEASURES
from monitoring.measures.series import Point, read_series
from panel.pages import history
from panel.pages.indicators import is_estimate, scope_of, shown
from panel.pages.model_tabs.figures import applicable
from panel.pages.model_tabs.tab import Sight
from panel.pages.plot import Chart, Line, Threshold

TONES = ("accent", "third", "second")


@dataclass(frozen=True, slots=True)
class Plotted:
    """Measures of one unit that share a chart, the main one first; several need a `title`.

    `ranged` draws the interval of a measure that stands alone; several bands over each other tell nothing.
    """

    names: tuple[str, ...]
    title: StrOrPromise = ""
    ranged: bool = False


def charts_of(sight: Sight, wanted: Sequence[Plotted]) -> list[Chart]:
    """The charts of what a model of this kind has; two queries for the summaries, however many charts."""
    fitting = [replace(one, names=tuple(applicable(sight.model, one.names))) for one in wanted]
    fitting = [one for one in fitting if one.names]
    series: dict[str, list[Point]] = {}
    ends: dict[str, list[datetime]] = {}
    edges = [sight.now]
    for sampled in (False, True):
        names = [name for one in fitting for name in one.names if is_estimate(name) == sampled]
        _start, edges = sight.span.edges(now=sight.now, sampled=sampled)
        series |= read_series(names, scope_of(sight.model), edges=edges, now=sight.now, subject=sight.subject)
        ends |= dict.fromkeys(names, edges)
    bands = history.bands(sight.model, start=edges[0], end=edges[-1])
    marks = history.marks(sight.model, start=edges[0], end=edges[-1])
    drawn = [_chart(sight, one, series, start=ends[one.names[0]][0], end=ends[one.names[0]][-1]) for one in fitting]
    return [replace(chart, bands=bands, marks=marks) for chart in drawn]


def _chart(sight: Sight, plotted: Plotted, series: dict[str, list[Point]], *, start: datetime, end: datetime) -> Chart:
    main = plotted.names[0]
    told = [one for judged in sight.row.slos if (one := shown(judged.slo))]
    seen = next((one for one in told if one.measure == main), None)
    return Chart(
        slug=main.replace("_", "-"),
        title=str(plotted.title) or capfirst(str(MEASURES[main].label)),
        unit=MEASURES[main].unit,
        lines=[
            Line(capfirst(str(MEASURES[name].label)), series[name], tone, show_range=plotted.ranged)
            for name, tone in zip(plotted.names, TONES, strict=False)
        ],
        start=start,
        end=end,
        threshold=Threshold(seen.bound, _("objective %(bound)s") % {"bound": seen.objective}) if seen else None,
        small=True,
    )
