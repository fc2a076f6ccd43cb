"""The job that folds history really killed within a step, and drained beside; then taken to its end."""

import os
import signal
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings

from models_registry.jobs import run_jobs
from models_registry.models import Job, Model
from monitoring.drain import drain_until_empty
from monitoring.summaries.recount import recount
from tests.monitoring.conftest import Put
from tests.monitoring.references import applicants, predictions, reference
from tests.monitoring.test_killed_drain import reachable
from tests.monitoring.test_refold import seen

DAY = timedelta(days=1)


def die_folding(folder: Path) -> None:
    """A pass over the jobs in a process of its own, killed before the end of its second step."""
    with reachable(folder) as url:
        env = {**os.environ, "DATABASE_URL": url, "ATALAIA_DATA_DIR": str(folder)}
        command = [sys.executable, "-m", "tests.monitoring.mortal_refold"]
        with subprocess.Popen(command, env=env, cwd=settings.BASE_DIR, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            assert process.stdout.readline() == "here\n"
            process.kill()
        assert process.returncode == -signal.SIGKILL


@pytest.mark.django_db(transaction=True)
def test_a_fold_of_history_killed_within_a_step_is_finished_by_the_next_one(
    credit_risk: Model, put: Put, now: datetime, tmp_path: Path
):
    for part in range(4):
        put("prediction", *predictions(applicants(100, seed=part), prefix=f"{part}-"))
    drain_until_empty(now=now)
    found = reference(credit_risk, now)
    die_folding(tmp_path)
    found.refresh_from_db()
    assert 0 < found.reach < found.since
    assert seen(credit_risk, now) == {found.pk: 100}, "one step is there whole, the other one is not"
    assert recount(start=now - DAY, end=now + DAY) == []
    put("prediction", *predictions(applicants(30, seed=9), prefix="late"))
    drain_until_empty(now=now)
    run_jobs(now=now)
    assert (Job.objects.get().state, seen(credit_risk, now)) == ("done", {found.pk: 430})
    assert recount(start=now - DAY, end=now + DAY) == []
