"""The OpenAPI document is valid, complete and free of warnings."""

import json
import re

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from config.urls import API
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
