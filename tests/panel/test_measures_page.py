"""Any measure of any model on a page of its own."""

from datetime import datetime, timedelta
from itertools import cycle

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from models_registry.models import Model, ModelVersion, Project
from monitoring.catalogue import measures_for
from tests.monitoring.series import add, class_code, labelled, series_of, served


@pytest.fixture
def lived(credit_risk: Model, stopped_clock: datetime) -> Model:
    class_code(credit_risk, "default", 1)
    for hour in range(1, 9):
        at = stopped_clock - timedelta(hours=hour)
        served(credit_risk, at, ok=38, failed=2)
        labelled(credit_risk, at, [(1, 1)] * 30 + [(2, 1)] * 10)
        add(series_of(credit_risk, "latency"), at, {520: 40}, total=40 * 31_000)
    return credit_risk


def read(client: Client, project: Project, **query: str) -> str:
    answer = client.get(reverse("panel:measures", args=[project.slug]), query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_without_models_it_teaches_the_first_event(as_ana: Client, project: Project):
    assert "curl -X POST" in read(as_ana, project)


def test_the_series_its_definition_and_what_to_do_with_it(as_ana: Client, lived: Model):
    page = read(as_ana, lived.project, model="credit-risk", measure="error_rate")
    assert "Error rate: latest 5.0% at" in page
    assert "Requests with status error divided by all requests." in page
    assert "Wilson 1927" in page
    assert "Within seconds, when the event is drained" in page
    assert "sli=time_slices&amp;measure=error_rate" in page
    assert "kind=threshold&amp;measure=error_rate" in page
    assert "GET /api/v1/series?measure=error_rate&amp;model=credit-risk&amp;step=1h" in page
    assert "atalaia_measure{model=&quot;credit-risk&quot;, measure=&quot;error_rate&quot;}" in page or (
        'atalaia_measure{model="credit-risk", measure="error_rate"}' in page
    )


def test_a_rule_and_a_promise_begin_with_what_was_looked_at(as_ana: Client, lived: Model):
    page = read(as_ana, lived.project, model="credit-risk", measure="error_rate")
    for admin in ("monitoring/slo", "alerting/alertrule"):
        link = page.partition(f'href="/admin/{admin}/add/?')[2].partition('"')[0].replace("&amp;", "&")
        form = as_ana.get(f"/admin/{admin}/add/?{link}").content.decode()
        assert '<option value="error_rate" selected>' in form
        assert f'<option value="{lived.pk}" selected>' in form


def test_labels_are_waited_for_and_versions_told_apart(as_ana: Client, lived: Model):
    page = read(as_ana, lived.project, model="credit-risk", measure="accuracy", version="1")
    assert "With the labels, 30" in page
    assert '<option value="1" selected>' in page
    ModelVersion.objects.create(model=lived, version="2")
    assert "No data in this range." in read(as_ana, lived.project, model="credit-risk", measure="accuracy", version="2")


@pytest.mark.once
@pytest.mark.parametrize("kind", Model.Kind.values)
def test_every_measure_of_every_kind_has_its_page(as_ana: Client, project: Project, stopped_clock: datetime, kind: str):
    Model.objects.create(project=project, slug="some", kind=kind)
    for measure, language in zip(measures_for(kind), cycle(("en", "pt-br")), strict=False):
        as_ana.cookies[settings.LANGUAGE_COOKIE_NAME] = language
        page = read(as_ana, project, model="some", measure=measure.name)
        assert f'<p class="mono">{measure.name}</p>' in page
        assert "field-error" not in page


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"measure": "truncation_rate"}, "have no measure “truncation_rate”"),
        ({"measure": "x" * 500}, "have no measure"),
        ({"version": "nonsense"}, "There is no such version"),
        ({"step": "5m", "range": "30d"}, "too many points"),
    ],
)
def test_what_cannot_be_followed_is_said_and_something_is_shown(as_ana: Client, lived: Model, query: dict, said: str):
    page = read(as_ana, lived.project, model="credit-risk", **query)
    assert said in page
    assert "chart__stage" in page


def test_an_unknown_measure_is_said_of_the_kind_without_an_article(
    as_ana: Client, support_assistant: Model, stopped_clock: datetime
):
    page = read(as_ana, support_assistant.project, model="support-assistant", measure="nothing")
    assert "Models of this kind (LLM application) have no measure “nothing”" in page


def test_steps_and_ranges_are_those_of_the_url(as_ana: Client, lived: Model):
    page = read(as_ana, lived.project, model="credit-risk", measure="requests", range="7d", step="1h")
    assert '<option value="1h" selected>' in page
    assert '"step": 3600' in page
    assert read(as_ana, lived.project, model="credit-risk", step="never", range="ever")


def test_models_of_others_are_not_found(as_ana: Client, lived: Model, other_project: Project):
    address = reverse("panel:measures", args=[other_project.slug])
    assert as_ana.get(address, {"model": "credit-risk"}).status_code == 404


def test_any_number_of_models_and_versions_costs_the_same(as_ana: Client, lived: Model):
    address = reverse("panel:measures", args=[lived.project.slug])
    as_ana.get(address, {"model": "credit-risk"})
    with CaptureQueriesContext(connection) as one:
        as_ana.get(address, {"model": "credit-risk"})
    for number in range(5):
        Model.objects.create(project=lived.project, slug=f"more-{number}", kind="llm")
        ModelVersion.objects.create(model=lived, version=f"v{number}")
    with CaptureQueriesContext(connection) as many:
        as_ana.get(address, {"model": "credit-risk"})
    assert len(many) == len(one)


def test_a_figure_leads_to_its_measure(as_ana: Client, lived: Model):
    page = as_ana.get(reverse("panel:model", args=[lived.project.slug, "credit-risk"])).content.decode()
    assert "/measures/?model=credit-risk&amp;measure=error_rate&amp;range=24h" in page
