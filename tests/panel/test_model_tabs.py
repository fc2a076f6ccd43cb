"""Every tab of every kind of model: it opens, in both languages, with and without data, and costs what it should."""

from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from models_registry.models import Deployment, Model, ModelVersion, Project
from monitoring.models import BatchRun
from panel.pages.model_tabs import TABS, Tab, tabs_for
from tests.monitoring.series import add, class_code, labelled, series_of, served

PAIRS = [(kind, tab) for kind in Model.Kind.values for tab in tabs_for(kind)]
each_tab = pytest.mark.parametrize(("kind", "tab"), PAIRS, ids=lambda one: getattr(one, "slug", one) or "overview")


@pytest.fixture
def make(project: Project, stopped_clock: datetime):
    def _make(kind: str, slug: str = "some-model") -> Model:
        positive = {"positive_label": "default"} if kind == Model.Kind.BINARY else {}
        return Model.objects.create(
            project=project, slug=slug, kind=kind, label_delay=timedelta(minutes=30), reviewed=True, **positive
        )

    return _make


def lived(model: Model, now: datetime) -> Model:
    """A version in production, traffic, labels or answers."""
    version = ModelVersion.objects.create(model=model, version="1")
    Deployment.objects.create(version=version, at=now - timedelta(hours=5))
    class_code(model, "default", 1)
    class_code(model, "paid", 2)
    for hour in range(1, 5):
        at = now - timedelta(hours=hour)
        served(model, at, ok=40, failed=2)
        add(series_of(model, "latency"), at, {520: 42}, total=42 * 31_000)
        if model.kind == Model.Kind.LLM:
            add(series_of(model, "finish"), at, {0: 2, 1: 36, 2: 4})
            add(series_of(model, "cost"), at, {600: 42}, total=42 * 2_400_000)
        elif model.kind != Model.Kind.REGRESSION:
            labelled(model, at, [(1, 1)] * 30 + [(2, 1)] * 10)
    return model


def open_tab(client: Client, model: Model, tab: Tab, **query: str) -> str:
    address = reverse("panel:model", args=[model.project.slug, model.slug]) + (f"{tab.slug}/" if tab.slug else "")
    answer = client.get(address, query)
    assert answer.status_code == 200
    return answer.content.decode()


@each_tab
def test_it_opens_with_data_and_says_where_one_is(as_ana: Client, make, stopped_clock: datetime, kind: str, tab: Tab):
    """In Portuguese; what it costs is asked in English."""
    as_ana.cookies[settings.LANGUAGE_COOKIE_NAME] = "pt-br"
    model = lived(make(kind), stopped_clock)
    page = open_tab(as_ana, model, tab, range="7d")
    bar = page.partition('<nav class="tabs"')[2].partition("</nav>")[0]
    assert bar.count("<a ") == len(tabs_for(kind))
    assert bar.count('aria-current="page"') == 1
    assert bar.count("?range=7d") == len(tabs_for(kind)), "a tab keeps the range"
    assert f'/models/some-model/{tab.slug + "/" if tab.slug else ""}?range=7d" aria-current="page"' in bar
    assert len(page) < 110_000


@each_tab
def test_it_opens_without_any_data(as_ana: Client, make, kind: str, tab: Tab):
    assert open_tab(as_ana, make(kind), tab)


@each_tab
def test_it_costs_the_same_for_many_versions(as_ana: Client, make, stopped_clock: datetime, kind: str, tab: Tab):
    model = lived(make(kind), stopped_clock)
    ModelVersion.objects.create(model=model, version="0")  # two can be compared, one alone cannot
    open_tab(as_ana, model, tab)
    with CaptureQueriesContext(connection) as one:
        open_tab(as_ana, model, tab)
    for number in range(2, 7):
        version = ModelVersion.objects.create(model=model, version=str(number))
        Deployment.objects.create(version=version, at=stopped_clock - timedelta(hours=number))
    with CaptureQueriesContext(connection) as many:
        open_tab(as_ana, model, tab)
    assert len(many) == len(one)


def test_a_tab_of_another_kind_is_not_found(as_ana: Client, make):
    model = make(Model.Kind.LLM)
    for slug in ("quality", "inputs", "nonsense"):
        assert as_ana.get(reverse("panel:model", args=[model.project.slug, f"some-model/{slug}"])).status_code == 404


def test_a_slug_with_a_slash_goes_before_a_tab(as_ana: Client, make):
    make(Model.Kind.BINARY, "fraud")
    make(Model.Kind.LLM, "fraud/quality")
    for address, slug in (
        ("fraud/quality", "fraud/quality"),
        ("fraud/quality/cost", "fraud/quality"),
        ("fraud/inputs", "fraud"),
    ):
        page = as_ana.get(reverse("panel:model", args=[Project.objects.get().slug, address])).content.decode()
        assert f"<span>{slug}</span>" in page


def test_slugs_are_unique_and_the_overview_is_first():
    assert TABS[0].slug == ""
    assert len({tab.slug for tab in TABS}) == len(TABS)


def test_the_newest_batch_runs_stand_beside_the_versions(
    as_bia: Client, credit_risk: Model, stopped_clock: datetime
) -> None:
    tab = "/p/aurora/models/credit-risk/versions/"
    assert "Batch runs" not in as_bia.get(tab).content.decode()
    about = {"project": credit_risk.project, "version": credit_risk.versions.get(), "rows_expected": 1_000}
    hour = timedelta(hours=1)
    over = {"started_at": stopped_clock - hour, "heard_at": stopped_clock, "finished_at": stopped_clock}
    BatchRun.objects.create(run="night-1", state="finished", rows=950, rows_failed=50, **over, **about)
    BatchRun.objects.create(run="night-2", state="failed", error="Out of <memory>.", **over, **about)
    BatchRun.objects.create(run="night-3", heard_at=stopped_clock - hour, heartbeat=hour / 2, **about)
    page = as_bia.get(tab)
    assert [(row.run.run, row.state) for row in page.context["page"].runs] == [
        ("night-3", "silent"),
        ("night-2", "failed"),
        ("night-1", "finished"),
    ]
    text = page.content.decode()
    for said in ("Batch runs", "Silent", "Ended in error", "Out of &lt;memory&gt;.", "95.0%", "1\xa0h"):
        assert said in text, said
