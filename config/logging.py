"""The panel's own logs: JSON lines with request id and user id on each, text on a terminal."""

import logging
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:  # beat logs without Django
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

EventDict = Any


def keep_log_context(
    get_response: "Callable[[HttpRequest], HttpResponseBase]",
) -> "Callable[[HttpRequest], HttpResponseBase]":
    """Middleware after django-structlog's: leaves its ids on the request for lines that Django logs later."""

    def middleware(request: "HttpRequest") -> "HttpResponseBase":
        request.log_context = structlog.contextvars.get_contextvars()  # type: ignore[attr-defined]  # ours
        return get_response(request)

    return middleware


def add_ids(_logger: Any, _method: str, line: EventDict) -> EventDict:
    """Every line has `request_id` and `user_id`; a task's id stands in for the request's, null means nobody's."""
    request = getattr(line.get("_record"), "request", None)
    for name, value in getattr(request, "log_context", {}).items():
        line.setdefault(name, value)
    line.setdefault("request_id", line.get("task_id"))
    line.setdefault("user_id", None)
    return line


def leave_out_nobody(_logger: Any, _method: str, line: EventDict) -> EventDict:
    """For people on a terminal: ids that nobody has are noise there."""
    for name in ("request_id", "user_id"):
        if line.get(name) is None:
            line.pop(name, None)
    return line


SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    add_ids,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
    structlog.processors.format_exc_info,
]


def logging_config(*, level: str, style: str) -> dict[str, Any]:
    """A `dictConfig` for `style` json, text or auto (text when standard error is a terminal)."""
    logging.captureWarnings(capture=True)
    text = style == "text" or (style == "auto" and sys.stderr.isatty())
    renderers: list[Any] = [structlog.processors.JSONRenderer(ensure_ascii=False)]
    if text:
        renderers = [leave_out_nobody, structlog.dev.ConsoleRenderer()]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
                "foreign_pre_chain": SHARED,
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        # One line per task of one second would drown the rest.
        "loggers": {
            name: {"level": "WARNING"}
            for name in ("celery.beat", "celery.app.trace", "celery.worker.strategy", "celery.worker.request")
        },
    }
