"""What the calls cost: over time by language model, by prompt and by user, and what the month will come to."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from django.utils.safestring import SafeString
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from lib import charts
from monitoring.catalogue.base import LLM
from monitoring.models import Policy
from monitoring.selectors.costs import (
    CostLine,
    Span,
    cost_by_language_model,
    cost_by_prompt,
    cost_by_user,
    money_by_language_model,
    month_of,
)
from monitoring.stats.layouts import language_model_of
from monitoring.stats.usage import NANO
from panel import format as write
from panel.pages.model_tabs.charts import Plotted, charts_of
from panel.pages.model_tabs.figures import Figure, figures_of
from panel.pages.model_tabs.tab import Sight, Tab
from panel.pages.plot import Chart

MONEY = ("cost_usd", "cost_per_request", "unpriced_rate")
COMPARED = ("cost_reported_usd", "cost_difference_usd", "cost_disagreement_rate", "usage_mismatch_rate")
USAGE = ("tokens", "cached_share", "input_tokens_p50", "input_tokens_p95", "output_tokens_p50", "output_tokens_p95")
CHARTS = (Plotted(("cost_per_request",)), Plotted(("tokens",)), Plotted(("cached_share",)))
SHOWN, TONES = 10, 5
OTHERS = str(TONES)


@dataclass(frozen=True, slots=True)
class Share:
    """A part of the cost. `lacking` calls have no known cost; `price_query` prefills the form of an own price for an unpriced model."""

    name: str
    cost: str
    calls: int
    percent: str
    lacking: str = ""
    price_query: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Month:
    """The month so far, where it goes, and how much of a limit that is."""

    spent: str
    value: str
    interval: str
    days: int
    limit: str
    meter: SafeString | None


@dataclass(frozen=True, slots=True)
class Stacked:
    """Cost over time by language model, from `start` until now; `others` says whether some models share a colour."""

    drawing: SafeString
    start: datetime
    highest: str
    others: bool


@dataclass(frozen=True, slots=True)
class Cost:
    """What the tab shows."""

    money: list[Figure]
    compared: list[Figure]
    usage: list[Figure]
    month: Month | None
    stacked: Stacked
    models: list[Share]
    prompts: list[Share]
    users: list[Share]
    charts: list[Chart]


def build(sight: Sight) -> Cost:
    """Money and tokens over the range; by model, prompt and user in the whole days (UTC) that the range touches."""
    start, now = sight.start.astimezone(UTC), sight.now.astimezone(UTC)
    span = Span(start.date(), now.date() + timedelta(days=1))
    models = cost_by_language_model([sight.model], span)
    whole = sum(line.cost.nano for line in models)
    tones = {line.key: str(place) for place, line in enumerate(models[:TONES])}
    return Cost(
        figures_of(sight, MONEY),
        figures_of(sight, COMPARED),
        figures_of(sight, USAGE),
        _month(sight),
        _stacked(sight, tones),
        [_of_model(line, whole, tones) for line in models[:SHOWN]],
        _shares(cost_by_prompt([sight.model], span), whole),
        _shares(cost_by_user([sight.model], span, limit=SHOWN), whole),
        charts_of(sight, CHARTS),
    )


def _stacked(sight: Sight, tones: dict[str, str]) -> Stacked:
    """One bar per step of the range."""
    _start, edges = sight.span.edges(now=sight.now, sampled=True)
    columns, titles = [], []
    for edge, money in zip(edges, money_by_language_model(sight.model, edges), strict=False):
        parts: defaultdict[str, float] = defaultdict(float)
        for word, nano in money.items():
            parts[tones.get(word, OTHERS)] += nano / NANO
        columns.append(sorted(parts.items()))
        told = ", ".join(f"{name_of(word)} {write.money(nano / NANO)}" for word, nano in sorted(money.items()))
        titles.append(f"{write.moment(edge)}: {told or write.money(0)}")
    drawing = charts.stacks(columns, titles=titles, title=_("Cost over time by language model"))
    highest = max((sum(amount for _tone, amount in column) for column in columns), default=0.0)
    others = any(tone == OTHERS for column in columns for tone, _amount in column)
    return Stacked(drawing, edges[0], write.money(highest), others)


def name_of(word: str) -> str:
    """A language model as it is read: `provider/model`; past the most names, everything else."""
    return word.lstrip("/") or _("everything else")


def _of_model(line: CostLine, whole: int, tones: dict[str, str]) -> Share:
    share = _share(line, whole)
    provider, model = language_model_of(line.key)
    query = ""
    if line.unpriced and line.key:
        query = urlencode({"provider": provider, "model": model, "name": slugify(f"{provider} {model}")[:64]})
    return Share(
        name_of(line.key), share.cost, share.calls, share.percent, share.lacking, query, tones.get(line.key, OTHERS)
    )


def _shares(lines: Sequence[CostLine], whole: int) -> list[Share]:
    return [_share(line, whole) for line in lines[:SHOWN]]


def _share(line: CostLine, whole: int) -> Share:
    lacking = line.cost.calls - line.cost.costed
    told = ngettext("%(n)s call without a known cost", "%(n)s calls without a known cost", lacking)
    return Share(
        line.key,
        write.money(line.cost.nano / NANO) if line.cost.costed else _("unpriced"),
        line.cost.calls,
        write.percent(line.cost.nano / whole if whole else None),
        told % {"n": write.number(lacking)} if lacking else "",
    )


def _month(sight: Sight) -> Month | None:
    found = month_of([sight.model], sight.now)
    if found is None:
        return None
    policies = Policy.objects.filter(model=sight.model, environment="", enabled=True, max_cost_month_usd__isnull=False)
    limit = policies.order_by("max_cost_month_usd").values_list("max_cost_month_usd", flat=True).first()
    interval = ""
    if found.low is not None and found.high is not None:
        interval = f"{write.money(found.low)} – {write.money(found.high)}"
    meter = None
    if limit:
        share = found.value / float(limit)
        title = _("%(share)s of the month's limit, projected") % {"share": write.percent(share)}
        meter = charts.meter(share, title=title, tone="bad" if share >= 1 else "warn" if share >= 0.8 else "ok")
    told = write.money(float(limit)) if limit else ""
    return Month(write.money(found.spent), write.money(found.value), interval, found.days, told, meter)


TAB = Tab("cost", gettext_lazy("Cost"), LLM, build)
