"""What was said in a call: system, prompt, response, tools and tool calls."""

from typing import Any

from monitoring.llm.dialects.chunks import calls_in, said_in
from monitoring.llm.dialects.evidence import Claim, Evidence
from monitoring.llm.dialects.messages import Answer, Message, answer, conversation, split_system, system_text
from monitoring.llm.dialects.parts import ELSEWHERE
from monitoring.llm.dialects.tools import tools_of
from monitoring.llm.dialects.values import loaded

EVENTS = "events"
ANSWERING = ("gen_ai.assistant.message", "gen_ai.choice")
HOLDING = ("messages", "message", "choices", "output", "content", "text")


def read_contents(evidence: Evidence, call: dict[str, Any], flags: list[str]) -> Any:
    """Fills in what was said; gives the finish reason that stands beside the answer, if one does."""
    system = _system(evidence)
    prompt = _prompt(evidence)
    if prompt is not None:
        head, rest = split_system(prompt)
        call["prompt"] = rest
        system = system or head
    if system is not None:
        call["system"] = system
    _tools(evidence, call)
    reason = _response(evidence, call, flags)
    if any(map(_lacks_media, (*call.get("prompt", ()), {"content": call.get("response")}))):
        flags.append("media_not_stored")
    return reason


def _lacks_media(message: Message) -> bool:
    content = message.get("content")
    if isinstance(content, str):
        return ELSEWHERE.match(content) is not None
    return isinstance(content, list) and any("not_stored" in part for part in content)


def _system(evidence: Evidence) -> str | None:
    found: str | None = None
    for claim in evidence.claims("system"):
        told = system_text(claim.value)
        if told is not None and found in (None, told):
            found = told
            evidence.use(claim)
    return found


def _prompt(evidence: Evidence) -> list[Message] | None:
    """The first way that it is told; the others tell the same at more length and are not kept."""
    found: list[Message] | None = None
    for claim in evidence.claims("prompt"):
        if found is None:
            found = conversation(_split(claim)[0] if claim.place.name == EVENTS else claim.value)
        if found is not None:
            _use(evidence, claim)
    return found


def _response(evidence: Evidence, call: dict[str, Any], flags: list[str]) -> Any:
    chunks = [one for claim in evidence.claims("chunks") for one in claim.value]
    found: Answer | None = None
    for claim in evidence.claims("response"):
        if found is None or not (found.text and found.tool_calls):
            found = _both(found, answer(_split(claim)[1] if claim.place.name == EVENTS else claim.value))
        if found is not None:
            _use(evidence, claim)
    text = said_in(chunks, call) if chunks else ""
    if found is None and not text:
        return None
    found = found or Answer(text, [], "", [])
    call["response"] = found.text or text
    if tool_calls := found.tool_calls or (chunks and calls_in(chunks)):
        call["tool_calls"] = _unwrapped(tool_calls) if evidence.dialect == "logfire" else tool_calls
    if found.reasoning:
        evidence.leftover["reasoning"] = found.reasoning
    if found.more:
        evidence.leftover["choices"] = found.more
        flags.append("more_choices")
    return found.finish_reason


def _split(claim: Claim) -> tuple[Any, Any]:
    """(what was said before the answer, the answer): Logfire and Pydantic AI told both in one list of events."""
    told = loaded(claim.value)
    told = told if isinstance(told, list) else [told]
    names = [str(one.get("event.name")) if isinstance(one, dict) else "" for one in told]
    if not all(name.startswith("gen_ai.") for name in names):
        return None, None
    asked = max((place for place, name in enumerate(names, 1) if name not in ANSWERING), default=0)
    return told[:asked], told[asked:]


def _unwrapped(tool_calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Before it knew better, Logfire told the arguments of Claude's tools within one that it called `input`, and no id."""
    return [
        one | {"arguments": one["arguments"]["input"]}
        if "id" not in one and isinstance(one.get("arguments"), dict) and one["arguments"].keys() == {"input"}
        else one
        for one in tool_calls
    ]


def _both(found: Answer | None, told: Answer | None) -> Answer | None:
    """What is empty may be told in another way, and tool calls beside the text that they came with."""
    if found is None or told is None:
        return found or told
    if found.text:
        return (
            found._replace(tool_calls=found.tool_calls or told.tool_calls) if told.text in ("", found.text) else found
        )
    return found if found.tool_calls or not (told.text or told.tool_calls) else told


def _tools(evidence: Evidence, call: dict[str, Any]) -> None:
    for claim in evidence.claims("tools"):
        found = tools_of(claim.value)
        if found and "tools" not in call:
            call["tools"] = found
        if found:
            evidence.use(claim)


def _use(evidence: Evidence, claim: Claim) -> None:
    """Of an object that may hold more than messages, only what holds them was used."""
    held = [key for key in HOLDING if key in claim.value] if isinstance(claim.value, dict) else ()
    if claim.place.path or not held:
        evidence.use(claim)
    for key in held:
        evidence.use(claim, key)
