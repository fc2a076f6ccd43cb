"""Prompts on first sight: registered once, observed while constant, capped, and free for calls that name none."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models_registry.models import Deployment, Model, Project, Prompt, PromptVersion
from monitoring.drain import drain_until_empty
from monitoring.models import LLMCall
from tests.cast import NOW, make_project
from tests.monitoring.conftest import Put, micros, put_body

pytestmark = pytest.mark.django_db
fresh = count()


def call(name: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "model": "support-assistant", "version": "1", **more}


def test_a_prompt_is_registered_with_its_first_call(support_assistant: Model, put: Put, now: datetime):
    said = {"prompt_name": "answer", "prompt_version": "p1", "system": "Be kind.", "params": {"max_tokens": 700}}
    put("llm_call", call("a", **said), call("b", **said), call("c"))
    drain_until_empty(now=now)
    row = PromptVersion.objects.get()
    assert (row.prompt.name, row.version, row.prompt.model) == ("answer", "p1", support_assistant)
    assert not row.reviewed
    assert not row.prompt.reviewed
    assert (row.observed_system, row.observed_parameters) == ("Be kind.", {"max_tokens": 700})
    assert row.first_used_at == now


def test_a_system_message_before_the_others_is_the_system_prompt(support_assistant: Model, put: Put, now: datetime):
    for number, question in enumerate(("hi", "ho")):
        messages = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": question}]
        put("llm_call", call(str(number), prompt_name="answer", prompt=messages))
    put("llm_call", call("x", prompt_name="other", prompt=[{"role": "user", "content": 'say "system"'}]))
    put("llm_call", call("y", prompt_name="odd", prompt=["system", {"role": "system"}]))
    drain_until_empty(now=now)
    found = dict(PromptVersion.objects.values_list("prompt__name", "observed_system"))
    assert found == {"answer": "Be kind.", "other": None, "odd": None}
    assert not PromptVersion.objects.filter(system_varies=True).exists()


def test_calls_without_a_prompt_cost_no_query(support_assistant: Model, put: Put, now: datetime):
    put("llm_call", call("first"))
    drain_until_empty(now=now)
    put("llm_call", *(call(str(n)) for n in range(20)))
    with CaptureQueriesContext(connection) as plain:
        drain_until_empty(now=now)
    assert not [query for query in plain if "prompt" in query["sql"].split("FROM")[-1] and "_prompt" in query["sql"]]


def test_many_calls_of_known_prompts_cost_one_look_up(support_assistant: Model, put: Put, now: datetime):
    def batch(start: int) -> int:
        put("llm_call", *(call(f"{start}-{n}", prompt_name=f"p{n % 5}", params={"n": n % 5}) for n in range(50)))
        with CaptureQueriesContext(connection) as seen:
            drain_until_empty(now=now)
        return sum("models_registry_prompt" in query["sql"] for query in seen)

    batch(0)
    assert batch(1) == 1


def test_beyond_the_cap_calls_keep_their_name_and_nothing_is_registered(
    support_assistant: Model, put: Put, now: datetime, settings
):
    settings.INGEST = {**settings.INGEST, "unreviewed_cap": 3}
    put("llm_call", *(call(str(n), prompt_name="answer", prompt_version=str(n)) for n in range(6)))
    drain_until_empty(now=now)
    assert sorted(PromptVersion.objects.values_list("version", flat=True)) == ["0", "1", "2"]
    assert LLMCall.objects.filter(prompt_name="answer").count() == 6
    PromptVersion.objects.update(reviewed=True)
    put("llm_call", call("again", prompt_name="answer", prompt_version="5"))
    drain_until_empty(now=now)
    assert PromptVersion.objects.filter(version="5").exists()


def test_a_version_defined_before_its_first_call_is_in_use_from_then_on(
    support_assistant: Model, put: Put, now: datetime
):
    prompt = Prompt.objects.create(project=support_assistant.project, name="answer", reviewed=True)
    version = PromptVersion.objects.create(prompt=prompt, version="2", template="Be kind.", reviewed=True)
    put("llm_call", call("a", prompt_name="answer", prompt_version="2", ts=micros(now - timedelta(hours=1))))
    drain_until_empty(now=now)
    version.refresh_from_db()
    prompt.refresh_from_db()
    assert version.first_used_at == now - timedelta(hours=1)
    assert prompt.model == support_assistant


def test_a_prompt_change_refers_to_its_version_and_does_not_use_it(support_assistant: Model, put: Put, now: datetime):
    put(
        "event",
        {"id": "e", "kind": "prompt_change", "model": "support-assistant", "version": "1", "prompt_name": "answer",
         "prompt_version": "p2"},
    )  # fmt: skip
    drain_until_empty(now=now)
    mark = Deployment.objects.get()
    assert str(mark.prompt_version) == "answer@p2"
    assert mark.note == "answer@p2"
    assert mark.prompt_version.first_used_at is None


def test_other_projects_have_prompts_of_their_own(project: Project, other_project: Project, now: datetime):
    for owner in (project, other_project):
        item = {"id": "a", "model": "m", "prompt_name": "answer", "system": owner.slug, "ts": micros(now)}
        put_body(owner, "llm_call", [item], received=now)
    drain_until_empty(now=now)
    assert dict(PromptVersion.objects.values_list("prompt__project__slug", "observed_system")) == {
        "aurora": "aurora",
        "boreal": "boreal",
    }


SENT = st.tuples(
    st.sampled_from([None, "a", "b", ["a"]]), st.sampled_from([None, {"t": 1}, {"t": 1, "u": 2}, {"u": 2, "t": 1}])
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(sent=st.lists(SENT, min_size=1, max_size=8), size=st.integers(1, 4), rng=st.randoms(use_true_random=False))
def test_what_is_constant_is_known_whatever_the_order_and_the_batches(sent, size, rng):
    project = make_project(f"prompts-{next(fresh)}")
    items = [
        {"id": str(n), "model": "m", "prompt_name": "p", "system": system, "params": params, "ts": micros(NOW)}
        for n, (system, params) in enumerate(sent)
    ]
    rng.shuffle(items)
    for start in range(0, len(items), size):
        put_body(project, "llm_call", items[start : start + size], received=NOW)
        drain_until_empty(now=NOW)
    row = PromptVersion.objects.get(prompt__project=project)
    for place, (value, varies) in enumerate(
        ((row.observed_system, row.system_varies), (row.observed_parameters, row.parameters_vary))
    ):
        distinct = []
        for one in (pair[place] for pair in sent):
            if one is not None and one not in distinct:
                distinct.append(one)
        assert varies == (len(distinct) > 1)
        assert value == (distinct[0] if len(distinct) == 1 else None)
