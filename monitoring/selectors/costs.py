"""What LLM applications cost: by user, prompt, language model or day, and the month as it will be when it is over.

Whole days, UTC. Days and language models are read from summaries; users, who have no cap, from `UserDay`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import reduce
from operator import add

from django.db.models import Max, Q, Sum

from models_registry.models import Model
from monitoring.models import Category, UserDay
from monitoring.selectors.segments import segments_of, value_of
from monitoring.selectors.summaries import Ask, Scope, read_tallies_of
from monitoring.stats.layouts import PAST_CAP
from monitoring.stats.projection import DAY, Projection, month_start, project_month
from monitoring.stats.segments import PROMPT
from monitoring.stats.tally import Cell, Tally
from monitoring.stats.usage import NANO, cost_nano

LANGUAGE_MODEL = "language_model"
MAX_PROMPTS = 200
_MONEY = frozenset({"cost", "fallback_cost", "status"})
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Cost:
    """Calls and their money in nano-USD; `costed` of them have a known cost, so what is less is a lower bound."""

    nano: int = 0
    calls: int = 0
    costed: int = 0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.nano + other.nano, self.calls + other.calls, self.costed + other.costed)


@dataclass(frozen=True, slots=True)
class CostLine:
    """The cost of one user, day or language model; `last_us` is the start of a user's newest call."""

    key: str
    cost: Cost
    unpriced: int = 0
    last_us: int | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """Whole days [first, last)."""

    first: date
    last: date

    @property
    def edges(self) -> tuple[datetime, ...]:
        """Where each day begins, and the end of the last one."""
        days = (self.last - self.first).days
        return tuple(datetime.combine(self.first, datetime.min.time(), UTC) + DAY * n for n in range(days + 1))


def cost_by_day(models: Sequence[Model], span: Span) -> list[CostLine]:
    """Every day of the span, oldest first."""
    costs = _of_windows(models, span.edges)
    return [CostLine(edge.date().isoformat(), cost) for edge, cost in zip(span.edges, costs, strict=False)]


def cost_by_language_model(models: Sequence[Model], span: Span) -> list[CostLine]:
    """Dearest first, then by name; what is past the cap of names is `other`, as the word of an empty name."""
    asks = [
        Ask(Scope(model.project_id, model.pk), frozenset({LANGUAGE_MODEL}), (span.edges[0], span.edges[-1]))
        for model in models
    ]
    names = _names(models)
    found: defaultdict[str, Cost] = defaultdict(Cost)
    unpriced: defaultdict[str, int] = defaultdict(int)
    for model, (tally,) in zip(models, read_tallies_of(asks), strict=True):
        for code, cost in _by_code(tally).items():
            found[names.get((model.pk, code), "")] += cost
        for code, calls in _bins(tally.cell(LANGUAGE_MODEL, "unpriced")).items():
            unpriced[names.get((model.pk, code), "")] += calls
    lines = [CostLine(key, cost, unpriced[key]) for key, cost in found.items()]
    return sorted(lines, key=lambda line: (-line.cost.nano, line.key))


def money_by_language_model(model: Model, edges: Sequence[datetime]) -> list[dict[str, int]]:
    """Nano-USD of each language model in each window between neighbouring edges, in one query for the summaries."""
    asks = [Ask(Scope(model.project_id, model.pk), frozenset({LANGUAGE_MODEL}), tuple(edges))]
    names = _names([model])
    return [
        {names.get((model.pk, code), ""): nano for code, nano in _bins(tally.cell(LANGUAGE_MODEL, "cost")).items()}
        for tally in read_tallies_of(asks)[0]
    ]


def cost_by_prompt(models: Sequence[Model], span: Span) -> list[CostLine]:
    """Dearest first, then by `name@version`; the newest 200 prompts of an application. Calls without a prompt are in none."""
    asks = [
        Ask(Scope(model.project_id, model.pk, segment=segment), _MONEY, (span.edges[0], span.edges[-1]))
        for model in models
        for segment in segments_of(model, PROMPT)[:MAX_PROMPTS]
    ]
    found: defaultdict[str, Cost] = defaultdict(Cost)
    for ask, (tally,) in zip(asks, read_tallies_of(asks), strict=True):
        found[value_of(ask.scope.segment)] += cost_of_tally(tally)
    lines = [CostLine(key, cost, cost.calls - cost.costed) for key, cost in found.items() if cost.calls]
    return sorted(lines, key=lambda line: (-line.cost.nano, line.key))


def cost_by_user(
    models: Sequence[Model], span: Span, *, limit: int, after: tuple[int, str] | None = None
) -> list[CostLine]:
    """Dearest first, then by user; at most `limit`, after a place (cost, user) in that order."""
    first, last = ((day - EPOCH).days for day in (span.first, span.last))
    rows = UserDay.objects.filter(model_id__in=[model.pk for model in models], day__gte=first, day__lt=last)
    users = rows.values("user_id").annotate(
        nano=Sum("cost_nano"), all=Sum("calls"), known=Sum("costed"), last=Max("last_us")
    )
    if after is not None:
        users = users.filter(Q(nano__lt=after[0]) | Q(nano=after[0], user_id__gt=after[1]))
    found = users.order_by("-nano", "user_id").values_list("user_id", "nano", "all", "known", "last")[:limit]
    return [
        CostLine(user, Cost(int(nano), int(calls), int(known)), int(calls) - int(known), last)
        for user, nano, calls, known, last in found
    ]


def month_of(models: Sequence[Model], now: datetime) -> Projection | None:
    """The month (UTC) that `now` is in, by its days so far; in US dollars. None where nothing cost anything."""
    first = month_start(now)
    if not first < now:
        return None
    asks = [Ask(Scope(model.project_id, model.pk), frozenset({"day_cost"}), (first, now)) for model in models]
    by_day: defaultdict[int, float] = defaultdict(float)
    for (tally,) in read_tallies_of(asks):
        for day, nano in _bins(tally.cell("day_cost")).items():
            by_day[day] += nano / NANO
    return project_month(by_day, start=first, end=now)


def _of_windows(models: Sequence[Model], edges: Sequence[datetime]) -> list[Cost]:
    """The cost of all of these applications in each window between neighbouring edges."""
    asks = [Ask(Scope(model.project_id, model.pk), _MONEY, tuple(edges)) for model in models]
    read = read_tallies_of(asks)
    if not read:
        return [Cost()] * (len(edges) - 1)
    return [reduce(add, map(cost_of_tally, tallies)) for tallies in zip(*read, strict=True)]


def cost_of_tally(tally: Tally) -> Cost:
    """What a window cost, by the metrics of money and the calls."""
    nano, costed = cost_nano(tally)
    return Cost(nano, tally.cell("status").n, costed)


def _by_code(tally: Tally) -> Mapping[int, Cost]:
    calls, costed, nano = (_bins(tally.cell(LANGUAGE_MODEL, key)) for key in ("calls", "costed", "cost"))
    return {code: Cost(nano.get(code, 0), count, costed.get(code, 0)) for code, count in calls.items()}


def _bins(cell: Cell) -> dict[int, int]:
    return {int(bin_): int(count) for bin_, count in zip(cell.bins, cell.counts, strict=True)}


def _names(models: Iterable[Model]) -> dict[tuple[int, int], str]:
    """(application, code) → word; the code of what is past the cap has none."""
    rows = Category.objects.filter(model_id__in=[model.pk for model in models], field=LANGUAGE_MODEL)
    return {(model_id, code): value for model_id, code, value in rows.values_list("model_id", "code", "value")} | {
        (model.pk, PAST_CAP): "" for model in models
    }
