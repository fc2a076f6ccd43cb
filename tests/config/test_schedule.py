"""What beat sends and what a message does."""

from datetime import timedelta
from typing import Any

import pytest
from celery import Celery
from django.db import OperationalError

from config import tasks
from config.schedule import CELERY, SCHEDULE
from config.stages import STAGES
from config.static_schedule import StaticScheduler
from monitoring.models import StageRun


def test_every_stage_travels_in_one_message_of_its_interval_in_the_order_of_the_pipeline():
    carried = [(name, entry["schedule"]) for entry in SCHEDULE.values() for name in entry["args"]]
    assert sorted(carried) == sorted((stage.name, stage.every) for stage in STAGES)
    for entry in SCHEDULE.values():
        assert entry["args"] == [stage.name for stage in STAGES if stage.every == entry["schedule"]]
        assert entry["options"]["expires"] == entry["schedule"]


def test_the_drain_waits_for_nobody_of_its_message():
    assert [entry["args"] for entry in SCHEDULE.values() if "drain" in entry["args"]] == [["drain"]]


def sent(app: Celery) -> list[list[str]]:
    found = []
    with app.connection_for_read() as connection, connection.SimpleQueue("celery") as queue:
        while queue.qsize():
            message = queue.get_nowait()
            found.append(message.payload[0])
            message.ack()
    return found


def test_beat_sends_what_is_due_and_nothing_before():
    app = Celery("test", fixups=[], broker="memory://", set_as_current=False)
    app.conf.update(CELERY)
    scheduler = StaticScheduler(app)
    assert 0 < scheduler.tick() <= 1
    assert sent(app) == []
    for entry in scheduler.schedule.values():
        entry.last_run_at -= timedelta(days=1)
    scheduler._heap = None
    for _ in SCHEDULE:
        scheduler.tick()
    assert sorted(sent(app)) == sorted(entry["args"] for entry in SCHEDULE.values())


@pytest.mark.django_db(transaction=True)  # each stage asks for an open connection, as between tasks
def test_a_message_runs_each_of_its_stages():
    tasks.stages("expire", "wake")
    assert set(StageRun.objects.values_list("stage", "runs")) == {("expire", 1), ("wake", 1)}


@pytest.mark.django_db(transaction=True)  # each stage asks for an open connection, as between tasks
def test_a_stage_that_cannot_be_recorded_does_not_keep_the_next_from_running(monkeypatch):
    run = tasks.run_while_busy

    def locked_once(stage: Any, **options: Any) -> Any:
        if stage.name == "expire":
            raise OperationalError("database is locked")
        return run(stage, **options)

    monkeypatch.setattr("config.tasks.run_while_busy", locked_once)
    tasks.stages("expire", "wake")
    assert list(StageRun.objects.values_list("stage", flat=True)) == ["wake"]
