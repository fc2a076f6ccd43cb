"""`/api/v1/evaluators`: defined like all definitions, read with how often answers pass, tried before they judge."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from config.measure_gauges import read_gauges
from models_registry.keys import create_key, forget_keys
from models_registry.models import Model, Project
from monitoring.drain import drain
from monitoring.models import Evaluator
from tests.monitoring.conftest import micros, put_body

pytestmark = pytest.mark.django_db
FIELDS = {"name": "JSON", "model": "support-assistant", "kind": "json", "settings": {"keys": ["answer"]}, "share": 0.5}


@pytest.fixture
def ask(project: Project, support_assistant: Model, stopped_clock: datetime) -> Callable[..., Any]:
    forget_keys()
    client = Client(
        headers={
            "authorization": f"Bearer {create_key(project=project, name='t', scopes=['read', 'admin'])[1]}",
        }
    )

    def ask(method: str, path: str, body: Any = None) -> Any:
        text = "" if body is None else json.dumps(body)
        return client.generic(method, f"/api/v1/{path}", text, content_type="application/json")

    return ask


def answers(project: Project, now: datetime, *texts: str) -> None:
    items = [
        {"id": f"{n}", "model": "support-assistant", "version": "1", "response": text, "ts": micros(now) - 10**8}
        for n, text in enumerate(texts)
    ]
    put_body(project, "llm_call", items, received=now)
    drain(now=now)


def test_it_is_defined_changed_read_and_removed(ask: Any) -> None:
    made = ask("POST", "definitions/evaluators", {"key": "valid-json", "fields": FIELDS})
    assert (made.status_code, made.json()["fields"]) == (201, {**FIELDS, "enabled": True})
    changed = ask("PATCH", "definitions/evaluators/valid-json", {"model": None, "share": 1})
    assert changed.status_code == 200, changed.content
    told = ask("GET", "evaluators/valid-json").json()
    assert (told["model"], told["kind"], told["settings"], told["share"]) == (None, "json", {"keys": ["answer"]}, 1.0)
    assert [one["model"] for one in told["last_day"]] == ["support-assistant"]
    assert ask("DELETE", "definitions/evaluators/valid-json").status_code == 204
    assert ask("GET", "evaluators/valid-json").status_code == 404


@pytest.mark.parametrize(
    ("key", "fields", "pointer", "said"),
    [
        ("bad", {"kind": "pattern", "settings": {"must_match": "("}}, "settings", "RE2 understands"),
        ("bad", {"settings": {"keys": "answer"}}, "settings", '{"keys": ["answer", "sources"], "fenced": false}'),
        ("bad", {"model": "credit-risk"}, "model", "LLM applications"),
        ("bad", {"share": 0}, "share", "0.0001"),
        ("bad", {"kind": "toxicity"}, "kind", "toxicity"),
        ("preview", {}, "slug", "address"),
        ("x" * 29, {}, "slug", "28"),
    ],
)
def test_what_could_never_judge_is_refused_with_the_mend(
    ask: Any, credit_risk: Model, key: str, fields: Any, pointer: str, said: str
) -> None:
    answer = ask("POST", "definitions/evaluators", {"key": key, "fields": {**FIELDS, **fields}})
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["pointer"]) == (400, f"/fields/{pointer}")
    assert said in error["detail"]
    assert not Evaluator.objects.exists()


def test_how_often_answers_pass_is_read_in_a_fixed_number_of_queries(
    ask: Any, project: Project, support_assistant: Model, now: datetime
) -> None:
    def define(slug: str, **more: Any) -> None:
        given = {"kind": "json", "settings": {}, "model": support_assistant, **more}
        Evaluator.objects.create(project=project, slug=slug, name=slug, **given)

    define("json")
    define("words", kind="overlap", settings={"words": 1}, model=None)
    answers(project, now, "1", "{", "2")
    ask("GET", "evaluators")
    with CaptureQueriesContext(connection) as for_two:
        first, second = ask("GET", "evaluators").json()["items"]
    assert (first["slug"], first["last_day"][0]["pass_rate"]["n"]) == ("json", 3)
    assert first["last_day"][0]["pass_rate"]["value"] == pytest.approx(2 / 3)
    assert second["last_day"][0]["pass_rate"] == {"value": None, "n": 0, "low": None, "high": None}
    for number in range(6):
        define(f"more-{number}")
    with CaptureQueriesContext(connection) as for_eight:
        ask("GET", "evaluators")
    assert len(for_eight) == len(for_two)


def test_failures_and_series_are_read_like_all_others(
    ask: Any, project: Project, support_assistant: Model, now: datetime
) -> None:
    Evaluator.objects.create(project=project, slug="json", name="JSON", kind="json", model=support_assistant)
    answers(project, now, "1", "{", "2")
    (failed,) = ask("GET", "llm-calls?failed_evaluator=json&fields=id,evaluations").json()["items"]
    assert failed == {
        "id": "1",
        "evaluations": {
            "json": {
                "passed": False,
                "score": 0.0,
                "label": "not_json",
                "reason": "It is not JSON: Input data was truncated",
                "partial": False,
            }
        },
    }
    path = "series?measure=evaluation:json:pass_rate&model=support-assistant&step=1d"
    assert [point["n"] for point in ask("GET", path).json()["points"]] == [3]
    told = {
        tuple(sample.labels.values()): sample.value
        for family in read_gauges(now=now)
        for sample in family.samples
        if sample.name == "atalaia_measure_sample"
    }
    assert told["aurora", "support-assistant", "evaluation:json:pass_rate", "ratio"] == 3


def test_a_preview_judges_the_newest_calls_and_saves_nothing(ask: Any, project: Project, now: datetime) -> None:
    answers(project, now, '{"answer": 1}', "{", "")
    wanted = {name: value for name, value in FIELDS.items() if name != "name"}
    told = ask("POST", "evaluators/preview", {"evaluator": wanted})
    assert told.status_code == 200, told.content
    found = told.json()
    assert (found["passed"], found["failed"], found["not_evaluated"]) == (1, 1, 1)
    assert {one["id"]: one["evaluation"] and one["evaluation"]["label"] for one in found["calls"]} == {
        "0": "",
        "1": "not_json",
        "2": None,
    }
    assert not Evaluator.objects.exists()
    ask("POST", "definitions/evaluators", {"key": "valid-json", "fields": FIELDS})
    assert ask("POST", "evaluators/preview", {"evaluator": "valid-json"}).json() == found


@pytest.mark.parametrize(
    "given",
    ["gone", 7, {"kind": "json", "mode": 1}, {"kind": "pattern", "settings": {"must_match": "("}}, {"settings": {}}],
)
def test_what_cannot_be_previewed_is_refused(ask: Any, given: Any) -> None:
    assert ask("POST", "evaluators/preview", {"evaluator": given}).status_code == 400
