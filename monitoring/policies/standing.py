"""How an application stands against the money and quality that its policies allow, now."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db.models import QuerySet, Sum

from monitoring.catalogue import MEASURES
from monitoring.measures.series import subjects_of
from monitoring.models import Policy, UserDay
from monitoring.models.policies import PolicyEvent
from monitoring.selectors.costs import EPOCH, cost_of_tally
from monitoring.selectors.summaries import Ask, Scope, read_tallies_of
from monitoring.stats.projection import month_start
from monitoring.stats.usage import NANO

Limit = PolicyEvent.Limit
DAY: Final = timedelta(days=1)
MINUTE: Final = timedelta(minutes=1)  # the one that has begun counts
LATENCY_WINDOW: Final = timedelta(minutes=15)
LATENCY_SAMPLES: Final = 10
_MONEY: Final = frozenset({"cost", "fallback_cost", "status"})


@dataclass(frozen=True, slots=True)
class Use:
    """A limit over a window: the value so far against its bound. `unpriced` calls make a cost a lower bound.

    `over` is None where nothing can be said: too few samples, no data.
    """

    limit: Limit
    value: float | None
    bound: float
    start: datetime
    end: datetime
    over: bool | None
    unpriced: int = 0
    n: int = 0


def day_of(now: datetime) -> tuple[datetime, datetime]:
    """The UTC day that a moment is in."""
    start = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return start, start + DAY


def month_of(now: datetime) -> tuple[datetime, datetime]:
    """The UTC month that a moment is in."""
    start = month_start(now)
    return start, month_start(start + timedelta(days=32))


def read_standing(policies: Sequence[Policy], *, now: datetime) -> dict[int, list[Use]]:
    """Per policy its limits on the whole application, in one query for the summaries of all."""
    wanted = [(policy, *one) for policy in policies for one in _wanted(policy, now)]
    asks = [Ask(_scope(policy), metrics, window) for policy, _, metrics, window in wanted]
    subjects = subjects_of({policy.model_id: policy.model for policy in policies}.values()) if wanted else {}
    found: dict[int, list[Use]] = {policy.pk: [] for policy in policies}
    for (policy, limit, _, window), (tally,) in zip(wanted, read_tallies_of(asks), strict=True):
        if limit in _BOUNDS:
            cost = cost_of_tally(tally)
            bound = float(getattr(policy, _BOUNDS[limit]))
            value = cost.nano / NANO
            use = Use(limit, value, bound, *window, value >= bound, cost.calls - cost.costed, cost.calls)
        else:
            name = policy.quality_measure if limit == Limit.QUALITY else "latency_p95"
            reading = MEASURES[name].read(tally, subjects[policy.model_id])
            use = _of_reading(policy, limit, reading.value, reading.n, window)
        found[policy.pk].append(use)
    return found


def users_over(policy: Policy, *, now: datetime, most: int) -> list[tuple[str, int]]:
    """Users of today whose cost is at their limit, dearest first, at most so many: (user, nano-USD)."""
    if policy.max_cost_user_day_usd is None:
        return []
    bound = int(policy.max_cost_user_day_usd * NANO)
    users = _users_of_today(policy, now).values("user_id").annotate(nano=Sum("cost_nano")).filter(nano__gte=bound)
    rows = users.order_by("-nano", "user_id").values_list("user_id", "nano")[:most]
    return [(user_id, int(nano)) for user_id, nano in rows]


def user_cost_nano(policy: Policy, user_id: str, *, now: datetime) -> int:
    """What a user has cost today."""
    found = _users_of_today(policy, now).filter(user_id=user_id).aggregate(nano=Sum("cost_nano"))["nano"]
    return int(found or 0)


def _users_of_today(policy: Policy, now: datetime) -> QuerySet[UserDay]:
    """In the environment of the policy, or in all."""
    rows = UserDay.objects.filter(model_id=policy.model_id, day=_today(now))
    return rows.filter(environment=policy.environment) if policy.environment else rows


_BOUNDS: Mapping[Limit, str] = {Limit.COST_DAY: "max_cost_day_usd", Limit.COST_MONTH: "max_cost_month_usd"}


def _wanted(policy: Policy, now: datetime) -> Iterable[tuple[Limit, frozenset[str], tuple[datetime, datetime]]]:
    if policy.max_cost_day_usd is not None:
        yield Limit.COST_DAY, _MONEY, day_of(now)
    if policy.max_cost_month_usd is not None:
        yield Limit.COST_MONTH, _MONEY, month_of(now)
    if policy.max_latency_ms is not None:
        yield Limit.LATENCY, frozenset(MEASURES["latency_p95"].metrics), (now - LATENCY_WINDOW, now + MINUTE)
    if policy.quality_measure in MEASURES and policy.quality_bound is not None:
        metrics = frozenset(MEASURES[policy.quality_measure].metrics)
        yield Limit.QUALITY, metrics, (now - policy.quality_window, now + MINUTE)


def _of_reading(policy: Policy, limit: Limit, value: float | None, n: int, window: tuple[datetime, datetime]) -> Use:
    if limit == Limit.LATENCY:
        bound, fewest, at_most = float(policy.max_latency_ms or 0), LATENCY_SAMPLES, True
    else:
        bound, fewest = policy.quality_bound or 0.0, policy.quality_samples
        at_most = policy.quality_comparison == Policy.Comparison.AT_MOST
    over = None if value is None or n < fewest else value > bound if at_most else value < bound
    return Use(limit, value, bound, *window, over, n=n)


def _scope(policy: Policy) -> Scope:
    return Scope(policy.project_id, policy.model_id, environment=policy.environment or None)


def _today(now: datetime) -> int:
    return (day_of(now)[0].date() - EPOCH).days
