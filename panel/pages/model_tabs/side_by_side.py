"""Two versions of a model side by side: who is champion, who is challenger, and what can be said of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from models_registry.models import ModelVersion
from monitoring.measures.comparison import Row, Side, compare, difference_figure, interval_figure
from monitoring.stats.compare import Verdict
from panel import format as write
from panel.pages.indicators import scope_of
from panel.pages.model_tabs.figures import Figure, figure_of
from panel.pages.model_tabs.tab import Sight


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """One measure of both."""

    label: str
    champion: Figure
    challenger: Figure
    difference: str
    interval: str
    verdict: Verdict
    provisional: bool


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Both, and the sentence that sums it up."""

    versions: list[str]
    champion: str
    challenger: str
    sentence: str
    verdict: Verdict
    rows: list[ComparedRow]


def side_by_side(sight: Sight, versions: Sequence[ModelVersion]) -> SideBySide | None:
    """The versions that the URL names, else the two newest of these, the newer as challenger; None of fewer than two."""
    if len(versions) < 2:
        return None
    named = {version.version: version for version in versions}
    challenger = named.get(sight.asked.get("challenger", ""), versions[0])
    others = [version for version in versions if version != challenger]
    champion = named.get(sight.asked.get("champion", ""), others[0])
    if champion == challenger:
        champion = others[0]
    sides = [Side(name_of(one), scope_of(sight.model, version_id=one.pk)) for one in (champion, challenger)]
    found = compare(sight.model, *sides, start=sight.start, end=sight.now, now=sight.now, subject=sight.subject)
    told = found.verdict != "no_data"
    rows = [_row(row) for row in found.rows if told or row.difference is not None]
    names = [version.version for version in versions]
    return SideBySide(names, champion.version, challenger.version, found.sentence, found.verdict, rows)


def name_of(version: ModelVersion) -> str:
    """As a sentence names it."""
    return version.version or _("(no version)")


def _row(row: Row) -> ComparedRow:
    unit, gap = row.measure.unit, row.difference
    return ComparedRow(
        capfirst(str(row.measure.label)),
        figure_of(row.measure.name, row.champion),
        figure_of(row.measure.name, row.challenger),
        write.DASH if gap is None else difference_figure(gap.value, unit),
        "" if gap is None else interval_figure(gap, unit),
        row.verdict,
        row.provisional,
    )
