from datetime import datetime

import pytest

from lib.clock import real_now
from lib.stage import Summary
from monitoring.models import StageRun
from monitoring.stage_runs import run_stage

pytestmark = pytest.mark.django_db


def works(*, now: datetime) -> Summary:
    return Summary(seen=3, written=2, skipped=1)


def breaks(*, now: datetime) -> Summary:
    raise ValueError("no such bucket")


def test_a_stage_leaves_one_row_that_counts_its_runs(now):
    for _ in range(2):
        assert run_stage("drain", works, now=now, real_now=real_now()) == Summary(3, 2, 1)
    row = StageRun.objects.get()
    assert (row.stage, row.runs, row.failures, row.seen, row.story_at) == ("drain", 2, 0, 3, now)
    assert row.finished_at >= row.started_at


def test_a_broken_stage_is_recorded_and_does_not_stop_the_others(now):
    assert run_stage("rollup", breaks, now=now, real_now=real_now()) is None
    assert StageRun.objects.get().last_error == "ValueError: no such bucket"
    run_stage("rollup", works, now=now, real_now=real_now())
    row = StageRun.objects.get()
    assert (row.runs, row.failures, row.last_error) == (2, 1, "")
