"""Home, models and SLOs in each of their states."""

import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from alerting.models import Alert, AlertRule, Severity
from lib import clock
from models_registry.models import Deployment, Model
from monitoring.models import SLO
from panel import format as write
from runbooks.models import Runbook
from tests.cast import make_incident
from tests.monitoring.series import add, class_code, labelled, series_of, served

RIGHT, WRONG = (1, 1), (2, 1)


@pytest.fixture
def healthy(credit_risk, stopped_clock):
    """Five hours of a good classifier, labels included."""
    class_code(credit_risk, "default", 1)
    class_code(credit_risk, "paid", 2)
    for minute in range(5, 300, 5):
        at = stopped_clock - timedelta(minutes=minute)
        served(credit_risk, at, ok=20)
        labelled(credit_risk, at, [RIGHT] * 19 + [WRONG])
        add(series_of(credit_risk, "latency"), at, {520: 20}, total=20 * 31_000)
    return credit_risk


@pytest.fixture
def promise(healthy):
    return SLO.objects.create(
        project=healthy.project, slug="right", name="Is right", model=healthy, sli="accuracy", target=0.9
    )


@pytest.fixture
def broken(promise, stopped_clock):
    """The last two hours are wrong; a rule has fired and opened INC-7, for which there is a runbook."""
    model = promise.model
    for minute in range(30, 150, 5):
        labelled(model, stopped_clock - timedelta(minutes=minute), [WRONG] * 30)
    rule = AlertRule.objects.create(
        project=model.project, slug="burn", name="Burns", kind="burn_rate", slo=promise, severity=Severity.PAGE
    )
    began = stopped_clock - timedelta(hours=2)
    incident = make_incident(model.project, at=began, model=model)
    Alert.objects.create(
        rule=rule,
        fingerprint="f",
        state="firing",
        severity="page",
        incident=incident,
        active_since=began,
        fired_at=began,
    )
    Runbook.objects.create(project=model.project, slug="quality", title="Quality falls").rules.add(rule)
    return incident


def text(client, name, *args, **query):
    answer = client.get(reverse(f"panel:{name}", args=args), query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_empty_home_teaches_how_to_send_the_first_event(as_ana, project, settings):
    settings.DATA_DIR = settings.BASE_DIR / "var"
    page = text(as_ana, "home", project.slug)
    assert "curl -X POST http://testserver/api/v1/predictions" in page
    assert (
        f"export ATALAIA_KEY=$(.venv/bin/python manage.py create_key --project {project.slug} " in page
    )  # as the README has it
    assert f"/admin/models_registry/apikey/add/?project={project.pk}" in page
    assert "Waiting for the first event" in page


@pytest.mark.parametrize(
    ("folder", "written"),
    [
        ("var/demo", "ATALAIA_DATA_DIR=var/demo .venv/bin/python"),
        ("/srv/it's there", "ATALAIA_DATA_DIR='/srv/it'\"'\"'s there' .venv/bin/python"),
    ],
)
def test_the_command_that_makes_a_key_names_the_data_it_is_for(as_ana, project, settings, folder, written):
    settings.DATA_DIR = settings.BASE_DIR / folder
    assert f"$({written} manage.py create_key" in unescape(text(as_ana, "home", project.slug))


@pytest.mark.once
def test_the_command_that_makes_a_key_makes_one_in_the_data_of_the_panel(as_ana, project, settings, tmp_path):
    settings.DATA_DIR = tmp_path / "of this panel"
    page = unescape(text(as_ana, "home", project.slug))
    command = re.search(r"export ATALAIA_KEY=.*\)(?=</code>)", page)[0].replace(".venv/bin/python", sys.executable)
    strange = {"DATABASE_URL", "ATALAIA_DATA_DIR"}
    env = {key: value for key, value in os.environ.items() if key not in strange}
    migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    own = {**env, "ATALAIA_DATA_DIR": str(settings.DATA_DIR)}
    subprocess.run(migrate, cwd=settings.BASE_DIR, env=own, check=True)
    pasted = ["sh", "-c", f'{command}; echo "$ATALAIA_KEY"']
    done = subprocess.run(pasted, cwd=settings.BASE_DIR, env=env, capture_output=True, text=True, check=True)
    with closing(sqlite3.connect(settings.DATA_DIR / "atalaia.sqlite3")) as data:
        ((prefix,),) = data.execute("SELECT prefix FROM models_registry_apikey")
    assert done.stdout.startswith(f"at_{prefix}_"), done.stderr


def test_home_says_all_is_well(as_ana, healthy, promise):
    page = text(as_ana, "home", healthy.project.slug)
    assert "All is well" in page
    assert "1 model is healthy" in page
    assert "verdict--ok" in page
    assert "What needs attention" not in page


def test_home_calls_nothing_free_whose_cost_nobody_knows(as_ana, support_assistant, stopped_clock):
    at = stopped_clock - timedelta(minutes=30)
    served(support_assistant, at, ok=20)
    page = text(as_ana, "home", support_assistant.project.slug)
    assert "20 calls without a known cost" in page
    assert "US$0" not in page
    add(series_of(support_assistant, "cost"), at, {500: 5}, total=5 * 20_000_000)
    page = text(as_ana, "home", support_assistant.project.slug)
    assert "US$0.10" in page
    assert f"{write.money(0.02)} per call · 15 calls without a known cost" in page


def test_home_calls_nothing_healthy_that_nobody_judges(as_ana, healthy, project):
    page = text(as_ana, "home", healthy.project.slug)
    assert "Events of 1 model arrive" in page
    assert "Nobody has said what healthy means yet" in page
    assert reverse("panel:suggested_slos", args=[project.slug]) in page
    assert "All is well" not in page
    assert "Nothing promised" in text(as_ana, "model", healthy.project.slug, "credit-risk")
    AlertRule.objects.create(
        project=project,
        slug="slow",
        kind="threshold",
        model=healthy,
        measure="latency_p95",
        comparison="gt",
        threshold=900,
    )
    assert "1 model is healthy" in text(as_ana, "home", healthy.project.slug)


def test_home_names_the_cause_since_when_and_where_to_go(as_ana, broken):
    page = text(as_ana, "home", broken.project.slug)
    assert "verdict--bad" in page
    assert "1 model is burning its error budget" in page
    assert "objective at least 90%, since 10:00." in page
    assert "is spent" in page
    assert reverse("panel:incident", args=[7]) in page
    assert reverse("panel:runbook", args=[broken.project.slug, "quality"]) in page


def test_silence_is_not_health(as_ana, credit_risk):
    served(credit_risk, clock.real_now() - timedelta(hours=3), ok=50)
    page = text(as_ana, "home", credit_risk.project.slug)
    assert "No news from 1 model" in page
    assert "All is well" not in page


def test_what_has_just_arrived_is_news(as_ana, credit_risk, stopped_clock):
    add(series_of(credit_risk, "status"), stopped_clock, {0: 1})
    assert "Silence is not health" not in text(as_ana, "home", "aurora")


def test_silence_between_the_steps_of_a_story_is_not_called_silence(as_ana, credit_risk, stopped_clock):
    served(credit_risk, stopped_clock - timedelta(hours=3), ok=50)
    page = text(as_ana, "home", credit_risk.project.slug)
    assert "The story is being told" in page
    assert "No news" not in page


def test_an_incident_without_an_slo_still_has_a_sentence(as_ana, healthy, stopped_clock):
    more = {"model": healthy, "title": "p95 above 300 ms", "severity": Severity.TICKET}
    make_incident(healthy.project, 3, at=stopped_clock, **more)
    page = text(as_ana, "home", healthy.project.slug)
    assert "1 incident is open" in page
    assert "p95 above 300 ms since 12:00." in page


@pytest.mark.parametrize("span", ["24h", "7d", "30d", "nonsense"])
def test_every_range_renders(as_ana, broken, span):
    for name, slug in (("home", []), ("model", ["credit-risk"]), ("slo", ["right"])):
        assert text(as_ana, name, broken.project.slug, *slug, range=span)


def test_a_models_figures_never_come_without_their_n(as_ana, healthy):
    page = text(as_ana, "model", healthy.project.slug, "credit-risk")
    figures = page.count("<dt>") - page.count('<dl class="facts">') * 6
    assert figures > 0
    assert page.count('<span class="tight">n ') >= figures


def test_a_models_page_marks_deployments_and_incidents(as_ana, broken, stopped_clock):
    version = broken.model.versions.get()
    Deployment.objects.create(version=version, at=stopped_clock - timedelta(hours=3))
    page = text(as_ana, "model", broken.project.slug, "credit-risk")
    assert "deploy 1" in page
    assert "INC-7" in page
    assert "In production" in page


def test_a_prompt_change_is_no_deploy(as_ana, support_assistant, stopped_clock):
    version, kinds = support_assistant.versions.first(), Deployment.Kind
    for kind, hours in ((kinds.DEPLOY, 26), (kinds.PROMPT, 2)):
        Deployment.objects.create(version=version, kind=kind, at=stopped_clock - timedelta(hours=hours))
    deployed = write.moment(stopped_clock - timedelta(hours=26), now=stopped_clock)
    slug = support_assistant.project.slug
    assert f'data-label="Last deploy">{deployed}<' in text(as_ana, "home", slug)
    assert f"<dt>Since</dt><dd>{deployed}</dd>" in text(as_ana, "model", slug, "support-assistant")
    assert f'data-label="Deployed">{deployed}<' in text(as_ana, "model", slug, "support-assistant/versions")


def test_points_that_wait_for_labels_are_told_apart(as_ana, healthy):
    assert "provisional: labels still arriving" in text(as_ana, "model", healthy.project.slug, "credit-risk")


def test_an_llm_application_shows_what_matters_to_it(as_ana, support_assistant, stopped_clock):
    at = stopped_clock - timedelta(minutes=10)
    served(support_assistant, at, ok=50)
    add(series_of(support_assistant, "finish"), at, {1: 45, 2: 5})
    add(series_of(support_assistant, "cost"), at, {600: 50}, total=50 * 2_400_000)
    page = text(as_ana, "model", support_assistant.project.slug, "support-assistant")
    assert "Truncation rate" in page
    assert "10.0%" in page
    assert "US$0.12" in page
    assert "Precision" not in page


def test_a_model_without_any_data_renders(as_ana, credit_risk):
    page = text(as_ana, "model", credit_risk.project.slug, "credit-risk")
    assert "No data in this range." in page


def test_slos_are_listed_least_budget_first(as_ana, broken):
    SLO.objects.create(
        project=broken.project, slug="up", name="Answers", model=broken.model, sli="availability", target=0.99
    )
    SLO.objects.create(
        project=broken.project, slug="fast", name="Fast", model=broken.model, sli="latency", bound_ms=80, target=0.99
    )
    page = text(as_ana, "slos", broken.project.slug)
    assert page.index("Is right") < page.index("Answers")


def test_an_overspent_budget_is_shown_negative(as_ana, broken):
    page = text(as_ana, "slo", broken.project.slug, "right")
    assert "Budget spent" in page
    assert '<strong class="big is-bad">−' in page
    assert "INC-7" in page
    assert "Burns" in page


def test_a_promise_of_time_slices_says_what_is_good_and_counts_slices(as_ana, broken):
    SLO.objects.create(
        project=broken.project,
        slug="sliced",
        name="Right hour by hour",
        model=broken.model,
        sli="time_slices",
        measure="accuracy",
        comparison="at_least",
        bound=0.8,
        slice=timedelta(hours=1),
        window=timedelta(days=1),
        target=0.9,
    )
    page = text(as_ana, "slo", broken.project.slug, "sliced").replace("\u00a0", " ")
    assert "Accuracy at least 80%, judged by slices of 1 h" in page
    assert "2 good of 4" in page
    assert "every bad slice takes its share" in page
    assert "objective at least 80%" in page
    assert "sliced" in text(as_ana, "slos", broken.project.slug)
    assert "Right hour by hour" in text(as_ana, "home", broken.project.slug)


def test_an_slo_without_data_says_so(as_ana, credit_risk):
    SLO.objects.create(
        project=credit_risk.project, slug="q", name="Quiet", model=credit_risk, sli="accuracy", target=0.9
    )
    assert "Nothing valid happened in the window." in text(as_ana, "slo", credit_risk.project.slug, "q")


def test_models_and_slos_of_another_project_are_not_found(as_ana, promise, other_project):
    for name, slug in (("model", "credit-risk"), ("slo", "right")):
        assert as_ana.get(reverse(f"panel:{name}", args=[other_project.slug, slug])).status_code == 404


@pytest.mark.parametrize("language", ["en", "pt-br"])
def test_pages_speak_both_languages_and_stay_light(as_ana, broken, language):
    as_ana.cookies["django_language"] = language
    for name, slug in (("home", []), ("model", ["credit-risk"]), ("slo", ["right"]), ("models", []), ("slos", [])):
        assert len(text(as_ana, name, broken.project.slug, *slug)) < 110_000


@pytest.mark.parametrize("state", ["healthy", "broken"])
def test_home_costs_at_most_twenty_queries_in_peace_and_in_an_incident(as_ana, promise, state, request):
    request.getfixturevalue(state)
    address = reverse("panel:home", args=[promise.project.slug])
    as_ana.get(address)
    with CaptureQueriesContext(connection) as captured:
        as_ana.get(address)
    # A clock that stands still is read at every look at it; one that runs, once a second.
    assert len([query for query in captured if "models_registry_clock" not in query["sql"]]) <= 20


def test_home_costs_the_same_for_any_number_of_models(as_ana, healthy, promise):
    """Summaries of all models and windows are read together."""
    address = reverse("panel:home", args=[healthy.project.slug])
    as_ana.get(address)
    with CaptureQueriesContext(
        connection,
    ) as one:
        as_ana.get(address)
    for number in range(2):
        Model.objects.create(project=healthy.project, slug=f"more-{number}", kind=Model.Kind.BINARY)
    with CaptureQueriesContext(connection) as three:
        as_ana.get(address)
    assert len(three) == len(one)


def test_an_objective_that_burns_but_not_fast_enough_says_why_it_is_healthy(promise, stopped_clock, as_ana):
    page = reverse("panel:slo", args=[promise.project.slug, promise.slug])
    assert "times as fast as planned" not in as_ana.get(page).content.decode()
    for minute in range(5, 60, 5):
        labelled(promise.model, stopped_clock - timedelta(minutes=minute), [WRONG] * 4)
    shown = as_ana.get(page).content.decode()
    assert "It stays healthy until both windows of a pair pass the factor" in shown
    assert re.search(r"Over [^<]{2,12} it burns \d+\.\d times as fast as planned", shown)
