"""The OpenAPI document is valid, complete and free of warnings."""

import json
import re

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from google.protobuf import descriptor_pool

from config.urls import API
from monitoring.ingest.otlp.views import PATHS as OTLP_PATHS
from monitoring.ingest.otlp.views import SIGNALS
from monitoring.ingest.views import PATHS


@pytest.fixture
def document(client: Client) -> dict:
    answer = client.get("/api/schema/")
    assert answer.status_code == 200
    return json.loads(answer.content)


def test_the_document_is_valid(tmp_path: object) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", file=f"{tmp_path}/schema.yml")


def test_every_post_of_events_is_described(document: dict) -> None:
    for path in PATHS:
        assert "202" in document["paths"][path]["post"]["responses"]


def test_what_comes_by_opentelemetry_is_described_in_both_encodings(document: dict) -> None:
    schemas = document["components"]["schemas"]
    for path, kind in OTLP_PATHS.items():
        post = document["paths"][path]["post"]
        if kind in SIGNALS:
            assert post["requestBody"]["content"].keys() == {"application/x-protobuf", "application/json"}
            assert post["responses"].keys() == {"200", "400", "401", "403", "413", "415", "429", "503"}
            sent = post["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
            assert sent.startswith("collector.")
            answered = post["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
            assert schemas[answered]["properties"].keys() == {"partialSuccess"}
    assert schemas["trace.v1.Span"]["properties"]["traceId"]["pattern"] == "^([0-9a-fA-F]{2})*$"
    assert "startTimeUnixNano" in schemas["trace.v1.Span"]["properties"]
    assert "get" in document["paths"]["/api/public/projects"]
    assert {"key", "pair", "header"} <= document["components"]["securitySchemes"].keys()


@pytest.mark.parametrize("path", [path for path, kind in OTLP_PATHS.items() if kind in SIGNALS])
def test_what_the_document_calls_json_of_a_signal_is_what_a_printer_of_it_writes(document: dict, path: str) -> None:
    """Every field of the protocol's own classes has its place in the schema, by its own name."""
    request = {"span": "Trace", "log": "Logs", "metric": "Metrics"}[OTLP_PATHS[path]]
    schemas = document["components"]["schemas"]
    names = [name for name in schemas if f"Export{request}ServiceRequest" in name]
    seen: set[str] = set()
    while names:
        name = names.pop()
        if name not in seen:
            seen.add(name)
            names += re.findall(r"#/components/schemas/([^\"]+)", json.dumps(schemas[name]))
            pool = descriptor_pool.Default().FindMessageTypeByName(f"opentelemetry.proto.{name}")
            assert schemas[name]["properties"].keys() == {one.json_name for one in pool.fields}
    assert len(seen) > 8


def _paths(patterns: list, prefix: str = "/") -> list[str]:
    found = []
    for pattern in patterns:
        if isinstance(pattern, URLResolver) and getattr(pattern.urlconf_module, "__name__", "") in API:
            found += [f"{prefix}{pattern.pattern}{inner.pattern}" for inner in pattern.url_patterns]
        assert isinstance(pattern, URLPattern | URLResolver)
    return found


def test_every_route_is_described(document: dict) -> None:
    routes = _paths(get_resolver().url_patterns)
    plain = {re.sub(r"<\w+:(\w+)>", r"{\1}", route) for route in routes}
    assert plain
    assert plain <= document["paths"].keys()


def test_operations_have_names_of_their_own(document: dict) -> None:
    names = [verb["operationId"] for path in document["paths"].values() for verb in path.values()]
    assert len(names) == len(set(names))


def test_the_page_of_the_document_needs_no_other_host(as_bia: Client) -> None:
    page = as_bia.get("/api/docs/").content.decode()
    assert "https://" not in page
    assert "/static/drf_spectacular_sidecar/" in page
