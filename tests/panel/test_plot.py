"""The vertical axis of a page's chart."""

from datetime import UTC, datetime, timedelta

import pytest

from monitoring.measures.series import Point
from panel.pages.plot import HEADROOM, Chart, Line

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


def bounds(unit: str, *values: float) -> tuple[float, float]:
    points = [Point(NOON + timedelta(minutes=n), value, 9, None, None, "ok") for n, value in enumerate(values)]
    return Chart("some", "Some", unit, [Line("Some", points)], start=NOON, end=NOON + timedelta(hours=1)).bounds


@pytest.mark.parametrize("unit", ["ratio", "score"])
def test_nothing_is_over_the_whole(unit: str) -> None:
    assert bounds(unit, 1.0, 1.0) == (0.75, 1.0)
    low, high = bounds(unit, 0.9, 0.95)
    assert 0 < low < 0.9
    assert high == 1.0


def test_amounts_begin_at_nothing() -> None:
    low, high = bounds("count", 40.0, 50.0)
    assert low == 0.0
    assert high > 50.0


@pytest.mark.parametrize("values", [(-2.0, 3.0), (-5.0, -1.0), (-4.0,)])
def test_what_is_below_nothing_is_drawn_too(values: tuple[float, ...]) -> None:
    low, high = bounds("target", *values)
    assert low < min(values)
    assert high >= max(0.0, *values)


def _with_range(low: float, high: float) -> tuple[float, float]:
    points = [
        Point(NOON, 10.0, 9, low, high, "ok"),
        Point(NOON + timedelta(minutes=1), 20.0, 9, 19.0, 21.0, "ok"),
    ]
    line = Line("Some", points, show_range=True)
    return Chart("some", "Some", "target", [line], start=NOON, end=NOON + timedelta(hours=1)).bounds


def test_an_interval_has_room_but_never_more_than_lets_the_line_be_read() -> None:
    assert _with_range(8.0, 24.0)[1] == pytest.approx(24.0 * HEADROOM)
    assert _with_range(8.0, 900.0)[1] == pytest.approx(25.0 * HEADROOM)
    assert _with_range(-900.0, 12.0)[0] == pytest.approx(0.0)
