"""Corrections: what people left out of a budget is left out everywhere, as long as it stands and however old it grows."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from django.core.exceptions import ValidationError
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from models_registry.models import Model
from monitoring.measures.series import subjects_of
from monitoring.models import SLO, Bucket, Correction, RetentionFloor
from monitoring.models.summaries import Tier
from monitoring.slo.books import BookAsk, read_books
from monitoring.slo.corrections import corrected, record_correction, withdraw_correction
from monitoring.slo.status import budget_days, slo_status, slo_statuses
from monitoring.stats.corrected import Stretch, correct, edges_for_any, widen
from monitoring.stats.tiers import DAY, HOUR, MINUTE
from tests import cast
from tests.monitoring.series import roll_up, series_of, served

NOW = datetime(2026, 3, 20, 12, 20, tzinfo=UTC)
A_MINUTE, AN_HOUR, A_DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NEVER = (-(2**62), -(2**62))
moments = st.integers(0, 3 * DAY // MINUTE).map(lambda minute: minute * MINUTE)
stretches = st.tuples(moments, st.integers(1, 2_000), st.booleans()).map(
    lambda one: Stretch(one[0], one[0] + one[1] * MINUTE, one[2])
)


def promise(model: Model, **more: object) -> SLO:
    fields = {"slug": "answered", "name": "Answered", "sli": "availability", "target": 0.9, **more}
    return SLO.objects.create(project=model.project, model=model, **fields)


def leave_out(of: SLO, start: datetime, end: datetime, **more: object) -> Correction:
    fields = {"slo": of, "reason": "planned work", "author": "ana", **more}
    return record_correction(
        Correction(project=of.project, starts_at=start, ends_at=end, **fields),
        now=NOW,
    )


@given(found=st.lists(stretches, max_size=6), events=st.lists(st.tuples(moments, st.booleans()), max_size=40))
def test_every_part_counts_as_its_stretches_say(found: list[Stretch], events: list[tuple[int, bool]]) -> None:
    starts = np.arange(0, 3 * DAY + MINUTE, MINUTE)
    parts = np.zeros((len(starts), 2), dtype=np.int64)
    for at, fine in events:
        parts[at // MINUTE] += (fine, 1)
    counted = correct(starts, parts, found)
    for place in {at // MINUTE for at, _ in events}:
        at, (good, valid) = place * MINUTE, parts[place].tolist()
        mine = [one for one in found if one.start <= at < one.end]
        wanted = (good, valid)
        if any(not one.good for one in mine):
            wanted = (0, 0)
        elif mine:
            wanted = (valid, valid)
        assert tuple(counted[place].tolist()) == wanted


@given(one=stretches, cut=st.integers(0, 2_000), floor=moments)
def test_two_neighbours_are_one(one: Stretch, cut: int, floor: int) -> None:
    """Whatever is left of minutes: each reaches over the hours that it touches, and so do both together."""
    middle = min(one.start + cut * MINUTE, one.end)
    halves = [Stretch(one.start, middle, one.good), Stretch(middle, one.end, one.good)]
    floors = (floor - floor % HOUR, 0)
    starts = np.arange(-DAY, 6 * DAY, MINUTE)
    parts = np.tile(np.array([[1, 3]]), (len(starts), 1))
    together = correct(starts, parts, [widen(one, floors)])
    apart = correct(starts, parts, [widen(half, floors) for half in halves if half.start < half.end])
    assert (together == apart).all()


@given(one=stretches, floor=moments, width=st.sampled_from([MINUTE, 5 * MINUTE, HOUR, DAY]))
def test_a_stretch_only_ever_grows_and_its_edges_are_asked_for(one: Stretch, floor: int, width: int) -> None:
    wide = widen(one, (floor, floor - floor % DAY), width)
    assert wide.start <= one.start < one.end <= wide.end
    assert widen(wide, (floor, floor - floor % DAY), width) == wide
    if width == MINUTE:
        assert {wide.start, wide.end} <= set(edges_for_any([one]))


class Books(TestCase):
    """Of stored minutes."""

    @settings(max_examples=25, deadline=None)
    @given(
        failures=st.lists(st.integers(0, 599), min_size=1, max_size=8),
        begin=st.integers(0, 580),
        length=st.integers(1, 120),
        effect=st.sampled_from(Correction.Effect.values),
    )
    def test_a_book_without_them_is_the_book_of_the_other_events(self, failures, begin, length, effect) -> None:
        model = cast.make_credit_risk(cast.make_project())
        slo = promise(model, window=A_DAY)
        start = NOW - 600 * A_MINUTE
        for minute in set(failures):
            served(model, start + minute * A_MINUTE, ok=3, failed=2)
        before = slo_status(slo, now=NOW)
        row = leave_out(slo, start + begin * A_MINUTE, start + (begin + length) * A_MINUTE, effect=effect)
        kept = [minute for minute in set(failures) if not begin <= minute < begin + length]
        other = len(set(failures)) - len(kept) if effect == Correction.Effect.GOOD else 0
        found = slo_status(slo, now=NOW)
        assert (found.good, found.valid) == (3 * len(kept) + 5 * other, 5 * (len(kept) + other))
        withdraw_correction(row, by="ana", now=NOW)
        assert slo_status(slo, now=NOW) == before, "to withdraw it leaves nothing behind"


@pytest.mark.django_db
def test_status_days_and_rules_see_the_same(credit_risk: Model, django_assert_num_queries) -> None:
    slo = promise(credit_risk, window=10 * A_DAY)
    for hours in range(240):
        served(credit_risk, NOW - hours * AN_HOUR - A_MINUTE, ok=90, failed=60 if hours in (30, 31) else 0)
    assert slo_status(slo, now=NOW).budget_left < 1
    leave_out(slo, NOW - 32 * AN_HOUR, NOW - 29 * AN_HOUR)
    status = slo_status(slo, now=NOW)
    assert (status.attained, status.budget_left, status.valid) == (1.0, 1.0, 237 * 90)
    assert sum(day.valid for day in budget_days(slo, now=NOW)) == status.valid
    assert set(status.daily) == {1.0}
    others = [promise(credit_risk, slug=f"other-{number}", window=10 * A_DAY) for number in range(4)]
    slos = list(SLO.objects.select_related("model"))
    with django_assert_num_queries(4):
        found = slo_statuses(slos, now=NOW)
    assert found[others[0].pk].budget_left < 1, "it is of one objective"
    leave_out(slo, NOW - 32 * AN_HOUR, NOW - 29 * AN_HOUR, slo=None, model=credit_risk)
    assert slo_status(others[0], now=NOW).budget_left == 1
    assert slo_status(slo, now=NOW) == status, "twice left out is left out"


@pytest.mark.django_db
def test_a_correction_of_the_project_is_of_all_its_models(credit_risk: Model, support_assistant: Model) -> None:
    slos = [promise(model, slug=model.slug, window=A_DAY) for model in (credit_risk, support_assistant)]
    for model in (credit_risk, support_assistant):
        served(model, NOW - AN_HOUR, ok=1, failed=9)
    leave_out(slos[0], NOW - 2 * AN_HOUR, NOW, slo=None)
    assert [slo_status(slo, now=NOW).state for slo in slos] == ["no_data", "no_data"], "nothing of nothing is no data"


@pytest.mark.django_db
@pytest.mark.parametrize(("start", "end", "bad"), [(5, 6, 0), (5.25, 5.75, 0), (4.5, 5.1, 0), (6, 7, 20)])
def test_an_outage_that_was_left_out_does_not_come_back_with_the_eighth_day(
    credit_risk: Model, start: float, end: float, bad: int
) -> None:
    """The minutes of its hour go; from then on the whole hour is left out."""
    slo = promise(credit_risk, window=30 * A_DAY, target=0.99)
    midnight = NOW.replace(hour=0, minute=0) - 8 * A_DAY
    for minute in range(0, 24 * 60, 10):
        failed = 20 if 5 * 60 + 15 <= minute < 5 * 60 + 20 else 0
        served(credit_risk, midnight + minute * A_MINUTE, ok=100, failed=failed)
    served(credit_risk, midnight + 5 * AN_HOUR + 17 * A_MINUTE, failed=20)
    leave_out(slo, midnight + start * AN_HOUR, midnight + end * AN_HOUR)
    fine = slo_status(slo, now=NOW)
    roll_up(series_of(credit_risk, "status"))
    RetentionFloor.objects.create(kind=RetentionFloor.Kind.MINUTES, start=int((midnight + A_DAY).timestamp()))
    Bucket.objects.filter(tier=Tier.MINUTE).delete()
    coarse = slo_status(slo, now=NOW)
    assert coarse.valid - coarse.good == bad
    [told] = corrected(slo, now=NOW)
    whole = start == int(start) and end == int(end)
    assert told.widened is not whole
    [(begin, close)] = told.spans
    assert (begin.minute, close.minute) == (0, 0)
    assert told.bad == 20 - bad
    if whole:
        assert (coarse.good, coarse.valid, coarse.budget_left) == (fine.good, fine.valid, fine.budget_left)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("method", "effect", "counts"),
    [
        ("timeslices", "excluded", (21, 22)),
        ("timeslices", "good", (23, 24)),
        ("ratio_timeslices", "excluded", (21.5, 22)),
    ],
)
def test_slices_are_left_out_whole(credit_risk: Model, method: str, effect: str, counts: tuple[float, float]) -> None:
    """Three hours are bad or half; a correction that touches two of them leaves one."""
    share = 0.9 if method == "timeslices" else None
    slo = promise(credit_risk, window=A_DAY, method=method, slice=AN_HOUR, slice_target=share)
    for hour in range(1, 25):
        served(credit_risk, NOW.replace(minute=5) - hour * AN_HOUR, ok=5, failed=5 if hour in (5, 6, 7) else 0)
    leave_out(slo, NOW.replace(minute=50) - 7 * AN_HOUR, NOW.replace(minute=10) - 6 * AN_HOUR, effect=effect)
    found = slo_status(slo, now=NOW)
    assert (found.good, found.valid) == pytest.approx(counts, abs=1e-9)
    [told] = corrected(slo, now=NOW)
    assert told.widened
    assert [end - start for start, end in told.spans] == [2 * AN_HOUR]


@pytest.mark.django_db
def test_what_a_measure_says_of_a_slice_is_left_out_too(credit_risk: Model) -> None:
    fields = {"sli": "time_slices", "measure": "error_rate", "bound": 0.1, "slice": AN_HOUR, "window": A_DAY}
    slo = promise(credit_risk, **fields)
    for hour in range(1, 25):
        served(credit_risk, NOW - hour * AN_HOUR, ok=5, failed=5 if hour == 5 else 0)
    assert (slo_status(slo, now=NOW).good, slo_status(slo, now=NOW).valid) == (23, 24)
    leave_out(slo, NOW - 5 * AN_HOUR, NOW - 5 * AN_HOUR + A_MINUTE)
    assert (slo_status(slo, now=NOW).good, slo_status(slo, now=NOW).valid) == (23, 23)


@pytest.mark.django_db
def test_the_present_and_a_past_of_thousands_are_corrected_alike(credit_risk: Model) -> None:
    slo = promise(credit_risk, window=A_DAY)
    for minute in range(0, 600, 7):
        served(credit_risk, NOW - minute * A_MINUTE, ok=5, failed=minute % 3)
    leave_out(slo, NOW - 300 * A_MINUTE, NOW - 100 * A_MINUTE, effect="good")
    leave_out(slo, NOW - 150 * A_MINUTE, NOW - 120 * A_MINUTE)
    subject = subjects_of([credit_risk])[credit_risk.pk]
    end = int(NOW.timestamp())
    every = np.arange(end - 600 * MINUTE, end + MINUTE, MINUTE)
    [book] = read_books([BookAsk(slo, subject, every)])
    for back in (90, 110, 130, 160, 310, 599):
        few = np.array([end - back * MINUTE, end])
        [one] = read_books([BookAsk(slo, subject, few)])
        assert [side.tolist() for side in one.between(*few)] == [side.tolist() for side in book.between(*few)]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "field", "mend"),
    [
        ({"ends_at": NOW - 9 * AN_HOUR}, "ends_at", "end after it starts"),
        ({"ends_at": NOW + 400 * A_DAY}, "ends_at", "366 days"),
        (
            {"starts_at": datetime(16, 12, 31, tzinfo=UTC), "ends_at": datetime(17, 1, 1, tzinfo=UTC)},
            "starts_at",
            "1970",
        ),
        ({"reason": "  "}, "reason", "Say why"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_mend(credit_risk: Model, fields, field: str, mend: str) -> None:
    slo = promise(credit_risk)
    wanted = {"slo": slo, "starts_at": NOW - AN_HOUR, "ends_at": NOW, "reason": "work", "author": "ana", **fields}
    with pytest.raises(ValidationError) as refused:
        record_correction(Correction(project=slo.project, **wanted), now=NOW)
    assert mend in " ".join(refused.value.message_dict.get(field, refused.value.message_dict.get("__all__", [])))
    assert not Correction.objects.exists()


@pytest.mark.django_db
def test_slugs_are_found_where_none_is_given(credit_risk: Model) -> None:
    slo = promise(credit_risk)
    made = [leave_out(slo, NOW - AN_HOUR, NOW) for _ in range(3)]
    assert [one.slug for one in made] == ["2026-03-20-1120", "2026-03-20-1120-2", "2026-03-20-1120-3"]
