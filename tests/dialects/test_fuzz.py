"""Whatever a client writes under the names that are read, a reader reads or leaves over; it never fails."""

import json
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from monitoring.items import LLMCallItem
from monitoring.llm.dialects.aliases import ALIASES
from monitoring.llm.dialects.caps import capped
from monitoring.llm.dialects.kinds import kind_of
from monitoring.llm.dialects.merge import merge
from monitoring.llm.dialects.read import read_log, read_span
from monitoring.llm.dialects.same_call import needs_time, same_call
from monitoring.llm.dialects.seen import Happening, Seen

WORDS = [
    "role",
    "content",
    "parts",
    "type",
    "text",
    "tool_calls",
    "function",
    "name",
    "arguments",
    "messages",
    "message",
]
WORDS += [
    "choices",
    "output",
    "usage",
    "prompt_tokens",
    "input_tokens",
    "details",
    "id",
    "model",
    "0",
    "kwargs",
    "generations",
]
KINDS = [
    "user",
    "assistant",
    "tool",
    "text",
    "tool_call",
    "tool_result",
    "reasoning",
    "message",
    "function_call",
    "image",
]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 2**62)
    | st.floats()
    | st.text(max_size=6)
    | st.binary(max_size=3)
    | st.sampled_from(KINDS)
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=12,
)
TEXTS = VALUES.map(lambda value: json.dumps(value, default=str)) | VALUES
SOURCES = [row.source.partition(" > ")[0] for row in ALIASES]
NAMES = st.sampled_from([name for name in SOURCES if not name.endswith("*") and ":" not in name]) | st.builds(
    lambda family, place, rest: f"{family.removesuffix('*')}{place}{rest}",
    st.sampled_from([name for name in SOURCES if name.endswith("*")]),
    st.integers(0, 2),
    st.sampled_from(
        ["", ".role", ".message.content", ".message.tool_calls.0.tool_call.function.name", ".content.1.x", "."]
    ),
)
EVENTS = st.sampled_from([name.removeprefix("event:") for name in SOURCES if ":" in name] + ["exception", "other"])
CALL = {"gen_ai.operation.name": "chat"}
SEEN = st.builds(
    Seen,
    trace_id=st.sampled_from(["", "a" * 32]),
    span_id=st.sampled_from(["", "b" * 16, "c" * 16]),
    parent_span_id=st.sampled_from(["", "b" * 16, "d" * 16]),
    scope=st.sampled_from(
        ["", "logfire.openai", "mlflow.x", "langfuse-sdk", "openinference.instrumentation.langchain"]
    ),
    start_us=st.integers(0, 3),
    end_us=st.integers(0, 3),
    status=st.sampled_from(["unset", "ok", "error"]),
    status_message=st.text(max_size=8),
    attributes=st.dictionaries(NAMES, TEXTS, max_size=8).map(lambda given: CALL | given),
    events=st.lists(
        st.builds(Happening, EVENTS, st.integers(0, 3), st.dictionaries(NAMES, TEXTS, max_size=2)), max_size=2
    ),
    body=TEXTS,
    event_name=st.sampled_from(
        [
            "gen_ai.client.inference.operation.details",
            "gen_ai.choice",
            "gen_ai.user.message",
            "gen_ai.tool.message",
            "x",
        ]
    ),
)


@given(st.lists(SEEN, max_size=4))
def test_anything_is_read_joined_and_merged_or_is_no_call(given_spans):
    found = [reading for seen in given_spans for reading in (read_span(seen), read_log(seen)) if reading is not None]
    for one in found:
        msgspec.json.encode(one)
        fields = {name: value for name, value in one.call.items() if name not in ("ts", "id")}
        assert set(fields) <= set(LLMCallItem.__struct_fields__)
        assert all(bucket >= 0 for bucket in one.call.get("usage", {}).values())
        assert one.start_us <= one.end_us
        needs_time(one)
    for group in same_call(found):
        whole = merge([found[place] for place in group])
        assert merge([whole]) == whole


@given(SEEN)
def test_no_attribute_of_a_call_is_dropped_in_silence(seen):
    """What the table has no row for is left over as it is."""
    seen.attributes["their.own"] = "kept"
    found = read_span(seen)
    if kind_of(seen) == "llm":
        assert found is not None
        assert found.leftover["their.own"] == "kept"


@given(st.dictionaries(NAMES, TEXTS, max_size=6))
def test_capping_keeps_every_name(attributes):
    assert capped(attributes).keys() == attributes.keys()
