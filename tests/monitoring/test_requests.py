"""Any id of a request leads to all of it, along indexes."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from models_registry.keys import create_key
from monitoring.drain import drain_until_empty
from monitoring.models import Span
from monitoring.selectors.events import micros
from monitoring.selectors.requests import Story, look_up, read_span_facts, read_spans, read_story

pytestmark = pytest.mark.django_db
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.fixture(autouse=True)
def _request(put: Any, project: Any, now: Any) -> None:
    who = {"user_id": "u-1", "session_id": "s-1"}
    put(
        "prediction", {"id": "p-1", "model": "m", "prediction": "paid", "request_id": "req-1", "trace_id": TRACE, **who}
    )
    put("prediction", {"id": "other", "model": "m", "prediction": "paid", "request_id": "req-2"})
    call = {"id": "c-1", "model": "a", "response_id": "resp-1", "trace_id": TRACE, "span_id": SPAN, "response": "hi"}
    put("llm_call", call, {"id": "c-2", "model": "a", "prompt": "alone"})
    put("outcome", {"id": "o-1", "prediction_id": "p-1", "label": "paid"})
    put("feedback", {"id": "f-1", "target_id": "c-1", "value": "up"}, {"id": "f-2", "target_id": "c-2", "value": "up"})
    put("log", {"id": "l-1", "message": "by request", "request_id": "req-1"})
    put("log", {"id": "l-2", "message": "by trace", "trace_id": TRACE}, {"id": "l-3", "message": "of nobody"})
    drain_until_empty(now=now)
    Span.objects.create(
        id=1,
        project=project,
        event_id="aa00000000000001",
        trace_id=TRACE,
        name="root",
        ts_us=1,
        ingested_us=1,
        duration_us=5,
    )


def told(project: Any, story: Story) -> set[str]:
    facts = [one.event_id for one in read_span_facts(project, story)]
    assert facts == [span.event_id for span in read_spans(project, story)]
    rows = [*story.served, *story.logs, *read_spans(project, story), *story.outcomes, *story.feedback]
    return {row.event_id for row in rows}


WHOLE = {"p-1", "c-1", "l-1", "l-2", "aa00000000000001", "o-1", "f-1"}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("req-1", "request_id"),
        (TRACE, "trace_id"),
        (SPAN, "span_id"),
        ("aa00000000000001", "span_id"),
        ("p-1", "prediction"),
        ("c-1", "llm_call"),
        ("o-1", "outcome"),
        ("f-1", "feedback"),
        ("resp-1", "response_id"),
        ("l-1", "log"),
        ("l-2", "log"),
        ("s-1", "session_id"),
        ("u-1", "user_id"),
    ],
)
def test_any_id_leads_to_all_of_it(project, text, name):
    story = read_story(project, text)
    assert name in story.names
    assert told(project, story) == WHOLE


@pytest.mark.parametrize("name", ["session_id", "user_id", "request_id"])
def test_all_traces_of_what_only_spans_name_are_found(project, now, name):
    """As it is written: capitals stay, in what is no hexadecimal id."""
    for number in range(1, 4):
        Span.objects.create(
            id=900 + number,
            project=project,
            event_id=f"{number:016x}",
            trace_id=f"{number:032x}",
            ts_us=micros(now) + number,
            ingested_us=1,
            duration_us=1,
            **({name: "Only-Here"} if number < 3 else {}),
        )
    story = read_story(project, "Only-Here")
    assert story.names == [name]
    found = {span.trace_id for span in read_spans(project, story)}
    assert found == {f"{number:032x}" for number in (1, 2)}


def test_what_stands_alone_is_shown_alone(project):
    assert told(project, read_story(project, "c-2")) == {"c-2", "f-2"}
    assert told(project, read_story(project, "l-3")) == {"l-3"}


@pytest.mark.parametrize("text", ["", "nobody", "x" * 300, "p-1 ", "a\x00b", "' OR 1=1 --"])
def test_what_is_no_id_is_not_found(project, text):
    assert read_story(project, text) is None


def test_another_project_sees_nothing(other_project):
    assert all(read_story(other_project, text) is None for text in ("req-1", TRACE, SPAN, "p-1", "resp-1", "s-1"))


def test_ids_are_looked_up_along_indexes_alone(project):
    with CaptureQueriesContext(
        connection,
    ) as seen:
        look_up(project, "nobody")
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for query in seen.captured_queries:
                cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}")
                plan = [row[3] for row in cursor.fetchall()]
                assert not [step for step in plan if step.startswith("SCAN monitoring_") or "_page" in step], query[
                    "sql"
                ]


def test_the_api_tells_the_same(client, project, now):

    token = create_key(project=project, name="r", scopes=["read"])[1]
    auth = {"Authorization": f"Bearer {token}"}
    found = client.get("/api/v1/requests/resp-1", headers=auth).json()
    assert [call["id"] for call in found["llm_calls"]] == ["c-1"]
    assert [line["message"] for line in found["logs"]] == ["by request", "by trace"]
    assert client.get("/api/v1/requests/no/body", headers=auth).status_code == 404


def test_a_business_event_leads_to_what_it_is_about(put: Any, project: Any, now: Any) -> None:
    put("event", {"id": "e-1", "name": "purchase", "value": 12.5, "target_id": "p-1"}, {"id": "e-2", "name": "visit"})
    drain_until_empty(now=now)
    story = read_story(project, "e-1")
    assert story
    assert (story.names, told(project, story)) == (["event"], WHOLE)
    assert read_story(project, "e-2") is None, "about nothing that was asked"
