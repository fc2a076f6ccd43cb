"""Rollup, retention and recount: hours and days stay the sum of the events, whatever comes late and whatever is gone."""

from collections import Counter
from datetime import datetime, timedelta

import pytest
from django.core.management import CommandError, call_command

from monitoring.drain import drain
from monitoring.models import Bucket, DirtyHour, EventKey, Prediction
from monitoring.retention import retain
from monitoring.summaries.recount import recount
from monitoring.summaries.rollup import rollup
from tests.monitoring.conftest import Put, micros

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def served(event_id: str, at: datetime) -> dict[str, object]:
    return {"id": event_id, "model": "m", "ts": micros(at), "prediction": "yes", "latency_ms": 3.0}


def counts(metric: str = "status") -> dict[int, int]:
    """Events per tier."""
    found: Counter[int] = Counter()
    for tier, n in Bucket.objects.filter(series__metric=metric).values_list("tier", "n"):
        found[tier] += n
    return {tier: n for tier, n in found.items() if n}


def test_hours_and_days_are_the_sums_of_their_minutes(put: Put, now: datetime):
    put("prediction", *(served(str(n), now - n * timedelta(minutes=7)) for n in range(300)))
    drain(now=now)
    rollup(now=now)
    assert counts() == {0: 300, 1: 300, 2: 300}
    assert not DirtyHour.objects.exists()
    put("prediction", served("late", now - DAY))
    drain(now=now)
    rollup(now=now)
    rollup(now=now)
    assert counts() == {0: 301, 1: 301, 2: 301}


def test_a_correction_reaches_every_tier(put: Put, now: datetime):
    put("prediction", served("a", now))
    put("outcome", {"id": "o", "prediction_id": "a", "label": "yes"})
    drain(now=now)
    rollup(now=now)
    put("outcome", {"id": "p", "prediction_id": "a", "label": "no", "ts": micros(now) + 1})
    drain(now=now)
    rollup(now=now)
    assert counts("confusion") == {0: 1, 1: 1, 2: 1}
    assert recount(start=now - DAY, end=now + DAY) == []


def test_minutes_are_dropped_only_after_their_hour_is_rolled_up(put: Put, now: datetime):
    put("prediction", served("old", now - 10 * DAY), served("new", now))
    drain(now=now)
    retain(now=now)
    assert counts() == {0: 2}
    rollup(now=now)
    retain(now=now)
    assert counts() == {0: 1, 1: 2, 2: 2}


@pytest.mark.parametrize("days", [10, 20, 200])
def test_late_truth_below_the_floor_is_neither_lost_nor_doubled(put: Put, now: datetime, settings, days: int):
    settings.RETENTION = {**settings.RETENTION, "events": 300 * DAY}
    old = now - days * DAY
    put("prediction", served("a", old), served("b", old + timedelta(minutes=1)))
    drain(now=now)
    rollup(now=now)
    retain(now=now)
    finest = 1 if days < 120 else 2
    assert counts() == dict.fromkeys(range(finest, 3), 2)
    put("prediction", served("c", old))
    put("outcome", {"id": "o", "prediction_id": "a", "label": "no", "ts": micros(now)})
    drain(now=now)
    rollup(now=now)
    assert counts() == dict.fromkeys(range(finest, 3), 3)
    assert counts("confusion") == dict.fromkeys(range(finest, 3), 1)
    assert recount(start=old - DAY, end=now) == []


def test_events_and_keys_past_their_time_are_dropped_and_their_sums_stay(put: Put, now: datetime):
    put("prediction", served("old", now - 40 * DAY), served("new", now))
    put("log", {"id": "l", "message": "x", "ts": micros(now - 8 * DAY)})
    drain(now=now)
    rollup(now=now)
    retain(now=now)
    assert list(Prediction.objects.values_list("event_id", flat=True)) == ["new"]
    assert counts()[2] == 2
    assert EventKey.objects.count() == 3  # their identity is remembered longer
    retain(now=now + 401 * DAY)
    assert not EventKey.objects.exists()


def test_recount_finds_a_bucket_that_was_tampered_with(put: Put, now: datetime, stopped_clock: datetime):
    put("prediction", served("a", now))
    drain(now=now)
    assert recount(start=now - DAY, end=now + DAY) == []
    call_command("recount")
    Bucket.objects.filter(series__metric="latency").update(total=1)
    [mismatch] = recount(start=now - DAY, end=now + DAY)
    assert (mismatch.series, mismatch.stored[1], mismatch.counted[1]) == ("latency", 1, 3_000)
    with pytest.raises(CommandError, match="1 buckets differ"):
        call_command("recount")
