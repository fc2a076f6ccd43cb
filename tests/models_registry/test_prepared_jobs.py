"""Work that is done before a step: outside any transaction, by one worker at a time, kept once or not at all."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from config.jobs import JobKind
from lib.clock import real_now
from models_registry.jobs import JobError, Step, cancel_job, run_jobs, start_job
from models_registry.models import Deployment, Job, Model, ModelVersion, Project

pytestmark = pytest.mark.django_db
HERE = "tests.models_registry.test_prepared_jobs"


def think(job: Job, *, now: datetime) -> str:
    """Does what the test asks for meanwhile."""
    return meanwhile[job.arguments.get("meanwhile", "nothing")](job, now) or "thought"


def keep(job: Job, thought: str, *, now: datetime) -> Step:
    """One row for each time that something is kept."""
    assert connection.in_atomic_block
    Deployment.objects.create(version_id=job.arguments["version"], at=now, note=thought)
    return Step({}, done=1, finished=True, report={"thought": thought})


def write_elsewhere(job: Job, now: datetime) -> str:
    """Another connection writes, which one writer's transaction would make it wait for."""

    def write() -> None:
        Deployment.objects.create(version_id=job.arguments["version"], at=now, note="elsewhere")
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(write).result(timeout=10)
    return f"in a transaction: {connection.in_atomic_block}"


def let_others_try(job: Job, now: datetime) -> str:
    return f"{run_jobs(now=now).seen} done by others"


def be_forgotten(job: Job, now: datetime) -> str:
    """The lease runs out and another worker takes the job to its end."""
    job_row = Job.objects.filter(pk=job.pk)
    job_row.update(lease_until=real_now() - timedelta(seconds=1), arguments={**job.arguments, "meanwhile": "nothing"})
    assert run_jobs(now=now).written == 1
    return "too late"


def be_cancelled(job: Job, now: datetime) -> None:
    assert cancel_job(job)


def despair(job: Job, now: datetime) -> None:
    raise JobError("Too little to think about.")


meanwhile: dict[str, Any] = {
    "nothing": lambda job, now: None,
    "write_elsewhere": write_elsewhere,
    "let_others_try": let_others_try,
    "be_forgotten": be_forgotten,
    "be_cancelled": be_cancelled,
    "despair": despair,
}


@pytest.fixture(autouse=True)
def kinds(settings: Any) -> None:
    settings.JOBS = {"think": JobKind("think", "Think", f"{HERE}.keep", prepare=f"{HERE}.think")}


def run(project: Project, now: datetime, **arguments: str) -> Job:
    version = ModelVersion.objects.create(model=Model.objects.create(project=project, slug="m"), version="1")
    job = start_job("think", project=project, arguments={"version": version.pk, **arguments}, now=now)
    run_jobs(now=now)
    job.refresh_from_db()
    return job


def kept() -> list[str]:
    return list(Deployment.objects.order_by("id").values_list("note", flat=True))


@pytest.mark.django_db(transaction=True)
def test_it_is_outside_any_transaction_so_that_others_write(project: Project, now: datetime) -> None:
    job = run(project, now, meanwhile="write_elsewhere")
    assert (job.state, job.error, job.lease_until) == ("done", "", None)
    assert kept() == ["elsewhere", "in a transaction: False"]


def test_nobody_else_takes_the_job_meanwhile(project: Project, now: datetime) -> None:
    assert run(project, now, meanwhile="let_others_try").report == {"thought": "0 done by others"}
    assert kept() == ["0 done by others"]


def test_whoever_lost_the_lease_keeps_nothing(project: Project, now: datetime) -> None:
    assert run(project, now, meanwhile="be_forgotten").report == {"thought": "thought"}
    assert kept() == ["thought"]


def test_a_cancel_is_heard_before_anything_is_kept(project: Project, now: datetime) -> None:
    job = run(project, now, meanwhile="be_cancelled")
    assert (job.state, job.lease_until, kept()) == ("cancelled", None, [])


def test_what_cannot_be_prepared_ends_the_job_and_says_why(project: Project, now: datetime) -> None:
    job = run(project, now, meanwhile="despair")
    assert (job.state, job.error, job.lease_until) == ("failed", "Too little to think about.", None)
    assert kept() == []


def test_a_job_to_be_cancelled_is_not_prepared(project: Project, now: datetime) -> None:
    version = ModelVersion.objects.create(model=Model.objects.create(project=project, slug="m"), version="1")
    job = start_job("think", project=project, arguments={"version": version.pk, "meanwhile": "despair"}, now=now)
    cancel_job(job)
    run_jobs(now=now)
    job.refresh_from_db()
    assert job.state == "cancelled"
