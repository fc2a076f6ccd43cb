"""One untyped JSON object to one item of the wire contract: the rules, in one place.

The fast path (`plain`) only proves that these rules would change nothing; whatever it cannot prove comes here.
Order matters: texts are redacted before they are cut, so that a cut cannot hide half of an address from redaction.
"""

import math
import re
from collections.abc import Iterable
from typing import Any, get_args, get_origin

import msgspec

from monitoring.ingest.codes import Fault
from monitoring.ingest.redact import Redactor, pseudonym
from monitoring.items import ITEM_TYPES, FinishReason, Item, Usage
from monitoring.llm.dialects.words import finish_reason
from monitoring.llm.pricing.usage import disjoint, is_provider_usage, sums_up

MAX_DEPTH = 32
MAX_VALUES = 20_000
INT64 = 2**63
# Never redacted: they join records, and a changed id would lose the record's outcome, feedback or trace.
IDENTITY = frozenset(
    {"id", "prediction_id", "target_id", "request_id", "response_id", "trace_id", "span_id", "parent_span_id"}
    | {"model", "version", "ts"}
)
# Redacted to a pseudonym, so that people stay apart.
PEOPLE = frozenset({"user_id", "session_id"})
# Cut with a flag where they are too long; every other bounded text is an identifier and is refused.
DESCRIPTIVE = {"environment": 64, "error_type": 200, "provider": 100, "name": 200, "logger": 200, "level": 16}
FOLDED = frozenset({"status", "finish_reason"})
FINISH_REASONS = frozenset(get_args(FinishReason))
USAGE = frozenset(Usage.__struct_fields__)
TRUNCATED = "_truncated"


def _text_fields(item_type: type[Item]) -> frozenset[str]:
    """Fields that hold text and nothing else: numbers given for them are accepted as text."""
    return frozenset(
        field.name
        for field in msgspec.structs.fields(item_type)
        if field.type is str or (get_origin(field.type) is not None and get_args(field.type)[0] is str)
        if isinstance(field.default, str)
    )


TEXT_FIELDS = {item_type: _text_fields(item_type) for item_type in ITEM_TYPES.values()}


def escape(key: str) -> str:
    """One reference token of a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")


class Normaliser:
    """Cleans one item at a time; `cut` then holds pointer → original length of every text that was cut."""

    def __init__(self, *, redact: Redactor | None, max_text: int) -> None:
        self.redact = redact
        self.max_text = max_text
        self.cut: dict[str, int] = {}
        self._values = 0

    def normalise(self, value: Any, item_type: type[Item]) -> Item:
        """The typed item; `Fault` with a pointer relative to it where it cannot be accepted."""
        self.cut, self._values = {}, 0
        if not isinstance(value, dict):
            raise Fault("not_an_object", "", "Every item is a JSON object.")
        names = item_type.__struct_fields__
        clean = self._under_clean_keys(value, "", known=frozenset(names))
        fields = {key: self._field(key, found, item_type) for key, found in clean.items()}
        extra: dict[str, Any] = {}
        given = fields.pop("extra", None)
        known = _keep_known(fields, item_type, extra)
        if self.cut:
            extra[TRUNCATED] = dict(self.cut)
        if isinstance(given, dict):
            extra = _beside(extra, given)
        elif given is not None:
            extra["extra"] = given
        if extra or given == {}:
            known["extra"] = extra
        return _typed(known, item_type)

    def _field(self, key: str, value: Any, item_type: type[Item]) -> Any:
        pointer = f"/{escape(key)}"
        if isinstance(value, str):
            return self._short(key, value, pointer)
        cleaned = self._walk(value, pointer, 1)
        if key in TEXT_FIELDS[item_type] and isinstance(cleaned, int | float) and not isinstance(cleaned, bool):
            return str(cleaned)
        return cleaned

    def _short(self, key: str, value: str, pointer: str) -> str:
        if key in IDENTITY:
            return _legal(value, pointer)
        cleaned = self._text(value, pointer, limit=DESCRIPTIVE.get(key))
        if key in PEOPLE and self.redact is not None and self.redact(value) != value:
            return pseudonym(value, cleaned)
        return cleaned.lower() if key in FOLDED else cleaned

    def _walk(self, value: Any, pointer: str, depth: int) -> Any:
        self._values += 1
        if self._values > MAX_VALUES:
            raise Fault("too_many_values", pointer, f"An item holds at most {MAX_VALUES} values.")
        if isinstance(value, str):
            return self._text(value, pointer)
        if isinstance(value, dict | list):
            return self._nested(value, pointer, depth)
        if isinstance(value, float) and not math.isfinite(value):
            raise Fault("not_a_number", pointer, "NaN and infinite numbers are not JSON; send null or leave it out.")
        if isinstance(value, int) and not -INT64 <= value < INT64:
            raise Fault("integer_out_of_range", pointer, "Integers are 64 bits; send it as text.")
        return value

    def _nested(self, value: dict[str, Any] | list[Any], pointer: str, depth: int) -> Any:
        if depth >= MAX_DEPTH:
            raise Fault("too_deep", pointer, f"An item is nested at most {MAX_DEPTH} levels deep.")
        if isinstance(value, list):
            return [self._walk(part, f"{pointer}/{place}", depth + 1) for place, part in enumerate(value)]
        clean = self._under_clean_keys(value, pointer)
        return {key: self._walk(part, f"{pointer}/{escape(key)}", depth + 1) for key, part in clean.items()}

    def _under_clean_keys(
        self, value: dict[str, Any], pointer: str, *, known: frozenset[str] = frozenset()
    ) -> dict[str, Any]:
        """The values under their legal, redacted, cut keys. Keys that become equal are numbered, so that no value is lost."""
        names = {key: key if key in known else self._text(key, pointer) for key in value}
        free = _FreeNames(known.union(key for key, name in names.items() if key == name))
        return {name if name == key else free.take(name): value[key] for key, name in names.items()}

    def _text(self, value: str, pointer: str, *, limit: int | None = None) -> str:
        """Legal, then redacted, then cut."""
        _legal(value, pointer)
        limit = limit or self.max_text
        cleaned = value if self.redact is None else self.redact(value)
        if len(cleaned) > limit:
            self.cut[pointer] = len(value)
            return cleaned[:limit]
        return cleaned


class _FreeNames:
    """Names that are not taken yet: `[email]`, then `[email]#2`, `[email]#3`. Time grows with the names, not their square."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken)
        self._last: dict[str, int] = {}

    def take(self, name: str) -> str:
        """The name, numbered if it is taken."""
        free, place = name, self._last.get(name, 1)
        while free in self._taken:
            place += 1
            free = f"{name}#{place}"
        self._taken.add(free)
        self._last[name] = place
        return free


def _beside(extra: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """What the sender put into `extra`, and what was moved there; where both have a name, the sender's is numbered."""
    free = _FreeNames(extra.keys() | given.keys())
    return {**{free.take(key) if key in extra else key: part for key, part in given.items()}, **extra}


def _legal(value: str, pointer: str) -> str:
    if "\x00" in value:
        raise Fault("nul_character", pointer, "Text cannot hold the NUL character; remove it.")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise Fault("lone_surrogate", pointer, "Send characters outside the BMP as a whole pair.") from error
    return value


def _keep_known(fields: dict[str, Any], item_type: type[Item], extra: dict[str, Any]) -> dict[str, Any]:
    """The fields of this kind, absent where null; unknown ones move to `extra`."""
    names = item_type.__struct_fields__
    known = {key: value for key, value in fields.items() if key in names and value is not None}
    extra.update({key: value for key, value in fields.items() if key not in names})
    reason = known.get("finish_reason")
    if isinstance(reason, str) and "finish_reason" in names and reason not in FINISH_REASONS:
        extra["finish_reason"] = known.pop("finish_reason")
        known |= {"finish_reason": told} if (told := finish_reason(reason)) else {}
    usage = known.get("usage")
    if isinstance(usage, dict) and "usage" in names and not USAGE.issuperset(usage):
        known["usage"], extra["usage"] = _buckets(usage)
    return known


def _buckets(usage: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(our buckets, the rest as it came): as given, or what a provider's own words for its usage come to.

    Counts that contradict each other, or the total beside them, come to nothing and are kept whole as they came.
    """
    given = {key: value for key, value in usage.items() if key in USAGE}
    if not given and is_provider_usage(usage):
        return disjoint(usage) or {}, usage
    if not sums_up(given, usage):
        return {}, usage
    return given, {key: value for key, value in usage.items() if key not in USAGE}


def _typed(known: dict[str, Any], item_type: type[Item]) -> Item:
    try:
        return msgspec.convert(known, item_type)
    except msgspec.ValidationError as error:
        raise _fault_of(str(error), known) from error


def _fault_of(message: str, known: dict[str, Any]) -> Fault:
    """msgspec's sentence (`Expected … - at `$.score``) as code, pointer and our sentence, which repeats no value."""
    reason, _, path = message.rpartition(" - at ")
    keys = re.findall(r"\.(\w+)", path)
    field, pointer = keys[0] if keys else "item", "".join(f"/{key}" for key in keys)
    if "Invalid enum value" in reason:
        return Fault("unknown_value", pointer, f"`{field}` has a value that it does not know; see the documentation.")
    if "of length" in reason:
        return Fault("too_long", pointer, f"`{field}` is too long: {reason}.")
    if reason.startswith(("Expected `int` ", "Expected `float` ")) and ", got" not in reason:
        return Fault("out_of_range", pointer, f"`{field}` is out of its range: {reason}.")
    return Fault("wrong_type", pointer + _where(known.get(field), path), f"`{field}` has the wrong type: {reason}.")


def _where(value: Any, path: str) -> str:
    """The key that msgspec does not name: in an object of plain values, the one that is not plain."""
    if not isinstance(value, dict) or "[...]" not in path:
        return ""
    odd = [key for key, part in value.items() if isinstance(part, dict | list)]
    return f"/{escape(odd[0])}" if odd else ""
