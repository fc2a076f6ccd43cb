"""What the contents of calls say: contradictory usage, the client's own figure, tool calls and characters."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from models_registry.keys import create_key
from models_registry.models import Model, Project
from monitoring.drain import drain
from monitoring.drain.fold.contents import characters
from monitoring.measures.series import measure_window
from monitoring.models import LLMCall
from monitoring.selectors.summaries import Scope
from monitoring.selectors.wire import event_to_wire
from monitoring.summaries.recount import recount

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
WHOLE = {"input": 1_000, "output": 100}  # US$0.0035 by the list


@pytest.fixture
def send(project: Project, stopped_clock: datetime) -> Any:
    """Through the door: what ingest makes of usage is half of the matter."""
    _, token = create_key(project=project, name="tests", scopes=["ingest"])
    client = Client(headers={"authorization": f"Bearer {token}"})

    def _send(**calls: dict[str, Any]) -> Any:
        named = {"model": "assistant", "version": "1", "provider": "openai", "response_model": "gpt-4o"}
        items = [{**named, "id": event_id, "ts": stopped_clock.timestamp(), **more} for event_id, more in calls.items()]
        answer = client.post("/api/v1/llm-calls", items, content_type="application/json").json()
        drain(now=stopped_clock)
        assert recount(start=stopped_clock - HOUR, end=stopped_clock + HOUR) == []
        return answer

    return _send


def read(name: str, now: datetime) -> Any:
    model = Model.objects.get(slug="assistant")
    return measure_window(name, Scope(model.project_id, model.pk), start=now - HOUR, end=now + HOUR)


def test_counts_that_contradict_each_other_are_a_state_and_no_money(send: Any, now: datetime) -> None:
    cached_above = {"prompt_tokens": 10, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 11}}
    wrong_total = {"input": 10, "output": 5, "total_tokens": 16}
    answer = send(
        whole={"usage": WHOLE},
        right_total={"usage": {**WHOLE, "total": 1_100}},
        cached_above={"usage": cached_above},
        wrong_total={"usage": wrong_total},
        negative={"usage": {"prompt_tokens": -1, "completion_tokens": 1}},
        none={},
        failed={"status": "error"},
        unknown={"usage": WHOLE, "response_model": "nobody-knows"},
        unnamed={"usage": WHOLE, "response_model": ""},
        refused={"usage": {"input": -1}},
    )
    assert [(item["id"] if "id" in item else item["index"], item["code"]) for item in answer["items"]] == [
        (9, "out_of_range")
    ]
    wires = {row.event_id: event_to_wire(row) for row in LLMCall.objects.select_related("version__model")}
    assert {name: wire["pricing_state"] for name, wire in wires.items()} == {
        "whole": "priced",
        "right_total": "priced",
        "cached_above": "usage_mismatch",
        "wrong_total": "usage_mismatch",
        "negative": "usage_mismatch",
        "none": "no_usage",
        "failed": "nothing_to_price",
        "unknown": "no_price",
        "unnamed": "no_model",
    }
    assert {name for name, wire in wires.items() if wire["cost_usd"] is not None} == {"whole", "right_total"}
    assert wires["cached_above"]["extra"]["usage"] == cached_above
    assert wires["wrong_total"]["extra"]["usage"] == wrong_total
    assert wires["wrong_total"]["usage"] == {}
    rate = read("usage_mismatch_rate", now)
    assert (rate.value, rate.n) == (3 / 7, 7)
    assert read("unpriced_rate", now).value == 6 / 8


def test_our_cost_is_held_against_the_client_s_own(send: Any, now: datetime) -> None:
    send(
        same={"usage": WHOLE, "cost_usd": 0.0035},
        near={"usage": WHOLE, "cost_usd": 0.0036},
        low={"usage": WHOLE, "cost_usd": 0.001},
        high={"usage": WHOLE, "cost_usd": 0.01},
        alone={"usage": WHOLE, "response_model": "mine", "cost_usd": 5},
        ours={"usage": WHOLE},
    )
    difference, disputed = read("cost_difference_usd", now), read("cost_disagreement_rate", now)
    assert (difference.value, difference.n) == (pytest.approx(4 * 0.0035 - 0.0181), 4)
    assert (disputed.value, disputed.n) == (0.5, 4)


def test_nothing_to_compare_is_no_data(send: Any, now: datetime) -> None:
    send(a={"usage": WHOLE})
    assert read("cost_difference_usd", now).value is None
    assert read("cost_disagreement_rate", now).value is None


def test_tool_calls_and_sizes(send: Any, now: datetime) -> None:
    tool = {"id": "t", "name": "look_up", "arguments": "{}"}
    send(
        two={"tool_calls": [tool, tool], "finish_reason": "tool_calls", "prompt": "é" * 100, "response": "ok"},
        told={"finish_reason": "tool_calls", "prompt": [{"role": "user", "content": "four"}], "system": "be"},
        none={"tool_calls": [], "response": {"content": [{"type": "text", "text": "x" * 50}]}, "context": ["ab", "c"]},
        one={"tool_calls": tool, "finish_reason": "stop"},
    )
    rate, mean = read("tool_call_rate", now), read("tool_calls_per_call", now)
    assert (rate.value, rate.n, mean.value, mean.n) == (3 / 4, 4, 1.5, 2)
    prompt, response = read("prompt_chars_p95", now), read("response_chars_p95", now)
    assert (prompt.value, prompt.n) == (pytest.approx(100, rel=0.01), 3)
    assert (response.value, response.n) == (pytest.approx(50, rel=0.01), 2)


@pytest.mark.parametrize(
    ("value", "count"),
    [
        (None, None),
        ("", 0),
        ("héllo", 5),
        (["a", {"role": "user", "content": [{"type": "text", "text": "bc"}, {"type": "image_url"}]}], 3),
        ({"choices": [{"message": {"role": "assistant", "content": "abc"}}]}, 3),
        ({"candidates": [{"content": {"parts": [{"text": "ab"}]}}]}, 2),
        ({"answer": "no text of a known place"}, None),
        (7, None),
    ],
)
def test_characters_are_those_of_texts(value: Any, count: int | None) -> None:
    assert characters(value) == count
