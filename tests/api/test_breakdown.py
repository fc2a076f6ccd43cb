"""`by` takes a series apart: by version, environment, class of error, prompt or a declared key, in one query."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from models_registry.keys import create_key
from models_registry.models import Model, Project
from monitoring.drain import drain_until_empty
from monitoring.summaries.recount import recount
from monitoring.summaries.segment_keys import declare_key, withdraw_key
from tests.monitoring.conftest import micros, put_body

Series = Callable[..., Any]


@pytest.fixture
def series(project: Project, stopped_clock: datetime) -> Series:
    _, token = create_key(project=project, name="tests", scopes=["read"])
    client = Client(headers={"authorization": f"Bearer {token}"})
    start = (stopped_clock - timedelta(hours=2)).timestamp()

    def get(**params: str) -> Any:
        given = {"model": "credit-risk", "from": f"{start:.0f}", "to": f"{stopped_clock.timestamp():.0f}", "step": "2h"}
        return client.get("/api/v1/series", {**given, **params})

    return get


@pytest.fixture
def played(credit_risk: Model, project: Project, stopped_clock: datetime) -> Model:
    """Of 12 predictions in the last two hours four are from the south; three fail, each third without saying why."""
    declare_key(credit_risk, "region", now=stopped_clock)
    items = [
        {
            "id": f"p{n}",
            "model": "credit-risk",
            "version": "1" if n < 8 else "2",
            "environment": "production" if n % 2 else "staging",
            "ts": micros(stopped_clock - timedelta(minutes=5 + n)),
            "segments": {"region": "south" if n % 3 == 0 else "north"},
            **({"status": "error", "error_type": "" if n == 6 else "Timeout"} if n in {0, 3, 6} else {}),
        }
        for n in range(12)
    ]
    put_body(project, "prediction", items, received=stopped_clock)
    drain_until_empty(now=stopped_clock)
    return credit_risk


def values(response: Any) -> dict[str, tuple[float, int]]:
    assert response.status_code == 200, response.content
    return {point["by"]: (point["value"], point["n"]) for point in response.json()["points"]}


@pytest.mark.parametrize(
    ("by", "found"),
    [
        ("region", {"south": (0.75, 4), "north": (0, 8)}),
        ("version", {"1": (0.375, 8), "2": (0, 4)}),
        ("environment", {"production": (pytest.approx(1 / 6), 6), "staging": (pytest.approx(1 / 3), 6)}),
        ("error_type", {"Timeout": (pytest.approx(2 / 12), 12), "(none)": (pytest.approx(1 / 12), 12)}),
        ("prompt", {}),
    ],
)
def test_a_series_is_taken_apart(played: Model, series: Series, by: str, found: Any) -> None:
    response = series(measure="error_rate", by=by)
    assert values(response) == found
    assert response.json()["left_out"] == 0


def test_errors_by_class_add_up_to_the_errors(played: Model, series: Series, stopped_clock: datetime) -> None:
    assert [(p["by"], p["value"]) for p in series(measure="errors", by="error_type").json()["points"]] == [
        ("Timeout", 2),
        ("(none)", 1),
    ]
    [whole] = series(measure="errors").json()["points"]
    assert (whole["value"], whole["n"], "by" in whole) == (3, 12, False)
    south = series(measure="errors", by="error_type", segment="region=south")
    assert values(south) == {"Timeout": (2, 4), "(none)": (1, 4)}
    assert recount(start=stopped_clock - timedelta(days=1), end=stopped_clock + timedelta(days=1)) == []


def test_one_segment_can_be_asked_for(played: Model, series: Series) -> None:
    [point] = series(measure="requests", segment="region=south").json()["points"]
    assert point["value"] == 4
    assert values(series(measure="requests", segment="region=south", by="version")) == {"1": (3, 3), "2": (1, 1)}
    [nothing] = series(measure="error_rate", segment="region=west").json()["points"]
    assert (nothing["value"], nothing["state"]) == (None, "no_data")


@pytest.mark.parametrize(
    ("params", "field", "told"),
    [
        ({"by": "plan"}, "by", "region: what else is in `segments` is declared"),
        ({"by": ""}, "by", "one of version, environment"),
        ({"by": "region", "segment": "region=south"}, "by", "not both"),
        ({"by": "error_type", "measure": "latency_p95"}, "by", "error_rate and errors"),
        ({"segment": "south"}, "segment", "region=south"),
        ({"by": "region", "from": "1600000000", "step": "1d"}, "step", "larger step"),
    ],
)
def test_what_cannot_be_taken_apart_is_a_400(played: Model, series: Series, params: Any, field: str, told: str) -> None:
    response = series(**{"measure": "error_rate", **params})
    assert response.status_code == 400
    [error] = response.json()["errors"]
    assert error["pointer"] == f"/{field}"
    assert told in error["detail"]


def test_a_withdrawn_key_can_still_be_read(played: Model, series: Series, stopped_clock: datetime) -> None:
    withdraw_key(played.segment_keys.get(), now=stopped_clock)
    assert len(values(series(measure="requests", by="region"))) == 2


def test_more_parts_cost_no_more_queries_and_are_capped(
    credit_risk: Model, project: Project, series: Series, stopped_clock: datetime
) -> None:
    declare_key(credit_risk, "region", now=stopped_clock)
    assert values(series(measure="requests", by="region")) == {}  # the key is known from now on
    counts = []
    for first, last in ((0, 3), (3, 45)):
        items = [
            {
                "id": f"p{n}",
                "model": "credit-risk",
                "version": "1",
                "ts": micros(stopped_clock - timedelta(minutes=5)),
                "segments": {"region": f"r{n}"},
            }
            for n in range(first, last)
        ]
        put_body(project, "prediction", items, received=stopped_clock)
        drain_until_empty(now=stopped_clock)
        with CaptureQueriesContext(connection) as queries:
            assert len(values(series(measure="latency_p95", by="region"))) == last
        counts.append(len(queries))
    assert counts[0] == counts[1]
    for n in range(70):
        credit_risk.versions.create(version=f"v{n}")
    response = series(measure="requests", by="version").json()
    assert len(response["points"]) == 60
    assert response["left_out"] == credit_risk.versions.count() - 60
