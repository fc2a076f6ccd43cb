"""What was said in a call: system, prompt, response, tools and tool calls."""

from typing import Any

from monitoring.dialects.chunks import calls_in
from monitoring.dialects.evidence import Claim, Evidence
from monitoring.dialects.messages import Answer, Message, answer, conversation, split_system, system_text
from monitoring.dialects.tools import tools_of

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
    return _response(evidence, call, flags)


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
            found = conversation(claim.value)
        if found is not None:
            _use(evidence, claim)
    return found


def _response(evidence: Evidence, call: dict[str, Any], flags: list[str]) -> Any:
    chunks = [one for claim in evidence.claims("chunks") for one in claim.value]
    found: Answer | None = None
    for claim in evidence.claims("response"):
        if found is None or not (found.text and found.tool_calls):
            found = _both(found, answer(claim.value))
        if found is not None:
            _use(evidence, claim)
    if found is None:
        return None
    call["response"] = found.text or ""
    if tool_calls := found.tool_calls or (chunks and calls_in(chunks)):
        call["tool_calls"] = tool_calls
    if found.reasoning:
        evidence.leftover["reasoning"] = found.reasoning
    if found.more:
        evidence.leftover["choices"] = found.more
        flags.append("more_choices")
    return found.finish_reason


def _both(found: Answer | None, told: Answer | None) -> Answer | None:
    """What is empty may be told in another way, and tool calls beside the text that they came with."""
    if found is None or told is None:
        return found or told
    if found.text:
        return found if told.text else found._replace(tool_calls=told.tool_calls)
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
