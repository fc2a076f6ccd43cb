"""Corrections that come again: the same as their stretches written one by one, whatever clocks on walls do."""

from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from models_registry.models import Model
from monitoring.measures.series import subjects_of
from monitoring.models import SLO, Correction, RetentionFloor
from monitoring.slo.books import BookAsk, read_books
from monitoring.slo.corrections import Corrected, corrected, end_correction, record_correction, withdraw_correction
from monitoring.slo.status import budget_days, slo_status, slo_statuses
from monitoring.stats.recurrence import Weekly, openings, openings_within
from tests import cast
from tests.monitoring.series import roll_up, series_of, served
from tests.monitoring.test_composites import compose
from tests.monitoring.test_corrections import A_DAY, A_MINUTE, AN_HOUR, NOW, leave_out, promise

BERLIN, SAO_PAULO = "Europe/Berlin", "America/Sao_Paulo"
# Noon (UTC) of days on which clocks change in the zone, one on which they do not, and how many days are looked at before it.
CHANGES = [
    (BERLIN, datetime(2026, 3, 29, 12, tzinfo=UTC)),
    (BERLIN, datetime(2026, 10, 25, 12, tzinfo=UTC)),
    (SAO_PAULO, datetime(2017, 10, 15, 12, tzinfo=UTC)),
    (SAO_PAULO, datetime(2018, 2, 18, 12, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 5, 12, tzinfo=UTC)),
    ("UTC", datetime(2026, 3, 29, 12, tzinfo=UTC)),
]
DAYS = 4
QUARTERS = st.integers(0, 95).map(lambda quarter: time(quarter // 4, quarter % 4 * 15))
weeks = st.sets(st.integers(0, 6), min_size=1, max_size=6).map(sorted)


def again(of: SLO, **more: Any) -> Correction:
    """From the first of January 2017 on."""
    fields = {
        "slo": of,
        "reason": "maintenance",
        "author": "ana",
        "starts_at": datetime(2017, 1, 1, tzinfo=UTC),
        **more,
    }
    return record_correction(Correction(project=of.project, **fields), now=NOW)


def walked(
    zone: ZoneInfo, days: list[int], start: time, end: time, *, until: datetime
) -> list[tuple[datetime, datetime]]:
    """Each stretch of the days before, by a walk over every minute: from the first whose reading is not before the beginning
    to after the last whose reading is before the end.
    """
    first = until - (DAYS + 2) * A_DAY
    moments = [first + number * A_MINUTE for number in range((DAYS + 4) * 24 * 60)]
    readings = [(moment, moment.astimezone(zone).replace(tzinfo=None)) for moment in moments]
    found = []
    for number in range(1, DAYS + 3):
        day = (first + number * A_DAY).date()
        if day.weekday() not in days:
            continue
        opens = datetime.combine(day, start)
        closes = datetime.combine(day if end > start else day + A_DAY, end)
        begin = next(moment for moment, reading in readings if reading >= opens)
        after = max(moment for moment, reading in readings if reading < closes) + A_MINUTE
        found += [(begin, after)] if begin < after else []
    return found


class Again(TestCase):
    """Of stored minutes, and of what is left where they are gone."""

    @settings(max_examples=40, deadline=None)
    @given(
        change=st.sampled_from(CHANGES),
        days=weeks,
        start=QUARTERS,
        end=QUARTERS,
        failures=st.sets(st.integers(0, DAYS * 288 - 1), min_size=1, max_size=12),
        effect=st.sampled_from(Correction.Effect.values),
        cut=st.tuples(st.integers(0, DAYS * 96), st.integers(1, DAYS * 96)),
        gone=st.integers(0, DAYS),
        sliced=st.booleans(),
    )
    def test_it_is_its_stretches_written_one_by_one(
        self, change, days, start, end, failures, effect, cut, gone, sliced
    ) -> None:
        (zone, now), begin = change, change[1] - DAYS * A_DAY
        model = cast.make_credit_risk(cast.make_project())
        more = {"method": "timeslices", "slice": 5 * A_MINUTE, "slice_target": 0.5} if sliced else {}
        slo = promise(model, window=DAYS * A_DAY, target=0.9, **more)
        for place in failures:
            served(model, begin + place * 5 * A_MINUTE, ok=3, failed=7)
        roll_up(series_of(model, "status"))
        if gone and not sliced:
            floor = (begin + gone * A_DAY).replace(hour=0)
            RetentionFloor.objects.create(kind=RetentionFloor.Kind.MINUTES, start=int(floor.timestamp()))
        starts_at = begin + cut[0] * 15 * A_MINUTE
        ends_at = starts_at + cut[1] * 15 * A_MINUTE
        found = [
            (max(low, starts_at), min(high, ends_at))
            for low, high in walked(ZoneInfo(zone), days, start, end, until=now)
        ]
        singly = [leave_out(slo, low, high, effect=effect) for low, high in found if low < high]
        wanted = told(slo, now)
        shown = corrected(slo, now=now)
        for row in singly:
            withdraw_correction(row, by="ana", now=now)
        row = Correction(
            project=slo.project, slo=slo, slug="again", effect=effect, starts_at=starts_at, ends_at=ends_at,
            days=days, start=start, end=end, time_zone=zone, reason="r", author="a",
        )  # fmt: skip
        row.save()
        assert told(slo, now) == wanted
        [one] = [one for one in corrected(slo, now=now) if one.correction == row]
        assert minutes_of([one], begin, now) == minutes_of(shown, begin, now)
        if effect == "excluded" and not gone and not sliced:
            assert (one.good, one.valid) == (sum(one.good for one in shown), sum(one.valid for one in shown))


def minutes_of(found: list[Corrected], begin: datetime, end: datetime) -> set[int]:
    """What they say that they cover of [begin, end)."""
    spans = [(max(low, begin), min(high, end)) for one in found for low, high in one.spans]
    return {minute for low, high in spans for minute in range(int(low.timestamp()), int(high.timestamp()), 60)}


def told(slo: SLO, now: datetime) -> tuple[Any, ...]:
    """Status, calendar, and every quarter of an hour."""
    edges = np.arange(int((now - DAYS * A_DAY).timestamp()), int(now.timestamp()) + 1, 900)
    [book] = read_books([BookAsk(slo, subjects_of([slo.model])[slo.model_id], edges)])
    parts = [side.tolist() for side in book.between(edges[:-1], edges[1:])]
    return slo_status(slo, now=now), budget_days(slo, now=now), parts


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("zone", "day", "start", "end", "opens", "minutes"),
    [
        # Clocks go from 2 to 3 o'clock: the window is an hour shorter, and ends at the same reading.
        (BERLIN, date(2026, 3, 29), time(1), time(4), datetime(2026, 3, 29, 0, tzinfo=UTC), 120),
        (BERLIN, date(2026, 3, 22), time(1), time(4), datetime(2026, 3, 22, 0, tzinfo=UTC), 180),
        # And back from 3 to 2: an hour longer.
        (BERLIN, date(2026, 10, 25), time(1), time(4), datetime(2026, 10, 24, 23, tzinfo=UTC), 240),
        # Midnight of this day never came, nor did half past: from 01:00 to 02:00.
        (SAO_PAULO, date(2017, 10, 15), time(0), time(2), datetime(2017, 10, 15, 3, tzinfo=UTC), 60),
        # 23:00 came twice on the evening before.
        (SAO_PAULO, date(2018, 2, 17), time(23), time(1), datetime(2018, 2, 18, 1, tzinfo=UTC), 180),
        (SAO_PAULO, date(2026, 3, 15), time(2), time(4), datetime(2026, 3, 15, 5, tzinfo=UTC), 120),
    ],
)
def test_it_goes_by_the_clock_on_the_wall(
    credit_risk: Model, zone: str, day: date, start: time, end: time, opens: datetime, minutes: int
) -> None:
    """What fails in the first and the last minute of the window is left out; a minute before, and after, is not."""
    slo, close = promise(credit_risk, window=2 * A_DAY), opens + minutes * A_MINUTE
    now = close + 6 * AN_HOUR
    for moment in (opens - A_MINUTE, opens, close - A_MINUTE, close):
        served(credit_risk, moment, ok=8, failed=2)
    again(slo, days=[day.weekday()], start=start, end=end, time_zone=zone)
    status = slo_status(slo, now=now)
    assert (status.good, status.valid) == (16, 20)
    [one] = corrected(slo, now=now)
    assert one.spans == [(opens, close)]
    assert (one.good, one.valid, one.bad) == (16, 20, 4)


@pytest.mark.django_db
def test_a_window_that_a_jump_swallows_is_not_there(credit_risk: Model) -> None:
    slo = promise(credit_risk, window=2 * A_DAY)
    served(credit_risk, datetime(2017, 10, 15, 3, 0, tzinfo=UTC), failed=2)
    again(slo, days=[6], start=time(0), end=time(0, 30), time_zone=SAO_PAULO)
    assert slo_status(slo, now=datetime(2017, 10, 15, 12, tzinfo=UTC)).valid == 2


@given(days=weeks, start=QUARTERS, end=QUARTERS, zone=st.sampled_from(CHANGES), skip=st.integers(0, 200))
def test_those_within_are_those_that_come_next(days, start, end, zone, skip) -> None:
    window = Weekly(frozenset(days), start, end, ZoneInfo(zone[0]))
    begin = zone[1] - 5 * A_DAY + skip * AN_HOUR
    found = openings_within(window, start=begin, end=begin + 20 * A_DAY)
    assert found == [one for one in openings(window, after=begin, count=30) if one[0] < begin + 20 * A_DAY]
    assert openings_within(window, start=begin, end=begin) == []


@pytest.mark.django_db
def test_what_comes_again_costs_no_statement_more(credit_risk: Model) -> None:
    slos = [promise(credit_risk, slug=f"slo-{number}", window=30 * A_DAY) for number in range(3)]
    served(credit_risk, NOW - A_DAY, ok=5, failed=5)
    with CaptureQueriesContext(connection) as without:
        slo_statuses(slos, now=NOW)
    for number in range(5):
        again(
            slos[0], slo=None, slug=f"work-{number}", days=[number], start=time(number), end=time(4), time_zone=BERLIN
        )
    with CaptureQueriesContext(connection) as with_them:
        slo_statuses(slos, now=NOW)
    assert len(with_them) == len(without)


@pytest.mark.django_db
def test_it_reaches_composites_by_their_components_and_as_their_own(
    credit_risk: Model, support_assistant: Model
) -> None:
    for model in (credit_risk, support_assistant):
        served(model, NOW.replace(hour=2), ok=50, failed=50)
        served(model, NOW.replace(hour=6), ok=100)
    parts = [promise(model, slug=model.slug, window=A_DAY) for model in (credit_risk, support_assistant)]
    whole = compose(*parts, target=0.9, window=A_DAY)
    nightly = {"days": [0, 1, 2, 3, 4], "start": time(1), "end": time(3)}
    assert slo_status(whole, now=NOW).attained == pytest.approx(0.75)
    part = again(whole, slo=parts[0], **nightly)
    assert slo_status(whole, now=NOW).attained == pytest.approx(0.875)
    withdraw_correction(part, by="ana", now=NOW)
    again(whole, slug="whole", **nightly)
    assert slo_status(whole, now=NOW).attained == 1
    assert slo_status(parts[0], now=NOW).attained == 0.75
    one = next(one for one in corrected(whole, now=NOW) if one.correction.slug == "whole")
    assert one.bad == pytest.approx(100)


@pytest.mark.django_db
def test_slices_of_minutes_are_counted_as_they_are_left_out(credit_risk: Model) -> None:
    """From 02:02 to 02:08 two slices of five minutes are touched, and said to be."""
    slo = promise(
        credit_risk, window=A_DAY, sli="time_slices", measure="error_rate", bound=0.1, slice=5 * A_MINUTE, minimum=1
    )
    night = NOW.replace(hour=2, minute=0)
    for place in range(4):
        served(credit_risk, night + (5 * place + 1) * A_MINUTE, ok=1, failed=9)
    once = leave_out(slo, night + 2 * A_MINUTE, night + 8 * A_MINUTE)
    assert slo_status(slo, now=NOW).valid == 2
    assert [(one.spans, one.bad) for one in corrected(slo, now=NOW)] == [([(night, night + 10 * A_MINUTE)], 2)]
    withdraw_correction(once, by="ana", now=NOW)
    row = again(slo, days=[4], start=time(2, 2), end=time(2, 8))
    [one] = [one for one in corrected(slo, now=NOW) if one.correction == row]
    assert (one.spans, one.bad, one.widened) == ([(night, night + 10 * A_MINUTE)], 2, True)


@pytest.mark.django_db
def test_it_is_listed_while_it_goes_on_and_draws_any_range(credit_risk: Model) -> None:
    slo = promise(credit_risk, window=A_DAY)
    row = again(slo, days=[0, 3], start=time(22), end=time(2), time_zone=BERLIN)
    for number in range(60):
        leave_out(slo, NOW - (number + 2) * AN_HOUR, NOW - (number + 1) * AN_HOUR)
    found = corrected(slo, now=NOW)
    assert len(found) == 50
    assert found[0].correction == row
    thursday = datetime(2026, 3, 19, 21, tzinfo=UTC)
    assert found[0].spans == [(thursday, thursday + 4 * AN_HOUR)], "20 March, 12:20, is a Friday"
    drawn = found[0].covers(start=NOW - 8 * A_DAY, end=NOW)
    assert [f"{start:%a %d %H:%M}" for start, _end in drawn] == ["Thu 12 21:00", "Mon 16 21:00", "Thu 19 21:00"]


@pytest.mark.django_db
def test_it_is_ended_without_a_change_of_what_was(credit_risk: Model) -> None:
    """In the middle of a window: what was left out until then stays so, what comes later counts."""
    slo = promise(credit_risk, window=A_DAY)
    row = again(slo, days=list(range(7)), start=time(12), end=time(13))
    served(credit_risk, NOW - 10 * A_MINUTE, failed=1)
    served(credit_risk, NOW + 10 * A_MINUTE, failed=3)
    end_correction(row, by="bia", now=NOW)
    end_correction(row, by="rui", now=NOW + AN_HOUR)
    row.refresh_from_db()
    assert (row.ends_at, row.ended_by) == (NOW, "bia")
    assert slo_status(slo, now=NOW + AN_HOUR).valid == 3
    for other in (
        leave_out(slo, NOW, NOW + AN_HOUR),
        again(slo, starts_at=NOW + A_DAY, days=[1], start=time(1), end=time(2)),
    ):
        with pytest.raises(ValidationError, match="withdraw this one"):
            end_correction(other, by="ana", now=NOW)
        other.refresh_from_db()
        assert other.ended_by == ""


WEEKLY = {"days": [6], "start": time(2), "end": time(4), "ends_at": None}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "field", "mend"),
    [
        ({**WEEKLY, "days": []}, "days", "at least one day"),
        ({**WEEKLY, "days": [7]}, "days", "0 (Monday) to 6"),
        ({**WEEKLY, "days": [1, 1]}, "days", "0 (Monday) to 6"),
        ({**WEEKLY, "days": list(range(7)), "end": time(2)}, "days", "nothing would be left"),
        ({**WEEKLY, "start": None}, "start", "from when until when"),
        ({**WEEKLY, "end": None}, "end", "from when until when"),
        ({**WEEKLY, "time_zone": "Mars/Olympus"}, "time_zone", "IANA"),
        ({"time_zone": ""}, "time_zone", "IANA"),
        ({**WEEKLY, "ends_at": NOW - 2 * AN_HOUR}, "ends_at", "end after it starts"),
        ({**WEEKLY, "ends_at": NOW + A_DAY}, "ends_at", "not come once"),
        ({**WEEKLY, "ends_at": datetime(9999, 12, 31, tzinfo=UTC)}, "ends_at", "Leave this empty"),
        ({**WEEKLY, "starts_at": datetime(9999, 12, 31, 23, 59, tzinfo=UTC)}, "starts_at", "2999"),
        ({"ends_at": None}, "ends_at", "Say when it ends"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(credit_risk: Model, fields, field: str, mend: str) -> None:
    slo = promise(credit_risk)
    wanted = {"slo": slo, "starts_at": NOW - AN_HOUR, "ends_at": NOW, "reason": "work", "author": "ana", **fields}
    with pytest.raises(ValidationError) as refused:
        record_correction(Correction(project=slo.project, **wanted), now=NOW)
    assert list(refused.value.message_dict) == [field]
    assert mend in " ".join(refused.value.message_dict[field])
    assert not Correction.objects.exists()


@pytest.mark.django_db
def test_no_row_is_half_of_one(credit_risk: Model) -> None:
    slo = promise(credit_risk)
    for half in ({"start": time(2), "ends_at": NOW}, {"end": time(2), "ends_at": NOW}, {"ends_at": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Correction.objects.create(
                project=slo.project, slo=slo, slug="x", starts_at=NOW - A_DAY, reason="r", author="a", **half
            )
