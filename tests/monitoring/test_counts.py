"""Good and valid at any edges: what running sums say is what the tallies of the same windows hold."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from models_registry.models import Model
from monitoring.catalogue import SLIS
from monitoring.models import SLO, Bucket, DirtyHour, RetentionFloor
from monitoring.models.summaries import Tier
from monitoring.selectors.counts import CountAsk, read_counts
from monitoring.selectors.summaries import Scope, read_tallies
from monitoring.slo.books import BookAsk, counted_of, edges_for, read_books
from monitoring.stats.marks import count_marked
from monitoring.stats.tally import Subject
from monitoring.stats.tiers import DAY, HOUR, MINUTE, WIDTHS, Running, ranges_of
from tests import cast
from tests.monitoring.series import add, class_code, labelled, roll_up, series_of, served

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
START = datetime(2026, 3, 1, tzinfo=UTC)
BINARY = Subject("binary", positive_code=1)
LONG = 3 * 1440
minutes = st.integers(0, LONG - 1)


def edges_of(moments):
    """Each once, cut down to minutes, ascending."""
    return np.array(sorted({int(at.timestamp()) // MINUTE * MINUTE for at in moments}), dtype=np.int64)


def ask(model: Model, moments: list[datetime], name: str = "availability", **more: object) -> CountAsk:
    scope = Scope(model.project_id, model.pk, environment="production", **more)
    return CountAsk(
        scope, SLIS[name].metric, SLIS[name].marks, BINARY, 300.0 if name == "latency" else None, edges_of(moments)
    )


def windows(asked: CountAsk) -> list[tuple[int, int]]:
    edges = asked.edges
    good, valid = read_counts([asked])[0].between(edges[:-1], edges[1:])
    return list(zip(good.tolist(), valid.tolist(), strict=True))


@given(
    edges=st.lists(st.integers(0, 5 * DAY // MINUTE), min_size=2, max_size=9, unique=True),
    events=st.lists(st.integers(0, 5 * DAY // MINUTE - 1), max_size=60),
)
def test_spans_need_only_the_ranges_that_they_say(edges: list[int], events: list[int]) -> None:
    """Buckets outside the ranges are left out; what is left adds up to the events of each span."""
    marks = np.array(sorted(edges), dtype=np.int64) * MINUTE
    moments = np.array(events, dtype=np.int64) * MINUTE
    ranges = ranges_of(marks)
    rows = [
        (tier, int(at), 1)
        for tier, width in enumerate(WIDTHS)
        for at in moments - moments % width
        if any(tier == of and low <= at < high for of, low, high in ranges)
    ]
    table = np.array(rows, dtype=np.int64).reshape(-1, 3)
    running = Running(np.zeros(len(table), dtype=np.int64), table[:, 0], table[:, 1], table[:, 2:])
    since = running.since(np.zeros_like(marks), marks, np.full_like(marks, marks[-1]))[:, 0]
    assert since.tolist() == [int(((moments >= mark) & (moments < marks[-1])).sum()) for mark in marks]


def test_a_bucket_is_needed_after_an_edge_and_not_before_it() -> None:
    end = int(NOON.timestamp()) + 37 * MINUTE
    found = ranges_of(np.array([end - 3 * DAY, end - HOUR, end]))
    assert {(tier, (high - low) // WIDTHS[tier]) for tier, low, high in found if tier < 3} == {
        *{(0, 23), (0, 60)},  # to the whole hour three days ago; from an hour ago on
        *{(1, 11), (1, 12)},  # to midnight; of today
        (2, 2),
    }


@pytest.mark.django_db
def test_what_each_indicator_counts(credit_risk: Model) -> None:
    at = NOON - timedelta(minutes=5)
    class_code(credit_risk, "default", 1)
    served(credit_risk, at, ok=7, failed=2)
    labelled(credit_risk, at, [(1, 1)] * 5 + [(1, 2)] * 3 + [(2, 1)] * 2 + [(2, 2)] + [(0, 0)] * 9)
    found = {
        name: windows(ask(credit_risk, [at, NOON], name))
        for name in ("availability", "accuracy", "precision", "recall")
    }
    assert found == {"availability": [(7, 9)], "accuracy": [(6, 11)], "precision": [(5, 7)], "recall": [(5, 8)]}


@pytest.mark.django_db
def test_versions_environments_segments_and_models_stay_apart(credit_risk: Model, support_assistant: Model) -> None:
    second = credit_risk.versions.create(version="2")
    at, edges = NOON - timedelta(minutes=5), [NOON - timedelta(hours=1), NOON]
    served(credit_risk, at, ok=1)
    served(credit_risk, at, ok=10, version="2")
    served(credit_risk, at, ok=100, environment="staging")
    served(support_assistant, at, ok=1_000)
    assert windows(ask(credit_risk, edges)) == [(11, 11)]
    assert windows(ask(credit_risk, edges, version_id=second.pk)) == [(10, 10)]
    assert windows(ask(credit_risk, edges, segment="region=south")) == [(0, 0)]
    assert windows(ask(support_assistant, edges)) == [(1_000, 1_000)]


@pytest.mark.django_db
def test_any_number_of_asks_is_one_statement(credit_risk: Model, django_assert_num_queries) -> None:
    served(credit_risk, NOON - timedelta(minutes=1), ok=3)
    asks = [ask(credit_risk, [NOON - timedelta(hours=hours), NOON]) for hours in range(1, 40)]
    asks += [ask(credit_risk, [NOON - timedelta(days=30), NOON], name) for name in ("accuracy", "latency")]
    with django_assert_num_queries(1):
        found = read_counts(asks)
    assert [one.sums[0].tolist() for one in found] == [[3, 3]] * 39 + [[0, 0]] * 2
    with django_assert_num_queries(0):
        assert read_counts([]) == []


@pytest.mark.django_db
def test_every_minute_of_a_day_is_an_instant_like_any_other(credit_risk: Model) -> None:
    for minute in range(0, 2_880, 7):
        served(credit_risk, NOON - timedelta(minutes=minute), ok=minute % 5, failed=minute % 3)
    slo = SLO(project=credit_risk.project, model=credit_risk, sli="availability", target=0.99)
    ends = np.arange(int(NOON.timestamp()) - DAY, int(NOON.timestamp()), MINUTE)
    [book] = read_books([BookAsk(slo, BINARY, edges_for(slo, ends, [300, 3_600]))])
    _, valid = book.between(ends - 3_600, ends)
    for place in (0, 7, 600, 1_439):
        [alone] = read_books([BookAsk(slo, BINARY, edges_for(slo, ends[place : place + 1], [3_600]))])
        assert alone.sums[0, 1] == valid[place]
    assert valid.min() > 0


def test_parts_count_in_the_window_they_begin_in() -> None:
    parts = np.array([[1, 1], [0, 1], [1, 1], [0, 0]])
    book = counted_of(np.array([0, 20, 30, 40]), np.array([0, 10, 20, 30]), parts)
    good, valid = book.between(np.array([0, 20, 0]), np.array([20, 40, 40]))
    assert (good.tolist(), valid.tolist()) == ([1, 1, 2], [2, 1, 3])


class Counting(TestCase):
    """Whatever the edges, late events, the rollup and retention have done: the same as tallies of neighbouring windows."""

    @settings(max_examples=40, deadline=None)
    @given(
        events=st.lists(minutes, min_size=1, max_size=12),
        late=st.lists(minutes, max_size=4),
        cuts=st.lists(st.integers(0, LONG), min_size=2, max_size=6, unique=True),
        gone=st.tuples(st.integers(0, 50), st.integers(0, 2)),
    )
    @example(events=[0], late=[60], cuts=[1, 1440], gone=(1, 0))
    def test_equals_the_tallies(
        self, events: list[int], late: list[int], cuts: list[int], gone: tuple[int, int]
    ) -> None:
        model = cast.make_credit_risk(cast.make_project())
        series = series_of(model, "status")
        for minute in events:
            add(series, START + timedelta(minutes=minute), {0: 1})
        roll_up(series)
        self._drop(gone)
        floor = RetentionFloor.objects.get(kind="minutes").start
        for minute in late:
            at = START + timedelta(minutes=minute)
            if at.timestamp() >= floor:
                add(series, at, {1: 1})
        edges = [START + timedelta(minutes=cut) for cut in sorted(cuts)]
        scope = Scope(model.project_id, model.pk, environment="production")
        tallies = read_tallies(scope, {"status"}, edges=edges)
        marks = SLIS["availability"].marks
        assert windows(ask(model, edges)) == [count_marked("status", marks, one, BINARY, None) for one in tallies]
        assert DirtyHour.objects.exists() == any(START.timestamp() + at * MINUTE >= floor for at in late)

    def _drop(self, gone: tuple[int, int]) -> None:
        hours, days = gone
        floors = {Tier.MINUTE: ("minutes", max(hours * HOUR, days * DAY)), Tier.HOUR: ("hours", days * DAY)}
        for tier, (kind, after) in floors.items():
            start = int(START.timestamp()) + after
            RetentionFloor.objects.create(kind=kind, start=start)
            Bucket.objects.filter(tier=tier, start__lt=start).delete()
