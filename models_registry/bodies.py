"""What the body of a request may hold: JSON of text that a database can store, of numbers, nested as deep as anybody needs.

It stands before every endpoint, so that none has to think of it; each checks its own fields.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from math import isfinite
from typing import IO, Any

from django.db import models
from drf_spectacular.utils import extend_schema_field
from rest_framework.exceptions import ErrorDetail, ParseError, ValidationError
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.serializers import (
    BaseSerializer,
    DurationField,
    ListSerializer,
    Serializer,
    TimeField,
)

from models_registry.durations import LONGEST_LENGTH, read_duration
from models_registry.moments import RowSerializer

MAX_DEPTH = 64
# Bytes without which no value can be wrong: most bodies have none of them, and are not gone through.
_SUSPECT = re.compile(rb"\\u0000|\\u[dD][89a-fA-F]|NaN|Infinity|[eE]\+?\d{3}|\d{300}")
_NUL = ("nul_character", "Text cannot hold the NUL character; remove it.")
_SURROGATE = ("lone_surrogate", "Send characters outside the BMP as a whole pair.")
_ENDLESS = ("out_of_range", "A number that JSON can hold and a computer can reckon with; leave it out, or send null.")
_OTHER = ("wrong_type", "Send a JSON object.")
_DEEP = ("too_deep", f"Lists and objects within each other, more than {MAX_DEPTH} of them; send it flatter.")


class Json(JSONParser):
    """`application/json` that can be read at all, for protocols of others that judge what is in it by themselves."""

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The value; ParseError where it is no JSON, ValidationError where it is nested too deep."""
        return self.checked(stream.read())

    def checked(self, body: bytes) -> Any:
        """The value of these bytes."""
        try:
            found = json.loads(body.decode())
        except RecursionError as error:
            raise _refused([], _DEEP) from error
        except ValueError as error:
            message = f"The body is no JSON in UTF-8: {error}."
            raise ParseError(message) from error
        if body.count(b"[") + body.count(b"{") > MAX_DEPTH:
            _refuse_deep(found)
        return found


class Body(Json):
    """An object, refused with a pointer and the mend where it cannot be kept."""

    def checked(self, body: bytes) -> Any:
        """The object; ValidationError where text or numbers cannot be kept."""
        found = super().checked(body)
        if _SUSPECT.search(body):
            for path, fault in _faults(found):
                raise _refused(path, fault)
        if not isinstance(found, dict):
            raise _refused([], _OTHER)
        return found


@extend_schema_field({"type": "string", "pattern": r"^\d\d:\d\d", "examples": ["22:00"]})
class ClockField(TimeField):
    """Hours and minutes on a clock on a wall; JSON Schema's `time` has seconds and an offset."""


@extend_schema_field({"type": "string", "examples": ["30m", "00:30:00"]})
class LengthField(DurationField):
    """How long, as definitions write it (30m, 1h30m), or in days, hours, minutes and seconds (1 00:30:00)."""

    default_error_messages = {"invalid": "Write how long: 30m, 12h, 1h30m, 30d, or 00:30:00."}

    def to_internal_value(self, value: Any) -> Any:
        """Half an hour of both."""
        seconds = read_duration(value) if isinstance(value, str) and len(value) <= LONGEST_LENGTH else None
        return super().to_internal_value(value if seconds is None else str(seconds))


class DefinitionSerializer(RowSerializer[Any]):
    """What a person would define, written as definitions write it."""

    serializer_field_mapping = {**RowSerializer.serializer_field_mapping, models.DurationField: LengthField}


def fault_of(value: Any, codes: Collection[str]) -> tuple[list[str], str] | None:
    """Where a value cannot be kept for one of these reasons, and which; None where all of it can."""
    return next(((path, code) for path, (code, _) in _faults(value) if code in codes), None)


def object_of(request: Request) -> dict[str, Any]:
    """The object that was sent, an empty one where nothing was."""
    return request.data if isinstance(request.data, dict) else {}


def body_of(request: Request, form: Serializer[Any]) -> dict[str, Any]:
    """The same; ValidationError for a field that `form` does not have."""
    given = object_of(request)
    if unknown := _unknown(given, form):
        raise ValidationError(unknown)
    return given


def refuse_unless_valid(form: BaseSerializer[Any]) -> None:
    """ValidationError for what the form refuses, and for a field that it does not know: a misspelt one changes nothing in silence."""
    if unknown := _unknown(form.initial_data, form):
        raise ValidationError(unknown)
    form.is_valid(raise_exception=True)


def refuse_any(request: Request) -> None:
    """ValidationError for any field at all, where none is taken."""
    body_of(request, Serializer())


def _unknown(given: Any, form: Any) -> dict[Any, Any]:
    """Of an object the fields that its form does not know, in lists and objects within it too."""
    if not isinstance(given, dict) or not isinstance(form, Serializer):
        return {}
    fields = {name: field for name, field in form.fields.items() if not field.read_only}
    told = f"It takes {', '.join(fields)}." if fields else "It takes none."
    found: dict[Any, Any] = {
        name: [ErrorDetail(f"There is no such field. {told}", code="unknown_field")]
        for name in given
        if name not in fields
    }
    for name, field in fields.items():
        within = _unknown_within(given.get(name), field)
        if within:
            found[name] = within
    return found


def _unknown_within(given: Any, field: Any) -> dict[Any, Any]:
    if isinstance(field, ListSerializer) and isinstance(given, list):
        found = {place: _unknown(one, field.child) for place, one in enumerate(given)}
        return {place: one for place, one in found.items() if one}
    return _unknown(given, field)


def _refused(path: list[str], fault: tuple[str, str]) -> ValidationError:
    code, sentence = fault
    detail: Any = [sentence]
    for name in reversed(path):
        detail = {name: detail}
    return ValidationError(detail, code=code)


def _refuse_deep(found: Any) -> None:
    """Level by level, without recursion."""
    level = [([name], part) for name, part in _parts(found)]
    for _ in range(MAX_DEPTH):
        level = [(path, part) for path, value in level for _, part in _parts(value)]
        if not level:
            return
    raise _refused(level[0][0], _DEEP)


def _parts(value: Any) -> list[tuple[str, Any]]:
    """The lists and objects within a list or an object, by name or place."""
    if isinstance(value, dict):
        return [(name, part) for name, part in value.items() if isinstance(part, dict | list)]
    if isinstance(value, list):
        return [(str(place), part) for place, part in enumerate(value) if isinstance(part, dict | list)]
    return []


def _faults(found: Any) -> Iterator[tuple[list[str], tuple[str, str]]]:
    """Where it is, and what is wrong with it; of a name, where the object is that has it."""
    waiting: list[tuple[list[str], Any]] = [([], found)]
    while waiting:
        path, value = waiting.pop()
        if fault := _fault(value):
            yield path, fault
        if isinstance(value, dict):
            wrong = [fault for name in value if (fault := _fault(name))]
            yield from ((path, fault) for fault in wrong)
            waiting += [([*path, name], part) for name, part in value.items()]
        elif isinstance(value, list):
            waiting += [([*path, str(place)], part) for place, part in enumerate(value)]


def _fault(value: Any) -> tuple[str, str] | None:
    if isinstance(value, str):
        if "\x00" in value:
            return _NUL
        return None if value.isascii() or _is_whole(value) else _SURROGATE
    if isinstance(value, float):
        return None if isfinite(value) else _ENDLESS
    if isinstance(value, int):
        return _ENDLESS if value.bit_length() > 1_000 else None
    return None


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
