"""What comes by OpenTelemetry, for the OpenAPI document: no view of Django's answers it, so it is told here.

Bodies in JSON are those that the protocol buffers define, read from the generated classes: names in camelCase, ids in hex, 64-bit integers as text or
numbers, enumerations as numbers (opentelemetry.io/docs/specs/otlp, JSON Protobuf Encoding).
"""

from typing import Any, Final

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from monitoring.ingest.otlp.answers import JSON, PROTOBUF
from monitoring.ingest.otlp.views import ASKED, PATHS

OF_SIGNALS: Final[dict[str, tuple[Any, Any]]] = {
    "span": (ExportTraceServiceRequest, ExportTraceServiceResponse),
    "log": (ExportLogsServiceRequest, ExportLogsServiceResponse),
    "metric": (ExportMetricsServiceRequest, ExportMetricsServiceResponse),
}
SCHEMES: Final = {
    "pair": {"type": "http", "scheme": "basic", "description": "One half of the pair is the key, the other anything."},
    "header": {"type": "apiKey", "in": "header", "name": "x-api-key", "description": "Or api-key, x-atalaia-key."},
}
SECURITY: Final[list[dict[str, list[str]]]] = [{"key": []}, {"pair": []}, {"header": []}]
WAIT: Final = {"Retry-After": {"description": "Seconds.", "required": True, "schema": {"type": "string"}}}
REFUSED: Final = {
    "400": "Nothing of the body can be read.",
    "401": "No live key.",
    "403": "The key lacks the scope `ingest`.",
    "413": "Too many bytes, as sent or once inflated.",
    "415": "Neither protobuf nor JSON, or an unknown encoding.",
    "429": "Too fast; send it again.",
    "503": "Trouble of the panel's own; send it again.",
}
OF_BODIES: Final = ("400", "413", "415")
LATER: Final = ("429", "503")
TEXT: Final = {"type": "string"}
BINARY: Final = {"type": "string", "format": "binary"}
LONG: Final = {"anyOf": [{"type": "string", "pattern": "^-?[0-9]{1,19}$"}, {"type": "integer"}]}
HEX: Final[dict[str, Any]] = {"type": "string", "pattern": "^([0-9a-fA-F]{2})*$"}
SCALARS: Final[dict[int, dict[str, Any]]] = {
    FieldDescriptor.TYPE_STRING: TEXT,
    FieldDescriptor.TYPE_BOOL: {"type": "boolean"},
    FieldDescriptor.TYPE_DOUBLE: {"anyOf": [{"type": "number"}, {"enum": ["NaN", "Infinity", "-Infinity"]}]},
    FieldDescriptor.TYPE_BYTES: {"type": "string", "contentEncoding": "base64"},
    FieldDescriptor.TYPE_ENUM: {"type": "integer"},
    FieldDescriptor.TYPE_INT32: {"type": "integer"},
    FieldDescriptor.TYPE_SINT32: {"type": "integer"},
    FieldDescriptor.TYPE_UINT32: {"type": "integer", "minimum": 0},
    FieldDescriptor.TYPE_FIXED32: {"type": "integer", "minimum": 0},
    FieldDescriptor.TYPE_INT64: LONG,
    FieldDescriptor.TYPE_UINT64: LONG,
    FieldDescriptor.TYPE_FIXED64: LONG,
    FieldDescriptor.TYPE_SFIXED64: LONG,
}
STATUS: Final = {
    "type": "object",
    "description": "A google.rpc.Status. `message` begins with a code of the panel; `details` name the request.",
    "properties": {
        "code": {"type": "integer"},
        "message": TEXT,
        "details": {
            "type": "array",
            "items": {"type": "object", "properties": {"@type": TEXT, "requestId": TEXT}, "required": ["@type"]},
        },
    },
    "required": ["code", "message", "details"],
}
RESULTS: Final = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"id": TEXT, "status": {"type": "integer"}, "message": TEXT, "error": TEXT},
        "required": ["id", "status"],
    },
}
TAKEN: Final = {
    "type": "object",
    "properties": {"successes": RESULTS, "errors": RESULTS, "message": TEXT},
    "required": ["successes", "errors"],
}
SCORE: Final = {
    "type": "object",
    "properties": {
        "id": TEXT,
        "traceId": TEXT,
        "observationId": TEXT,
        "sessionId": TEXT,
        "name": TEXT,
        "value": {"type": ["number", "string", "boolean", "null"]},
        "stringValue": TEXT,
        "dataType": {"enum": ["NUMERIC", "BOOLEAN", "CATEGORICAL", "TEXT"]},
        "comment": {"type": ["string", "null"]},
        "timestamp": {"type": "string", "format": "date-time"},
    },
}
EVENT: Final = {
    "type": "object",
    "properties": {"id": TEXT, "type": TEXT, "timestamp": TEXT, "body": {"$ref": "#/components/schemas/LangfuseScore"}},
    "required": ["type", "body"],
}
ID: Final = {"type": "object", "properties": {"id": TEXT}, "required": ["id"]}
MEDIA: Final = {"type": "object", "properties": {"sha256Hash": TEXT}, "required": ["sha256Hash"]}
DECLINED: Final = {
    "type": "object",
    "properties": {"mediaId": TEXT, "uploadUrl": {"type": "null"}, "stored": {"const": False}},
    "required": ["mediaId", "uploadUrl", "stored"],
}
PROJECTS: Final = {
    "type": "object",
    "properties": {"data": {"type": "array", "items": {"type": "object", "properties": {"id": TEXT, "name": TEXT}}}},
    "required": ["data"],
}
ONE_OR_MORE: Final = {
    "oneOf": [
        {"$ref": "#/components/schemas/LangfuseScore"},
        {"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/LangfuseScore"}},
    ]
}
BATCH: Final = {
    "type": "object",
    "properties": {"batch": {"type": "array", "items": EVENT}},
    "required": ["batch"],
}
# What SDKs of Langfuse ask: what it is, the body, and the answers by status.
SAID: Final[dict[str, tuple[str, Any, dict[str, Any]]]] = {
    "score": ("Scores of Langfuse's SDKs become feedback.", ONE_OR_MORE, {"200": ID, "202": TAKEN, "207": TAKEN}),
    "batch": (
        "What older SDKs of Langfuse send scores in; other events are refused one by one.",
        BATCH,
        {"207": TAKEN},
    ),
    "media": ("Media is not stored: the SDK hears that there is nowhere to send it.", MEDIA, {"200": DECLINED}),
    "project": ("The project of the key, as SDKs of Langfuse ask for it.", None, {"200": PROJECTS}),
}


def add_otlp(result: dict[str, Any], **_: object) -> dict[str, Any]:
    """A drf-spectacular postprocessing hook."""
    components = result["components"]
    components.setdefault("securitySchemes", {}).update(SCHEMES)
    schemas = components["schemas"]
    schemas |= {"Status": STATUS, "LangfuseScore": SCORE}
    for path, kind in PATHS.items():
        if kind in OF_SIGNALS:
            sent, answered = (_message(one.DESCRIPTOR, schemas) for one in OF_SIGNALS[kind])
            result["paths"][path] = {"post": _export(path, sent, answered)}
        else:
            result["paths"][path] = {"post": _said(path, kind)}
    for path, kind in ASKED.items():
        result["paths"][path] = {"get": _said(path, kind)}
    return result


def _export(path: str, sent: dict[str, Any], answered: dict[str, Any]) -> dict[str, Any]:
    both = {PROTOBUF: {"schema": BINARY}, JSON: {"schema": answered}}
    told = "Every accepted record is on disk; `partialSuccess` counts those that were refused, and why the first was."
    return {
        "operationId": _name(path),
        "description": "What an OTLP/HTTP exporter sends: identity, gzip or deflate, answered in its own encoding.",
        "tags": ["opentelemetry"],
        "security": SECURITY,
        "requestBody": {"required": True, "content": {PROTOBUF: {"schema": BINARY}, JSON: {"schema": sent}}},
        "responses": {"200": {"description": told, "content": both}, **_refusals(PROTOBUF, JSON)},
    }


def _said(path: str, kind: str) -> dict[str, Any]:
    told, body, answers = SAID[kind]
    operation: dict[str, Any] = {
        "operationId": _name(path),
        "description": told,
        "tags": ["langfuse"],
        "security": SECURITY,
        "responses": {status: _answer("Taken.", schema) for status, schema in answers.items()},
    }
    refusals = _refusals(JSON)
    if body is None:
        operation["responses"] |= {status: one for status, one in refusals.items() if status not in OF_BODIES}
    else:
        operation["responses"] |= refusals
        operation["requestBody"] = {"required": True, "content": {JSON: {"schema": body}}}
    return operation


def _refusals(*media: str) -> dict[str, Any]:
    """By status, a Status in the encoding of the request, JSON where that is unknown."""
    schemas: dict[str, Any] = {PROTOBUF: BINARY, JSON: {"$ref": "#/components/schemas/Status"}}
    content = {one: {"schema": schemas[one]} for one in media}
    return {
        status: {"description": text, "content": content, **({"headers": WAIT} if status in LATER else {})}
        for status, text in REFUSED.items()
    }


def _answer(text: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": text, "content": {JSON: {"schema": schema}}}


def _name(path: str) -> str:
    return "_".join(path.strip("/").split("/"))


def _message(told: Descriptor, schemas: dict[str, Any]) -> dict[str, Any]:
    """A reference to the schema of a message, which is added with those that it holds.

    Where values hold values it ends in words: what makes examples or types of a document does not come back from a circle.
    """
    name = told.full_name.removeprefix("opentelemetry.proto.")
    if name not in schemas:
        schemas[name] = {"type": "object"}
        schemas[name]["properties"] = {one.json_name: _field(one, schemas) for one in told.fields}
    elif "properties" not in schemas[name]:
        return {"type": "object", "description": f"Again a {name}."}
    return {"$ref": f"#/components/schemas/{name}"}


def _field(told: FieldDescriptor, schemas: dict[str, Any]) -> dict[str, Any]:
    if told.message_type is not None:
        schema = _message(told.message_type, schemas)
    else:
        is_id = told.type == FieldDescriptor.TYPE_BYTES and told.name.endswith("_id")
        schema = HEX if is_id else SCALARS[told.type]
    return {"type": "array", "items": schema} if told.is_repeated else schema
