"""An SLO's page: promise, attainment, budget over time, burn per window pair, traffic under the indicator."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q
from django.utils.formats import number_format
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from alerting.models import Alert, AlertRule, Severity
from lib import charts
from monitoring.catalogue import MEASURES
from monitoring.measures.series import Point, read_series, subjects_of
from monitoring.models import COMPOSITE, SLO
from monitoring.slo.composites import adds_up
from monitoring.slo.contributions import attained_between, contributions
from monitoring.slo.groups import group_statuses
from monitoring.slo.status import BudgetDay, SLOStatus, budget_days, budget_series, pair_burns
from monitoring.stats.burn import span_label
from panel import format as write
from panel.pages import history
from panel.pages.corrections import CorrectionRow, correction_bands, correction_rows
from panel.pages.fleet import Judged, budget_meter, judge
from panel.pages.indicators import is_estimate, promised, scope_of, shown
from panel.pages.plot import Band, Chart, Line, Threshold, keys_of
from panel.pages.ranges import Range
from panel.pages.verdict import outlook

BURN_POINTS = 120
UNFAIR = 3.0  # times an equal share of the budget, from where on a day is bad


@dataclass(frozen=True, slots=True)
class PairRow:
    """One line of the burn-rate table: fires at, now."""

    long: str
    short: str
    severity: str
    factor: float
    long_burn: float | None
    short_burn: float | None
    fires: bool
    # Fast enough, on fewer bad events than a rule needs.
    held: bool


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule bound to the SLO, with the state of its alert."""

    rule: AlertRule
    state: str


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One version, or one value of a segment key, with a budget of its own."""

    value: str
    status: SLOStatus
    meter: SafeString


@dataclass(frozen=True, slots=True)
class PartRow:
    """A component, and what it takes of the budget of its composite."""

    slo: SLO
    weight: str
    attained: float | None
    events: str
    spent: float
    meter: SafeString


@dataclass(frozen=True, slots=True)
class DayCell:
    """A day in the calendar of the budget."""

    day: date
    column: int
    tone: str
    spent: str
    left: str
    events: str


@dataclass(frozen=True)
class BurnDown:
    """The drawing of the budget with the texts of its axes."""

    points: list[tuple[datetime, float | None]]
    bands: list[Band]
    title: str

    @cached_property
    def _drawn(self) -> tuple[SafeString, float, float]:
        start, end = self.points[0][0], self.points[-1][0]
        whole = (end - start).total_seconds() or 1.0
        stretches = [
            charts.Stretch(
                (band.start - start).total_seconds() / whole, (band.end - start).total_seconds() / whole, band.kind
            )
            for band in self.bands
        ]
        return charts.burn_down([value for _at, value in self.points], title=self.title, bands=stretches)

    @property
    def keys(self) -> list[Band]:
        """What the legend says of the bands."""
        return keys_of(self.bands)

    @property
    def drawing(self) -> SafeString:
        """SVG."""
        return self._drawn[0]

    @property
    def top(self) -> str:
        """The whole budget."""
        return write.percent(self._drawn[2], 0)

    @property
    def bottom(self) -> str:
        """Nothing, or the debt."""
        return write.percent_floor(self._drawn[1], 0)

    @property
    def start(self) -> datetime:
        """Left end."""
        return self.points[0][0]

    @property
    def end(self) -> datetime:
        """Right end."""
        return self.points[-1][0]


@dataclass(frozen=True, slots=True)
class SLOPage:
    """All that an SLO's page shows."""

    judged: Judged
    indicator: str
    outlook: str
    # Why it is healthy though a window burns faster than planned; empty where there is nothing to explain.
    calm: str
    burn_down: BurnDown
    days: list[DayCell]
    pairs: list[PairRow]
    rules: list[RuleRow]
    corrections: list[CorrectionRow]
    groups: list[GroupRow]
    # Whether what is in none of them is one of them.
    rest_told: bool
    parts: list[PartRow]
    charts: list[Chart]


def slo_page(slo: SLO, span: Range, *, now: datetime) -> SLOPage:
    """The SLO as it stands now, its charts over the range."""
    judged = judge(SLO.objects.filter(pk=slo.pk), now=now)[0]
    points = budget_series(slo, now=now, points=BURN_POINTS)
    rows = correction_rows(slo, now=now)
    bands = _bands(slo, rows, start=points[0][0], end=points[-1][0])
    pairs = _pairs(judged)
    return SLOPage(
        judged=judged,
        indicator=promised(slo),
        outlook=outlook(judged.slo, judged.status),
        calm=_calm(judged, pairs),
        days=_days(slo, now=now),
        burn_down=BurnDown(points, bands, _("Budget left of %(slo)s") % {"slo": slo}),
        pairs=pairs,
        rules=_rules(slo),
        corrections=rows,
        groups=_groups(slo, now=now),
        rest_told=adds_up(slo),
        parts=_parts(slo, now=now),
        charts=_charts(slo, span, rows, now=now),
    )


def _bands(slo: SLO, rows: Sequence[CorrectionRow], *, start: datetime, end: datetime) -> list[Band]:
    """What hurt, and what is corrected."""
    return history.bands(slo.model, start=start, end=end) + correction_bands(rows, start=start, end=end)


def _days(slo: SLO, *, now: datetime) -> list[DayCell]:
    """A day is worse the more of the budget it spent than an equal share of it would be."""
    fair = timedelta(days=1) / slo.window
    return [
        DayCell(
            one.day,
            one.day.isoweekday(),
            _tone(one, fair),
            write.percent_full(one.spent),
            write.percent_floor(one.left, 0),
            _bad_of(slo, one),
        )
        for one in budget_days(slo, now=now)
    ]


def _bad_of(slo: SLO, day: BudgetDay) -> str:
    """Events, or slices; of a composite, which has none of its own, their share."""
    bad = day.valid - day.good
    if slo.sli == COMPOSITE:
        return _("%(share)s bad") % {"share": write.percent_full(bad / day.valid if day.valid else None)}
    return _("%(bad)s bad of %(valid)s") % {"bad": _amount(bad), "valid": _amount(day.valid)}


def _amount(count: float) -> str:
    """Whole numbers as they are, shares of slices cut to a tenth."""
    return write.number(round(count)) if float(count).is_integer() else number_format(int(count * 10) / 10, 1)


def _tone(day: BudgetDay, fair: float) -> str:
    if not day.valid or day.spent is None:
        return "none"
    if day.spent > UNFAIR * fair:
        return "bad"
    return "warn" if day.spent > fair else "ok"


def _pairs(judged: Judged) -> list[PairRow]:
    burn = judged.status.burn
    rows = []
    for pair in judged.pairs:
        rates = burn.get(span_label(pair.long_s)), burn.get(span_label(pair.short_s))
        fast = all(rate is not None and rate > pair.factor for rate in rates)
        fires = pair_burns(judged.slo, pair, judged.status.windows)
        told = write.span(pair.long_s), write.span(pair.short_s)
        rows.append(PairRow(*told, Severity(pair.severity).value, pair.factor, *rates, fires, held=fast and not fires))
    return rows


def _calm(judged: Judged, pairs: Sequence[PairRow]) -> str:
    """Of the window that burns fastest; a pair speaks where both of its windows pass its factor, on enough bad events."""
    rates = [(rate, span) for row in pairs for rate, span in ((row.long_burn, row.long), (row.short_burn, row.short))]
    rate, span = max(((rate, span) for rate, span in rates if rate is not None), default=(0.0, ""))
    if judged.status.state != "ok" or rate <= 1:
        return ""
    told = {"rate": number_format(rate, 1), "span": span}
    if any(row.held for row in pairs):
        text = _("Over %(span)s it burns %(rate)s times as fast as planned, but too few bad events say so: healthy.")
        return text % told
    text = _(
        "Over %(span)s it burns %(rate)s times as fast as planned. It stays healthy until both windows of a pair "
        "pass the factor above which that pair fires."
    )
    return text % told


def _groups(slo: SLO, *, now: datetime) -> list[GroupRow]:
    """The worst first."""
    return [
        GroupRow(one.group.value, one.status, budget_meter(one.status.budget_left))
        for one in group_statuses([slo], now=now).get(slo.pk, [])
    ]


def _parts(slo: SLO, *, now: datetime) -> list[PartRow]:
    """Of a composite, the greatest spender first."""
    if slo.sli != COMPOSITE:
        return []
    return [
        PartRow(
            one.component.slo,
            write.percent_full(one.share),
            one.attained,
            f"{_amount(one.good)} / {_amount(one.valid)}",
            one.spent,
            charts.meter(min(one.spent, 1.0), title=write.percent_full(one.spent), tone="warn" if one.spent else "ok"),
        )
        for one in contributions(slo, now=now)
    ]


def _rules(slo: SLO) -> list[RuleRow]:
    """Rules that burn on this SLO, and thresholds on the measure it is shown by."""
    seen = shown(slo)
    mine = Q(slo=slo) | Q(model=slo.model, measure=seen.measure) if seen else Q(slo=slo)
    rules = AlertRule.objects.filter(mine, project=slo.project).distinct()
    alerts = {alert.rule_id: alert.state for alert in Alert.objects.filter(rule__in=rules)}
    return [RuleRow(rule, alerts.get(rule.pk, Alert.State.INACTIVE) if rule.enabled else "disabled") for rule in rules]


def _charts(slo: SLO, span: Range, rows: Sequence[CorrectionRow], *, now: datetime) -> list[Chart]:
    """The measure against its objective, and how many events stand behind it; of a composite, whose components tell that, what it
    attained.
    """
    seen = shown(slo)
    if seen is None:
        return [_attained(slo, span, rows, now=now)]
    start, edges = span.edges(now=now, sampled=is_estimate(seen.measure))
    scope = scope_of(slo.model, environment=slo.environment)
    subject = subjects_of([slo.model])[slo.model_id]
    points = read_series([seen.measure], scope, edges=edges, now=now, subject=subject)[seen.measure]
    bands = _bands(slo, rows, start=start, end=edges[-1])
    marks = history.marks(slo.model, start=start, end=edges[-1])
    ranged = MEASURES[seen.measure].unit == "ratio"
    behind = [Point(one.start, float(one.n), one.n, None, None, one.state) for one in points]
    return [
        Chart(
            slug="indicator",
            title=seen.label,
            unit=seen.unit,
            lines=[Line(seen.label, points, show_range=ranged)],
            start=start,
            end=edges[-1],
            bands=bands,
            marks=marks,
            threshold=Threshold(seen.bound, _("objective %(bound)s") % {"bound": seen.objective}),
        ),
        Chart(
            slug="valid",
            title=_("Events under the indicator"),
            unit="count",
            lines=[Line(_("Events"), behind, "third")],
            start=start,
            end=edges[-1],
            bands=bands,
            marks=marks,
            small=True,
        ),
    ]


def _attained(slo: SLO, span: Range, rows: Sequence[CorrectionRow], *, now: datetime) -> Chart:
    """Slice by slice, against the target."""
    start, edges = span.edges(now=now, sampled=True)
    return Chart(
        slug="attained",
        title=_("Attained"),
        unit="ratio",
        lines=[Line(_("Attained"), attained_between(slo, edges, now=now))],
        start=start,
        end=edges[-1],
        bands=_bands(slo, rows, start=start, end=edges[-1]),
        marks=history.marks(slo.model, start=start, end=edges[-1]),
        threshold=Threshold(slo.target, _("objective %(bound)s") % {"bound": write.percent_exact(slo.target)}),
    )
