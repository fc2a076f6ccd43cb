"""Objectives over any measure: slices of time on the right side of a bound, by the same budget arithmetic."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_registry.models import Model
from monitoring.measures.series import measure_window, subjects_of
from monitoring.models import SLO, LabelLag
from monitoring.selectors.summaries import Scope
from monitoring.slo.books import read_books
from monitoring.slo.status import ask_between, budget_series, counts_between, slo_status, slo_statuses
from monitoring.slo.validate import slo_problems
from monitoring.stats.slices import slice_edges, slice_start
from tests.monitoring.series import add, class_code, labelled, series_of, served

NOW = datetime(2026, 3, 10, 12, 20, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
moments = st.integers(1_500_000_000, 1_900_000_000).map(lambda at: datetime.fromtimestamp(at, tz=UTC))
widths = st.sampled_from([5 * MINUTE, 15 * MINUTE, HOUR, DAY])


def promise(model: Model, measure: str, bound: float, **more: object) -> SLO:
    fields = {"slice": HOUR, "target": 0.9, "window": DAY, **more}
    return SLO.objects.create(
        project=model.project,
        slug=measure,
        name=measure,
        model=model,
        sli="time_slices",
        measure=measure,
        bound=bound,
        **fields,
    )


@given(start=moments, length=st.timedeltas(timedelta(0), 3 * DAY), width=widths)
def test_slices_cover_the_window_and_lie_on_the_grid(start: datetime, length: timedelta, width: timedelta) -> None:
    edges = slice_edges([start, start + length], width)
    assert edges[0] == slice_start(start, width)
    assert edges[0] <= start < edges[0] + width
    assert start + length <= edges[-1]
    assert all(right - left == width for left, right in pairwise(edges))
    assert edges[-1] - (start + length) < width or len(edges) == 2


@pytest.mark.django_db
def test_good_slices_over_valid_slices(credit_risk: Model) -> None:
    slo = promise(credit_risk, "error_rate", 0.1)
    for hour in range(1, 11):
        served(credit_risk, NOW - hour * HOUR, ok=85 if hour < 4 else 98, failed=15 if hour < 4 else 2)
    status = slo_status(slo, now=NOW)
    assert (status.good, status.valid) == (7, 10), "hours without requests say nothing"
    assert status.attained == pytest.approx(0.7)
    assert status.budget_left == pytest.approx(1 - 0.3 / 0.1)
    assert status.state == "exhausted"
    assert status.window_end == NOW.replace(minute=0), "the hour that still runs is not judged"


@pytest.mark.django_db
def test_a_bound_from_below_and_a_minimum(credit_risk: Model) -> None:
    for hour in range(1, 6):
        served(credit_risk, NOW - hour * HOUR, ok=10 * hour)
    slo = promise(credit_risk, "requests", 30, comparison="at_least")
    status = slo_status(slo, now=NOW)
    assert (status.good, status.valid) == (3, 24), "no requests are a value of this measure"
    few = promise(credit_risk, "error_rate", 0.5, minimum=25)
    assert slo_status(few, now=NOW).valid == 3


@pytest.mark.django_db
def test_nothing_to_judge_is_no_data(credit_risk: Model) -> None:
    status = slo_status(promise(credit_risk, "accuracy", 0.9, comparison="at_least"), now=NOW)
    assert (status.state, status.attained, status.budget_left, status.exhausts_in_s) == ("no_data", None, None, None)
    assert set(status.burn.values()) == {None}


@pytest.mark.django_db
def test_slices_wait_for_their_labels(credit_risk: Model) -> None:
    class_code(credit_risk, "default", 1)
    slo = promise(credit_risk, "accuracy", 0.8, comparison="at_least")
    for hour in range(1, 4):
        labelled(credit_risk, NOW - hour * HOUR, [(1, 1)] * 9 + [(2, 1)])
    assert credit_risk.label_delay == timedelta(minutes=30)
    status = slo_status(slo, now=NOW)
    assert status.window_end == NOW.replace(hour=11, minute=0)
    assert (status.good, status.valid) == (2, 2)


@pytest.mark.django_db
def test_burn_rates_are_over_whole_slices(credit_risk: Model) -> None:
    slo = promise(credit_risk, "error_rate", 0.1, window=30 * DAY, target=0.99)
    for hour in range(1, 200):
        served(credit_risk, NOW - hour * HOUR, ok=80 if hour < 7 else 100, failed=20 if hour < 7 else 0)
    burn = slo_status(slo, now=NOW).burn
    assert burn["5m"] == burn["1h"] == burn["6h"] == pytest.approx(100)
    assert burn["1d"] == pytest.approx(6 / 24 * 100)


@pytest.mark.django_db
@pytest.mark.parametrize(("measure", "bound"), [("error_rate", 0.05), ("latency_p95", 40.0), ("throughput", 1.0)])
def test_verdicts_equal_those_of_windows_read_one_by_one(credit_risk: Model, measure: str, bound: float) -> None:
    for minute in range(5, 720, 7):
        at = NOW - minute * MINUTE
        served(credit_risk, at, ok=40, failed=minute % 5)
        add(series_of(credit_risk, "latency"), at, {500 + minute % 60: 40}, total=40 * 30_000)
    slo = promise(credit_risk, measure, bound, slice=15 * MINUTE, window=12 * HOUR)
    scope = Scope(credit_risk.project_id, credit_risk.pk, environment="production")
    end = slice_start(NOW, 15 * MINUTE)
    starts = [end - place * 15 * MINUTE for place in range(1, 49)]
    values = [measure_window(measure, scope, start=at, end=at + 15 * MINUTE).value for at in starts]
    status = slo_status(slo, now=NOW)
    assert status.valid == sum(value is not None for value in values)
    assert status.good == sum(value is not None and value <= bound for value in values)


@pytest.mark.django_db
def test_the_burn_down_ends_at_what_is_left(credit_risk: Model) -> None:
    for hour in range(1, 700):
        served(credit_risk, NOW - hour * HOUR, ok=100, failed=30 if hour % 50 == 0 else 0)
    slo = promise(credit_risk, "error_rate", 0.1, window=30 * DAY)
    series = budget_series(slo, now=NOW, points=120)
    assert series[0][1] == 1
    assert series[-1][1] == pytest.approx(slo_status(slo, now=NOW).budget_left)
    assert 120 < len(series) < 260


@pytest.mark.django_db
def test_a_slice_counts_in_the_window_that_it_begins_in(credit_risk: Model) -> None:
    slo = promise(credit_risk, "error_rate", 0.1)
    served(credit_risk, NOW.replace(hour=8, minute=30), ok=50, failed=50)
    edges = [NOW.replace(hour=8, minute=minute) for minute in (10, 20, 30, 40)]
    subject = subjects_of([credit_risk])[credit_risk.pk]
    for marks, valid in ((edges, [1, 0, 0]), (edges[::3], [1])):
        [book] = read_books([ask_between(slo, subject, marks)])
        assert [part.valid for part in counts_between(slo, book, marks)] == valid


@pytest.mark.django_db
def test_any_number_of_slices_costs_one_query(credit_risk: Model, django_assert_num_queries) -> None:
    promise(credit_risk, "error_rate", 0.1, window=7 * DAY)
    promise(credit_risk, "latency_p95", 100, window=30 * DAY)
    slos = list(SLO.objects.select_related("model"))
    for hour in range(1, 100):
        served(credit_risk, NOW - hour * HOUR, ok=10)
    with django_assert_num_queries(4):
        slo_statuses(slos, now=NOW)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "field", "mend"),
    [
        ({"measure": "truncation_rate"}, "measure", "have these measures"),
        ({"measure": ""}, "measure", "have these measures"),
        ({"bound": None}, "bound", "Write the number"),
        ({"bound": float("nan")}, "bound", "Write the number"),
        ({"slice": None}, "slice", "a minute, 5 or 15 minutes, an hour or a day"),
        ({"slice": 7 * MINUTE}, "slice", "a minute, 5 or 15 minutes, an hour or a day"),
        ({"slice": 5 * MINUTE, "window": 30 * DAY}, "slice", "Minutes are kept for 7 days"),
        ({"slice": 5 * MINUTE, "window": 6 * DAY}, "slice", "1728 slices; a window has 4 to 1000"),
        ({"slice": DAY, "window": 2 * DAY}, "slice", "2 slices"),
        ({"measure": "drift_psi", "slice": 15 * MINUTE}, "slice", "kept by the hour"),
        ({"bound_ms": 300}, "bound_ms", "leave it empty"),
        ({"sli": "availability"}, "measure", "Only slices of time"),
        ({"sli": "not_truncated"}, "sli", "time_slices"),
    ],
)
def test_what_cannot_be_measured_is_refused_with_the_mend(
    credit_risk: Model, fields: dict[str, object], field: str, mend: str
) -> None:
    slo = SLO(
        project=credit_risk.project,
        slug="s",
        model=credit_risk,
        sli="time_slices",
        measure="error_rate",
        bound=0.1,
        slice=HOUR,
        window=7 * DAY,
        target=0.9,
    )
    assert slo_problems(slo) == {}
    for name, value in fields.items():
        setattr(slo, name, value)
    assert mend in slo_problems(slo)[field]


@pytest.mark.django_db
def test_a_window_waits_for_labels_as_long_as_they_take_and_only_for_them(credit_risk: Model) -> None:
    """Of seven days of minutes a window of six days and three quarters leaves six hours for labels."""
    own = {"project": credit_risk.project, "slug": "s", "model": credit_risk, "sli": "time_slices", "target": 0.9}
    slo = SLO(**own, measure="accuracy", bound=0.8, slice=15 * MINUTE, window=6 * DAY + 18 * HOUR)
    assert slo_problems(slo) == {}
    LabelLag.objects.create(
        model=credit_risk, learned_at=NOW, labels=100, oldest_s=86_400, settle_s=43_200, lags_s=[1], shares=[1]
    )
    assert "Minutes are kept for 7 days" in slo_problems(slo)["slice"]
    credit_risk.label_delay = DAY
    slo.measure = "error_rate"
    assert slo_problems(slo) == {}
