"""Prompts and responses as people read them, whatever shape a client sent them in."""

import json
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from monitoring.models import LLMCall, LogRecord
from monitoring.selectors.wire import payload_of

EXCERPT = 140
SPEAKERS = {"system": _("System"), "user": _("User"), "assistant": _("Assistant"), "tool": _("Tool")}


@dataclass(frozen=True, slots=True)
class Message:
    """One turn: who speaks, and the text."""

    role: str
    text: str

    @property
    def speaker(self) -> str:
        """The role in the reader's language; a role nobody has heard of as it was sent."""
        return str(SPEAKERS.get(self.role, self.role))


def messages_of(value: Any, role: str) -> list[Message]:
    """A string, one message, or a list of messages; anything else is shown as JSON rather than hidden."""
    if value is None or value == "":
        return []
    if isinstance(value, list):
        return [message for item in value for message in messages_of(item, role)]
    if isinstance(value, dict) and "content" in value:
        return [Message(str(value.get("role", role)), _text(value["content"]))]
    return [Message(role, _text(value))]


def conversation_of(payload: dict[str, Any]) -> list[Message]:
    """System, prompt and response, in the order they were said."""
    return [
        *messages_of(payload.get("system"), "system"),
        *messages_of(payload.get("prompt"), "user"),
        *messages_of(payload.get("response"), "assistant"),
    ]


def turn_of(payload: dict[str, Any]) -> list[Message]:
    """What a call adds to a conversation: what was said since the last answer, and the answer. Nothing where neither was captured."""
    said = [message for message in messages_of(payload.get("prompt"), "user") if message.role != "system"]
    answers = [place for place, message in enumerate(said, start=1) if message.role == "assistant"]
    new = said[answers[-1] :] if answers else said
    return [*(new or said[-1:]), *messages_of(payload.get("response"), "assistant")]


def excerpt_of(call: LLMCall) -> str:
    """The start of the last thing the user said, on one line."""
    said = messages_of(payload_of(call).get("prompt"), "user")
    asked = [message.text for message in said if message.role == "user"] or [message.text for message in said]
    line = " ".join(asked[-1].split()) if asked else ""
    return line if len(line) <= EXCERPT else f"{line[:EXCERPT]}…"


def log_fields(line: LogRecord) -> str:
    """Everything of a log line but what it says, ready to read: a trace back keeps its lines."""
    payload = payload_of(line)
    extra = payload.pop("extra", None)
    exception = payload.pop("exception", None)
    fields = {**payload, **(extra if isinstance(extra, dict) else {})}
    told = exception if isinstance(exception, str) else _traceback(exception)
    return "\n\n".join(filter(None, [told, pretty(fields) if fields else ""]))


def _traceback(exception: Any) -> str:
    """loguru's holds its text beside type and value."""
    if isinstance(exception, dict) and isinstance(exception.get("traceback"), str):
        return str(exception["traceback"])
    return pretty(exception) if exception else ""


def pretty(value: Any) -> str:
    """Readable JSON."""
    return json.dumps(value, ensure_ascii=False, indent=2, default=str)


def _text(content: Any) -> str:
    """Text parts joined; other parts as JSON."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(_text(part) for part in content)
    if isinstance(content, dict) and isinstance(content.get("text"), str):
        return str(content["text"])
    if isinstance(content, dict) and isinstance(content.get("not_stored"), str):
        return gettext("[%(media)s: not stored; its client keeps it elsewhere]") % {"media": content["not_stored"]}
    return pretty(content)
