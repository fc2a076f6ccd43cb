"""What the model earns: conversions and revenue, what its decisions are worth, and what is at risk."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from models_registry.models import Model
from monitoring.catalogue.base import ALL, CLASSIFIERS
from monitoring.items import canonical_label
from monitoring.models import Category
from monitoring.selectors.summaries import Ask, read_tallies_of
from monitoring.selectors.worth import BUSINESS, CLASS
from monitoring.stats.layouts import MILLIONTHS, PAST_CAP
from monitoring.stats.segments import OTHER
from monitoring.stats.tally import Confusion, Tally
from panel import format as write
from panel.pages.indicators import scope_of, settled
from panel.pages.model_tabs.charts import Plotted, charts_of
from panel.pages.model_tabs.figures import Figure, figures_of
from panel.pages.model_tabs.segments import value_label
from panel.pages.model_tabs.tab import Sight, Tab
from panel.pages.plot import Chart

EVENTS = ("conversions", "conversion_rate", "revenue", "value_per_request", "realised_value")
DECISIONS = ("realised_value_matrix", "realised_value_per_hour", "estimated_value_per_hour", "money_at_risk")
CHARTS = (
    Plotted(("conversion_rate",), ranged=True),
    Plotted(("revenue",)),
    Plotted(("realised_value_per_hour", "estimated_value_per_hour"), title=_("Value of decisions per hour")),
    Plotted(("money_at_risk",)),
)
EVENT_CHARTS, DECISION_CHARTS = CHARTS[:2], CHARTS[2:]
SHOWN = 12


@dataclass(frozen=True, slots=True)
class EventRow:
    """Business events of one name."""

    name: str
    count: int
    value: str


@dataclass(frozen=True, slots=True)
class MatrixCell:
    """One kind of decision: what each is worth, how many there were, what they come to."""

    true: str
    decided: str
    each: str
    count: int
    worth: str
    negative: bool


@dataclass(frozen=True, slots=True)
class Business:
    """What the tab shows. `decides`: has decisions that a matrix can value; `unseen`: classes of the matrix that the model has never named."""

    events: list[Figure]
    decisions: list[Figure]
    rows: list[EventRow]
    cells: list[MatrixCell]
    unseen: list[str]
    charts: list[Chart]
    decides: bool


def build(sight: Sight) -> Business:
    """Figures, tables and charts over the range; what waits for labels ends earlier."""
    ends = (sight.now, settled(sight.subject, "realised_value_matrix", now=sight.now))
    wanted = (frozenset({"business", "business_value"}), frozenset({"confusion"}))
    scope = scope_of(sight.model)
    asks = [Ask(scope, metrics, (min(sight.start, end), end)) for metrics, end in zip(wanted, ends, strict=True)]
    (told,), (decided,) = read_tallies_of(asks)
    codes = _codes(sight.model)
    rows = _event_rows(told, {code: name for (field, name), code in codes.items() if field == BUSINESS})
    has_matrix = bool(sight.model.value_matrix)
    plotted = (*(EVENT_CHARTS if rows else ()), *(DECISION_CHARTS if has_matrix else ()))
    return Business(
        figures_of(sight, EVENTS),
        figures_of(sight, DECISIONS) if has_matrix else [],
        rows,
        _cells(sight.model, decided, codes),
        [name for name in sight.model.value_matrix if (CLASS, canonical_label(name)) not in codes],
        charts_of(sight, plotted),
        sight.model.kind in CLASSIFIERS,
    )


Codes = dict[tuple[str, str], int]


def _codes(model: Model) -> Codes:
    """Codes of classes and of business events by their names."""
    rows = Category.objects.filter(model=model, field__in=[BUSINESS, CLASS]).values_list("field", "value", "code")
    return {(field, value): code for field, value, code in rows}


def _event_rows(tally: Tally, names: dict[int, str]) -> list[EventRow]:
    """The commonest names first."""
    events, worth = tally.cell("business"), tally.cell("business_value")
    values = dict(zip(worth.bins.tolist(), worth.counts.tolist(), strict=True))
    pairs = sorted(zip(events.counts.tolist(), events.bins.tolist(), strict=True), reverse=True)
    names = {**names, PAST_CAP: OTHER}
    return [
        EventRow(
            value_label(names.get(code, OTHER)),
            count,
            write.figure(values[code] / MILLIONTHS if code in values else None, "value"),
        )
        for count, code in pairs[:SHOWN]
    ]


def _cells(model: Model, tally: Tally, codes: Codes) -> list[MatrixCell]:
    """Every cell of the matrix; what costs most first."""
    counts = Confusion.of(tally).cells
    found: list[tuple[float, MatrixCell]] = []
    for true, row in model.value_matrix.items():
        for decided, value in row.items():
            pair = codes.get((CLASS, canonical_label(true)), -1), codes.get((CLASS, canonical_label(decided)), -1)
            count = counts.get(pair, 0)
            worth = write.figure(count * value, "value")
            cell = MatrixCell(true, decided, write.figure(value, "value"), count, worth, count * value < 0)
            found.append((count * value, cell))
    return [cell for _worth, cell in sorted(found, key=lambda pair: pair[0])]


TAB = Tab("business", _("Business"), ALL, build)
