"""Every page and every list costs the same number of queries for n rows and for 3n; event tables are never counted.

Pages are found in the admin's registry and in the URLconf, so a new one is covered the day it is added.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection, reset_queries
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from config.definitions.kinds import KINDS
from models_registry.roles import VIEWER
from monitoring.ingest.otlp.views import ASKED
from panel.pages.wheel import client_wheel
from tests.crowd import Crowd

pytestmark = pytest.mark.django_db

FEW = 2
EVENT_TABLES = [
    f"monitoring_{name}"
    for name in ("prediction", "llmcall", "outcome", "feedback", "businessevent", "logrecord", "eventkey", "bucket")
]
COSTLY = re.compile(r"\bCOUNT\(|\bOFFSET\b|\bUPPER\(|\bSELECT DISTINCT\b", re.IGNORECASE)
# Answers of other processes, not of the database.
ELSEWHERE = {"health_live", "health_ready", "health_pipeline", "metrics", "schema", "api_docs", "set_language"}
HOUR = {"from": "2026-03-10T14:00:00Z", "to": "2026-03-10T15:00:00Z"}
PROBES = {
    "/api/v1/series": {"measure": "requests", "model": "model-1", **HOUR},
    "/api/v1/metrics": {"model": "model-1"},
    "/api/v1/prices": {"model": "gpt-4o"},
    "/api/v1/costs": {"by": "user", **HOUR},
    "/api/v1/models/model-1/compare": {"champion": "1", "challenger": "2", **HOUR},
}


@pytest.fixture
def crowd(project: Any, stopped_clock: Any) -> Crowd:
    return Crowd(project)


def routes(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """(path, pattern) of everything but the stock admin, which is walked through its registry."""
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            if pattern.namespace != "admin":
                yield from routes(pattern.url_patterns, path)
        elif pattern.name not in ELSEWHERE and f"/{path}" not in ASKED:  # which ask for a key before Django
            yield path, pattern


def fill(path: str, crowd: Crowd) -> str:
    """A route with its gaps filled by the first row of what it shows."""
    first = crowd.first
    slugs = {
        "models/": first["model"].slug,
        "slos/": first["slo"].slug,
        "runbooks/": first["runbook"].slug,
        "runs/": first["runbook"].slug,
        "policies/": first["policy"].slug,
        "evaluators/": first["evaluator"].slug,
        "slo-corrections/": first["correction"].slug,
        "rules/": first["rule"].slug,
        "fatigue/": first["rule"].slug,
        "scrape-targets/": first["target"].slug,
        "projects/": crowd.project.slug,
    }
    numbers = {
        "jobs/": "job",
        "deployments/": "deployment",
        "dead-letters/": "dead_letter",
        "v1/routes/": "route",
        "v1/alerts/": "alert",
        "quiet-hours/": "quiet_hours",
        "maintenance-windows/": "maintenance",
        "inhibitions/": "inhibition",
        "exports/": "export",
        "action-items/": "action",
    }
    fillings: dict[str, Any] = {
        "project": crowd.project.slug,
        "number": next((first[name].pk for part, name in numbers.items() if part in path), first["incident"].number),
        "event": first["prediction"].pk,
        "name": VIEWER if "groups/" in path else first["prompt"].name,
        "username": first["user"].username,
        "file": client_wheel().name,
        "text": first["prediction"].event_id,
        "request_id": first["prediction"].event_id,
        "session": first["prediction"].session_id,
        "session_id": first["prediction"].session_id,
        "person": first["prediction"].user_id,
        "user_id": first["prediction"].user_id,
        "silence": first["silence"].pk,
        "uid": first["notification" if "notifications/" in path else "silence"].uid,
        "prefix": first["key"].prefix,
        "run_id": first["batch_run"].run,
        "section": "rules",
        "key": first["rule"].slug,
        "token": first["ack"] if path.startswith("a/") else first["link"],
        "slug": next((slug for part, slug in slugs.items() if part in path), ""),
    }
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda gap: str(fillings.get(gap[1], 1)), path)


def addresses(crowd: Crowd) -> list[str]:
    found = [fill(path, crowd) for path, _ in routes(get_resolver().url_patterns)]
    found += [f"/api/v1/definitions/{kind.section}" for kind in KINDS]
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        found.append(reverse(f"{name}_changelist"))
        row = model._default_manager.order_by("pk").first()
        assert row, f"tests/crowd.py makes no {model._meta.label}"
        found.append(reverse(f"{name}_change", args=[row.pk]))
    return found


def queries(client: Client, address: str, crowd: Crowd, *, times: int = 1) -> list[str]:
    """The statements of the last of so many requests."""
    data = {"project": crowd.project.slug} if address.startswith("/api/") else {}
    data |= PROBES.get(address, {})
    reset_queries()  # the log has an end
    for _ in range(times):
        with CaptureQueriesContext(connection) as captured:
            response = client.get(address, data)
    assert response.status_code in {200, 302, 405}, f"{address}: {response.status_code} {response.content[:300]!r}"
    return [query["sql"] for query in captured.captured_queries]


def test_pages_and_lists_cost_the_same_for_n_and_3n_rows_and_never_count_events(crowd, as_admin):
    """The first request of an address fills caches, of which some last a second; those that seem dearer are asked again so."""
    crowd.grow(FEW)
    everywhere = addresses(crowd)
    assert len(everywhere) > 60
    few = {address: queries(as_admin, address, crowd, times=2) for address in everywhere}
    crowd.grow(2 * FEW)
    dearer = [address for address in few if len(queries(as_admin, address, crowd)) != len(few[address])]
    many = {address: len(queries(as_admin, address, crowd, times=2)) for address in dearer}
    assert {address: (len(few[address]), cost) for address, cost in many.items() if cost != len(few[address])} == {}
    assert {(address, sql[:400]) for address, asked in few.items() for sql in asked if _reads_all_events(sql)} == set()


def _reads_all_events(sql: str) -> bool:
    """Whether it counts events, skips through them or scans them."""
    return bool(COSTLY.search(sql)) and any(f'"{table}"' in sql for table in EVENT_TABLES)
