"""What forms and the API foretell of objectives, and what the last days suggest; on summaries, in as few statements."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from models_registry.keys import create_key
from models_registry.models import Model, ModelVersion, Project
from monitoring.models import SLO, Bucket, DirtyHour
from monitoring.models.summaries import Tier
from monitoring.slo.foresight import foresee_slo
from monitoring.slo.suggest import suggest
from monitoring.stats.histogram import pack
from tests import cast
from tests.monitoring.series import series_of

pytestmark = pytest.mark.django_db
NOW = cast.NOW


def two_weeks(model: Model, *, ok: int = 60, failing: int = 2, days: int = 14) -> None:
    """Every hour so many requests, and one failure more in each of a few hours a day."""
    series, newest = series_of(model, "status"), int(NOW.timestamp())
    Bucket.objects.bulk_create(
        Bucket(
            series=series,
            tier=Tier.MINUTE,
            start=newest - (hour + 1) * 3_600,
            n=ok + (bad := int(hour % 24 < failing)),
            total=0,
            bins=pack({0: ok, 1: bad}),
        )
        for hour in range(days * 24)
    )
    DirtyHour.objects.bulk_create(
        DirtyHour(series=series, start=newest - (hour + 1) * 3_600) for hour in range(days * 24)
    )


def promise(model: Model, target: float = 0.99, **more: object) -> SLO:
    return SLO(project=model.project, model=model, sli="availability", name="Up", slug="up", target=target, **more)


def test_an_objective_nobody_saved(credit_risk: Model) -> None:
    two_weeks(credit_risk)
    found = foresee_slo(promise(credit_risk), now=NOW)
    assert found.traffic is not None
    assert found.traffic.per_second * 3_600 == pytest.approx(60.08, abs=0.01)
    assert found.traffic.share == pytest.approx(2 / (60 * 24 + 2), rel=1e-6)
    assert [row.guard.long for row in found.pairs] == [3] * 4
    hourly = found.pairs[0].outages
    assert hourly[0].detected_s == pytest.approx(0.144 * 3_600, rel=1e-9)
    assert hourly[2].never == "small"
    assert found.false_pages is not None
    assert found.false_pages.low <= found.false_pages.value <= found.false_pages.high < 0.1
    assert not found.over_budget


def test_without_traffic_only_the_closed_forms(credit_risk: Model) -> None:
    found = foresee_slo(promise(credit_risk), now=NOW)
    assert (found.traffic, found.false_pages) == (None, None)
    assert found.pairs[0].outages[0].spent == pytest.approx(0.02, rel=1e-9)


def test_more_was_bad_than_is_promised(credit_risk: Model) -> None:
    two_weeks(credit_risk, failing=24)
    assert foresee_slo(promise(credit_risk, 0.999), now=NOW).over_budget


def test_what_the_last_days_suggest(credit_risk: Model, project: Project) -> None:
    two_weeks(credit_risk)
    [one] = [one for one in suggest(project, now=NOW) if one.slo.sli == "availability"]
    assert (one.slo.target, one.days, one.slo.window) == (0.998, 14, timedelta(days=30))
    assert one.worst_day <= one.attained
    assert one.slo.target <= one.attained
    one.slo.save()
    assert not [one for one in suggest(project, now=NOW) if one.slo.sli == "availability"]


def test_too_little_suggests_nothing(credit_risk: Model, project: Project) -> None:
    two_weeks(credit_risk, ok=1, failing=0, days=2)
    assert suggest(project, now=NOW) == []


def test_a_perfect_fortnight_of_little_traffic_promises_no_more_than_it_can_tell(
    credit_risk: Model, project: Project
) -> None:
    two_weeks(credit_risk, ok=1, failing=0)
    [one] = [one for one in suggest(project, now=NOW) if one.slo.sli == "availability"]
    assert one.slo.target == 0.995  # three bad ones of the 720 of a month


def test_more_models_cost_no_more_statements(credit_risk: Model, project: Project) -> None:
    two_weeks(credit_risk, days=4)
    with CaptureQueriesContext(connection) as one:
        assert suggest(project, now=NOW)
    for number in range(3):
        other = Model.objects.create(project=project, slug=f"other-{number}", name="Other", kind=Model.Kind.BINARY)
        ModelVersion.objects.create(model=other, version="1")
        two_weeks(other, days=4)
    with CaptureQueriesContext(connection) as many:
        assert len(suggest(project, now=NOW)) >= 4
    assert len(many) == len(one)


@pytest.fixture
def api(credit_risk: Model, stopped_clock: object):
    token = create_key(project=credit_risk.project, name="reader", scopes=["read"])[1]
    headers = {"Authorization": f"Bearer {token}"}

    def call(path: str, body: object = None):
        if body is None:
            return Client().get(path, headers=headers)
        return Client().post(path, body, content_type="application/json", headers=headers)

    return call


def test_the_api_foretells_and_suggests(credit_risk: Model, api) -> None:
    two_weeks(credit_risk)
    body = {"model": "credit-risk", "sli": "availability", "target": 0.999}
    told = api("/api/v1/slos/preview", {"slo": body}).json()
    assert [pair["factor"] for pair in told["pairs"]] == pytest.approx([14.4, 6, 3, 1])
    assert told["traffic"]["over_budget"]
    assert told["false_pages"]["value"] > 0
    [one, *_] = api("/api/v1/slos/suggested?model=credit-risk").json()["items"]
    definition = {name: one[name] for name in ("model", "name", "slug", "environment", "sli", "bound_ms", "target")}
    assert api("/api/v1/slos/preview", {"slo": definition | {"window": one["window"]}}).status_code == 200
    assert SLO.objects.count() == 0


@pytest.mark.parametrize(
    ("slo", "mend"),
    [
        ("nobody", "GET /api/v1/slos"),
        (3, "object"),
        ({"model": "credit-risk", "sli": "availability"}, "required"),
        ({"model": "credit-risk", "sli": "availability", "target": 1.5}, "between 0 and 1"),
        ({"model": "credit-risk", "sli": "nothing", "target": 0.9}, "Unknown indicator"),
        ({"model": "none", "sli": "availability", "target": 0.9}, "none"),
        ({"model": "credit-risk", "sli": "availability", "target": 0.9, "colour": "red"}, "colour"),
    ],
)
def test_what_cannot_be_foretold_is_refused_with_the_mend(credit_risk: Model, api, slo: object, mend: str) -> None:
    answer = api("/api/v1/slos/preview", {"slo": slo})
    assert (answer.status_code, mend in answer.content.decode()) == (400, True), answer.content
