"""One part of a message, and one tool call, whatever the client calls their fields.

A part becomes `{"type": "text", "text"}`, `{"type": "reasoning", "text"}`, `{"type": "tool_call", id, name, arguments}`,
`{"type": "tool_result", id, content}`, or stays as it came (pictures, sound, files).
"""

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from typing import Any

from monitoring.llm.dialects.values import loaded

TEXT_TYPES = frozenset({"text", "input_text", "output_text", "refusal", "summary_text"})
REASONING_TYPES = frozenset({"reasoning", "thinking", "reasoning_text", "thought"})
CALL_TYPES = frozenset({"tool_call", "tool-call", "tool_use", "function_call", "server_tool_use", "custom_tool_call"})
RESULT_TYPES = frozenset(
    {"tool_call_response", "tool-result", "tool_result", "function_call_output", "custom_tool_call_output"}
)
RESULT_IDS = ("call_id", "tool_use_id", "tool_call_id", "toolCallId", "id")
EMPTY = ("", '""', "[]")  # no text, and the JSON of none
TEXT_KEYS = ("text", "content", "refusal", "thinking", "output_text", "value")
# What stands where a client laid media down in a place of its own: Langfuse's references, and MLflow's.
ELSEWHERE = re.compile(r"@@@langfuseMedia:type=([^|@]*)|mlflow-attachment://[^?]*(?:\?content_type=([^&]*))?")
# What wraps a part or a tool call in another object of one key.
WRAPPERS = ("tool_call", "functionCall", "function_call", "toolUse", "message_content")


def parts_of(content: Any) -> Iterator[dict[str, Any]]:
    """The parts of a message's content: a text is one part, nothing is none."""
    content = loaded(content) if isinstance(content, str) and content.lstrip()[:2] in ("[{", '["') else content
    if content in (None, *EMPTY):
        return
    for one in content if isinstance(content, list) else [content]:
        if one is not None:
            yield part_of(one)


def part_of(value: Any) -> dict[str, Any]:
    """One part."""
    if not isinstance(value, Mapping):
        return {"type": "text", "text": value if isinstance(value, str) else str(value)}
    wrapper = next((key for key in WRAPPERS if isinstance(value.get(key), Mapping) and "function" not in value), None)
    if wrapper == "message_content":
        return part_of(value[wrapper])
    if wrapper is not None:
        return {"type": "tool_call", **tool_call(value[wrapper])}
    return _typed(value)


def type_of(value: Mapping[str, Any]) -> str:
    """What a part or an item says it is; empty where it says nothing."""
    kind = value.get("type")
    return kind if isinstance(kind, str) else ""


def _typed(value: Mapping[str, Any]) -> dict[str, Any]:
    kind = type_of(value)
    if kind in REASONING_TYPES or value.get("thought") is True:
        return {"type": "reasoning", "text": _text(value) or _summary(value)}
    if kind in CALL_TYPES or (not kind and "toolName" in value):
        return {"type": "tool_call", **tool_call(value)}
    if kind in RESULT_TYPES:
        return {"type": "tool_result", **_result(value)}
    if kind in TEXT_TYPES or (not kind and isinstance(value.get("text"), str)):
        return {"type": "text", "text": _text(value)}
    told = {key: _text_of(part) for key, part in value.items()} | {"type": kind or "other"}
    media = next(filter(None, map(_media_elsewhere, _values_in(told))), None)
    return told | ({"not_stored": media} if media else {})


def _values_in(part: Mapping[str, Any]) -> Iterator[Any]:
    """What a picture, a sound or a file may be told by: `image_url`, `image_url.url`, `source.data`."""
    for value in part.values():
        yield from value.values() if isinstance(value, Mapping) else (value,)


def _media_elsewhere(value: Any) -> str | None:
    """The kind of media that a text stands for; None where it is no reference to any."""
    found = ELSEWHERE.match(value) if isinstance(value, str) else None
    return (found[1] or found[2] or "").replace("%2F", "/") or "media" if found else None


def _text_of(value: Any) -> Any:
    """Bytes as JSON carries them."""
    return b64encode(value).decode() if isinstance(value, bytes) else value


def item_in_words(part: Mapping[str, Any]) -> dict[str, Any] | None:
    """The tool call or reasoning whose JSON a text is, as OpenLLMetry and MLflow tell parts that they do not know."""
    text = part.get("text")
    told = loaded(text) if isinstance(text, str) and text[:1] == "{" and '"type"' in text else None
    known = isinstance(told, Mapping) and type_of(told) in CALL_TYPES | REASONING_TYPES
    return part_of(told) if known else None


def tool_call(value: Mapping[str, Any]) -> dict[str, Any]:
    """A tool call as `id`, `name` and `arguments` (an object, or the text that is none); what is absent was not said."""
    wrapped = value.get("tool_call")
    value = wrapped if isinstance(wrapped, Mapping) else value
    function = value.get("function")
    inner: Mapping[str, Any] = function if isinstance(function, Mapping) else value
    given = next(
        (inner[key] for key in ("arguments", "args", "input", "parameters") if inner.get(key) is not None), None
    )
    given = given or inner.get("partial_json", given)  # of a stream whose pieces LangChain put together
    told = {
        "id": value.get("call_id") or value.get("id") or value.get("tool_call_id") or value.get("toolCallId"),
        "name": inner.get("name") or inner.get("toolName") or (function if isinstance(function, str) else None),
        "arguments": loaded(given) if isinstance(given, str) and given.lstrip().startswith("{") else given,
    }
    return {key: part for key, part in told.items() if part is not None}


def _result(value: Mapping[str, Any]) -> dict[str, Any]:
    keys = ("response", "result", "output", "content")
    told = {
        "id": next((value[key] for key in RESULT_IDS if value.get(key)), None),
        "content": next((value[key] for key in keys if value.get(key) is not None), None),
    }
    return {key: part for key, part in told.items() if part is not None}


def _text(value: Mapping[str, Any]) -> str:
    return next((value[key] for key in TEXT_KEYS if isinstance(value.get(key), str)), "")


def _summary(value: Mapping[str, Any]) -> str:
    told = value.get("summary") or value.get("content") or ()
    return "\n".join(part["text"] for part in parts_of(told) if isinstance(part.get("text"), str))
