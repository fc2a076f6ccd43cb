"""Log records of OpenTelemetry to the items of `POST /api/v1/logs`.

They have no id: a hash of all that one says is its id, so that a batch which is sent again counts once.
"""

from hashlib import blake2b
from typing import Any

import msgspec

from monitoring.ingest.codes import Fault
from monitoring.ingest.moments import Window
from monitoring.ingest.normalise import TRUNCATED
from monitoring.ingest.otlp.clean import Cleaner, short
from monitoring.ingest.otlp.records import Group, LogRecord
from monitoring.items import LogItem
from monitoring.llm.dialects.application import application_of

# The first severity number of each level (opentelemetry.io/docs/specs/otel/logs/data-model).
LEVELS = ((21, "critical"), (17, "error"), (13, "warning"), (9, "info"), (5, "debug"), (1, "trace"))
EXCEPTION = {"exception.type": "type", "exception.message": "message", "exception.stacktrace": "stacktrace"}
OF_REQUEST = ("request_id", "request.id", "http.request.id", "http.request.header.x-request-id")
OF_USER = ("user.id", "enduser.id", "user_id")
OF_SESSION = ("session.id", "session_id", "gen_ai.conversation.id")
OF_TEMPLATE = ("message_template.text", "message.template", "message_template", "{OriginalFormat}")
NAME_LENGTH, LEVEL_LENGTH, ID_LENGTH = 200, 16, 200
_encode = msgspec.json.Encoder(order="sorted").encode


def items_of(group: Group, cleaner: Cleaner, window: Window) -> list[LogItem | Fault]:
    """The items of a group's records, or why one of them is none."""
    records: list[LogRecord] = list(group.records)
    clean = cleaner.look(
        [
            group.resource,
            group.scope,
            *(value for one in records for value in (one.body, one.attributes, one.event_name, one.severity_text)),
        ]
    )
    if not clean:
        records = [_cleaned(record, cleaner) for record in records]
        resource, scope = cleaner.attributes(group.resource, "/resource"), cleaner.value(group.scope, "/scope")
        group = group._replace(resource=resource, scope=scope)
    told = _encode(group.resource)
    found: list[LogItem | Fault] = []
    for record in records:
        try:
            found.append(_item(record, group, told, window))
        except Fault as fault:
            found.append(fault)
    return found


def _cleaned(record: LogRecord, cleaner: Cleaner) -> LogRecord:
    cleaner.cut = {}
    attributes = cleaner.attributes(record.attributes, "/attributes")
    body = cleaner.value(record.body, "/body")
    if cleaner.cut:
        attributes = {**attributes, TRUNCATED: dict(cleaner.cut)}
    return record._replace(
        attributes=attributes,
        body=body,
        event_name=cleaner.value(record.event_name, "/event_name"),
        severity_text=cleaner.value(record.severity_text, "/severity_text"),
    )


def _item(record: LogRecord, group: Group, resource: bytes, window: Window) -> LogItem:
    attributes = dict(record.attributes)
    exception = {name: attributes.pop(key) for key, name in EXCEPTION.items() if key in attributes}
    extra = attributes
    if group.resource:
        extra["resource"] = group.resource
    if event_name := record.event_name or attributes.get("event.name"):
        extra["event_name"] = event_name
    cut: dict[str, int] = {}
    trace_id, span_id = short([("/trace_id", record.trace_id), ("/span_id", record.span_id)], ID_LENGTH, cut)
    if cut:
        already = extra.get(TRUNCATED)
        extra[TRUNCATED] = {**(already if isinstance(already, dict) else {}), **cut}
    application = application_of(group.resource)
    is_text = isinstance(record.body, str)
    if not is_text and record.body is not None:
        extra["body"] = record.body
    return LogItem(
        id=_id_of(record, group.scope, resource),
        ts=_time(record, window),
        level=_level(record),
        message=record.body if is_text else _message(record, event_name),
        logger=group.scope[:NAME_LENGTH],
        request_id=_first(attributes, OF_REQUEST),
        user_id=_first(attributes, OF_USER),
        session_id=_first(attributes, OF_SESSION),
        trace_id=trace_id,
        span_id=span_id,
        model=application.model if group.resource.get("service.name") else "",
        version=application.version,
        environment=application.environment,
        template=next((found for name in OF_TEMPLATE if isinstance(found := attributes.get(name), str)), ""),
        exception=exception or None,
        extra=extra or None,
    )


def _id_of(record: LogRecord, scope: str, resource: bytes) -> str:
    return blake2b(_encode((tuple(record), scope)) + resource, digest_size=16).hexdigest()


def _time(record: LogRecord, window: Window) -> int:
    found = (record.time_ns or record.observed_ns) // 1_000 or window.received
    if wrong := window.wrong(found):
        raise Fault("timestamp_out_of_range", "/time_unix_nano", wrong)
    return found


def _level(record: LogRecord) -> str:
    for lowest, level in LEVELS:
        if record.severity >= lowest:
            return level
    return record.severity_text.lower()[:LEVEL_LENGTH] or "info"


def _message(record: LogRecord, event_name: Any) -> str:
    if event_name or record.body is None:
        return str(event_name or "")
    return _encode(record.body).decode()


def _first(attributes: dict[str, Any], names: tuple[str, ...]) -> str:
    return next((str(attributes[name])[:ID_LENGTH] for name in names if attributes.get(name)), "")
