"""A story is looked at by the stages of the panel itself, whatever they are."""

import pytest

from config.stages import Stage
from demo.step import run_stages
from lib.stage import Summary

HERE = "tests.demo.test_step"
calls: list[tuple[str, object]] = []
left = [2, 1, 0]


def busy(*, now):
    calls.append(("busy", now))
    return Summary(seen=left[sum(name == "busy" for name, _ in calls) - 1])


def calm(*, now):
    calls.append(("calm", now))
    return Summary(seen=1)


def broken(*, now):
    raise ValueError("no such bucket")


def test_stages_run_in_their_order_greedy_ones_to_the_end_and_nothing_is_forgotten(settings, now):
    calls.clear()
    settings.STAGES = [
        Stage("drain", f"{HERE}.busy", 1, greedy=True),
        Stage("evaluate", f"{HERE}.calm", 15),
        Stage("retain", f"{HERE}.broken", 600, forgets=True),
    ]
    run_stages(now=now)
    assert calls == [("busy", now), ("busy", now), ("busy", now), ("calm", now)]


def test_a_stage_that_fails_stops_the_story(settings, now):
    settings.STAGES = [Stage("rollup", f"{HERE}.broken", 15)]
    with pytest.raises(ValueError, match="no such bucket"):
        run_stages(now=now)
