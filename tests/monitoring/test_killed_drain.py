"""The drain's process really killed, between statements that would have been committed together; then drained again."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from models_registry.models import Project
from monitoring.drain import drain
from monitoring.models import Bucket, InboxBody, Outcome, Prediction
from monitoring.selectors.ledger import read_ledger
from monitoring.summaries.recount import recount
from tests.monitoring.conftest import Put

BODY = 1_000  # so that the drain that dies takes two of five into a transaction (`mortal`)
DAY = timedelta(days=1)
HANG = 60


@contextmanager
def reachable(folder: Path) -> Iterator[str]:
    """The test's database as a URL for other processes; SQLite's lives in memory, so it goes to a file and comes back."""
    if connection.vendor == "postgresql":
        given = connection.settings_dict
        yield f"postgresql://{given['USER']}:{given['PASSWORD']}@{given['HOST']}:{given['PORT'] or 5432}/{given['NAME']}"
        return
    path = folder / "killed.sqlite3"
    with closing(sqlite3.connect(path)) as file:
        connection.connection.backup(file)
    yield f"sqlite:///{path}"
    with closing(sqlite3.connect(path)) as file:
        file.backup(connection.connection)


def die_draining(folder: Path) -> None:
    """A drain in a process of its own, killed before the last statement of its second transaction."""
    with reachable(folder) as url:
        env = {**os.environ, "DATABASE_URL": url, "ATALAIA_DATA_DIR": str(folder)}
        command = [sys.executable, "-m", "tests.monitoring.mortal"]
        with subprocess.Popen(command, env=env, cwd=settings.BASE_DIR, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            assert process.stdout.readline() == "here\n"
            process.kill()
        assert process.returncode == -signal.SIGKILL


def drain_again(now: datetime) -> None:
    """Until nothing is left: a server may hold the locks of a killed client for a moment."""
    until = time.monotonic() + HANG
    while InboxBody.objects.exists():
        assert time.monotonic() < until
        drain(now=now)


@pytest.mark.django_db(transaction=True)
def test_a_drain_killed_in_the_middle_is_finished_by_the_next_one(project: Project, put: Put, now: datetime, tmp_path):
    bodies = [[{"id": f"{n}-{i}", "model": "m", "prediction": "yes"} for i in range(BODY)] for n in range(4)]
    for items in [*bodies, bodies[0]]:
        put("prediction", *items)
    put("outcome", {"id": "o", "prediction_id": "3-7", "label": "no"})

    die_draining(tmp_path)
    total = read_ledger(project_id=project.pk)["total"]
    committed = Prediction.objects.count()
    assert 0 < committed < 4 * BODY
    assert (total["stored"], total["pending"]) == (committed, 5 * BODY + 1 - committed)

    drain_again(now)
    total = read_ledger(project_id=project.pk)["total"]
    assert total == {
        "received": 5 * BODY + 1,
        "rejected": 0,
        "accepted": 5 * BODY + 1,
        "stored": 4 * BODY + 1,
        "duplicate": BODY,
        "dead_lettered": 0,
        "pending": 0,
    }
    stored = list(Prediction.objects.values_list("event_id", flat=True))
    assert sorted(stored) == sorted(item["id"] for items in bodies for item in items)
    assert Outcome.objects.count() == 1
    assert Bucket.objects.get(tier=0, series__metric="status").n == 4 * BODY
    assert recount(start=now - DAY, end=now + DAY) == []
