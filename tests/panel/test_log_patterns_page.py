"""The tab of patterns on the page of logs."""

from datetime import datetime, timedelta

import pytest
from django.test import Client

from models_registry.models import Model, Project
from monitoring.drain import drain
from tests.monitoring.conftest import micros, put_body

pytestmark = pytest.mark.django_db


@pytest.fixture
def _lines(credit_risk: Model, stopped_clock: datetime) -> None:
    at = stopped_clock - timedelta(minutes=5)
    texts = [("error", "order 1 declined <b>"), ("error", "order 2 declined <b>"), ("info", "hello")]
    items = [
        {"id": f"l{n}", "model": credit_risk.slug, "level": level, "message": text, "ts": micros(at)}
        for n, (level, text) in enumerate(texts)
    ]
    put_body(credit_risk.project, "log", items, received=stopped_clock)
    drain(now=stopped_clock)


@pytest.mark.usefixtures("_lines")
def test_patterns_lead_to_their_lines(as_ana: Client, project: Project) -> None:
    html = as_ana.get(f"/p/{project.slug}/logs/patterns/").content.decode()
    assert "order &lt;num&gt; declined &lt;b&gt;" in html
    assert "2 patterns new since" in html
    start = html.index(f"/p/{project.slug}/logs/?pattern=")
    lines = as_ana.get(html[start : html.index('"', start)].replace("&amp;", "&")).content.decode()
    assert lines.count('<li class="log log--error">') == 2
    assert "hello" not in lines


@pytest.mark.usefixtures("_lines")
def test_the_form_narrows_and_keeps_what_was_chosen(as_ana: Client, project: Project) -> None:
    html = as_ana.get(f"/p/{project.slug}/logs/patterns/?level=info&seen=new&range=7d").content.decode()
    assert "hello" in html
    assert "declined" not in html
    assert html.count("selected") >= 3
    nothing = as_ana.get(f"/p/{project.slug}/logs/patterns/?level=critical").content.decode()
    assert "No pattern matches." in nothing


@pytest.mark.usefixtures("_lines")
def test_an_unknown_model_is_told_and_all_are_shown(as_ana: Client, project: Project) -> None:
    html = as_ana.get(f"/p/{project.slug}/logs/patterns/?model=nobody").content.decode()
    assert "There is no such model or service" in html
    assert "hello" in html


def test_without_lines_the_way_to_send_some_is_shown(as_ana: Client, project: Project, stopped_clock: datetime) -> None:
    html = as_ana.get(f"/p/{project.slug}/logs/patterns/").content.decode()
    assert "How to send log lines" in html
