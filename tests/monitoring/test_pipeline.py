"""Steps of many traces add up: nothing is lost, own times cover the whole, money is counted once."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.drain import drain_until_empty
from monitoring.models import LLMCall, Span
from monitoring.selectors.pipeline import read_sample
from monitoring.stats.pipeline import DEEPEST, Part, add_up_steps
from tests.monitoring.conftest import micros

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def part(one: str, parent: str = "", *, trace: str = "t", start: int = 0, took: int = 10, **more: Any) -> Part:
    return Part(trace, one, parent, more.pop("name", one), "span", more.pop("error", False), start, took, **more)


def told(parts: list[Part], *, limit: int = 50) -> dict[str, Any]:
    return {step.name: step for step in add_up_steps(parts, limit=limit).steps}


def test_own_time_is_what_nothing_below_covers() -> None:
    parts = [
        part("root", took=100),
        part("a", "root", start=10, took=30),
        part("b", "root", start=20, took=40),
        part("late", "root", start=90, took=50),
    ]
    steps = told(parts)
    assert (steps["root"].self_us, steps["root"].time_us) == (100 - 50 - 10, 100)
    assert steps["a"].self_us == 30


def test_the_same_names_on_the_same_path_are_one_step() -> None:
    parts = [
        part(
            f"{name}{trace}",
            parent and f"{parent}{trace}",
            trace=str(trace),
            name=name,
            took=trace + 1,
            error=trace == 3,
        )
        for trace in range(4)
        for name, parent in (("root", ""), ("ask", "root"))
    ]
    found = add_up_steps(parts, limit=50)
    assert [(step.name, step.depth, step.count, step.errors) for step in found.steps] == [
        ("root", 0, 4, 1),
        ("ask", 1, 4, 1),
    ]
    assert (found.traces, found.parts, found.whole_us) == (4, 8, 10)
    root = found.steps[0]
    assert (root.quantile(0.5), root.quantile(0.95), root.slowest, root.failed) == (2, 4, "3", "3")


def test_money_is_told_to_every_step_above_once() -> None:
    call = {"calls": 1, "nano": 7, "tokens_in": 3, "tokens_out": 2}
    steps = told(
        [part("root"), part("mid", "root"), part("x", "mid", **call), part("y", "mid", **call | {"nano": None})]
    )
    assert [(steps[name].nano, steps[name].calls, steps[name].costed) for name in ("root", "mid", "x", "y")] == [
        (7, 2, 1),
        (7, 2, 1),
        (7, 1, 1),
        (0, 1, 0),
    ]


def test_a_trace_as_deep_as_it_is_long_is_folded() -> None:
    parts = [part(f"{n:06}", f"{n - 1:06}" if n else "", start=n, took=30_000 - n) for n in range(30_000)]
    found = add_up_steps(parts, limit=60)
    assert len(found.steps) == DEEPEST + 1
    assert sum(step.count for step in found.steps) == 30_000


NAMES = st.sampled_from("abcdef")
PARTS = st.lists(
    st.builds(
        lambda trace, one, parent, name, start, took, nano, error: Part(
            trace, one, parent, name, "span", error, start, took, 1 if nano is not None else 0, nano, 1, 1
        ),
        st.sampled_from("tu"), NAMES, NAMES, st.sampled_from("xyz"), st.integers(0, 99), st.integers(-5, 99),
        st.none() | st.integers(0, 99), st.booleans(),
    ),
    max_size=14,
)  # fmt: skip


@given(PARTS, st.data())
def test_nothing_is_lost_and_order_does_not_matter(parts: list[Part], data: Any) -> None:
    unique = list({(one.trace, one.id): one for one in parts}.values())
    found = add_up_steps(unique, limit=1_000)
    assert sum(step.count for step in found.steps) == found.parts == len(unique)
    assert sum(step.self_us for step in found.steps) == found.self_us
    assert all(0 <= step.self_us <= step.time_us for step in found.steps)
    assert sum(step.nano for step in found.steps if not step.depth) == sum(one.nano or 0 for one in unique if one.calls)
    again = add_up_steps(data.draw(st.permutations(unique)), limit=1_000)
    figures = [(step.name, step.depth, step.count, step.errors, step.time_us, step.nano) for step in found.steps]
    assert sorted((s.name, s.depth, s.count, s.errors, s.time_us, s.nano) for s in again.steps) == sorted(figures)
    assert again.whole_us == found.whole_us
    few = add_up_steps(unique, limit=2)
    assert len(few.steps) <= 2
    assert len(few.steps) + few.hidden == len(found.steps)


@pytest.fixture
def _traced(put: Any, project: Any, now: Any) -> None:
    at = micros(now - timedelta(minutes=5))
    call = {
        "model": "app",
        "ts": at,
        "latency_ms": 50,
        "cost_usd": 0.5,
        "usage": {"input": 9, "output": 1},
        "provider": "p",
    }
    traced = {"trace_id": TRACE, "prompt_name": "answer", "request_model": "m-1"}
    put("llm_call", {"id": "native", "parent_span_id": "00000000000000a0", **call, **traced})
    put("llm_call", {"id": "seen", "span_id": "00000000000000a1", **call, **traced})
    put("llm_call", {"id": "alone", **call, "request_model": "m-2", "status": "error"})
    put("llm_call", {"id": "old", **call, "ts": micros(now - timedelta(days=3))})
    drain_until_empty(now=now)
    seen = LLMCall.objects.get(event_id="seen").pk
    for number, (parent, ref) in enumerate((("", None), ("a0", seen), ("a0", None))):
        Span.objects.create(
            id=number + 1,
            project=project,
            event_id=f"00000000000000a{number}",
            parent_span_id=parent and f"00000000000000{parent}",
            trace_id=TRACE,
            name=("serve", "chat", "retrieve")[number],
            role=("chain", "llm", "retriever")[number],
            ts_us=at,
            ingested_us=1,
            duration_us=100_000 if not number else 40_000,
            call_ref=ref,
        )


@pytest.mark.django_db
@pytest.mark.usefixtures("_traced")
def test_a_sample_holds_spans_and_the_calls_that_no_span_told(project, now):
    model = LLMCall.objects.get(event_id="seen").version.model
    sample = read_sample(model, start=now - timedelta(days=1), end=now)
    assert (sample.calls, sample.traced, sample.cut) == (3, 2, False)
    steps = {(step.name, step.depth): step for step in add_up_steps(sample.parts, limit=60).steps}
    assert set(steps) == {("serve", 0), ("chat", 1), ("retrieve", 1), ("answer · m-1", 1)}
    assert steps["serve", 0].nano == 10**9
    assert (steps["chat", 1].calls, steps["retrieve", 1].calls) == (1, 0)
    only = read_sample(model, start=now - timedelta(days=1), end=now, prompt="answer")
    assert only.calls == 2
    assert read_sample(model, start=now - timedelta(days=1), end=now, prompt="none").parts == []


@pytest.mark.django_db
@pytest.mark.usefixtures("_traced")
def test_where_no_call_names_a_trace_the_calls_themselves_are_the_steps(project, now):
    LLMCall.objects.exclude(trace_id="").delete()
    model = LLMCall.objects.get(event_id="alone").version.model
    sample = read_sample(model, start=now - timedelta(days=1), end=now)
    (step,) = add_up_steps(sample.parts, limit=60).steps
    assert (sample.calls, sample.traced, step.name, step.errors) == (1, 0, "m-2", 1)


@pytest.mark.django_db
@pytest.mark.usefixtures("_traced")
def test_a_trace_beyond_the_limit_is_left_out_and_said(project, now, monkeypatch):
    model = LLMCall.objects.get(event_id="seen").version.model
    monkeypatch.setattr("monitoring.selectors.pipeline.SPANS", 2)
    sample = read_sample(model, start=now - timedelta(days=1), end=now)
    assert sample.cut
    assert len([one for one in sample.parts if one.trace == TRACE and not one.calls]) >= 1
