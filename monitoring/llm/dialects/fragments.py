"""Log records that tell one message of a call each: they complete a call, and are none by themselves.

The older conventions of OpenTelemetry send a record for every message of the prompt and one for every choice.
"""

from typing import Any

import msgspec

from monitoring.llm.dialects.kinds import dialect_of
from monitoring.llm.dialects.messages import answer, conversation
from monitoring.llm.dialects.seen import Reading, Seen, Sighting, Utterance
from monitoring.llm.dialects.values import loaded
from monitoring.llm.dialects.words import finish_reason

# The record that tells a whole call a second time, beside its span.
DETAILS = "gen_ai.client.inference.operation.details"
ROLES = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
    "gen_ai.choice": "",
}
_encode = msgspec.json.Encoder(order="sorted").encode


def read_fragment(seen: Seen, name: str) -> Reading | None:
    """One message; None for every record that is none."""
    if name not in ROLES:
        return None
    body = loaded(seen.body)
    call = {key: value for key in ("trace_id", "span_id") if (value := getattr(seen, key))}
    said: list[Utterance] = []
    if ROLES[name]:
        told = {"role": ROLES[name], **body} if isinstance(body, dict) else {"role": ROLES[name], "content": body}
        said = [Utterance(seen.end_us, "prompt", _json(one)) for one in conversation([told]) or ()]
    elif isinstance(body, dict):
        _choice(call, body)
    dialect = dialect_of(seen)
    sighting = Sighting(
        seen.scope or dialect, dialect, seen.trace_id, seen.span_id, "", seen.end_us, seen.end_us, "log"
    )
    flags = ["content_not_captured"] if not body else []
    return Reading(call, dialect, seen.end_us, seen.end_us, {}, flags, [sighting], whole=False, said=said)


def _choice(call: dict[str, Any], body: dict[str, Any]) -> None:
    message = body.get("message")
    told = {**message, "role": "assistant"} if isinstance(message, dict) else {"role": "assistant", "content": message}
    found = answer({"tool_calls": body.get("tool_calls")} | told)
    reason = finish_reason(body.get("finish_reason"))
    if found is not None and not body.get("index"):
        call["response"] = found.text or ""
        if found.tool_calls:
            call["tool_calls"] = found.tool_calls
    if reason:
        call["finish_reason"] = reason


def _json(message: dict[str, Any]) -> str:
    return _encode(message).decode()
