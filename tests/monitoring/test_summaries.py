"""Windows are tiled with the coarsest tiers that are right, in one query."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from models_registry.models import Model
from monitoring.models import Bucket, RetentionFloor
from monitoring.models.summaries import Tier
from monitoring.selectors.summaries import Ask, Scope, read_tallies, read_tallies_of, read_tally
from monitoring.stats.tally import Tally
from tests import cast
from tests.monitoring.series import add, roll_up, series_of, served

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def scope_of(model: Model, **more: object) -> Scope:
    return Scope(model.project_id, model.pk, **more)


def requests(model: Model, start: datetime, end: datetime) -> int:
    return read_tally(scope_of(model), {"status"}, start=start, end=end).cell("status").n


def test_a_window_holds_its_first_minute_and_not_its_last(credit_risk: Model) -> None:
    for minute in range(4):
        served(credit_risk, NOON + timedelta(minutes=minute), ok=10**minute)
    assert requests(credit_risk, NOON + timedelta(minutes=1), NOON + timedelta(minutes=3)) == 110


def test_edges_are_cut_down_to_minutes(credit_risk: Model) -> None:
    served(credit_risk, NOON, ok=1)
    tally = read_tally(
        scope_of(credit_risk), {"status"}, start=NOON + timedelta(seconds=59), end=NOON + timedelta(seconds=119)
    )
    assert (tally.start, tally.end, tally.cell("status").n) == (NOON, NOON + timedelta(minutes=1), 1)
    assert not tally.snapped


def test_versions_and_environments_add_up_or_are_told_apart(credit_risk: Model) -> None:
    second = credit_risk.versions.create(version="2")
    served(credit_risk, NOON, ok=1)
    served(credit_risk, NOON, ok=10, version="2")
    served(credit_risk, NOON, ok=100, environment="staging")
    window = {"start": NOON, "end": NOON + HOUR}
    assert read_tally(scope_of(credit_risk), {"status"}, **window).cell("status").n == 111
    only_second = scope_of(credit_risk, version_id=second.pk)
    assert read_tally(only_second, {"status"}, **window).cell("status").n == 10
    only_staging = scope_of(credit_risk, environment="staging")
    assert read_tally(only_staging, {"status"}, **window).cell("status").n == 100


def test_another_model_is_not_counted(credit_risk: Model, support_assistant: Model) -> None:
    served(support_assistant, NOON, ok=5)
    assert requests(credit_risk, NOON, NOON + HOUR) == 0


def test_a_whole_hour_is_read_from_the_hour(credit_risk: Model) -> None:
    add(series_of(credit_risk, "status"), NOON, {0: 7}, tier=Tier.HOUR)
    assert requests(credit_risk, NOON, NOON + HOUR) == 7


def test_an_hour_with_a_note_is_read_from_its_minutes(credit_risk: Model) -> None:
    series = series_of(credit_risk, "status")
    add(series, NOON, {0: 7}, tier=Tier.HOUR)
    add(series, NOON, {0: 9})
    add(series, NOON, {0: 1})
    assert requests(credit_risk, NOON, NOON + HOUR) == 10


def test_a_day_with_a_dirty_hour_is_read_from_its_other_hours(credit_risk: Model) -> None:
    series, midnight = series_of(credit_risk, "status"), NOON.replace(hour=0)
    add(series, midnight, {0: 1000}, tier=Tier.DAY)
    add(series, midnight, {0: 10}, tier=Tier.HOUR)
    add(series, NOON, {0: 1}, tier=Tier.HOUR)
    add(series, NOON, {0: 2})
    assert requests(credit_risk, midnight, midnight + 24 * HOUR) == 12


def test_where_minutes_are_gone_the_window_widens_to_the_hour_and_says_so(credit_risk: Model) -> None:
    add(series_of(credit_risk, "status"), NOON, {0: 7}, tier=Tier.HOUR)
    RetentionFloor.objects.create(kind="minutes", start=int((NOON + HOUR).timestamp()))
    tally = read_tally(
        scope_of(credit_risk), {"status"}, start=NOON + timedelta(minutes=20), end=NOON + timedelta(minutes=40)
    )
    assert tally.cell("status").n == 7
    assert tally.snapped


def test_where_hours_are_gone_the_window_widens_to_the_day(credit_risk: Model) -> None:
    add(series_of(credit_risk, "status"), NOON, {0: 7}, tier=Tier.DAY)
    floor = int((NOON.replace(hour=0) + 24 * HOUR).timestamp())
    for kind in ("minutes", "hours"):
        RetentionFloor.objects.create(kind=kind, start=floor)
    tally = read_tally(scope_of(credit_risk), {"status"}, start=NOON, end=NOON + HOUR)
    assert (tally.cell("status").n, tally.snapped) == (7, True)


def test_keys_of_a_metric_stay_apart(support_assistant: Model) -> None:
    for key, total in (("input", 120), ("output", 30)):
        add(series_of(support_assistant, "tokens", key=key), NOON, {1: 1}, total=total)
    tally = read_tally(scope_of(support_assistant), {"tokens"}, start=NOON, end=NOON + HOUR)
    assert [(key, tally.cell("tokens", key).total) for key in tally.keys("tokens")] == [("input", 120), ("output", 30)]


def test_edges_must_be_two_and_ascend(credit_risk: Model) -> None:
    for edges in ([NOON], [NOON, NOON - HOUR]):
        with pytest.raises(ValueError, match="ascending"):
            read_tallies(scope_of(credit_risk), {"status"}, edges=edges)


@pytest.mark.parametrize("windows", [1, 30, 90])
def test_any_number_of_windows_is_one_query(credit_risk: Model, windows: int, django_assert_num_queries) -> None:
    edges = [NOON + timedelta(minutes=17 * place) for place in range(windows + 1)]
    with django_assert_num_queries(1):
        assert len(read_tallies(scope_of(credit_risk), {"status"}, edges=edges)) == windows


def plain(tallies: list[Tally]) -> list[object]:
    cells = [
        {name: (cell.n, cell.total, cell.bins.tolist(), cell.counts.tolist(), cell.layout) for name, cell in found}
        for found in (sorted(tally.cells.items()) for tally in tallies)
    ]
    return [(tally.start, tally.end, tally.snapped, cell) for tally, cell in zip(tallies, cells, strict=True)]


def test_many_scopes_are_one_query_and_read_what_each_alone_reads(
    credit_risk: Model, support_assistant: Model, django_assert_num_queries
) -> None:
    second = credit_risk.versions.create(version="2")
    for hour in range(60):
        at = NOON - hour * HOUR - timedelta(minutes=hour)
        for where in ({}, {"version": "2"}, {"environment": "staging"}):
            served(credit_risk, at, ok=hour, failed=1, **where)
        add(series_of(support_assistant, "tokens", key="input"), at, {hour: 2}, total=hour)
        if hour == 30:
            roll_up(series_of(credit_risk, "status"))
    edges = {hours: tuple(NOON - HOUR * step for step in (hours, 1, 0)) for hours in (2, 30, 59)}
    edges[30] = (*edges[30][:2], NOON - timedelta(minutes=7))
    asks = [
        Ask(scope, frozenset(metrics), edges[hours])
        for scope in (
            scope_of(credit_risk),
            scope_of(credit_risk, version_id=second.pk),
            scope_of(credit_risk, environment="staging"),
            scope_of(support_assistant),
        )
        for metrics in ({"status"}, {"tokens", "status"}, set())
        for hours in edges
    ]
    with django_assert_num_queries(1):
        together = read_tallies_of(asks)
    alone = [read_tallies(ask.scope, ask.metrics, edges=ask.edges) for ask in asks]
    assert [plain(found) for found in together] == [plain(found) for found in alone]
    assert sum(cell.n for found in together for tally in found for cell in tally.cells.values()) > 1_000


def test_nothing_asked_is_nothing_read(django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        assert read_tallies_of([]) == []


class Tiling(TestCase):
    """Whatever the edges, the late events and the state of the rollup: a window holds what its minutes hold."""

    @settings(max_examples=30, deadline=None)
    @given(
        minutes=st.lists(st.integers(0, 3 * 1440 - 1), min_size=1, max_size=12),
        late=st.lists(st.integers(0, 3 * 1440 - 1), max_size=4),
        cuts=st.lists(st.integers(0, 3 * 1440), min_size=2, max_size=6, unique=True),
    )
    def test_equals_a_sum_over_minutes(self, minutes: list[int], late: list[int], cuts: list[int]) -> None:
        model = cast.make_credit_risk(cast.make_project())
        start, series = datetime(2026, 3, 1, tzinfo=UTC), series_of(model, "status")
        for minute in minutes:
            add(series, start + timedelta(minutes=minute), {0: 1})
        roll_up(series)
        for minute in late:
            add(series, start + timedelta(minutes=minute), {1: 1})
        edges = [start + timedelta(minutes=cut) for cut in sorted(cuts)]
        for tally, low, high in zip(
            read_tallies(scope_of(model), {"status"}, edges=edges), sorted(cuts), sorted(cuts)[1:], strict=False
        ):
            cell = tally.cell("status")
            assert cell.count(0) == sum(low <= minute < high for minute in minutes)
            assert cell.count(1) == sum(low <= minute < high for minute in late)
            assert not tally.snapped
        assert Bucket.objects.filter(tier=Tier.DAY).exists()
