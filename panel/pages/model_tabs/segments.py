"""A measure by segment: every value of a key with n and interval, worst first, held against the whole model."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from monitoring.catalogue import MEASURES, Measure, measures_for
from monitoring.catalogue.base import ALL
from monitoring.measures.breakdown import ENVIRONMENT, MAX_PARTS, VERSION, scopes_by
from monitoring.measures.series import Wanted, read_windows
from monitoring.selectors.segments import keys_of
from monitoring.selectors.summaries import Scope
from monitoring.stats.compare import Verdict, difference, judge
from monitoring.stats.intervals import Reading
from monitoring.stats.segments import NONE, OTHER, PROMPT
from panel import format as write
from panel.pages.indicators import main_measure, scope_of, settled
from panel.pages.model_tabs.figures import Figure, figure_of
from panel.pages.model_tabs.tab import Sight, Tab

ORDER = {"lower": -1, "higher": 1}  # the worst first


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a selection."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """One value of the key: the measure, how it stands against the whole model, and its share of the requests."""

    name: str
    figure: Figure
    verdict: Verdict
    share: str


@dataclass(frozen=True, slots=True)
class Segments:
    """What the tab shows; without rows `keys` says whether there is anything to choose."""

    keys: list[Choice]
    measures: list[Choice]
    label: str
    whole: Figure
    rows: list[SegmentRow]
    left_out: int


def build(sight: Sight) -> Segments:
    """The measure of each part of the chosen key over the range; two queries for the summaries' names, one for them."""
    declared = keys_of(sight.model)
    keys = [*declared, VERSION, ENVIRONMENT]
    key = _chosen(sight.asked.get("key"), keys)
    names = [measure.name for measure in measures_for(sight.model.kind)]
    name = sight.asked.get("measure", "")
    measure = MEASURES[name if name in names else main_measure(sight.model)]
    whole_scope = scope_of(sight.model)
    scopes = scopes_by(key, whole_scope, sight.model)
    whole, *parts = _readings(sight, measure, [whole_scope, *(scope for _value, scope in scopes[:MAX_PARTS])])
    rows = [
        _row(value, measure, whole, one)
        for (value, _scope), one in zip(scopes, parts, strict=False)
        if one[0].n or one[1].n
    ]
    return Segments(
        [Choice(one, key_label(one), one == key) for one in keys],
        [Choice(one, capfirst(str(MEASURES[one].label)), one == measure.name) for one in names],
        capfirst(str(measure.label)),
        figure_of(measure.name, whole[0]),
        [row for _place, row in sorted(rows, key=lambda pair: pair[0])],
        max(0, len(scopes) - MAX_PARTS),
    )


def _chosen(asked: str | None, keys: Sequence[str]) -> str:
    return asked if asked is not None and asked in keys else keys[0]


def _readings(sight: Sight, measure: Measure, scopes: Sequence[Scope]) -> list[tuple[Reading, Reading]]:
    """(the measure, requests) of each, in one query."""
    end = settled(sight.subject, measure.name, now=sight.now)
    edges = (min(sight.start, end), end)
    names = tuple(dict.fromkeys((measure.name, "requests")))
    found = read_windows([Wanted(names, scope, edges, sight.subject) for scope in scopes])
    return [(one[measure.name], one["requests"]) for one in found]


def _row(
    value: str, measure: Measure, whole: tuple[Reading, Reading], part: tuple[Reading, Reading]
) -> tuple[tuple[bool, float, str], SegmentRow]:
    """The row with its place: worst first, those without data last."""
    (reading, requests), figure = part, figure_of(measure.name, part[0])
    verdict = judge(difference(whole[0], reading), measure.better)
    share = write.percent(requests.n / whole[1].n) if whole[1].n else write.DASH
    row = SegmentRow(value_label(value), figure, verdict, share)
    weight = float(-reading.n) if reading.value is None else ORDER.get(measure.better, 0) * reading.value
    if measure.better == "neither":
        weight = float(-reading.n)
    return (reading.value is None, weight, value), row


def key_label(key: str) -> str:
    """A key as people read it; declared ones are the client's own words."""
    return {VERSION: _("Version"), ENVIRONMENT: _("Environment"), PROMPT: _("Prompt")}.get(key, key)


def value_label(value: str) -> str:
    """A value as people read it."""
    return {NONE: _("(no value)"), OTHER: _("(all other values)"), "": _("(no name)")}.get(value, value)


TAB = Tab("segments", gettext_lazy("Segments"), ALL, build)
