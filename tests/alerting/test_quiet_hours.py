"""Quiet hours on the wall: in every zone, across midnight and across the nights on which the clocks change."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.mutes.quiet_hours import Hours, quiet_until

ZONES = ["America/Sao_Paulo", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]
MOMENTS = st.integers(1_420_070_400, 1_893_456_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
HOURS = st.builds(
    Hours,
    st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    st.sampled_from(ZONES),
    st.frozensets(st.integers(0, 6), min_size=1),
)
NIGHT = Hours(time(22), time(7), "Europe/Berlin")


def at(zone: str, *parts: int) -> datetime:
    return datetime(*parts, tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("hours", "moment", "until"),
    [
        (NIGHT, at("Europe/Berlin", 2026, 3, 10, 21, 59), None),
        (NIGHT, at("Europe/Berlin", 2026, 3, 10, 22, 0), at("Europe/Berlin", 2026, 3, 11, 7)),
        (NIGHT, at("Europe/Berlin", 2026, 3, 11, 6, 59), at("Europe/Berlin", 2026, 3, 11, 7)),
        (NIGHT, at("Europe/Berlin", 2026, 3, 11, 7, 0), None),
        # The night of 29 March 2026 has eight of these hours, that of 25 October ten.
        (NIGHT, at("Europe/Berlin", 2026, 3, 28, 22, 0), datetime(2026, 3, 29, 5, tzinfo=UTC)),
        (NIGHT, at("Europe/Berlin", 2026, 10, 24, 22, 0), datetime(2026, 10, 25, 6, tzinfo=UTC)),
        # Half past two comes twice, and they end at the second; in spring it never comes, and they begin at the jump.
        (
            Hours(time(22), time(2, 30), "Europe/Berlin"),
            datetime(2026, 10, 25, 1, 15, tzinfo=UTC),
            datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
        ),
        (
            Hours(time(2, 30), time(7), "Europe/Berlin"),
            datetime(2026, 3, 29, 1, 15, tzinfo=UTC),
            datetime(2026, 3, 29, 5, tzinfo=UTC),
        ),
        # In São Paulo midnight did not exist on 4 November 2018.
        (
            Hours(time(0), time(8), "America/Sao_Paulo"),
            datetime(2018, 11, 4, 3, tzinfo=UTC),
            datetime(2018, 11, 4, 10, tzinfo=UTC),
        ),
        # Only the night that begins on a Friday (4): it reaches into Saturday.
        (
            Hours(time(22), time(7), "UTC", frozenset({4})),
            datetime(2026, 3, 14, 3, tzinfo=UTC),
            datetime(2026, 3, 14, 7, tzinfo=UTC),
        ),
        (Hours(time(22), time(7), "UTC", frozenset({4})), datetime(2026, 3, 15, 3, tzinfo=UTC), None),
    ],
)
def test_until_when(hours, moment, until):
    assert quiet_until([hours], moment) == until


def test_hours_that_touch_are_one_and_hours_without_end_hold_nothing_back():
    weekend = Hours(time(0), time(0), "UTC", frozenset({5, 6}))
    night = Hours(time(22), time(7), "UTC")
    saturday = datetime(2026, 3, 14, 12, tzinfo=UTC)
    assert quiet_until([night, weekend], saturday) == datetime(2026, 3, 16, 7, tzinfo=UTC)
    assert quiet_until([Hours(time(0), time(0), "UTC")], saturday) is None


@given(windows=st.lists(HOURS, max_size=3), moment=MOMENTS)
def test_they_end_later_and_nothing_is_quiet_then(windows, moment):
    until = quiet_until(windows, moment)
    quiet = [hours for hours in windows if hours.end_at(moment)]
    if until is None:
        assert not quiet or all(_still(windows, moment + timedelta(days=day)) for day in range(3))
        return
    assert until > moment
    assert quiet
    assert not any(hours.end_at(until) for hours in windows)


def _still(windows, moment) -> bool:
    return any(hours.end_at(moment) for hours in windows)
