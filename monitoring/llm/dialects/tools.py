"""The tools that a model was offered, as `{"name", "description", "parameters"}` each, whoever wrote them down."""

from collections.abc import Mapping
from typing import Any

from monitoring.llm.dialects.values import loaded

SCHEMAS = ("parameters", "input_schema", "json_schema", "inputSchema", "parametersJsonSchema", "parameters_json_schema")
WRAPPERS = ("function", "tool", "json_schema", "toolSpec")


def tools_of(value: Any) -> list[dict[str, Any]]:
    """The tools of a list; empty where there are none."""
    value = loaded(value)
    given = value if isinstance(value, list) else [value]
    return [tool for one in given if (tool := _tool(loaded(one)))]


def _kind(value: Mapping[str, Any]) -> Any:
    """What a tool of the provider's own is called by; `function` is none."""
    return value.get("type") if value.get("type") != "function" else None


def _tool(value: Any) -> dict[str, Any] | None:
    if not isinstance(value, Mapping):
        return None
    for wrapper in WRAPPERS:
        inner = loaded(value.get(wrapper))
        if isinstance(inner, Mapping) and "name" not in value:
            return _tool(inner)
    known = {"name": value.get("name") or _kind(value), "description": value.get("description")}
    known["parameters"] = next((loaded(value[key]) for key in SCHEMAS if value.get(key)), None)
    more = {key: part for key, part in value.items() if key not in {*known, *SCHEMAS, "type"}}
    return {key: part for key, part in (known | more).items() if part is not None} if known["name"] else None
