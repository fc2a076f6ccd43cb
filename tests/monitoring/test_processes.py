"""Late, starting or fine: stages are judged from the start of the processes, not from before it."""

from datetime import datetime, timedelta

import pytest

from monitoring.models import ProcessState, StageRun
from monitoring.selectors.processes import read_machinery

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def rested(now: datetime) -> None:
    """Both stages ran an hour ago, for the last time."""
    for name, every in (("drain", 1), ("evaluate", 15)):
        StageRun.objects.create(stage=name, every=every, started_at=now - HOUR, story_at=now)


def start(at: datetime) -> None:
    for seconds, name in enumerate(("broker", "web", "worker")):
        started = at + timedelta(seconds=seconds)
        ProcessState.objects.create(name=name, state="running", started_at=started, seen_at=started)
    ProcessState.objects.create(name="beat", state="waiting", seen_at=at)


def late(now: datetime) -> list[str]:
    return [run.stage for run in read_machinery(real_now=now).late]


def is_starting(now: datetime) -> bool:
    return read_machinery(real_now=now).starting


def test_without_a_supervisor_a_rest_is_a_standstill(rested, now):
    assert late(now) == ["drain", "evaluate"]
    assert not is_starting(now)


def test_after_a_start_it_is_starting_for_a_minute_and_late_only_when_patience_has_run_out_since(rested, now):
    start(now)
    found = {
        seconds: (is_starting(at), late(at)) for seconds in (0, 60, 61, 76) if (at := now + timedelta(seconds=seconds))
    }
    assert found == {
        0: (True, []),
        60: (True, []),
        61: (False, ["drain"]),
        76: (False, ["drain", "evaluate"]),
    }


def test_stages_that_run_are_neither(rested, now):
    start(now)
    StageRun.objects.update(started_at=now)
    assert not is_starting(now)
    assert late(now) == []


def test_a_stage_that_stops_long_after_the_start_is_late(rested, now):
    start(now - 2 * HOUR)
    assert late(now) == ["drain", "evaluate"]
    assert not is_starting(now)
