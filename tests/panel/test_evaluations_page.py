"""Evaluators on the panel: tried before they are saved, their rates and failures on the tab, their verdicts with the call."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from models_registry.models import Model, User
from monitoring.drain import drain
from monitoring.models import SLO, Evaluator, LLMCall
from tests.monitoring.conftest import micros, put_body

pytestmark = pytest.mark.django_db
FORM = "/admin/monitoring/evaluator/add/"


@pytest.fixture
def editor(ana: User, stopped_clock: datetime) -> Client:
    client = Client()
    client.force_login(ana)
    return client


def answers(model: Model, now: datetime, *texts: str, age: timedelta = timedelta(minutes=5)) -> None:
    items = [
        {
            "id": f"call-{n}",
            "model": model.slug,
            "version": "1",
            "response": text,
            "request_id": f"r-{n}",
            "ts": micros(now - age),
        }
        for n, text in enumerate(texts)
    ]
    put_body(model.project, "llm_call", items, received=now)
    drain(now=now)


def fields(model: Model, **more: Any) -> dict[str, Any]:
    given = {"project": model.project_id, "name": "No apologies", "slug": "polite", "model": model.pk, "kind": "words"}
    return {**given, "settings": '{"none": ["sorry"]}', "share": "1", "enabled": "on", **more}


def test_it_is_tried_on_the_newest_calls_before_it_is_saved(
    editor: Client, support_assistant: Model, now: datetime
) -> None:
    answers(support_assistant, now, "So sorry.", "All is well.", "")
    asked = editor.get(FORM).content.decode()
    assert "the newest 50 calls" in asked
    assert "&quot;must_match&quot;" in asked
    page = editor.post(FORM, {**fields(support_assistant), "_preview": "1"}).content.decode()
    assert "Of the newest calls 1 pass, 1 fail, and 1 cannot be judged." in page
    assert '<div class="scroll tryout" tabindex="0" role="region" aria-label="Answers"><table' in page
    for told in ("So sorry.", "It says “sorry”.", "not judged", 'value="No apologies"'):
        assert told in page, told
    assert not Evaluator.objects.exists()
    assert editor.post(FORM, fields(support_assistant)).status_code == 302
    saved = Evaluator.objects.get()
    assert saved.settings == {"none": ["sorry"]}
    change = editor.get(f"/admin/monitoring/evaluator/{saved.pk}/change/", headers={"accept-language": "pt-br"})
    assert "Das chamadas mais novas" in change.content.decode()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"kind": "pattern", "settings": '{"must_match": "("}'}, "RE2 understands"),
        ({"settings": "{}"}, "has to name a word"),
        ({"settings": "[1]"}, "settings like {&quot;"),
        ({"slug": "preview"}, "address of its own"),
        ({"share": "0"}, "from 0.0001 to 1"),
    ],
)
def test_one_that_could_never_judge_is_refused_with_the_mend(
    editor: Client, support_assistant: Model, more: dict[str, str], said: str
) -> None:
    for extra in ({}, {"_preview": "1"}):
        page = editor.post(FORM, {**fields(support_assistant, **more), **extra})
        assert said in page.content.decode()
    assert not Evaluator.objects.exists()


def test_settings_that_cannot_be_read_are_not_judged_too(editor: Client, support_assistant: Model) -> None:
    unread = {"kind": "pattern", "settings": '{"must_match": ', "share": "0"}
    for extra in ({}, {"_preview": "1"}):
        errors = editor.post(FORM, {**fields(support_assistant, **unread), **extra}).context["adminform"].form.errors
        assert errors["settings"] == ["Enter a valid JSON."]
        assert "share" in errors, "what else is wrong is told"


def test_settings_that_slipped_past_the_form_still_open(editor: Client, support_assistant: Model) -> None:
    broken = Evaluator.objects.create(
        project=support_assistant.project, slug="b", name="B", kind="pattern", settings={}
    )
    page = editor.get(f"/admin/monitoring/evaluator/{broken.pk}/change/")
    assert "Fill in the form" in page.content.decode()


def test_failures_before_the_last_day_are_a_link_away(editor: Client, support_assistant: Model, now: datetime) -> None:
    Evaluator.objects.create(project=support_assistant.project, slug="json", name="JSON", kind="json")
    answers(support_assistant, now, "1", "{", age=timedelta(days=3))
    tab = reverse("panel:model", args=[support_assistant.project.slug, f"{support_assistant.slug}/evaluations"])
    page = editor.get(tab, {"range": "7d"}).content.decode()
    assert "50.0%" in page
    assert "Newest failures of the last 24 hours" in page
    assert "None in the last 24 hours; earlier ones" in page
    [link] = re.findall(r'href="([^"]*failed_evaluator=[^"]*)"', page)
    listed = editor.get(link.replace("&amp;", "&")).content.decode()
    failed = LLMCall.objects.get(event_id="call-1")
    assert reverse("panel:llm_call", args=[support_assistant.project.slug, failed.pk]) in listed
    told = editor.get(tab, {"range": "7d"}, headers={"accept-language": "pt-br"}).content.decode()
    assert "Nenhuma nas últimas 24 horas; as anteriores" in told


def test_who_may_not_see_calls_is_not_told_that_none_failed(
    as_caio: Client, caio: User, support_assistant: Model, now: datetime, stopped_clock: datetime
) -> None:
    seen = Group.objects.get(name="viewer").permissions.exclude(codename="view_llmcall")
    caio.user_permissions.set(seen)
    Evaluator.objects.create(project=support_assistant.project, slug="json", name="JSON", kind="json")
    answers(support_assistant, now, "{")
    page = as_caio.get(
        reverse("panel:model", args=[support_assistant.project.slug, f"{support_assistant.slug}/evaluations"])
    )
    assert "Only people who may see LLM calls" in page.content.decode()
    assert "None in the last" not in page.content.decode()


def test_the_tab_tells_how_many_pass_and_which_did_not(editor: Client, support_assistant: Model, now: datetime) -> None:
    tab = reverse("panel:model", args=[support_assistant.project.slug, f"{support_assistant.slug}/evaluations"])
    assert "No evaluator judges the answers" in editor.get(tab).content.decode()
    for slug, kind, settings in (("json", "json", {}), ("short", "length", {"max": 1}), ("fits", "overlap", {})):
        Evaluator.objects.create(project=support_assistant.project, slug=slug, name=slug, kind=kind, settings=settings)
    answers(support_assistant, now, "1", "{", "12")
    answer = editor.get(tab)
    page = answer.content.decode()
    assert answer.status_code == 200
    rows = {row.evaluator.slug: (row.pass_rate.n, row.pass_rate.text) for row in answer.context["page"].rows}
    assert rows == {"fits": (0, "—"), "json": (3, "66.7%"), "short": (3, "66.7%")}
    assert [one.call.event_id for one in answer.context["page"].failures] == ["call-2", "call-1"]
    assert "It is too long: 2 &gt; 1." in page
    assert "n 3" in page
    failed = editor.get(reverse("panel:llm_calls", args=[support_assistant.project.slug]) + "?failed_evaluator=json")
    shown = {
        one.event_id
        for one in LLMCall.objects.all()
        if reverse("panel:llm_call", args=[support_assistant.project.slug, one.pk]) in failed.content.decode()
    }
    assert shown == {"call-1"}


def test_a_call_and_its_request_show_the_verdicts(editor: Client, support_assistant: Model, now: datetime) -> None:
    Evaluator.objects.create(project=support_assistant.project, slug="json", name="JSON", kind="json")
    Evaluator.objects.create(
        project=support_assistant.project, slug="long", name="Long", kind="length", settings={"min": 1}
    )
    answers(support_assistant, now, "[1, ")
    call = LLMCall.objects.get()
    project = support_assistant.project.slug
    for page in (reverse("panel:llm_call", args=[project, call.pk]), reverse("panel:request", args=[project, "r-0"])):
        told = editor.get(page).content.decode()
        assert "It is not JSON: Input data was truncated" in told
        assert told.index("<code>json</code>") < told.index("<code>long</code>")


def test_objectives_and_measures_of_evaluators_have_their_pages(
    editor: Client, support_assistant: Model, now: datetime
) -> None:
    Evaluator.objects.create(project=support_assistant.project, slug="json", name="JSON", kind="json")
    answers(support_assistant, now, "1", "{")
    form = {"project": support_assistant.project_id, "model": support_assistant.pk, "environment": "production"}
    form |= {"name": "Is JSON", "slug": "is-json", "target": "0.99", "window": "30 00:00:00", "sli": "evaluation:json"}
    assert "answers that passed json, among judged ones" in editor.get("/admin/monitoring/slo/add/").content.decode()
    assert editor.post("/admin/monitoring/slo/add/", form).status_code == 302
    SLO.objects.create(
        project=support_assistant.project,
        model=support_assistant,
        slug="all",
        name="All",
        sli="evaluations_passed",
        target=0.9,
    )
    project = support_assistant.project.slug
    for address in (
        reverse("panel:slo", args=[project, "is-json"]),
        reverse("panel:slo", args=[project, "all"]),
        reverse("panel:slos", args=[project]),
        reverse("panel:model", args=[project, support_assistant.slug]),
        reverse("panel:measures", args=[project])
        + f"?model={support_assistant.slug}&measure=evaluation:json:pass_rate",
        "/admin/monitoring/slo/",
    ):
        assert editor.get(address).status_code == 200, address
    page = editor.get(
        reverse("panel:measures", args=[project]) + "?model=support-assistant&measure=evaluation:json:pass_rate"
    )
    assert page.context["page"].measure.name == "evaluation:json:pass_rate"
