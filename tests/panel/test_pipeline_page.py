"""The tab that tells where time, money and errors go, step by step."""

from datetime import datetime, timedelta

import pytest
from django.test import Client

from models_registry.models import Model
from monitoring.models import Span
from tests.panel import story

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TAB = "/p/aurora/models/support-assistant/pipeline/"


def make_spans(model: Model, at: datetime, count: int) -> None:
    """A trace: each span calls the next seven."""
    Span.objects.bulk_create(
        [
            Span(
                id=number + 1,
                project=model.project,
                event_id=f"{number:016x}",
                parent_span_id="" if not number else f"{(number - 1) // 7:016x}",
                trace_id=TRACE,
                name="<b>serve</b>" if not number else f"step {number % 9}",
                role="chain",
                status=2 if number == 3 else 0,
                ts_us=story.micros(at) + number,
                ingested_us=1,
                duration_us=1_000_000 // (number + 1),
            )
            for number in range(count)
        ],
        batch_size=500,
    )


@pytest.mark.parametrize("count", [9, pytest.param(30_000, marks=pytest.mark.once)])
def test_steps_are_told_with_examples(
    as_bia: Client, support_assistant: Model, stopped_clock: datetime, count: int
) -> None:
    at = stopped_clock - timedelta(minutes=5)
    make_spans(support_assistant, at, count)
    story.make_call(support_assistant, 1, at, trace_id=TRACE, span_id=f"{1:016x}", prompt_name="answer")
    answer = as_bia.get(TAB)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert len(answer.content) < 250_000
    for said in ("&lt;b&gt;serve", "step 1", f"/p/aurora/requests/{TRACE}/", "failed"):
        assert said in page
    shown = answer.context["page"]
    assert (shown.calls, shown.untraced, shown.traces, shown.cut) == (1, 0, 1, False)
    assert shown.parts == count + 1


def test_a_prompt_narrows_it_and_an_empty_range_says_so(
    as_bia: Client, support_assistant: Model, stopped_clock: datetime
) -> None:
    story.make_call(support_assistant, 1, stopped_clock - timedelta(minutes=5), prompt_name="answer")
    assert "answer · gpt-4o-mini" in as_bia.get(TAB, {"prompt": "answer"}).content.decode()
    assert "No call in this range" in as_bia.get(TAB, {"prompt": "<i>other"}).content.decode()
    assert "&lt;i&gt;other" in as_bia.get(TAB, {"prompt": "<i>other"}).content.decode()
