"""The steps of an application by API: those of the tab."""

from datetime import datetime, timedelta

import pytest
from django.test import Client

from models_registry.keys import create_key
from models_registry.models import Model
from monitoring.models import Span
from tests.panel import story

pytestmark = pytest.mark.django_db
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
URL = "/api/v1/models/support-assistant/pipeline"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def api(support_assistant: Model, stopped_clock: datetime) -> Client:
    token = create_key(project=support_assistant.project, name="k", scopes=["read"])[1]
    return Client(headers={"Authorization": f"Bearer {token}"})


def make_trace(model: Model, at: datetime) -> None:
    """A chain of 100 ms that looks up for 30 ms, which fails, and answers for 60 ms."""
    for number, (name, role, start, took, status) in enumerate(
        (("serve", "chain", 0, 100, 0), ("look up", "retrieval", 5, 30, 2), ("answer", "llm", 40, 60, 0))
    ):
        Span.objects.create(
            id=number + 1,
            project=model.project,
            event_id=f"{number + 1:016x}",
            parent_span_id=f"{1:016x}" if number else "",
            trace_id=TRACE,
            name=name,
            role=role,
            status=status,
            ts_us=story.micros(at) + start * 1_000,
            ingested_us=1,
            duration_us=took * 1_000,
        )


def test_steps_are_those_of_the_tab(
    api: Client, as_bia: Client, support_assistant: Model, stopped_clock: datetime
) -> None:
    at = stopped_clock - 5 * MINUTE
    make_trace(support_assistant, at)
    story.make_call(support_assistant, 1, at, trace_id=TRACE, span_id="none", prompt_name="answer")
    told = api.get(URL).json()
    assert (told["calls"], told["calls_without_trace"], told["traces"], told["spans"]) == (1, 0, 1, 4)
    assert (told["from"], told["to"]) == ("2026-03-09T15:00:00Z", "2026-03-10T15:00:00Z")
    assert (told["is_sample"], told["steps_left_out"]) == (False, 0)
    shown = as_bia.get("/p/aurora/models/support-assistant/pipeline/").context["page"]
    assert [(one["name"], one["depth"], one["share"], one["self_share"], one["p95_ms"]) for one in told["steps"]] == [
        (row.step.name, row.step.depth, row.share, row.self_share, row.p95_ms) for row in shown.rows
    ]
    steps = {one["name"]: one for one in told["steps"]}
    assert (steps["serve"]["mean_ms"], steps["look up"]["mean_ms"], steps["answer"]["depth"]) == (100, 30, 1)
    assert (steps["look up"]["errors"], steps["look up"]["error_rate"], steps["look up"]["failed"]) == (1, 1, TRACE)
    assert (steps["serve"]["failed"], steps["serve"]["slowest"]) == (None, TRACE)
    assert sum(one["self_share"] for one in told["steps"]) == pytest.approx(1)


def test_a_prompt_and_a_range_narrow_it(api: Client, support_assistant: Model, stopped_clock: datetime) -> None:
    story.make_call(support_assistant, 1, stopped_clock - 5 * MINUTE, prompt_name="answer")
    assert api.get(URL, {"prompt": "answer"}).json()["calls_without_trace"] == 1
    assert api.get(URL, {"prompt": "greet"}).json()["steps"] == []
    early = {"from": (stopped_clock - 60 * MINUTE).isoformat(), "to": (stopped_clock - 30 * MINUTE).isoformat()}
    assert api.get(URL, early).json()["calls"] == 0
    cut = api.get(URL, {"limit": 1}).json()
    assert (len(cut["steps"]), cut["steps_left_out"]) == (1, 0)


def test_what_cannot_be_asked_is_refused(api: Client) -> None:
    for query, pointer in (("limit=0", "/limit"), ("from=soon", "/from")):
        refused = api.get(f"{URL}?{query}")
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, pointer)
    assert api.get("/api/v1/models/nobody/pipeline").status_code == 404
