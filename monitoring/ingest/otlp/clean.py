"""What of OpenTelemetry's texts may be stored: legal, redacted, cut. Mostly nothing changes, and that is seen at once.

All texts of a body are looked at together; only where some would change are its records written again.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from monitoring.ingest.plain import Held, gather_values, needs_nothing
from monitoring.ingest.redact import Redactor, pseudonym

NUL = "\x00"
ATTRIBUTE_TEXTS = 8  # an attribute may hold the messages of a whole conversation, each as long as a text may be
# Values that join records: a changed one would lose what is said of them.
JOINING = frozenset(
    {
        "gen_ai.response.id",
        "request.id",
        "request_id",
        "http.request.id",
        "http.request.header.x-request-id",
        "service.name",
    }
)
PEOPLE = frozenset(
    {
        "user.id",
        "enduser.id",
        "user_id",
        "session.id",
        "session_id",
        "gen_ai.user",
        "gen_ai.request.user",
        "llm.user",
        "gen_ai.conversation.id",
        "langfuse.user.id",
        "langfuse.session.id",
        "ai.telemetry.metadata.userId",
        "ai.telemetry.metadata.sessionId",
        "traceloop.association.properties.user_id",
        "traceloop.association.properties.session_id",
    }
)


class Cleaner:
    """Of one body: which texts change, and records with them changed. `cut` holds pointer → original length of the last."""

    def __init__(self, *, redact: Redactor | None, joinable: bool, max_text: int) -> None:
        self._redact = redact
        self._joinable = joinable
        self._limit = max_text * ATTRIBUTE_TEXTS
        self._seen: set[str] = set()
        self._changed: dict[str, str] = {}
        self.cut: dict[str, int] = {}

    def look(self, values: Sequence[Any]) -> bool:
        """Whether all these values, at any depth, may stay as they are."""
        held = Held()
        if gather_values(values, held) and self._nothing_changes(held.texts):
            return True
        self._seen = held.texts
        self._changed = {text: cleaned for text in held.texts if (cleaned := self._text(text)) != text}
        return False

    def attributes(self, given: dict[str, Any], pointer: str) -> dict[str, Any]:
        """The attributes as they are stored."""
        found: dict[str, Any] = {}
        for key, value in given.items():
            name = self._changed_text(key)
            while name in found:
                name += "#2"
            if isinstance(value, str) and key in JOINING:
                found[name] = self._legal(value)
            elif isinstance(value, str) and key in PEOPLE and (cleaned := self._changed_text(value)) != value:
                found[name] = pseudonym(value, cleaned)
            else:
                found[name] = self.value(value, f"{pointer}/{name}")
        return found

    def value(self, value: Any, pointer: str) -> Any:
        """Any value as it is stored."""
        if isinstance(value, str):
            return self._noted(value, pointer)
        if isinstance(value, list):
            return [self.value(part, f"{pointer}/{place}") for place, part in enumerate(value)]
        if isinstance(value, dict):
            return self.attributes(value, pointer)
        return _bounded(value)

    def _noted(self, text: str, pointer: str) -> str:
        if len(text) > self._limit:
            self.cut[pointer] = len(text)
        return self._changed_text(text)

    def _changed_text(self, text: str) -> str:
        """Texts below the depth that was looked at are cleaned here."""
        return self._changed.get(text, text) if text in self._seen else self._text(text)

    def _nothing_changes(self, texts: set[str]) -> bool:
        if not texts or any(NUL in text for text in texts):
            return not texts
        return needs_nothing(texts, redact=self._redact, joinable=self._joinable, max_text=self._limit)

    def _text(self, text: str) -> str:
        legal = self._legal(text)
        cleaned = legal if self._redact is None else self._redact(legal)
        return cleaned[: self._limit]

    def _legal(self, text: str) -> str:
        return text.replace(NUL, "\ufffd")


def _bounded(value: Any) -> Any:
    """Integers beyond 64 bits as text: no database and no reader of JSON is promised more."""
    return str(value) if isinstance(value, int) and not -(2**63) <= value < 2**63 else value


def short(texts: Iterable[tuple[str, str]], limit: int, cut: dict[str, int]) -> list[str]:
    """(pointer, text) cut to the length of their columns, which is noted."""
    found = []
    for pointer, text in texts:
        if len(text) > limit:
            cut[pointer] = len(text)
        found.append(text[:limit])
    return found
