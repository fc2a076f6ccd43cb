"""Lines of log libraries in the words of the contract: which field is called what, as data.

Python's `logging` with python-json-logger, loguru (`serialize=True`), structlog, OpenTelemetry's JSON, pino and bunyan, the
Elastic Common Schema. A field of the contract that a line has is never replaced; whatever is not taken stays where it was.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from monitoring.ingest.codes import Fault
from monitoring.ingest.moments import Window
from monitoring.llm.dialects.application import slug_of
from monitoring.stats.log_levels import of_number


class Source(NamedTuple):
    """Where a field may stand: a path into the line, and a field that must be there too for it to mean this."""

    path: str
    beside: str = ""


def _named(*paths: str, beside: str = "") -> tuple[Source, ...]:
    return tuple(Source(path, beside) for path in paths)


# Field of the contract → where it may stand, in order of precedence.
ALIASES: Final[Mapping[str, tuple[Source, ...]]] = {
    "ts": (
        *_named("record.time.timestamp", "timestamp", "@timestamp", "time", "asctime", "datetime"),
        *_named("timeUnixNano", "observedTimeUnixNano"),
        *_named("created", beside="levelname"),
    ),
    "level": (
        *_named("record.level.name", "levelname", "level_name", "severity", "severityText", "severity_text"),
        *_named("log.level", "levelno", "level_number", "severityNumber", "severity_number"),
    ),
    "message": _named("record.message", "event", "msg", "body", "body.stringValue", "log"),
    "logger": (
        *_named("record.name", "logger_name", "loggerName", "log.logger"),
        *_named("name", beside="levelname"),
        *_named("name", beside="asctime"),
        *_named("name", beside="severity"),
        *_named("name", beside="pid"),
    ),
    "exception": _named("record.exception", "exc_info", "exc_text", "stack_trace", "error.stack_trace", "err.stack"),
    "template": (*_named("message_template", "messageTemplate", "@mt"), *_named("msg", beside="message")),
    "request_id": _named(
        "requestId", "correlation_id", "correlationId", "x_request_id", "x-request-id", "http.request.id"
    ),
    "user_id": _named("userId", "user.id", "enduser.id"),
    "session_id": _named("sessionId", "session.id", "gen_ai.conversation.id"),
    "trace_id": _named("traceId", "trace.id", "otelTraceID", "dd.trace_id"),
    "span_id": _named("spanId", "span.id", "otelSpanID", "dd.span_id"),
    "model": _named("service.name", "service_name", "serviceName", "service", "otelServiceName"),
    "version": _named("service.version", "service_version"),
    "environment": _named("deployment.environment.name", "deployment.environment"),
}
HEADS: Final = {
    name: frozenset(head for path, _ in sources for head in (path, path.partition(".")[0]))
    for name, sources in ALIASES.items()
}
# loguru: renderings of what is told elsewhere in the line.
RENDERED: Final = ("record.time", "record.elapsed", "record.level")
SCALE: Final = {"severityNumber": "opentelemetry", "severity_number": "opentelemetry"}
IDS: Final = frozenset({"trace_id", "span_id"})
EARLIEST: Final = 1e8  # a smaller number (1973) is a duration that somebody called time
MICROSECONDS_FROM, NANOSECONDS_FROM = 1e14, 1e17
LONGEST_NAME: Final = 200
LONGEST_NUMBER: Final = 25
TRACE: Final = "Traceback (most recent call last)"
# What loguru draws under a line of code, in Unicode or in ASCII: the values of its variables.
VALUES: Final = re.compile(r"^[ \t]*(?:[│└|]|->).*\n?", re.MULTILINE)
WITHOUT_ZONE, LOCALS_DROPPED = "time_without_zone", "locals_dropped"
Line = dict[str, Any]


class Translated(NamedTuple):
    """A line in the words of the contract; for each field that was called otherwise, its path in the line."""

    line: Line
    paths: Mapping[str, str]


def translate(given: Line, window: Window) -> Translated:
    """The line with the contract's names; what was taken is gone from where it stood."""
    line, paths, flags = dict(given), dict[str, str](), list[str]()
    loguru = isinstance(line.get("record"), dict) and "text" in line
    if loguru:
        line = _unfolded(line)
    for name, sources in ALIASES.items():
        if line.get(name) is None and not HEADS[name].isdisjoint(line):
            for source in sources:
                if (value := _usable(name, source, line, window, flags)) is not None:
                    line[name], paths[name] = value, source.path
                    break
    _scale_level(line, paths)
    for path in dict.fromkeys([*paths.values(), *(RENDERED if loguru else ())]):
        line = _without(line, path)
    if flags:
        line["_flags"] = flags
    return Translated(line, paths)


def _unfolded(line: Line) -> Line:
    """loguru: what was bound is the line's own, and the trace back is in the rendered text alone."""
    record, text = dict(line["record"]), line["text"]
    rest = {name: value for name, value in line.items() if name not in ("record", "text")}
    bound = record.pop("extra", None)
    exception = record.get("exception")
    if isinstance(exception, dict) and isinstance(text, str) and TRACE in text:
        told = VALUES.sub("", text[text.index(TRACE) :])
        record["exception"] = {**exception, "traceback": told.rstrip()}
    return {**(bound if isinstance(bound, dict) else {}), **rest, "record": record}


def _usable(name: str, source: Source, line: Line, window: Window, flags: list[str]) -> Any:
    """What stands there if it can be this field; None otherwise."""
    if source.beside and source.beside not in line:
        return None
    found = next(_at(line, source.path), None)
    if found is None or name == "exception":
        return found or None
    if name == "ts":
        return _moment(found, window, flags)
    if name == "level":
        return _level(found, SCALE.get(source.path, "python"))
    if isinstance(found, int | float) and not isinstance(found, bool) and name not in ("message", "template", "logger"):
        found = str(found)
    if not isinstance(found, str) or not found or (name in IDS and not found.strip("0")):
        return None
    if name == "model":
        found = slug_of(found) or None  # a service is one model, whichever way it is told
    return found if found is None or name in ("message", "template") or len(found) <= LONGEST_NAME else None


def _level(found: Any, scale: str) -> str | None:
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        return None
    return found or None if isinstance(found, str) else of_number(found, scale)


def _scale_level(line: Line, paths: Mapping[str, str]) -> None:
    """A level that is a number: pino's and bunyan's scale where the line is theirs, else Python's."""
    level = line.get("level")
    if isinstance(level, int) and not isinstance(level, bool):
        line["level"] = of_number(level, "pino" if "pid" in line and paths.get("message") == "msg" else "python")


def _moment(found: Any, window: Window, flags: list[str]) -> Any:
    """A time within the window, in words that the contract knows; None for what is none."""
    if isinstance(found, str) and found.isdecimal() and len(found) < LONGEST_NUMBER:
        found = int(found)
    if isinstance(found, str):
        moment = _read(found)
        without_zone = moment is not None and moment.tzinfo is None
        found = moment and (moment.replace(tzinfo=UTC) if without_zone else moment).isoformat()
    elif isinstance(found, int | float) and not isinstance(found, bool) and found >= EARLIEST:
        found, without_zone = _seconds(found), False
    else:
        return None
    try:
        window.place(found)
    except Fault:
        return None
    flags += [WITHOUT_ZONE] if without_zone else []
    return found


def _read(text: str) -> datetime | None:
    """Without a zone where it says none, as `asctime` of Python does; a day alone is no moment."""
    try:
        return datetime.fromisoformat(text.strip()) if len(text) > len("2026-03-01") else None
    except ValueError:
        return None


def _seconds(number: float) -> float:
    """Micro- and nanoseconds as milliseconds, which the contract knows."""
    if number >= NANOSECONDS_FROM:
        return number / 1e6
    return number / 1e3 if number >= MICROSECONDS_FROM else number


def _at(line: Line, path: str) -> Iterator[Any]:
    """What stands at a path: under the whole of it as a name, or within objects."""
    if line.get(path) is not None:
        yield line[path]
    first, dot, rest = path.partition(".")
    if dot and isinstance(line.get(first), dict):
        yield from _at(line[first], rest)


def _without(line: Line, path: str) -> Line:
    """The line without what stands there, and without objects that this empties."""
    if line.get(path) is not None or "." not in path:
        return {name: value for name, value in line.items() if name != path}
    first, _, rest = path.partition(".")
    inner = line.get(first)
    if not isinstance(inner, dict):
        return line
    left = _without(inner, rest)
    return {**line, first: left} if left else {name: value for name, value in line.items() if name != first}


def without_locals(exception: Any) -> tuple[Any, bool]:
    """An exception without the values of local variables, which hold what nobody meant to log; whether it had any."""
    if isinstance(exception, list):
        parts = [without_locals(part) for part in exception]
        return [part for part, _ in parts], any(had for _, had in parts)
    if not isinstance(exception, dict):
        return exception, False
    kept = {name: without_locals(value) for name, value in exception.items() if name not in ("locals", "vars")}
    had = len(kept) < len(exception) or any(inner for _, inner in kept.values())
    return {name: value for name, (value, _) in kept.items()}, had
