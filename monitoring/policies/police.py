"""Find the windows in which a policy was not kept to, and tell each once: the stage behind the events of policies.

What one call broke was counted when it was drained; here the counts of the last two hours are read. Money and quality are
read as they stand. An event is told again, with new numbers, as long as its window lasts.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from lib.stage import Summary
from monitoring.models import Policy, PolicyEvent
from monitoring.policies.standing import Limit, Use, day_of, read_standing, users_over
from monitoring.selectors.summaries import Ask, Scope, read_tallies_of
from monitoring.stats.tally import Tally
from monitoring.stats.usage import NANO
from monitoring.stats.verdicts import BINS, Violation

HOUR = timedelta(hours=1)
MOST_USERS = 1_000
BY_CALL = {violation: Limit(violation.value) for violation in Violation}


def police(*, now: datetime) -> Summary:
    """One pass over the enabled policies: seen policies, written events."""
    policies = list(Policy.objects.filter(enabled=True).select_related("model"))
    events = [*_of_calls(policies, now), *_of_applications(policies, now), *_of_users(policies, now)]
    for event in events:
        event.created_at = event.updated_at = now
    PolicyEvent.objects.bulk_create(
        events,
        update_conflicts=True,
        unique_fields=["policy", "limit", "start"],
        update_fields=["end", "count", "value", "bound", "subject", "updated_at"],
    )
    return Summary(seen=len(policies), written=len(events))


def _of_calls(policies: list[Policy], now: datetime) -> Iterable[PolicyEvent]:
    """Per limit and hour the calls that broke it; the value is their share of the calls judged."""
    begun = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    edges = (begun - HOUR, begun, begun + HOUR)
    asks = [Ask(Scope(policy.project_id, policy.model_id), frozenset({"policy"}), edges) for policy in policies]
    for policy, tallies in zip(policies, read_tallies_of(asks), strict=True):
        for tally in tallies:
            yield from _of_hour(policy, tally)


def _of_hour(policy: Policy, tally: Tally) -> Iterable[PolicyEvent]:
    cell = tally.cell("policy", policy.slug)
    for violation, limit in BY_CALL.items():
        if count := cell.count(BINS[violation]):
            yield PolicyEvent(
                policy=policy, limit=limit, start=tally.start, end=tally.end, count=count, value=count / cell.n
            )


def _of_applications(policies: list[Policy], now: datetime) -> Iterable[PolicyEvent]:
    """Money of the day and month, quality of the day; a response time is told call by call."""
    standing = read_standing(policies, now=now)
    for policy in policies:
        for use in standing[policy.pk]:
            if use.over and use.limit != Limit.LATENCY:
                yield _event(policy, use, *((use.start, use.end) if use.limit != Limit.QUALITY else day_of(now)))


def _event(policy: Policy, use: Use, start: datetime, end: datetime) -> PolicyEvent:
    return PolicyEvent(policy=policy, limit=use.limit, start=start, end=end, count=1, value=use.value, bound=use.bound)


def _of_users(policies: list[Policy], now: datetime) -> Iterable[PolicyEvent]:
    """One event a day however many users, about the one who went furthest."""
    start, end = day_of(now)
    for policy in policies:
        if over := users_over(policy, now=now, most=MOST_USERS):
            yield PolicyEvent(
                policy=policy,
                limit=Limit.COST_USER_DAY,
                start=start,
                end=end,
                count=len(over),
                value=over[0][1] / NANO,
                bound=float(policy.max_cost_user_day_usd or 0),
                subject=over[0][0],
            )
