"""An objective's status: attained, budget, burn rates, exhaustion and state, over windows that have settled."""

from datetime import UTC, datetime, timedelta

import pytest

from models_registry.models import Model
from monitoring.models import SLO
from monitoring.slo.status import budget_series, slo_status, slo_statuses
from monitoring.stats.layouts import log_bin
from tests.cast import wait_in_inbox
from tests.monitoring.series import add, class_code, labelled, series_of, served

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def promise(model: Model, sli: str = "availability", target: float = 0.99, **more: object) -> SLO:
    return SLO.objects.create(project=model.project, slug=sli, name=sli, model=model, sli=sli, target=target, **more)


def test_a_kept_promise(credit_risk: Model) -> None:
    slo = promise(credit_risk)
    for day in range(30):
        served(credit_risk, NOW - day * DAY - HOUR, ok=998, failed=2)
    status = slo_status(slo, now=NOW)
    assert (status.state, status.good, status.valid) == ("ok", 29_940, 30_000)
    assert status.attained == pytest.approx(0.998)
    assert status.budget_left == pytest.approx(0.8)
    assert (status.window_start, status.window_end) == (NOW - 30 * DAY, NOW)


def test_burn_rates_of_every_window_and_when_the_budget_ends(credit_risk: Model) -> None:
    slo = promise(credit_risk)
    served(credit_risk, NOW - 20 * DAY, ok=99_000)
    for minute in range(1, 61):
        served(credit_risk, NOW - minute * MINUTE, ok=4, failed=1)
    status = slo_status(slo, now=NOW)
    assert status.state == "burning"
    assert set(status.burn) == {"5m", "30m", "1h", "2h", "6h", "1d", "3d"}
    assert status.burn["5m"] == status.burn["1h"] == pytest.approx(20)
    assert status.exhausts_in_s == pytest.approx(30 * 86_400 * status.budget_left / 20)


def test_a_spent_budget_is_shown_as_it_is(credit_risk: Model) -> None:
    slo = promise(credit_risk)
    served(credit_risk, NOW - 2 * DAY, ok=90, failed=10)
    status = slo_status(slo, now=NOW)
    assert (status.state, status.exhausts_in_s) == ("exhausted", 0)
    assert status.budget_left == pytest.approx(-9)
    assert status.burn["1h"] is None


def test_without_events_there_is_no_data(credit_risk: Model) -> None:
    status = slo_status(promise(credit_risk), now=NOW)
    assert (status.state, status.attained, status.budget_left, status.exhausts_in_s) == ("no_data", None, None, None)
    assert set(status.burn.values()) == {None}


def test_a_drain_that_is_behind_makes_it_stale_and_ends_the_window_there(credit_risk: Model) -> None:
    slo = promise(credit_risk)
    served(credit_risk, NOW - HOUR, ok=1)
    wait_in_inbox(credit_risk, NOW - 2 * MINUTE)
    assert slo_status(slo, now=NOW).state == "ok"
    wait_in_inbox(credit_risk, NOW - 10 * MINUTE)
    status = slo_status(slo, now=NOW)
    assert (status.state, status.window_end) == ("stale", NOW - 10 * MINUTE)


def test_quality_waits_for_its_labels(credit_risk: Model) -> None:
    class_code(credit_risk, "default", 1)
    slo = promise(credit_risk, "accuracy", 0.8)
    labelled(credit_risk, NOW - 10 * MINUTE, [(1, 2)] * 100)
    labelled(credit_risk, NOW - 40 * MINUTE, [(1, 1)] * 9 + [(2, 1)])
    status = slo_status(slo, now=NOW)
    assert (status.good, status.valid, status.window_end) == (9, 10, NOW - 30 * MINUTE)


def test_latency_counts_requests_within_the_bound(credit_risk: Model) -> None:
    slo = promise(credit_risk, "latency", 0.9, bound_ms=300.0)
    bins = {log_bin(100_000): 95, log_bin(300_000): 1, log_bin(400_000): 4}
    add(series_of(credit_risk, "latency"), NOW - HOUR, bins)
    status = slo_status(slo, now=NOW)
    assert (status.good, status.valid) == (96, 100)


def test_one_bad_event_does_not_set_a_quiet_model_on_fire(credit_risk: Model) -> None:
    served(credit_risk, NOW - 10 * DAY, ok=10_000)
    served(credit_risk, NOW - 2 * MINUTE, failed=2)
    assert slo_status(promise(credit_risk), now=NOW).state == "ok"


def test_every_window_holds_what_lies_in_it(credit_risk: Model) -> None:
    slo = promise(credit_risk)
    for minute in (1, 4, 40, 400):
        served(credit_risk, NOW - minute * MINUTE, ok=1, failed=1)
    found = {}
    for window in (HOUR, 6 * HOUR, DAY):
        slo.window = window
        status = slo_status(slo, now=NOW)
        found[window] = (status.good, status.valid)
    assert found == {HOUR: (3, 6), 6 * HOUR: (3, 6), DAY: (4, 8)}


def test_the_burn_down_starts_whole_and_ends_at_the_status(credit_risk: Model) -> None:
    slo = promise(credit_risk)
    for day in range(1, 30):
        served(credit_risk, NOW - day * DAY, ok=990, failed=day % 3)
    points = budget_series(slo, now=NOW, points=30)
    values = [value for _, value in points]
    assert values[0] == 1
    assert values[-1] == pytest.approx(slo_status(slo, now=NOW).budget_left)
    assert values == sorted(values, reverse=True)
    assert (points[0][0], points[-1][0], len(points)) == (NOW - 30 * DAY, NOW, 31)


def test_a_burn_down_of_nothing_is_no_data(credit_risk: Model) -> None:
    assert {value for _, value in budget_series(promise(credit_risk), now=NOW, points=5)} == {None}


@pytest.mark.parametrize("days", [1, 20])
def test_a_status_costs_the_same_however_much_happened(
    credit_risk: Model, days: int, django_assert_num_queries
) -> None:
    slo = promise(credit_risk)
    for day in range(days):
        served(credit_risk, NOW - day * DAY - HOUR, ok=10)
    with django_assert_num_queries(4):
        slo_status(slo, now=NOW)


def test_many_objectives_share_what_they_can(credit_risk: Model, django_assert_num_queries) -> None:
    for sli in ("availability", "accuracy", "recall", "precision"):
        promise(credit_risk, sli, 0.9)
    slos = SLO.objects.select_related("model")
    with django_assert_num_queries(5):
        found = slo_statuses(slos, now=NOW)
    assert found == {slo.pk: slo_status(slo, now=NOW) for slo in slos}


def test_windows_of_a_day_or_more_begin_at_a_whole_hour(credit_risk: Model) -> None:
    slo, end = promise(credit_risk), NOW + 40 * MINUTE
    served(credit_risk, NOW - DAY, ok=1)
    served(credit_risk, NOW - HOUR, ok=10)
    found = []
    for slo.window in (HOUR, DAY):
        status = slo_status(slo, now=end)
        found.append((status.good, status.window_start))
    assert found == [(0, end - HOUR), (11, NOW - DAY)]
