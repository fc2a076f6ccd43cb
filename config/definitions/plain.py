"""Values of columns as a file writes them, and as a change of them is told."""

import json
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db import models

from models_registry.durations import write_duration

LONGEST: Final = 160
NOTHING: Final = "(nothing)"


def plain(value: Any) -> Any:
    """Numbers, texts, dates, lists and mappings; a row is its key, a duration a number and a unit, a time HH:MM."""
    if isinstance(value, models.Model):
        return getattr(value, "slug", None) or str(value)
    if isinstance(value, timedelta):
        return write_duration(value.total_seconds())
    if isinstance(value, Decimal):
        number = float(value)
        return number if Decimal(str(number)) == value else str(value)
    if isinstance(value, time):
        return value.isoformat("seconds" if value.second else "minutes")
    return value


def shown(value: Any) -> str:
    """In one line, cut where it is long; what must not be shown is not."""
    value = plain(value)
    if isinstance(value, bytes | memoryview):
        return "(secret)"
    if value in (None, ""):
        return NOTHING
    text = value if isinstance(value, str) else value.isoformat() if isinstance(value, date) else _json(value)
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def wrong_shape(column: Any, value: object) -> str:
    """What no column of that kind can hold, so that it is refused before anybody looks at it."""
    text = isinstance(column, models.CharField | models.TextField)
    if (value is None and not column.null) or (value == "" and not text):
        return "must not be empty; without the line it stays as it is"
    if isinstance(value, dict | list) and not isinstance(column, models.JSONField):
        return "must be one value, not a list or a mapping"
    return ""


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
