"""Calendar windows in zones whose clocks change: no hour of history is lost or counted twice."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.stats.periods import NOMINAL, days_between, midnight, period_of

SAO_PAULO, BERLIN = ZoneInfo("America/Sao_Paulo"), ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)
moments = st.integers(1_262_304_000, 2_051_222_400).map(lambda epoch: datetime.fromtimestamp(epoch, tz=UTC))
zones = st.sampled_from(
    ["UTC", "America/Sao_Paulo", "Europe/Berlin", "Asia/Kathmandu", "America/Havana", "Pacific/Apia"]
)


def at(*place: int) -> datetime:
    """A moment in UTC."""
    return datetime(*place, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day", "begins", "hours"),
    [
        (SAO_PAULO, date(2018, 11, 3), at(2018, 11, 3, 3), 24),
        (SAO_PAULO, date(2018, 11, 4), at(2018, 11, 4, 3), 23),  # clocks went from 00:00 to 01:00
        (SAO_PAULO, date(2018, 11, 5), at(2018, 11, 5, 2), 24),
        (SAO_PAULO, date(2019, 2, 16), at(2019, 2, 16, 2), 25),  # and back from 24:00 to 23:00
        (SAO_PAULO, date(2019, 2, 17), at(2019, 2, 17, 3), 24),
        (SAO_PAULO, date(2019, 11, 3), at(2019, 11, 3, 3), 24),  # given up since
        (BERLIN, date(2026, 3, 29), at(2026, 3, 28, 23), 23),
        (BERLIN, date(2026, 10, 25), at(2026, 10, 24, 22), 25),
    ],
)
def test_days_on_which_clocks_change(zone: ZoneInfo, day: date, begins: datetime, hours: int) -> None:
    start, end = period_of(midnight(day, zone), "day", zone)
    assert (start, end - start) == (begins, hours * HOUR)


def test_months_quarters_and_weeks() -> None:
    late = at(2026, 3, 29, 22, 30)  # already Monday in Berlin, still Sunday in São Paulo
    assert period_of(late, "week", BERLIN)[0] == datetime(2026, 3, 29, 22, tzinfo=UTC)
    assert period_of(late, "week", SAO_PAULO)[0] == datetime(2026, 3, 23, 3, tzinfo=UTC)
    march = period_of(late, "month", BERLIN)
    assert march == (datetime(2026, 2, 28, 23, tzinfo=UTC), datetime(2026, 3, 31, 22, tzinfo=UTC))
    assert march[1] - march[0] == 31 * 24 * HOUR - HOUR
    assert period_of(late, "quarter", SAO_PAULO) == (
        datetime(2026, 1, 1, 3, tzinfo=UTC),
        datetime(2026, 4, 1, 3, tzinfo=UTC),
    )
    assert period_of(datetime(2026, 12, 31, 23, 30, tzinfo=UTC), "month", BERLIN)[0] == datetime(
        2026, 12, 31, 23, tzinfo=UTC
    )


@given(moment=moments, unit=st.sampled_from(sorted(NOMINAL)), zone=zones.map(ZoneInfo))
def test_periods_hold_their_moment_and_follow_each_other(moment: datetime, unit: str, zone: ZoneInfo) -> None:
    start, end = period_of(moment, unit, zone)
    assert start <= moment < end
    assert period_of(end, unit, zone)[0] == end
    assert period_of(end - timedelta(seconds=1), unit, zone) == (start, end)


@given(start=moments, length=st.timedeltas(timedelta(minutes=1), timedelta(days=40)), zone=zones.map(ZoneInfo))
def test_days_tile_a_window(start: datetime, length: timedelta, zone: ZoneInfo) -> None:
    found = list(days_between(start, start + length, zone))
    assert (found[0][1], found[-1][2]) == (start, start + length)
    assert all(left[2] == right[1] and left[0] < right[0] for left, right in pairwise(found))
    assert all(begins < ends for _, begins, ends in found)
