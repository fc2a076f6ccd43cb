"""Windows that come again, held against a walk through every ten minutes of the days around a change of clocks."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitoring.stats.recurrence import Weekly, opening, openings

SLICE = timedelta(minutes=10)
# Clocks change at 2 and 3 o'clock in Berlin, at midnight in São Paulo, by half an hour on Lord Howe; never in UTC.
CHANGES = [
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("America/Sao_Paulo", date(2017, 10, 15)),
    ("America/Sao_Paulo", date(2018, 2, 17)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("UTC", date(2026, 3, 29)),
]
TIMES = [time(0), time(0, 30), time(1, 50), time(2), time(2, 30), time(3), time(12), time(23), time(23, 30)]


def walk(day: date, zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
    """(moment, reading of the wall's clock) of four days."""
    first = datetime.combine(day - timedelta(days=1), time(0), UTC)
    moments = [first + place * SLICE for place in range(4 * 144)]
    return [(moment, moment.astimezone(zone).replace(tzinfo=None)) for moment in moments]


@pytest.mark.parametrize(("name", "day"), CHANGES)
def test_a_window_lies_between_two_readings_of_the_wall_s_clock(name: str, day: date) -> None:
    zone, checked = ZoneInfo(name), 0
    walked = walk(day, zone)
    for start in TIMES:
        for end in TIMES:
            last = day if end > start else day + timedelta(days=1)
            opens, closes = datetime.combine(day, start), datetime.combine(last, end)
            first = next(moment for moment, reading in walked if reading >= opens)
            after = max(moment for moment, reading in walked if reading < closes) + SLICE
            window = Weekly(frozenset({day.weekday()}), start, end, zone)
            expected = (first, after) if first < after else None
            begin = walked[0][0]
            found = next(
                (one for one in openings(window, after=begin, count=1) if one[0] < begin + 4 * 144 * SLICE), None
            )
            assert found == expected, (start, end)
            checked += 1
            for moment, _ in walked:
                inside = expected is not None and first <= moment < after
                assert (opening(window, at=moment) == expected) is inside or expected is None
    assert checked == len(TIMES) ** 2


def test_the_next_openings_are_of_the_chosen_days_alone() -> None:
    window = Weekly(frozenset({0, 3}), time(22), time(2), ZoneInfo("Europe/Berlin"))
    found = openings(window, after=datetime(2026, 3, 26, 22, 0, tzinfo=UTC), count=3)
    local = [start.astimezone(window.zone) for start, _ in found]
    assert [f"{moment:%a %d %H:%M}" for moment in local] == ["Thu 26 22:00", "Mon 30 22:00", "Thu 02 22:00"]
    assert [end - start for start, end in found] == [timedelta(hours=4)] * 3
    assert found[1][0].hour == 20  # summer time


def test_a_night_is_as_long_as_its_clocks_say() -> None:
    window = Weekly(frozenset(range(7)), time(1), time(4), ZoneInfo("Europe/Berlin"))
    for day, hours in ((date(2026, 3, 29), 2), (date(2026, 10, 25), 4), (date(2026, 6, 1), 3)):
        [(start, end)] = openings(window, after=datetime.combine(day, time(0), window.zone), count=1)
        assert end - start == timedelta(hours=hours)
