"""The POSTs of events, for the OpenAPI document: they are no DRF views, so their schema comes from the structs."""

from typing import Any

import msgspec

from monitoring.ingest.views import PATHS
from monitoring.items import ITEM_TYPES

REF = "#/components/schemas/{name}"
PROBLEMS = {
    "400": "Malformed",
    "401": "No live key",
    "403": "The key lacks the scope `ingest`",
    "413": "Too many items or bytes",
    "415": "Neither JSON nor NDJSON, or an unknown encoding",
    "429": "Too fast; see Retry-After",
    "503": "The inbox is full; see Retry-After",
}


class ItemResult(msgspec.Struct):
    """One item that was rejected, cut, or given an id."""

    index: int
    status: str
    id: str = ""
    code: str = ""
    pointer: str = ""
    detail: str = ""


class Received(msgspec.Struct):
    """The answer: `items` lists rejections, truncations and ids made here only."""

    received: int
    accepted: int
    rejected: int
    items: list[ItemResult]


def add_ingest(result: dict[str, Any], **_: object) -> dict[str, Any]:
    """A drf-spectacular postprocessing hook."""
    answers, components = msgspec.json.schema_components([Received], ref_template=REF)
    for path, kind in PATHS.items():
        (item,), parts = msgspec.json.schema_components([ITEM_TYPES[kind]], ref_template=REF)
        components |= parts
        result["paths"].setdefault(path, {})["post"] = _operation(kind, item, answers[0])
    result["components"]["schemas"] |= components
    return result


def _operation(kind: str, item: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    one_or_more = {"oneOf": [item, {"type": "array", "items": item, "maxItems": 5_000}]}
    refused = {
        status: {"description": text, "content": {"application/problem+json": {}}} for status, text in PROBLEMS.items()
    }
    return {
        "operationId": f"post_{kind}",
        "description": "One object, an array, or NDJSON; identity or gzip. Unknown fields are kept under `extra`.",
        "tags": ["ingest"],
        "security": [{"key": []}],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": one_or_more}, "application/x-ndjson": {"schema": item}},
        },
        "responses": {
            "202": {"description": "Committed.", "content": {"application/json": {"schema": answer}}},
            **refused,
        },
    }
