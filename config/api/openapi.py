"""What every operation of the API may answer beside its success, for the OpenAPI document."""

from typing import Any, Final

METHODS: Final = ("get", "put", "post", "patch", "delete")
WRITES: Final = ("put", "post", "patch", "delete")
CHANGES: Final = ("put", "patch", "delete")
IDEMPOTENCY_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string", "maxLength": 200, "pattern": "^[!-~]+$"},
    "description": "The same request with the same key is done once, and answered alike for a day.",
}
IF_MATCH: Final = {
    "name": "If-Match",
    "in": "header",
    "schema": {"type": "string"},
    "description": "The `ETag` of a GET of this address: 412 where it is no longer so. `*` is any.",
}
PROBLEM: Final = {
    "type": "object",
    "description": "RFC 9457. `code` is for programs, `detail` for people; `errors` says where in the request, by JSON pointer.",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {name: {"type": "string"} for name in ("pointer", "code", "detail")},
                "required": ["pointer", "code", "detail"],
            },
        },
    },
    "required": ["type", "title", "status", "detail", "code", "request_id"],
}
REFUSAL: Final = {
    "description": "A problem.",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def add_problems(result: dict[str, Any], **_: object) -> dict[str, Any]:
    """A drf-spectacular postprocessing hook: refusals, the key that makes a write happen once, bodies without unknown fields."""
    result["components"]["schemas"]["Problem"] = PROBLEM
    _let_anything_be_null(result["components"]["schemas"])
    for path, verbs in result["paths"].items():
        if path.startswith("/api/v1/"):
            for method in METHODS:
                if method in verbs:
                    _complete(verbs[method], method, readable="get" in verbs)
    return result


def _complete(operation: dict[str, Any], method: str, *, readable: bool) -> None:
    operation["responses"].setdefault("default", REFUSAL)
    names = [one.get("name") for one in operation.get("parameters", [])]
    if method in WRITES and IDEMPOTENCY_KEY["name"] not in names:
        operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
    if readable and method in CHANGES:
        operation.setdefault("parameters", []).append(IF_MATCH)


def _let_anything_be_null(schema: Any) -> None:
    """What may be anything may be null: "either anything or null" is told of as both, which `oneOf` forbids."""
    if isinstance(schema, dict):
        if {} in schema.get("oneOf", ()):
            del schema["oneOf"]
        for part in schema.values():
            _let_anything_be_null(part)
    elif isinstance(schema, list):
        for part in schema:
            _let_anything_be_null(part)
