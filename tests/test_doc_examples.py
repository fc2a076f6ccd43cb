"""Examples that need a world of their own; those of the other pages: tests/test_docs.py. No page has one that nothing runs."""

import json
import re

from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.test import Client

from monitoring.drain import drain_until_empty
from monitoring.models import Metric, Span
from tests.cast import make_person
from tests.test_docs import CSRF, PAGES, ROOT, SESSION, blocks, curls, read, run
from tests.test_docs import token as token  # fixtures
from tests.test_docs import world as world

RUN = {
    "README.pt-BR.md",  # which carries the commands of the other one; a test compares
    *("README.md", "docs/api/ingest.md", "docs/api/reading.md", "docs/api/responding.md", "docs/api/exports.md"),
    *(
        "docs/api/learning.md",
        "docs/api/defining.md",
        "docs/api/otlp.md",
        "docs/api/people.md",
        "docs/api/prompts.md",
        "docs/api/references.md",
    ),
    *("docs/api/estimators.md", "docs/api/feedback-links.md", "docs/api/batch-runs.md"),
    "docs/instrument/curl.md",
}
VERB = re.compile(r"^ {4}(GET|POST|PUT|PATCH|DELETE) /", re.MULTILINE)


def test_no_page_has_an_example_that_nothing_runs():
    pages = {str(page.relative_to(ROOT)) for page in PAGES}
    assert {page for page in pages if re.search(r"^\s*curl ", read(page), re.MULTILINE)} == RUN
    assert not [page for page in pages if VERB.search(read(page))]


def test_examples_of_opentelemetry_are_taken_whole(token, project, now):
    *telemetry, media = [run(example, token) for example in curls("docs/api/otlp.md")]
    assert [(answer.status_code, answer.json()) for answer in telemetry] == [(200, {})] * 2
    assert media.json() == {"mediaId": "whU_d-EQh_yweK44Un-oO-", "uploadUrl": None, "stored": False}
    drain_until_empty(now=now)
    assert Span.objects.get().name == "GET /"
    assert Metric.objects.get().name == "queue.length"


def test_examples_of_prompts_and_links_work_one_after_the_other(token, world):
    examples = [*curls("docs/api/prompts.md"), *curls("docs/api/feedback-links.md")]
    assert [run(example, token).status_code for example in examples] == [201, 201, 201]


def test_examples_of_references_and_estimators_work(token, world, credit_risk):
    """The page has what is posted as a block of its own."""
    credit_risk.versions.create(version="7.3.0")
    read_it, drift = curls("docs/api/references.md")
    (posted,) = blocks("docs/api/references.md", "json")
    read_it.method, read_it.body = "POST", posted
    assert run(read_it, token).status_code == 201
    read_it.method, read_it.body = "GET", None
    found = run(read_it, token).json()
    assert {feature["name"] for feature in found["features"]} == set(json.loads(posted)["histograms"])
    assert run(drift, token).json()["state"] == "no_data"
    (estimator,) = curls("docs/api/estimators.md")
    assert run(estimator, token).json()["state"] == "no_scores"


def test_examples_about_people_work_one_after_the_other_in_a_session(db):
    root = make_person("root")
    root.is_superuser = True
    root.save()
    client, csrf = Client(enforce_csrf_checks=True), get_token(HttpRequest())
    client.force_login(root)
    session = client.session.session_key
    codes = []
    for example in curls("docs/api/people.md"):
        headers = {name: value.replace(SESSION, session).replace(CSRF, csrf) for name, value in example.headers.items()}
        media = headers.pop("Content-Type", "application/json")
        answer = Client(enforce_csrf_checks=True).generic(
            example.method, example.path, example.body or "", content_type=media, headers=headers
        )
        codes.append(answer.status_code)
    assert codes == [201, 200, 200, 200, 201, 204]
