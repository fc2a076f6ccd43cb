"""Log records on their way to the panel: a handler for `logging`, a sink for loguru, and ids for lines printed elsewhere."""

from __future__ import annotations

import logging
import traceback
from typing import Any

from atalaia.context import ids_now
from atalaia.record import send

# What `logging` itself puts on a record; everything else was put there by the program (`extra=`).
STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
OURS = "atalaia"
RESERVED = frozenset({"id", "ts", "level", "message", "logger", "exception"})
MAX_MESSAGE = 32_768


class AtalaiaHandler(logging.Handler):
    """Sends records of `logging`; those of this library itself are left out, or they would beget each other.

    logging.getLogger().addHandler(AtalaiaHandler())
    """

    def emit(self, record: logging.LogRecord) -> None:
        """One record: message and template, logger, exception, the ids of the request and what `extra` brought."""
        if record.name == OURS or record.name.startswith(OURS + "."):
            return
        try:
            send("log", {**ids_now(), **_fields(record)}, _extra(vars(record), STANDARD))
        except Exception:  # a message that cannot be formatted: `logging` itself prints that, where it is told to
            self.handleError(record)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    found: dict[str, Any] = {
        "ts": record.created,
        "level": record.levelname.lower(),
        "logger": record.name,
        "message": record.getMessage()[:MAX_MESSAGE],
    }
    if record.args and isinstance(record.msg, str):
        found["template"] = record.msg
    if record.exc_info and record.exc_info[0] is not None:
        found["exception"] = "".join(traceback.format_exception(*record.exc_info))[-MAX_MESSAGE:]
    elif record.exc_text:
        found["exception"] = record.exc_text
    return found


def _extra(found: dict[str, Any], known: frozenset[str]) -> dict[str, Any]:
    """Fields of the program's own; one named like a field of the record is kept beside it."""
    return {
        f"extra_{name}" if name in RESERVED else name: value
        for name, value in found.items()
        if name not in known and not name.startswith("_")
    }


class ContextFilter(logging.Filter):
    """Puts `request_id`, `user_id`, `session_id`, `trace_id` and `span_id` on every record, for formatters of the program."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Adds; holds nothing back."""
        known = ids_now()
        for name in ("request_id", "user_id", "session_id", "trace_id", "span_id"):
            if not hasattr(record, name):
                setattr(record, name, known.get(name, ""))
        return True


def loguru_sink(message: Any) -> None:
    """Sends records of loguru: `logger.add(loguru_sink)`. What was bound or contextualised goes along."""
    record = message.record
    if record["name"] == OURS or str(record["name"]).startswith(OURS + "."):
        return
    found: dict[str, Any] = {
        "ts": record["time"].timestamp(),
        "level": record["level"].name.lower(),
        "logger": record["name"] or "",
        "message": record["message"][:MAX_MESSAGE],
    }
    if record["exception"] is not None:
        kind, error, trace = record["exception"]
        found["exception"] = "".join(traceback.format_exception(kind, error, trace))[-MAX_MESSAGE:]
    send("log", {**ids_now(), **found}, _extra(dict(record["extra"]), frozenset()))
