"""What steps around a call say for it, and what they do not."""

import pytest

from monitoring.llm.dialects.around import given, read_around
from monitoring.llm.dialects.read import read_span
from monitoring.llm.dialects.seen import Reading, Seen

TRACE = "a" * 32


def step(number: int, start: int, end: int, *, parent: int = 0, trace: str = TRACE, **said: str) -> Reading:
    """A span that is no call, from and to in seconds."""
    attributes = {name.replace("__", "."): value for name, value in said.items()}
    found = read_around(seen(number, start, end, parent=parent, trace=trace, attributes=attributes))
    assert found is not None
    return found


def call(*, parent: int = 0, start: int = 10, end: int = 20, **said: str) -> Reading:
    """A call that says what is given."""
    attributes = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o"}
    attributes |= {name.replace("__", "."): value for name, value in said.items()}
    found = read_span(seen(99, start, end, parent=parent, attributes=attributes))
    assert found is not None
    return found


def seen(number: int, start: int, end: int, *, parent: int = 0, trace: str = TRACE, attributes: dict) -> Seen:
    return Seen(
        trace_id=trace,
        span_id=f"{number:016x}",
        parent_span_id=f"{parent:016x}" if parent else "",
        start_us=start * 1_000_000,
        end_us=end * 1_000_000,
        attributes=attributes,
    )


def test_a_step_that_says_nothing_is_nothing():
    assert read_around(seen(1, 0, 10, attributes={"http.route": "/ask", "user.id": ""})) is None


def test_a_root_says_it_for_all_calls_within_whatever_lies_between():
    root = step(1, 0, 30, user__id="u", session__id="s", request_id="r")
    assert given(call(parent=7), [root]) == {"user_id": "u", "session_id": "s", "request_id": "r"}


def test_a_call_says_first_what_it_says_itself():
    root = step(1, 0, 30, enduser__id="u", session__id="s", gen_ai__prompt__name="p", gen_ai__prompt__version="2")
    told = call(parent=1, user__id="own", gen_ai__prompt__name="own")
    assert given(told, [root]) == {"session_id": "s"}


def test_the_nearest_parent_that_says_something_counts():
    outer, inner = step(1, 0, 30, user__id="service"), step(2, 5, 25, parent=1, user__id="person")
    assert given(call(parent=2), [outer, inner]) == {"user_id": "person"}
    assert given(call(parent=1), [outer, inner]) == {"user_id": "service"}


def test_where_steps_at_work_contradict_each_other_nothing_is_said():
    one, other = step(1, 0, 30, user__id="u-1"), step(2, 5, 25, user__id="u-2")
    assert given(call(parent=7), [one, other]) == {}
    assert given(call(parent=7, start=26), [one, other]) == {"user_id": "u-1"}


def test_a_step_beside_a_call_says_whose_the_trace_is_and_not_what_its_prompt_is():
    beside = step(1, 0, 5, user__id="u", gen_ai__prompt__name="p")
    assert given(call(), [beside]) == {"user_id": "u"}
    assert given(call(), [beside, step(2, 6, 8, user__id="v")]) == {}


def test_a_prompt_is_that_of_the_step_around():
    around = step(1, 0, 30, gen_ai__prompt__name="p", gen_ai__prompt__version="2")
    assert given(call(parent=1), [around]) == {"prompt_name": "p", "prompt_version": "2"}


def test_other_traces_say_nothing():
    assert given(call(), [step(1, 0, 30, trace="b" * 32, user__id="u")]) == {}


def test_steps_that_are_each_others_parents_end():
    circle = [step(1, 0, 1, parent=2, session__id="s"), step(2, 0, 1, parent=1, session__id="s")]
    assert given(call(parent=1, user__id="u"), circle) == {"session_id": "s"}
    assert given(call(parent=1), circle) == {"session_id": "s"}


@pytest.mark.parametrize("told", ["[Scrubbed due to 'session']", "", None, []])
def test_what_is_no_name_is_not_said(told):
    assert read_around(seen(1, 0, 10, attributes={"session.id": told})) is None
