"""Prompts for people: versions side by side, what changed between two, and what a call says of its prompt."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from models_registry.models import Model, Project, Prompt, PromptVersion
from monitoring.drain import drain_until_empty
from monitoring.models import LLMCall
from panel.pages.history import marks
from tests.monitoring.conftest import Put, micros, put

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]
__all__ = ["put"]  # the fixture
PAGE = "/p/aurora/prompts/support/answer/"


def send(put: Put, now: datetime, version: str, count: int, *, cut: int, **more: Any) -> None:
    """Calls of a version, the first of which are truncated."""
    at = micros(now - timedelta(minutes=30))
    put(
        "llm_call",
        *(
            {"id": f"{version}-{n}", "model": "support-assistant", "version": "1", "prompt_name": "support/answer",
             "prompt_version": version, "finish_reason": "length" if n < cut else "stop", "ts": at, **more}
            for n in range(count)
        ),
    )  # fmt: skip


@pytest.fixture
def two(support_assistant: Model, put: Put, now: datetime) -> PromptVersion:
    """p1 is described and seldom truncated, p2 is what calls sent and often is."""
    prompt = Prompt.objects.create(
        project=support_assistant.project, name="support/answer", model=support_assistant, reviewed=True
    )
    first = PromptVersion.objects.create(
        prompt=prompt, version="p1", template="You help customers.\nAnswer in one sentence.", reviewed=True,
        parameters={"max_tokens": 700, "temperature": 0.2},
    )  # fmt: skip
    send(put, now, "p1", 200, cut=4, params={"max_tokens": 700, "temperature": 0.2})
    system = "You help customers.\nAnswer in three long sentences."
    send(put, now, "p2", 200, cut=90, params={"max_tokens": 256, "temperature": 0.2}, system=system)
    drain_until_empty(now=now)
    return first


def read(client: Client, address: str, status: int = 200) -> str:
    answered = client.get(address)
    assert answered.status_code == status
    return answered.content.decode()


def test_versions_stand_side_by_side_with_n_and_intervals(two: PromptVersion, as_bia: Client):
    page = read(as_bia, "/p/aurora/models/support-assistant/prompts/")
    assert page.count('<tr id="version-') == 2
    assert "45.0%" in page
    assert "2.0%" in page
    assert "38.3% – 51.9%" in page
    assert "n 200" in page
    assert f'href="{PAGE}?range=24h"' in page


def test_what_changed_is_told_by_line_by_word_by_parameter_and_by_measure(two: PromptVersion, as_bia: Client):
    page = read(as_bia, PAGE)
    assert "p2 is worse than p1: Truncation rate +43.0 points" in page
    assert "<del>Answer in <mark>one sentence</mark>.</del>" in page
    assert "<ins>Answer in <mark>three long sentences</mark>.</ins>" in page
    assert '<span class="visually-hidden">removed:</span>' in page
    assert '<td class="mono"><del>700</del></td><td class="mono"><ins>256</ins></td>' in page
    assert "its text is the system prompt that all of its calls sent" in page
    assert "style=" not in page
    back = read(as_bia, f"{PAGE}?before=p2&after=p1")
    assert "p1 is better than p2" in back
    assert "<ins>Answer in <mark>one sentence</mark>.</ins>" in back
    same = read(as_bia, f"{PAGE}?before=p1&after=p1")
    assert "The texts are the same." in same
    assert "better than" not in same


def test_both_languages_tell_it(two: PromptVersion, as_bia: Client):
    as_bia.cookies["django_language"] = "pt-br"
    page = read(as_bia, PAGE)
    assert "O que mudou" in page
    assert "p2 é pior que p1: Taxa de truncamento +43,0" in page


def test_a_version_that_is_not_there_is_said_and_the_others_stay(two: PromptVersion, as_bia: Client):
    page = read(as_bia, f"{PAGE}?before=p1&after=p9", 404)
    assert "no version “p9”" in page
    assert page.count('<tr id="version-') == 2
    read(as_bia, "/p/aurora/prompts/nobody/", 404)
    read(as_bia, "/p/aurora/prompts/support/answer/?range=nonsense")


def test_a_call_leads_to_its_version_and_says_where_its_parameters_differ(
    two: PromptVersion, put: Put, now: datetime, as_bia: Client
):
    put(
        "llm_call",
        {"id": "odd", "model": "support-assistant", "version": "1", "prompt_name": "support/answer",
         "prompt_version": "p1", "params": {"max_tokens": 256, "top_p": 1}},
        {"id": "bare", "model": "support-assistant", "version": "1"},
    )  # fmt: skip
    drain_until_empty(now=now)
    page = read(as_bia, f"/p/aurora/llm-calls/{LLMCall.objects.get(event_id='odd').pk}/")
    assert f'href="{PAGE}#version-{two.pk}"' in page
    assert "The parameters are not those of the registered version" in page
    for said in ("256 instead of 700", "1, not registered", "not sent, registered as 0.2"):
        assert said in page
    fine = read(as_bia, f"/p/aurora/llm-calls/{LLMCall.objects.get(event_id='p1-0').pk}/")
    assert "not those of the registered version" not in fine
    bare = read(as_bia, f"/p/aurora/llm-calls/{LLMCall.objects.get(event_id='bare').pk}/")
    assert "/prompts/" not in bare


def test_a_prompt_nobody_has_used_has_a_page_and_nothing_measured(project: Project, as_bia: Client):
    prompt = Prompt.objects.create(project=project, name="new")
    assert "has no version yet" in read(as_bia, "/p/aurora/prompts/new/")
    PromptVersion.objects.create(prompt=prompt, version="", template="<b>Be kind.</b>")
    page = read(as_bia, "/p/aurora/prompts/new/")
    assert "nothing to measure" in page
    assert "&lt;b&gt;Be kind.&lt;/b&gt;" in page


@pytest.mark.parametrize("what", ["model", "prompt"])
def test_what_nobody_has_reviewed_leads_those_who_may_to_its_form(
    support_assistant: Model, as_admin: Client, as_bia: Client, what: str
):
    prompt = Prompt.objects.create(project=support_assistant.project, name="new")
    Model.objects.filter(pk=support_assistant.pk).update(reviewed=False)
    page = {"model": "/p/aurora/models/support-assistant/", "prompt": "/p/aurora/prompts/new/"}[what]
    form = f"/admin/models_registry/{what}/{support_assistant.pk if what == 'model' else prompt.pk}/change/"
    assert f'href="{form}"' in read(as_admin, page)
    assert as_admin.get(form).status_code == 200
    assert form not in read(as_bia, page)


def test_an_application_without_prompts_says_how_to_have_some(support_assistant: Model, as_bia: Client):
    assert "Send prompt_name" in read(as_bia, "/p/aurora/models/support-assistant/prompts/")


def test_versions_beyond_the_cap_are_counted(
    support_assistant: Model, put: Put, now: datetime, as_bia: Client, settings: Any
):
    settings.INGEST = {**settings.INGEST, "unreviewed_cap": 1}
    for version in ("a", "b", "c"):
        send(put, now, version, 1, cut=0)
    drain_until_empty(now=now)
    assert "Calls name 2 versions" in read(as_bia, "/p/aurora/models/support-assistant/prompts/")


def test_accounts_without_a_group_see_no_prompt(two: PromptVersion, as_caio: Client):
    read(as_caio, PAGE, 404)


def test_long_texts_show_what_differs_and_fold_the_rest(support_assistant: Model, as_bia: Client):
    prompt = Prompt.objects.create(project=support_assistant.project, name="long", model=support_assistant)
    lines = [f"line {n}" for n in range(100)]
    PromptVersion.objects.create(prompt=prompt, version="1", template="\n".join(lines))
    PromptVersion.objects.create(prompt=prompt, version="2", template="\n".join([*lines[:50], "new", *lines[50:]]))
    page = read(as_bia, "/p/aurora/prompts/long/")
    assert page.count("47 lines that are the same") == 2
    assert page.count('<tr class="diff__same">') == 6
    assert page.count('<tr class="diff__added">') == 1


def test_a_change_of_prompt_is_called_by_the_prompt_and_its_version(two: PromptVersion, now: datetime):
    served = two.prompt.model.versions.get()
    changes = [
        served.deployments.create(kind="prompt_change", at=now, prompt_version=two, note="support/answer p1"),
        served.deployments.create(kind="prompt_change", at=now, prompt_version=two, note="shorter answers"),
        served.deployments.create(kind="prompt_change", at=now, note="support/answer p9"),
        served.deployments.create(kind="prompt_change", at=now),
    ]
    told = [(change.what, change.remark) for change in changes]
    whole = str(served)
    assert told == [
        ("support/answer@p1", ""),
        ("support/answer@p1", "shorter answers"),
        ("support/answer p9", ""),
        (whole, ""),
    ]
    drawn = [mark.label for mark in marks(two.prompt.model, start=now, end=now + timedelta(minutes=1))]
    assert set(drawn) == {"prompt support/answer@p1", "prompt support/answer p9", f"prompt {whole}"}
