"""Windows of the calendar, the three budgeting methods, and the calendar of a budget."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from models_registry.models import Model
from monitoring.models import SLO
from monitoring.slo.indicators import judge_slices
from monitoring.slo.status import budget_days, budget_series, slo_status, slo_statuses
from monitoring.slo.validate import slo_problems
from monitoring.stats.burn import budget_left
from tests.monitoring.series import served

NOW = datetime(2026, 3, 29, 12, 20, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
TWO_WEEKS = 14 * 24 * 60


def promise(model: Model, **more: object) -> SLO:
    fields = {"slug": "answered", "name": "answered", "sli": "availability", "target": 0.9, **more}
    return SLO.objects.create(project=model.project, model=model, **fields)


def left(method: str, good: list[int], valid: list[int], slice_target: float | None = None) -> float | None:
    parts = judge_slices(SLO(method=method, slice_target=slice_target), np.array(good), np.array(valid))
    kept, judged = parts.sum(axis=0).tolist()
    return budget_left(judged - kept, judged, 0.95)


def test_the_worked_numbers_of_openslo() -> None:
    """Two weeks by the minute at 95 %: 1,008 bad slices; 822.86 minutes of an attack that lets 1 % through, at 99 % before."""
    valid = [1_000] * TWO_WEEKS
    bad_slices = [100] * 1_008 + [1_000] * (TWO_WEEKS - 1_008)
    assert left("timeslices", bad_slices, valid, 0.99) == pytest.approx(0, abs=1e-9)
    exact = (TWO_WEEKS * 0.05 - TWO_WEEKS * 0.01) / 0.98
    assert exact == pytest.approx(822.857142857, abs=1e-9)
    shares = [left("ratio_timeslices", [10] * attack + [990] * (TWO_WEEKS - attack), valid) for attack in (822, 823)]
    assert shares[0] > 0 > shares[1]
    assert shares[0] == pytest.approx((exact - 822) * 0.98 / (0.05 * TWO_WEEKS), abs=1e-9)


def test_slices_without_enough_events_say_nothing() -> None:
    few = SLO(method="timeslices", slice_target=0.5, minimum=10)
    assert judge_slices(few, np.array([9, 9, 0]), np.array([9, 10, 0])).tolist() == [[0, 0], [1, 1], [0, 0]]
    shares = judge_slices(SLO(method="ratio_timeslices"), np.array([1, 0]), np.array([4, 0]))
    assert shares.tolist() == [[0.25, 1], [0, 0]]


@pytest.mark.django_db
def test_a_spike_weighs_as_much_as_its_method_lets_it(credit_risk: Model) -> None:
    for hour in range(1, 21):
        served(credit_risk, NOW - hour * HOUR, ok=9, failed=1 if hour > 1 else 991)
    events = promise(credit_risk, slug="events", window=DAY)
    ratios = promise(credit_risk, slug="ratios", method="ratio_timeslices", slice=HOUR, window=DAY)
    slices = promise(credit_risk, slug="slices", method="timeslices", slice=HOUR, slice_target=0.9, window=DAY)
    found = slo_statuses([events, ratios, slices], now=NOW)
    assert found[events.pk].attained == pytest.approx(180 / 1190, rel=1e-9)
    assert found[ratios.pk].attained == pytest.approx((19 * 0.9 + 0.009) / 20, rel=1e-9)
    assert found[slices.pk].attained == pytest.approx(19 / 20, rel=1e-9)
    assert (found[slices.pk].good, found[slices.pk].valid) == (19, 20)
    assert budget_series(slices, now=NOW, points=24)[-1][1] == pytest.approx(found[slices.pk].budget_left)


@pytest.mark.django_db
def test_a_calendar_window_starts_anew_in_its_zone(credit_risk: Model) -> None:
    month = promise(credit_risk, calendar="month", zone="Europe/Berlin")
    assert month.window == 30 * DAY
    served(credit_risk, datetime(2026, 2, 28, 22, 30, tzinfo=UTC), failed=50)  # still February in Berlin
    served(credit_risk, datetime(2026, 2, 28, 23, 30, tzinfo=UTC), ok=95, failed=5)
    status = slo_status(month, now=NOW)
    assert (status.good, status.valid) == (95, 100)
    assert (status.window_start, status.window_end) == (datetime(2026, 2, 28, 23, tzinfo=UTC), NOW)
    assert status.budget_left == pytest.approx(0.5, rel=1e-9)
    served(credit_risk, NOW - 10 * MINUTE, ok=4, failed=1)
    burning = slo_status(month, now=NOW)
    elapsed = (NOW - status.window_start).total_seconds()
    assert burning.exhausts_in_s == pytest.approx(elapsed * burning.budget_left / burning.burn["1h"], rel=1e-9)
    last = datetime(2026, 3, 31, 22, tzinfo=UTC)  # midnight in Berlin
    assert slo_status(month, now=last).window_start == status.window_start
    assert slo_status(month, now=last + MINUTE).window_start == last


@pytest.mark.django_db
def test_every_local_day_spends_its_share(credit_risk: Model) -> None:
    slo = promise(credit_risk, calendar="week", zone="Europe/Berlin")
    for hours in range(1, 180):
        served(credit_risk, NOW + 8 * HOUR - hours * HOUR, ok=95, failed=5)
    now = NOW + 9 * HOUR + 40 * MINUTE  # 24:00 of the Sunday that is an hour short
    days = budget_days(slo, now=now)
    assert [one.day for one in days] == [date(2026, 3, 23) + place * DAY for place in range(7)]
    assert [one.valid for one in days] == [2_400] * 6 + [2_100]  # the last two of its 23 hours had no events
    assert sum(one.spent for one in days) == pytest.approx(1 - slo_status(slo, now=now).budget_left, rel=1e-9)
    assert days[-1].left == pytest.approx(slo_status(slo, now=now).budget_left, rel=1e-9)


@pytest.mark.django_db
def test_ten_days_that_spend_a_tenth_each_spend_it_all(credit_risk: Model) -> None:
    """No day shows 9.99 %, and what is spent to the last event is spent."""
    slo = promise(credit_risk, window=10 * DAY, target=0.999)
    now = NOW.replace(hour=0, minute=0)
    for day in range(10):
        served(credit_risk, now - day * DAY - HOUR, ok=999, failed=1)
    assert [(one.spent, one.left) for one in budget_days(slo, now=now)] == [
        (0.1, (9 - place) / 10) for place in range(10)
    ]
    assert slo_status(slo, now=now).state == "exhausted"


@pytest.mark.django_db
def test_a_day_without_events_is_no_data(credit_risk: Model) -> None:
    slo = promise(credit_risk, window=3 * DAY)
    assert {(one.spent, one.left, one.valid) for one in budget_days(slo, now=NOW)} == {(None, None, 0)}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "field", "mend"),
    [
        ({"zone": "Brasilia"}, "zone", "America/Sao_Paulo"),
        ({"calendar": "fortnight"}, "calendar", "Choose a day"),
        ({"method": "timeslices", "slice": HOUR}, "slice_target", "for example 0.99"),
        ({"method": "timeslices", "slice": HOUR, "slice_target": float("nan")}, "slice_target", "for example 0.99"),
        ({"method": "timeslices", "slice_target": 0.9}, "slice", "Choose how long a slice is"),
        ({"method": "ratio_timeslices", "slice": MINUTE}, "slice", "Minutes are kept for 7 days"),
        ({"method": "ratio_timeslices", "slice": HOUR, "slice_target": 0.9}, "slice_target", "leave it empty"),
        ({"slice_target": 0.9}, "slice_target", "leave it empty"),
        ({"slice": HOUR}, "slice", "Only slices of time"),
        (
            {"sli": "time_slices", "measure": "error_rate", "bound": 0.1, "slice": HOUR, "method": "timeslices"},
            "method",
            "leave the method",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_mend(
    credit_risk: Model, fields: dict[str, object], field: str, mend: str
) -> None:
    slo = SLO(project=credit_risk.project, slug="s", model=credit_risk, sli="availability", target=0.9)
    assert slo_problems(slo) == {}
    for name, value in fields.items():
        setattr(slo, name, value)
    assert mend in slo_problems(slo)[field]
