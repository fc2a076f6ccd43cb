"""Jobs: step by step, exactly once, heard when cancelled, honest when they fail."""

from datetime import datetime
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from config.jobs import JobKind
from models_registry.jobs import JobError, Step, cancel_job, run_jobs, start_job
from models_registry.keys import create_key
from models_registry.models import Deployment, Job, Model, ModelVersion, Project
from tests import cast

pytestmark = pytest.mark.django_db


def mark(job: Job, *, now: datetime) -> Step:
    """Writes one row a step, so that a step taken twice would show."""
    at = job.cursor.get("at", 0)
    Deployment.objects.create(version_id=job.arguments["version"], at=now, note=f"{job.pk}:{at}")
    if at == job.arguments.get("breaks_at"):
        raise JobError("The file is gone; give it again.")
    if at == job.arguments.get("bursts_at"):
        raise ZeroDivisionError("division by zero")
    if at == job.arguments.get("cut_at") and not Job.objects.filter(pk=job.pk, report={}).exists():
        raise OperationalError("server closed the connection")
    return Step({"at": at + 1}, done=at + 1, finished=at + 1 == job.total, report={"rows": at + 1})


@pytest.fixture(autouse=True)
def kinds(settings: Any) -> None:
    settings.JOBS = {"mark": JobKind("mark", "Mark", "tests.models_registry.test_jobs.mark")}


@pytest.fixture
def version(project: Project) -> ModelVersion:
    return ModelVersion.objects.create(model=Model.objects.create(project=project, slug="m"), version="1")


def _start(version: ModelVersion, now: datetime, total: int = 3, **arguments: Any) -> Job:
    given_ = {"version": version.pk, **arguments}
    return start_job("mark", project=version.model.project, arguments=given_, now=now, total=total)


def test_a_job_is_taken_to_its_end_and_reports(version: ModelVersion, now: datetime) -> None:
    job = _start(version, now)
    assert run_jobs(now=now).written == 3
    job.refresh_from_db()
    assert (job.state, job.done, job.share, job.report, job.finished_at) == ("done", 3, 1.0, {"rows": 3}, now)
    assert run_jobs(now=now).seen == 0
    assert Deployment.objects.count() == 3


def test_what_cannot_go_on_says_why_and_leaves_its_last_step_undone(version: ModelVersion, now: datetime) -> None:
    told, burst = _start(version, now, breaks_at=1), _start(version, now, bursts_at=2)
    assert run_jobs(now=now).skipped == 2
    told.refresh_from_db()
    burst.refresh_from_db()
    assert (told.state, told.done, told.error) == ("failed", 1, "The file is gone; give it again.")
    assert (burst.state, burst.done, burst.error) == ("failed", 2, "ZeroDivisionError: division by zero")
    assert Deployment.objects.count() == 3


def test_a_lost_connection_is_no_failure_of_the_job(version: ModelVersion, now: datetime) -> None:
    job = _start(version, now, cut_at=1)
    with pytest.raises(OperationalError):
        run_jobs(now=now)
    job.refresh_from_db()
    assert (job.state, job.done, Deployment.objects.count()) == ("running", 1, 1)


def test_a_cancelled_job_stops_before_its_next_step(version: ModelVersion, now: datetime) -> None:
    job = _start(version, now)
    assert cancel_job(job)
    run_jobs(now=now)
    job.refresh_from_db()
    assert (job.state, job.done, job.is_open) == ("cancelled", 0, False)
    assert not cancel_job(job)


def test_an_unknown_kind_is_refused_at_once(project: Project, now: datetime) -> None:
    with pytest.raises(KeyError):
        start_job("unheard", project=project, arguments={}, now=now)


def test_a_kind_that_went_away_fails_the_job_and_not_the_stage(
    version: ModelVersion, now: datetime, settings: Any
) -> None:
    job = _start(version, now)
    settings.JOBS = {}
    assert run_jobs(now=now).skipped == 1
    job.refresh_from_db()
    assert job.state == "failed"


class TurnTaking(TestCase):
    @given(totals=st.lists(st.integers(1, 4), min_size=1, max_size=4))
    def test_every_step_of_every_job_is_taken_once(self, totals: list[int]) -> None:
        project = cast.make_project()
        version = ModelVersion.objects.create(model=Model.objects.create(project=project, slug="m"), version="1")
        jobs = [_start(version, cast.NOW, total) for total in totals]
        run_jobs(now=cast.NOW)
        expected = sorted(f"{job.pk}:{at}" for job, total in zip(jobs, totals, strict=True) for at in range(total))
        assert sorted(Deployment.objects.values_list("note", flat=True)) == expected


def test_programs_see_jobs_and_end_them(version: ModelVersion, now: datetime, other_project: Project) -> None:
    job = _start(version, now)
    reader = {"HTTP_AUTHORIZATION": f"Bearer {create_key(project=version.model.project, name='r', scopes=['read'])[1]}"}
    boss = {"HTTP_AUTHORIZATION": f"Bearer {create_key(project=version.model.project, name='a', scopes=['admin'])[1]}"}
    stranger = {"HTTP_AUTHORIZATION": f"Bearer {create_key(project=other_project, name='a', scopes=['read'])[1]}"}
    client = Client()
    [item] = client.get("/api/v1/jobs", **reader).json()["items"]
    assert (item["id"], item["kind"], item["state"], item["total"]) == (job.pk, "mark", "queued", 3)
    assert client.get(f"/api/v1/jobs/{job.pk}", **stranger).status_code == 404
    assert client.post(f"/api/v1/jobs/{job.pk}/cancel", **reader).status_code == 403
    assert client.post(f"/api/v1/jobs/{job.pk}/cancel", **boss).status_code == 200
    run_jobs(now=now)
    assert client.get(f"/api/v1/jobs/{job.pk}", **reader).json()["state"] == "cancelled"


def test_an_editor_ends_a_job_on_the_page_and_others_only_see_it(
    version: ModelVersion, now: datetime, as_ana: Client, as_bia: Client
) -> None:
    job = _start(version, now)
    page = as_bia.get("/p/aurora/collection/").content.decode()
    assert f"#{job.pk}" in page
    assert "jobs/" not in page
    assert as_bia.post(f"/p/aurora/jobs/{job.pk}/cancel/").status_code == 403
    told = as_ana.post(f"/p/aurora/jobs/{job.pk}/cancel/", follow=True).content.decode()
    assert "The job stops before its next step" in told
    run_jobs(now=now)
    again = as_ana.post(f"/p/aurora/jobs/{job.pk}/cancel/", follow=True).content.decode()
    assert "This job has already ended." in again
