"""Users' days: exact sums in the drain's transaction, whatever is sent twice, killed or amended; a recount proves it."""

from collections import defaultdict
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_registry.models import Model, Project
from monitoring.drain import drain
from monitoring.drain.rows import LLMCallRow
from monitoring.drain.user_days import add_up, add_user_days, sum_by_version
from monitoring.models import LLMCall, Policy, PolicyEvent, UserDay
from monitoring.retention import retain
from monitoring.summaries.recount import recount
from monitoring.summaries.rollup import rollup
from tests.monitoring.conftest import Put, micros
from tests.monitoring.test_exactly_once import Killed, death_at

DAY = timedelta(days=1)
USAGE = {"input": 1_000, "output": 100}
NANO = 3_500_000  # 1,000 × 2.5 + 100 × 10 US dollars per million


def call(event_id: str, user: str = "", **more: Any) -> dict[str, Any]:
    named = {"id": event_id, "model": "assistant", "version": "1", "provider": "openai", "response_model": "gpt-4o"}
    return {**named, "user_id": user, "usage": USAGE, **more}


def days() -> dict[tuple[str, int], tuple[int, int, int, int]]:
    rows = UserDay.objects.values_list("user_id", "day", "calls", "costed", "cost_nano", "last_us")
    return {(user, day): tuple(rest) for user, day, *rest in rows}


@pytest.mark.django_db
def test_calls_of_all_versions_and_days_of_a_user_are_summed(put: Put, now: datetime):
    today = micros(now) // 86_400_000_000
    put("llm_call", call("a", "ana"), call("b", "ana", version="2"), call("c", "bia", usage=None), call("d"))
    put("llm_call", call("e", "ana", ts=micros(now - DAY)), call("f", "bia", response_model="mine", cost_usd=0.5))
    put("llm_call", call("a", "ana"))
    put("prediction", {"id": "p", "model": "m", "prediction": "yes", "user_id": "ana"})
    drain(now=now)
    assert days() == {
        ("ana", today): (2, 2, 2 * NANO, micros(now)),
        ("bia", today): (2, 1, 500_000_000, micros(now)),
        ("ana", today - 1): (1, 1, NANO, micros(now - DAY)),
    }
    assert recount(start=now - 2 * DAY, end=now + DAY) == []


@pytest.mark.django_db
def test_death_at_any_statement_counts_nobody_twice(project: Project, put: Put, now: datetime):
    for statement in count():
        put("llm_call", call(f"{statement}", "ana"), call(f"{statement}-b", "bia"))
        put("llm_call", call(f"{statement}", "ana"))
        try:
            with death_at(statement):
                drain(now=now)
            break
        except Killed:
            drain(now=now)
    assert statement > 10
    assert {user: calls for (user, _), (calls, *_) in days().items()} == {"ana": statement + 1, "bia": statement + 1}
    assert recount(start=now - DAY, end=now + DAY) == []


@pytest.mark.django_db
def test_a_recount_finds_a_day_that_was_tampered_with(put: Put, now: datetime):
    put("llm_call", call("a", "ana"))
    drain(now=now)
    UserDay.objects.update(cost_nano=1)
    [found] = recount(start=now - timedelta(minutes=1), end=now)
    assert (found.series, found.stored[1], found.counted[1]) == ("user ana", 1, NANO)
    UserDay.objects.all().delete()
    [found] = recount(start=now - timedelta(minutes=1), end=now)
    assert (found.stored[0], found.counted[0]) == (0, 1)


@pytest.mark.django_db
def test_a_cost_that_changes_is_amended_and_the_calls_stay(put: Put, now: datetime):
    put("llm_call", call("a", "ana"), call("b", "ana", response_model="mine"))
    drain(now=now)
    old = [LLMCallRow._make(row) for row in LLMCall.objects.values_list(*LLMCallRow._fields)]
    new = [row._replace(cost_nano=7) for row in old]
    add_user_days(new, old=old)
    LLMCall.objects.update(cost_nano=7)
    [(_, told)] = days().items()
    assert told == (2, 2, 14, micros(now))
    add_user_days(old, old=new)
    [(_, told)] = days().items()
    assert told == (2, 1, NANO, micros(now))


@pytest.mark.django_db
def test_environments_are_told_apart(put: Put, now: datetime):
    put("llm_call", call("a", "ana"), call("b", "ana", environment="staging"), call("c", "ana", environment="staging"))
    drain(now=now)
    found = dict(UserDay.objects.filter(user_id="ana").values_list("environment", "calls"))
    assert found == {"production": 1, "staging": 2}
    assert recount(start=now - DAY, end=now + DAY) == []


@pytest.mark.django_db
def test_what_names_users_is_forgotten_past_its_time_and_no_sooner_than_events(
    put: Put, now: datetime, settings: Any, support_assistant: Model
):
    ages = (1, 119, 122)
    put("llm_call", *(call(f"{age}", "ana", ts=micros(now - age * DAY)) for age in ages))
    drain(now=now)
    policy = Policy.objects.create(project=support_assistant.project, slug="frugal", model=support_assistant)
    for age in ages:
        at = now - age * DAY
        PolicyEvent.objects.create(
            policy=policy, limit="cost_user_day", start=at, end=at, count=1, subject="ana", created_at=at, updated_at=at
        )
    settings.RETENTION = {**settings.RETENTION, "events": 300 * DAY}
    retain(now=now)
    assert (UserDay.objects.count(), PolicyEvent.objects.count()) == (3, 3)
    settings.RETENTION = {**settings.RETENTION, "events": 35 * DAY}
    retain(now=now)
    assert (UserDay.objects.count(), PolicyEvent.objects.count()) == (2, 2)
    retain(now=now + 200 * DAY)
    assert not UserDay.objects.exists()
    assert not PolicyEvent.objects.exists()


@pytest.mark.django_db
def test_users_days_stay_when_the_calls_are_past_their_time(put: Put, now: datetime):
    put("llm_call", call("old", "ana", ts=micros(now - 40 * DAY)))
    drain(now=now)
    before = days()
    rollup(now=now)
    retain(now=now)
    assert not LLMCall.objects.exists()
    assert days() == before
    assert recount(start=now - 50 * DAY, end=now + DAY) == []


@pytest.mark.django_db
def test_nobody_named_costs_nothing(put: Put, now: datetime, django_assert_num_queries: Any):
    put("llm_call", call("a"))
    drain(now=now)
    assert not UserDay.objects.exists()
    unnamed = [LLMCallRow._make(row) for row in LLMCall.objects.values_list(*LLMCallRow._fields)]
    with django_assert_num_queries(0):
        add_user_days(unnamed)


ROWS = st.builds(
    lambda user, day, environment, cost, reported: LLMCallRow(
        **dict.fromkeys(LLMCallRow._fields, 0)
        | {
            "user_id": user,
            "environment": environment,
            "ts_us": day * 86_400_000_000,
            "cost_nano": cost,
            "reported_nano": reported,
        }
    ),
    st.sampled_from(["", "ana", "bia"]),
    st.integers(-2, 2),
    st.sampled_from(["production", "staging"]),
    st.none() | st.integers(0, 10**12),
    st.none() | st.integers(0, 10**12),
)


@given(st.lists(ROWS, max_size=12), st.integers(0, 12))
def test_any_split_gives_the_same_sums_and_what_is_added_can_be_taken_away(rows: list[LLMCallRow], at: int):
    whole = sum_by_version(rows)
    split = sum_by_version(rows[:at])
    add_up(split, sum_by_version(rows[at:]))
    assert split == whole
    add_up(split, whole, sign=-1)
    assert {spent[:3] for spent in split.values()} <= {(0, 0, 0)}
    by_hand: defaultdict[tuple[str, int, str], int] = defaultdict(int)
    for row in rows:
        if row.user_id:
            by_hand[row.user_id, row.ts_us, row.environment] += (
                row.reported_nano or 0 if row.cost_nano is None else row.cost_nano
            )
    found = {(user, day * 86_400_000_000, where): spent.cost_nano for (_, day, user, where), spent in whole.items()}
    assert found == dict(by_hand)
