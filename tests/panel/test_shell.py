"""What surrounds every page: policy, access, navigation, theme, language, search."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from alerting.models import Incident
from lib import clock
from models_registry.clock import set_clock
from monitoring.models import ProcessState, StageRun
from panel import format as write
from panel.middleware import POLICY
from tests.cast import make_incident

TEMPLATES = sorted(Path(settings.BASE_DIR, "panel", "templates").rglob("*.html"))
INLINE = re.compile(r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]*\ssrc=)", re.IGNORECASE)
PAGES = ["home", "models", "slos", "incidents", "runbooks", "reviews", "predictions", "llm_calls", "collection"]


@pytest.fixture
def incident(project, credit_risk, stopped_clock):
    return make_incident(project, at=stopped_clock, model=credit_risk)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_carries_style_or_script_of_its_own(template):
    found = INLINE.search(template.read_text(encoding="utf-8"))
    assert found is None, f"{template}: {found and found.group()}"


@pytest.mark.django_db
def test_every_answer_has_the_strict_policy(client, as_ana, project):
    for answer in (client.get("/login/"), as_ana.get(reverse("panel:home", args=[project.slug])), client.get("/nope/")):
        assert answer.headers["Content-Security-Policy"] == POLICY
    assert "unsafe" not in POLICY


@pytest.mark.parametrize("page", PAGES)
def test_a_stranger_is_sent_to_the_login(client, project, page):
    answer = client.get(reverse(f"panel:{page}", args=[project.slug]))
    assert answer.status_code == 302
    assert answer.url.startswith(reverse("panel:login"))


@pytest.mark.parametrize("page", PAGES)
def test_somebody_without_permission_learns_nothing(as_caio, project, page):
    assert as_caio.get(reverse(f"panel:{page}", args=[project.slug])).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/search/?q=a%00b", "/p/aurora/models/a%00b/", "/api/v1/incidents?project=%00"])
def test_a_nul_character_in_an_address_is_a_bad_request(as_ana, project, address):
    assert as_ana.get(address).status_code == 400


@pytest.mark.django_db
def test_a_nul_character_in_a_form_is_a_bad_request(as_ana, incident):
    answer = as_ana.post(reverse("panel:incident_comment", args=[incident.number]), {"text": "a\x00b"})
    assert answer.status_code == 400
    assert not incident.events.exists()


@pytest.mark.django_db
def test_a_refusal_names_no_project_and_no_incident(as_caio, project, incident):
    refused = as_caio.get(reverse("panel:incident", args=[incident.number])).content.decode()
    assert project.name not in refused
    assert f"/p/{project.slug}/" not in refused
    assert "data-pulse" not in refused


@pytest.mark.parametrize("page", PAGES)
def test_every_page_renders_for_an_empty_project(as_bia, project, page):
    assert as_bia.get(reverse(f"panel:{page}", args=[project.slug])).status_code == 200


def test_the_start_page_leads_home_or_says_whom_to_ask(as_ana, as_caio, project):
    assert as_ana.get("/").url == reverse("panel:home", args=[project.slug])
    refused = as_caio.get("/")
    assert refused.status_code == 403
    assert b"administrator" in refused.content


def test_an_unknown_project_is_not_found(as_ana, project):
    assert as_ana.get(reverse("panel:home", args=["nowhere"])).status_code == 404


def test_the_badge_counts_unresolved_incidents(as_ana, project, incident):
    address = reverse("panel:models", args=[project.slug])
    badge = '<span class="count" data-pulse="incidents">1</span>'
    assert badge in as_ana.get(address).content.decode()
    Incident.objects.update(state=Incident.State.RESOLVED, resolved_at=incident.opened_at)
    assert badge not in as_ana.get(address).content.decode()


def test_the_theme_is_written_by_the_server(as_ana, project):
    address = reverse("panel:models", args=[project.slug])
    assert 'data-theme="auto"' in as_ana.get(address).content.decode()
    answer = as_ana.post(reverse("panel:theme"), {"theme": "dark", "next": address})
    assert answer.url == address
    assert 'data-theme="dark"' in as_ana.get(address).content.decode()


@pytest.mark.django_db
def test_the_theme_switch_leads_nowhere_else(client):
    answer = client.post(reverse("panel:theme"), {"theme": "blinking", "next": "https://elsewhere.example/"})
    assert answer.url == "/"
    assert "theme" not in answer.cookies


def test_the_language_can_be_switched(as_ana, project):
    as_ana.post(reverse("set_language"), {"language": "pt-br", "next": "/"})
    assert '<html lang="pt-br"' in as_ana.get(reverse("panel:models", args=[project.slug])).content.decode()


def test_a_number_or_a_slug_leads_straight_there(as_ana, project, incident):
    for typed in ("7", "INC-7", "inc7", "#7"):
        assert as_ana.get(reverse("panel:search"), {"q": typed}).url == reverse("panel:incident", args=[7])
    assert as_ana.get(reverse("panel:search"), {"q": "credit"}).url == reverse(
        "panel:model", args=[project.slug, "credit-risk"]
    )


def test_several_matches_are_listed_and_none_is_said(as_ana, project, credit_risk, support_assistant):
    listed = as_ana.get(reverse("panel:search"), {"q": "r"}).content.decode()
    assert "Credit risk" in listed
    assert "Support assistant" in listed
    assert "“zebra”" in as_ana.get(reverse("panel:search"), {"q": "zebra"}).content.decode()


def test_search_shows_nothing_to_people_without_permission(as_caio, project, incident):
    assert as_caio.get(reverse("panel:search"), {"q": "7"}).status_code == 200


def test_a_silent_stage_is_said_on_every_page(as_ana, project):
    long_ago = clock.real_now() - timedelta(hours=1)
    StageRun.objects.create(stage="drain", every=1, started_at=long_ago, finished_at=long_ago, story_at=long_ago)
    page = as_ana.get(reverse("panel:models", args=[project.slug])).content.decode()
    assert "stopped working" in page
    assert "drain" in page


def test_after_a_start_the_panel_says_so_calmly(as_ana, project):
    now = clock.real_now()
    StageRun.objects.create(stage="drain", every=1, started_at=now - timedelta(hours=1), story_at=now)
    ProcessState.objects.create(name="web", state="running", started_at=now, seen_at=now)
    page = as_ana.get(reverse("panel:models", args=[project.slug])).content.decode()
    assert "has just started" in page
    assert "stopped working" not in page


def test_a_story_behind_the_wall_clock_is_said(as_ana, project, now):
    set_clock(story=now, rate=0, real=clock.real_now())
    page = as_ana.get(reverse("panel:models", args=[project.slug])).content.decode()
    assert f"The story is at {write.moment(now)} and catching up" in page  # days as everywhere else on the panel


def test_the_pulse_is_small_and_silent_until_something_happens(as_ana, project, stopped_clock):
    address = reverse("panel:pulse", args=[project.slug])
    first = as_ana.get(address)
    assert len(first.content) < 200
    again = as_ana.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    set_clock(story=stopped_clock + timedelta(minutes=1), rate=0, real=clock.real_now())
    assert as_ana.get(address, headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


@pytest.mark.django_db
def test_one_login_page_serves_the_admin_too(admin):
    admin.set_password("correct horse")
    admin.save()
    client = Client()
    assert client.get("/admin/login/").templates[0].name == "panel/login.html"
    answer = client.post(
        "/admin/login/?next=/admin/", {"username": "root", "password": "correct horse", "next": "/admin/"}
    )
    assert answer.url == "/admin/"


@pytest.mark.parametrize("path", ["", "models_registry/model/", "models_registry/model/add/", "password_change/"])
def test_the_admin_wears_the_shell(as_admin, path):
    page = as_admin.get(f"/admin/{path}").content.decode()
    assert 'class="top"' in page
    assert "panel/admin.css" in page
    assert "admin/js/theme.js" not in page
