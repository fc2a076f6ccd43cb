"""Whether a call is within a policy, answered in well under a millisecond once the policy is known.

A gateway asks before each call. The policy with its standing, and what each user has cost today, are remembered for
`STALE_S` seconds in the process: an answer may be that late, plus what is still in the inbox. A limit that cannot be evaluated
is answered as the policy says, and the answer says so.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from django.db import DatabaseError

from monitoring.llm.limits import Broken, Facts, Limits, broken
from monitoring.models import Policy
from monitoring.policies.standing import Limit, Use, day_of, read_standing, user_cost_nano
from monitoring.stats.usage import NANO
from monitoring.stats.verdicts import Violation

Key = TypeVar("Key")
Value = TypeVar("Value")
STALE_S = 5.0
MOST_REMEMBERED = 10_000
RETRY_S = 60


@dataclass(frozen=True, slots=True)
class Asked:
    """A call as a gateway describes it before it is made."""

    user_id: str = ""
    environment: str = ""
    facts: Facts = field(default_factory=Facts)


class Reason(NamedTuple):
    """One limit that speaks against the call, in words for a person."""

    limit: str
    value: Any
    bound: Any
    sentence: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer. `state` is ok, not_evaluated (answered as the policy says), disabled or elsewhere (another environment)."""

    allow: bool
    state: str = "ok"
    reasons: tuple[Reason, ...] = ()
    notes: tuple[str, ...] = ()
    retry_after: int | None = None


class Known(NamedTuple):
    """A policy with its standing, and until when (monotonic seconds) it is new enough; `uses` None: not evaluated."""

    until: float
    policy: Policy
    limits: Limits
    uses: tuple[Use, ...] | None


_known: dict[tuple[int, str], Known] = {}
_users: dict[tuple[int, str], tuple[float, int]] = {}


def forget() -> None:
    """Remember nothing: the next answers are as of now."""
    _known.clear()
    _users.clear()


def decide(project_id: int, slug: str, asked: Asked, *, now: datetime) -> Decision:
    """Whether the call is within the policy; `Policy.DoesNotExist` for one that is not there."""
    known = _standing(project_id, slug, now)
    policy = known.policy
    if not policy.enabled:
        return Decision(True, "disabled", notes=("The policy is disabled.",))
    if policy.environment and asked.environment and asked.environment != policy.environment:
        return Decision(True, "elsewhere", notes=(f"The policy is for the environment {policy.environment}.",))
    reasons = [_of_call(one) for one in broken(_asked_of(known.limits, asked), asked.facts)]
    user_nano = _user_cost(policy, asked.user_id, now)
    if known.uses is None or user_nano is None:
        return _not_evaluated(policy, reasons)
    over = [use for use in known.uses if use.over]
    reasons += [_of_use(use) for use in over] + _of_user(policy, asked.user_id, user_nano)
    waits = [_wait(use, now) for use in over]
    if reasons and reasons[-1].limit == Limit.COST_USER_DAY:
        waits.append(_seconds(day_of(now)[1] - now))
    final = any(reason.limit in set(Violation) - {Violation.LATENCY} for reason in reasons)
    return Decision(not reasons, "ok", tuple(reasons), _notes(known.uses), max(waits) if waits and not final else None)


def _standing(project_id: int, slug: str, now: datetime) -> Known:
    key = (project_id, slug)
    found = _known.get(key)
    if found is not None and time.monotonic() < found.until:
        return found
    try:
        policy = Policy.objects.select_related("model").get(project_id=project_id, slug=slug)
        uses = tuple(read_standing([policy], now=now)[policy.pk]) if policy.enabled else ()
    except DatabaseError:
        if found is None:
            raise
        return found._replace(uses=None)
    except Policy.DoesNotExist:
        _known.pop(key, None)
        raise
    return _remember(_known, key, Known(time.monotonic() + STALE_S, policy, policy.limits(), uses))


def _user_cost(policy: Policy, user_id: str, now: datetime) -> int | None:
    """What the user has cost today in nano-USD, 0 where nobody needs to know, None where it cannot be read."""
    if policy.max_cost_user_day_usd is None or not user_id:
        return 0
    key = (policy.pk, user_id)
    until, nano = _users.get(key, (0.0, 0))
    if time.monotonic() < until:
        return nano
    try:
        nano = user_cost_nano(policy, user_id, now=now)
    except DatabaseError:
        return None
    _remember(_users, key, (time.monotonic() + STALE_S, nano))
    return nano


def _remember(memory: dict[Key, Value], key: Key, value: Value) -> Value:
    if len(memory) >= MOST_REMEMBERED:
        memory.clear()
    memory[key] = value
    return value


def _asked_of(limits: Limits, asked: Asked) -> Limits:
    """A call that is not made yet has no latency, and a gateway that names no model does not ask about it."""
    models = limits.models if any(asked.facts.models) else ()
    return Limits(None, models, limits.parameters, limits.allowed_parameters, limits.context)


def _not_evaluated(policy: Policy, reasons: list[Reason]) -> Decision:
    allow = policy.on_failure == Policy.OnFailure.OPEN and not reasons
    note = f"Cost and quality could not be read; the policy fails {policy.on_failure} then."
    return Decision(allow, "not_evaluated", tuple(reasons), (note,), None if allow else RETRY_S)


def _of_call(one: Broken) -> Reason:
    sentences: Mapping[Violation, str] = {
        Violation.MODEL: f"The language model {one.value!r} is not among the allowed ones.",
        Violation.PARAMETERS: f"The parameter {one.what!r} is not within what is allowed.",
        Violation.CONTEXT: f"The call has to name its {one.what}.",
    }
    return Reason(one.violation, one.value, one.bound, sentences.get(one.violation, ""))


def _of_use(use: Use) -> Reason:
    sentences: Mapping[Limit, str] = {
        Limit.COST_DAY: "The application has reached its cost of the day.",
        Limit.COST_MONTH: "The application has reached its cost of the month.",
        Limit.LATENCY: "95 of 100 answers of the last 15 minutes took longer than allowed.",
        Limit.QUALITY: "The quality is not what it has to be.",
    }
    return Reason(use.limit, use.value, use.bound, sentences[use.limit])


def _of_user(policy: Policy, user_id: str, nano: int) -> list[Reason]:
    bound = policy.max_cost_user_day_usd
    if bound is None or not user_id or nano < bound * NANO:
        return []
    return [Reason(Limit.COST_USER_DAY, nano / NANO, float(bound), "The user has reached the cost of a user on a day.")]


def _notes(uses: tuple[Use, ...]) -> tuple[str, ...]:
    unpriced = max((use.unpriced for use in uses), default=0)
    return (f"{unpriced} calls have no known cost: the cost is at least what is told.",) if unpriced else ()


def _wait(use: Use, now: datetime) -> int:
    """A window of money ends; latency and quality may be better any time."""
    return _seconds(use.end - now) if use.limit in {Limit.COST_DAY, Limit.COST_MONTH} else RETRY_S


def _seconds(span: timedelta) -> int:
    return max(1, int(span.total_seconds()) + 1)
