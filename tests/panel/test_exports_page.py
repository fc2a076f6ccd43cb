"""Exporting what a page shows: the button, the list of files, refusals where they were asked for."""

import re
from datetime import datetime, timedelta
from urllib.parse import urlencode

import pytest
from django.test import Client

from lib.clock import real_now
from models_registry.jobs import run_jobs
from models_registry.models import Job, Model, Project
from tests.cast import make_incident, make_person

NEW = "/p/aurora/exports/new/"
pytestmark = pytest.mark.usefixtures("stopped_clock")


@pytest.mark.parametrize(
    ("page", "dataset", "kept"),
    [
        ("predictions/?status=error&cursor=", "predictions", "status=error"),
        ("llm-calls/", "llm-calls", ""),
        ("logs/?q=declined", "logs", "q=declined"),
        ("incidents/?state=open&mine=1", "incidents", "state=open&amp;assignee=bia"),
        ("fatigue/?range=7d", "fatigue", "from=2026-03-03"),
        ("measures/?measure=requests", "series", "model=credit-risk&amp;measure=requests&amp;from="),
    ],
)
def test_pages_where_people_search_have_a_button_that_takes_their_filters(
    credit_risk: Model, as_bia: Client, stopped_clock: datetime, page: str, dataset: str, kept: str
) -> None:
    text = as_bia.get(f"/p/aurora/{page}").content.decode()
    name, query = re.search(
        r'name="dataset" value="(.*?)"><input type="hidden" name="query" value="(.*?)"', text
    ).groups()
    assert name == dataset
    assert query.startswith(kept) if kept else query == ""
    asked = {"dataset": dataset, "format": "jsonl", "query": query.replace("&amp;", "&")}
    assert "The file is being written" in as_bia.post(NEW, asked, follow=True).content.decode()
    while run_jobs(now=stopped_clock).seen:
        pass
    assert Job.objects.get().state == Job.State.DONE, Job.objects.get().error


def test_the_file_can_be_fetched_until_its_time_is_over(
    credit_risk: Model, as_bia: Client, stopped_clock: datetime
) -> None:
    make_incident(credit_risk.project, model=credit_risk)
    as_bia.post(NEW, {"dataset": "incidents", "format": "csv", "query": "state=open"})
    waiting = as_bia.get("/p/aurora/exports/").content.decode()
    assert "queued" in waiting
    assert "state=open" in waiting
    before = as_bia.get("/p/aurora/exports/pulse.json").json()["mark"]
    run_jobs(now=stopped_clock)
    assert as_bia.get("/p/aurora/exports/pulse.json").json()["mark"] != before
    link = re.search(r'href="(/api/v1/exports/[^"]+)"', as_bia.get("/p/aurora/exports/").content.decode())[1]
    assert b"Accuracy falls" in b"".join(as_bia.get(link).streaming_content)
    Job.objects.update(stepped_at=real_now() - timedelta(days=3))
    assert "past its time" in as_bia.get("/p/aurora/exports/").content.decode()


def test_what_cannot_be_exported_is_said_where_it_was_asked_for(project: Project, as_bia: Client) -> None:
    query = urlencode({"from": "2026-03-02", "to": "2026-03-01", "user_id": "u-1"})
    answer = as_bia.post(NEW, {"dataset": "predictions", "format": "csv", "query": query}, follow=True)
    text = answer.content.decode()
    assert answer.redirect_chain[0][0] == f"/p/aurora/predictions/?{query}"
    assert "must be later than" in text
    assert 'value="u-1"' in text
    assert "One of csv, jsonl" in as_bia.post(NEW, {"dataset": "logs", "format": "x"}, follow=True).content.decode()
    assert not Job.objects.exists()


def test_nobody_exports_or_ends_what_is_not_theirs(
    project: Project, other_project: Project, as_bia: Client, as_ana: Client, as_caio: Client
) -> None:
    asked = {"dataset": "logs", "format": "csv"}
    assert as_caio.post(NEW, asked).status_code == 404
    assert as_bia.post(NEW, {**asked, "dataset": "secrets"}).status_code == 404
    as_bia.post(NEW, asked)
    job = Job.objects.get()
    viewer = Client()
    viewer.force_login(make_person("vera", "viewer"))
    assert viewer.post(f"/p/aurora/exports/{job.pk}/cancel/").status_code == 404
    assert as_bia.post(f"/p/boreal/exports/{job.pk}/cancel/").status_code == 404
    assert (
        "stops before its next piece"
        in as_bia.post(f"/p/aurora/exports/{job.pk}/cancel/", follow=True).content.decode()
    )
    job.refresh_from_db()
    assert job.cancel


def test_the_page_says_that_enough_are_under_way(project: Project, as_bia: Client) -> None:
    for _ in range(5):
        as_bia.post(NEW, {"dataset": "logs", "format": "csv"})
    text = as_bia.post(NEW, {"dataset": "logs", "format": "csv"}, follow=True).content.decode()
    assert "Enough exports are under way" in text
    assert Job.objects.count() == 5
