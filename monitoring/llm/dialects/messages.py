"""Prompts and answers in whatever form they come, as messages of one form.

A message is `{"role", "content", "tool_calls", "tool_call_id"}`: content is a text, or a list of parts where there is
more than text. What a message has beyond that is kept under its own name.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from monitoring.llm.dialects.parts import item_in_words, parts_of, tool_call, type_of
from monitoring.llm.dialects.values import loaded

Message = dict[str, Any]
THINKING = "thinking"
ROLES = {"human": "user", "ai": "assistant", "model": "assistant", "function": "tool", "aimessage": "assistant"}
ROLES |= {"humanmessage": "user", "systemmessage": "system", "toolmessage": "tool", "aimessagechunk": "assistant"}
# Older OpenLLMetry tells what was thought as a message of somebody who thinks.
ROLES[THINKING] = "assistant"
NOT_ANSWERING = frozenset({"system", "developer", "user", "tool"})
SYSTEM_ROLES = frozenset({"system", "developer"})
# Objects that hold a conversation, by the key that does; what speaks for the system stands in front.
HOLDERS = ("messages", "input", "contents", "prompt", "prompts", "history")
SYSTEM_KEYS = ("system", "instructions", "system_instruction", "systemInstruction")
# Objects that hold an answer.
ANSWERS = (
    *("choices", "output", "candidates", "generations", "messages", "message", "output_text", "completion"),
    "combined_chunk_content",
)
ITEM_TYPES = frozenset({"message", "function_call", "function_call_output", "reasoning", "custom_tool_call"})
READ = frozenset({"role", "content", "contents", "parts", "tool_calls", "tool_call_id", "type", "text", "message"})
READ |= {"finish_reason", "function_call", "index", "object", "call_id", "kwargs", "tool_call", "message_content"}
CONTENTS = ("parts", "contents", "content", "text", "refusal")  # where a message keeps what it says
PART_KEYS = frozenset({"toolName", "toolUse", "functionCall"})  # of a part that stands where a message would
# An object that its client could not write down, which says nothing: a stream or an answer that nobody had read yet.
_OBJECT = re.compile(r"<(?:[\w.]+ object at 0x[0-9a-f]+|\w*APIResponse \[\d+ [^\]]*\] type=.*)>$|EventStream$")
NOTHING: tuple[Any, ...] = (None, "", [], {})


class Answer(NamedTuple):
    """What the model said: the text of the first choice, its tool calls, its reasoning, and the other choices."""

    text: str | None
    tool_calls: list[dict[str, Any]]
    reasoning: str
    more: list[Message]
    finish_reason: Any = None


def conversation(value: Any) -> list[Message] | None:
    """The messages of a prompt; None where there is nothing in it."""
    value = loaded(value)
    if isinstance(value, Mapping):
        found = list(_held(value))
    elif isinstance(value, list):
        inner = value[0] if len(value) == 1 and isinstance(value[0], list) else value
        found = [message for one in inner for message in _messages(one, "user")]
    else:
        found = [] if value in NOTHING else [{"role": "user", "content": str(value)}]
    return found if any(one["content"] or "tool_calls" in one for one in found) else None


def _held(value: Mapping[str, Any]) -> Iterator[Message]:
    """The messages of an object that holds a conversation, or is a message."""
    holder = next((key for key in HOLDERS if value.get(key) not in NOTHING and "role" not in value), None)
    for key in SYSTEM_KEYS:
        if value.get(key) not in NOTHING and "role" not in value:
            yield from _message("system", parts_of(_plain(value[key])), {})
    if holder is not None:
        yield from conversation(value[holder]) or ()
    elif any(key in value for key in ("role", "content", "parts", "kwargs", "message")):
        yield from _messages(value, "user")


def system_text(value: Any) -> str | None:
    """A system prompt: a text, a message, or a list of parts."""
    value = loaded(value)
    return flat(list(parts_of(_plain(value)))) or None


def split_system(messages: list[Message]) -> tuple[str | None, list[Message]]:
    """(what speaks for the system at the beginning, the rest)."""
    if messages and messages[0].get("role") not in SYSTEM_ROLES:
        return None, messages
    place = next((place for place, one in enumerate(messages) if one.get("role") not in SYSTEM_ROLES), len(messages))
    head = [flat(one.get("content")) for one in messages[:place]]
    return "\n".join(filter(None, head)) or None, messages[place:]


def flat(content: Any) -> str:
    """The text of a content."""
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] for part in content or () if isinstance(part.get("text"), str) and part["text"])


def answer(value: Any) -> Answer | None:
    """What a response holds; None where there is no response in it."""
    value = loaded(value)
    if value is None or value == {} or value == [] or (isinstance(value, str) and _OBJECT.match(value)):
        return None
    if isinstance(value, str | int | float):
        return Answer(str(value), [], "", [])
    value = _joined(value)
    said = [message for one in _choices(value) for message in _messages(one, "assistant")]
    said = [one for one in said if one.get("role") not in NOT_ANSWERING]
    return _answer(said, _reason(value)) if said else None


def _joined(value: Any) -> Any:
    """The pieces of a stream as one message: all but the last are told without an end (ADK). Choices have one each."""
    if not isinstance(value, list) or len(value) < 2 or not all(isinstance(one, Mapping) for one in value):
        return value
    if not value[-1].get("finish_reason") or any(one.get("finish_reason") != "" for one in value[:-1]):
        return value
    parts = [part for one in value for part in parts_of(one.get("parts"))]
    text = "".join(part["text"] for part in parts if part["type"] == "text")
    others = [part for part in parts if part["type"] != "text"]
    return [{**value[-1], "parts": [{"type": "text", "text": text}, *others] if text else others}]


def _answer(said: list[Message], reason: Any) -> Answer:
    """The first message with text speaks; those without bring their tool calls and reasoning; the others are further choices."""
    texts = [flat([part for part in _parts(one) if part.get("type") == "text"]) for one in said]
    first = next((place for place, told in enumerate(texts) if told), 0)
    ours = [one for place, one in enumerate(said) if place == first or not texts[place]]
    calls = [call for one in ours for call in one.get("tool_calls", ())]
    reasoning = "\n".join(
        part.get("text", "") for one in ours for part in _parts(one) if part.get("type") == "reasoning"
    )
    more = [one for place, one in enumerate(said) if place != first and texts[place]]
    return Answer(texts[first], calls, reasoning, more, reason)


def _choices(value: Any) -> Iterator[Any]:
    """The messages that an answer is made of."""
    value = loaded(value)
    if isinstance(value, list):
        for one in value:
            yield from _choices(one)
    elif isinstance(value, Mapping) and value.get("role") is None and type_of(value) not in ITEM_TYPES:
        key = next((key for key in ANSWERS if value.get(key) not in NOTHING), None)
        if key is None:
            yield value
        else:
            yield from _choices(value[key])
    elif value not in NOTHING:
        yield value


def _reason(value: Any) -> Any:
    """The first finish reason that stands beside a message."""
    value = loaded(value)
    if isinstance(value, list):
        return next((found for one in value if (found := _reason(one)) is not None), None)
    if not isinstance(value, Mapping):
        return None
    told = value.get("finish_reason") or value.get("stop_reason") or value.get("finishReason")
    if not told and type_of(value) == "message":  # an item of OpenAI's Responses
        told = value.get("status")
    return told or next((found for key in ANSWERS if (found := _reason(value.get(key))) is not None), None)


def _messages(value: Any, role: str) -> Iterator[Message]:
    """The messages that one entry of a conversation comes to."""
    value = loaded(value)
    if isinstance(value, str):
        yield {"role": role, "content": value}
    elif isinstance(value, list):
        for one in value:
            yield from _messages(one, role)
    elif isinstance(value, Mapping):
        inner = loaded(value.get("message") or value.get("kwargs"))
        if isinstance(inner, Mapping):
            value = {**value, **inner}
        elif isinstance(inner, list):
            value = {**value, "content": inner}
        yield from _message(_role(value, role), _content(value), value)


def _role(value: Mapping[str, Any], role: str) -> str:
    kind = type_of(value)
    if kind in ("function_call", "reasoning", "custom_tool_call"):
        return "assistant"
    if kind in ("function_call_output", "custom_tool_call_output"):
        return "tool"
    given = value.get("role") or (kind if kind.lower() in {*ROLES, "system", "tool"} else role)
    return ROLES.get(str(given).lower(), str(given).lower())


def _content(value: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if type_of(value) in ITEM_TYPES - {"message"} or not PART_KEYS.isdisjoint(value):
        yield from parts_of([value])
        return
    if value.get("role") == THINKING:
        yield {"type": "reasoning", "text": flat(list(parts_of(value.get("content"))))}
        return
    key = next((key for key in CONTENTS if value.get(key) not in NOTHING), "content")
    held = value.get(key)
    yield from parts_of(held["parts"] if type(held) is dict and held.get("parts") else held)  # a candidate of Gemini's
    yield from ({"type": "tool_call", **tool_call(one)} for one in _calls(value))


def _calls(value: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    kept = value.get("additional_kwargs")  # where LangChain keeps what its own messages have no place for
    given = loaded(value.get("tool_calls")) or (kept.get("tool_calls") if type(kept) is dict else None)
    given = given or ([value["function_call"]] if value.get("function_call") else ())
    return [one for one in given if isinstance(one, Mapping)] if isinstance(given, list) else ()


def _message(role: str, parts: Iterable[dict[str, Any]], value: Mapping[str, Any]) -> Iterator[Message]:
    """One message of its parts, and one of its own for every tool result among them."""
    found = [item_in_words(part) or part for part in parts]
    results = [part for part in found if part["type"] == "tool_result"] if found else []
    told = [part for part in found if part["type"] not in ("tool_call", "tool_result")]
    calls = [_unique(part) for part in found if part["type"] == "tool_call"]
    for result in results:
        content = list(parts_of(result.get("content")))
        yield {"role": "tool", "tool_call_id": result.get("id", ""), "content": _whole(content)}
    if told or calls or not results:
        message: Message = {"role": role, "content": _whole(told)}
        if calls:
            message["tool_calls"] = _once(calls)
        if value.get("tool_call_id"):
            message["tool_call_id"] = value["tool_call_id"]
        yield message | {key: part for key, part in value.items() if key not in READ and part not in NOTHING}


def _once(calls: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each call once: what a stream began with an id and no arguments is the call of that id that has some."""
    found: dict[str, dict[str, Any]] = {}
    for call in calls:
        key = str(call.get("id") or call)
        if not found.get(key, {}).get("arguments"):
            found[key] = call
    return list(found.values())


def _whole(parts: list[dict[str, Any]]) -> Any:
    """A text where there is one part of text or none, else the parts."""
    if not parts:
        return ""
    return parts[0]["text"] if len(parts) == 1 and parts[0]["type"] == "text" else parts


def _unique(call: dict[str, Any]) -> dict[str, Any]:
    return {key: part for key, part in call.items() if key != "type"}


def _parts(message: Message) -> Iterable[dict[str, Any]]:
    content = message.get("content")
    return content if isinstance(content, list) else ([{"type": "text", "text": content}] if content else ())


def _plain(value: Any) -> Any:
    """The content of a message, where it is one."""
    if isinstance(value, Mapping):
        return value.get("content") or value.get("parts") or value
    return value
