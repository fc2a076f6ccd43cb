"""What is usual, and what is far from it; which windows match; earlier windows come with a question."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_registry.models import Model
from monitoring.drain import drain_until_empty
from monitoring.measures.series import measure_series, read_series, subjects_of
from monitoring.selectors.summaries import Ask, Scope, read_tallies_of, read_tally
from monitoring.stats.matched import AGAINST, DAY, WEEK, matched
from monitoring.stats.volume import volume_of
from monitoring.summaries.rollup import rollup
from tests.monitoring.conftest import Put, micros
from tests.monitoring.references import applicants, predictions, reference

START = datetime(2026, 3, 9, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("n", "past", "state"),
    [
        (0, [5, 6], "silent"),
        (0, [0, 6], "no_past"),
        (0, [1, 0, 1, 0, 0, 0, 0], "usual"),  # often quiet
        (0, [5, 6, 0, 0], "silent"),  # not served before
        (3, [], "no_past"),
        (4, [9, 10, 11, 10], "usual"),
        (2, [100, 101, 99, 100], "low"),
        (60, [100, 101, 99, 100], "usual"),
        (49, [40, 100, 101, 99], "usual"),
        (250, [100, 101, 99, 100], "high"),
        (250, [100, 300, 99, 100], "usual"),
    ],
)
def test_what_is_said_of_a_count(n: int, past: list[int], state: str) -> None:
    assert volume_of(n, past).state == state


@given(st.integers(0, 10_000), st.lists(st.integers(0, 10_000), max_size=8))
def test_a_count_within_the_past_is_usual_and_nothing_else_is_ever_raised(n: int, past: list[int]) -> None:
    found = volume_of(n, past)
    known = [count for count in past if count]
    if len(known) >= 2 and n and min(known) <= n <= max(known):
        assert found.state == "usual"
    assert (found.ratio is None) == (found.state == "no_past")


@given(st.sampled_from(AGAINST), st.integers(1, 24 * 30))
def test_matching_windows_overlap_nothing(against: str, hours: int) -> None:
    end = START + hours * HOUR
    found = matched(against, START, end, (START - 60 * DAY, START - 30 * DAY))
    starts = [START - by for by in found]
    assert starts == sorted(starts, reverse=True)
    assert all(one - two >= end - START for one, two in zip([START, *starts], starts, strict=False))
    assert all(by % DAY == timedelta(0) for by in found)
    if against in ("week", "reference_week"):
        assert all(by % WEEK == timedelta(0) for by in found)
    if against == "reference_week":
        assert all(one >= START - 60 * DAY and one + (end - START) <= START - 30 * DAY for one in starts)


def test_earlier_windows_come_with_a_question_as_if_they_had_been_asked(credit_risk: Model, put: Put, now: datetime):
    for hours in range(30):
        put("prediction", *predictions([None] * (hours + 1), prefix=f"{hours}-", ts=micros(now - hours * HOUR)))
    drain_until_empty(now=now)
    scope = Scope(credit_risk.project_id, credit_risk.pk)
    past = (2 * HOUR, 5 * HOUR, 24 * HOUR)
    edges = (now - 2 * HOUR, now - HOUR, now + HOUR)
    for _ in range(2):
        [found] = read_tallies_of([Ask(scope, frozenset({"status"}), edges, past)])
        for window in found:
            for by, earlier in zip(past, window.past, strict=True):
                alone = read_tally(scope, {"status"}, start=window.start - by, end=window.end - by)
                assert (earlier.start, earlier.cell("status").n) == (alone.start, alone.cell("status").n)
        rollup(now=now)


def test_earlier_windows_hold_the_metrics_that_they_were_asked_for(credit_risk: Model, put: Put, now: datetime):
    for hours in (0, 3):
        items = predictions([None] * 4, prefix=f"{hours}-", ts=micros(now - hours * HOUR), latency_ms=5)
        put("prediction", *items)
    drain_until_empty(now=now)
    scope, edges = Scope(credit_risk.project_id, credit_risk.pk), (now, now + HOUR)
    both = frozenset({"status", "latency"})
    [[found]] = read_tallies_of([Ask(scope, both, edges, (3 * HOUR,), frozenset({"status"}))])
    [earlier] = found.past
    assert [found.cell("status").n, found.cell("latency").n] == [4, 4]
    assert [earlier.cell("status").n, earlier.cell("latency").n] == [4, 0]


def test_volume_is_a_measure_with_no_data_before_two_weeks(credit_risk: Model, put: Put, now: datetime):
    for weeks, count in ((0, 30), (1, 10), (2, 20)):
        put("prediction", *predictions([None] * count, prefix=f"{weeks}-", ts=micros(now - weeks * WEEK)))
    drain_until_empty(now=now)
    scope = Scope(credit_risk.project_id, credit_risk.pk)
    points = measure_series("volume_ratio", scope, start=now - WEEK, end=now - WEEK + HOUR, step=HOUR, now=now)
    assert [(point.value, point.state) for point in points] == [(None, "no_data")]
    points = measure_series("volume_ratio", scope, start=now, end=now + HOUR, step=HOUR, now=now)
    assert [(point.value, point.n) for point in points] == [(2.0, 30)]


def test_a_measure_that_needs_the_past_changes_nothing_about_those_read_beside_it(
    credit_risk: Model, put: Put, now: datetime
):
    reference(credit_risk, now - 30 * DAY)
    for weeks in range(3):
        moved = predictions(applicants(200, seed=weeks, shift=1), prefix=f"{weeks}-", ts=micros(now - weeks * WEEK))
        put("prediction", *moved)
    drain_until_empty(now=now)
    scope, subject = Scope(credit_risk.project_id, credit_risk.pk), subjects_of([credit_risk])[credit_risk.pk]
    edges = [now, now + HOUR]
    together = read_series(["drift_psi", "volume_ratio"], scope, edges=edges, now=now, subject=subject)
    alone = read_series(["drift_psi"], scope, edges=edges, now=now, subject=subject)
    assert together["drift_psi"] == alone["drift_psi"]
    assert (alone["drift_psi"][0].value > 0.5, together["volume_ratio"][0].value) == (True, 1.0)
