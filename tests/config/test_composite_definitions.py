"""Composites in files, by API, as OpenSLO and as Prometheus: made, exported, read back, refused with the mend."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.test import Client

from alerting.models import AlertRule
from config.definitions.export import export
from config.interchange.openslo_export import openslo_documents
from config.interchange.openslo_import import Here, read_openslo
from config.interchange.openslo_read import OpenSLOError, read_objects
from config.interchange.prometheus_export import prometheus_rules
from config.slo_gauges import remembered_slos
from models_registry.keys import create_key, forget_keys
from models_registry.models import Model, ModelVersion, Project
from monitoring.models import SLO, Component
from monitoring.slo.status import slo_status
from tests.alerting.rule_cast import NOON, serve
from tests.config.definitions import complaint
from tests.config.openslo_cast import BOUND, policy, read, slo
from tests.monitoring.series import served
from tests.monitoring.test_composite_groups import region

pytestmark = pytest.mark.django_db
PARTS = """\
project: {slug: aurora}
models:
  churn: {name: Churn, kind: binary}
slos:
  up: {name: Up, model: churn, sli: availability, target: 0.99}
  fast: {name: Fast, model: churn, sli: latency, bound_ms: 300, target: 0.95}
"""
WHOLE = "  whole: {name: Whole, model: churn, sli: composite, composition: weighted, target: 0.9, components: %s}\n"


def weights() -> dict[str, float]:
    return {one.slo.slug: one.weight for one in Component.objects.select_related("slo")}


def test_a_file_makes_one_and_the_second_time_changes_nothing(write: Any, tmp_path: Path) -> None:
    text = PARTS + WHOLE % "{up: 2, fast: 0.5}"
    assert "created slos.whole" in " ".join(write(text))
    assert weights() == {"up": 2, "fast": 0.5}
    assert SLO.objects.get(slug="whole").without_data == "left_out"
    assert all("unchanged" in line for line in write(text)[:5])
    assert "components" in " ".join(write(PARTS + WHOLE % "[up]"))
    assert weights() == {"up": 1}
    write(PARTS.replace("Up,", "Answered,"))  # what is left out stays
    document = export(Project.objects.get()).document
    assert list(document["slos"]) == ["up", "fast", "whole"]
    assert document["slos"]["whole"]["components"] == {"up": 1}
    assert "composition" not in document["slos"]["up"]
    assert all("unchanged" in line for line in write(yaml.safe_dump(document, sort_keys=False))[:5])


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("{}", "slos.whole.components: A composite is made of 1 to 50 other SLOs"),
        ("{gone: 1}", "slos.whole.components: There is no SLO “gone” in the project."),
        ("{up: often}", "slos.whole.components: The weight of “up” is no number"),
        ("{up: 0}", "slos.whole.components: The weight of “up” must be from"),
        ("7", "slos.whole.components: Write weights by the slug"),
    ],
)
def test_a_file_that_makes_none_is_refused_with_its_line(write: Any, given: str, problem: str) -> None:
    told = complaint(write, PARTS + WHOLE % given)
    assert problem in told
    assert "panel.yml:7: " in told


def test_what_is_no_composite_any_more_has_no_components(write: Any) -> None:
    write(PARTS + WHOLE % "[up, fast]")
    plain = "  whole: {sli: availability, composition: '', without_data: '', components: []}\n"
    write(PARTS + plain)
    assert weights() == {}
    assert "is a component" not in complaint(write, PARTS + plain.replace("''", "minimum"))


def test_by_api(credit_risk: Model, stopped_clock: Any) -> None:
    forget_keys()
    _, token = create_key(project=credit_risk.project, name="tests", scopes=["read", "admin"])
    client = Client(headers={"authorization": f"Bearer {token}"})

    def call(method: str, path: str, body: Any = None) -> Any:
        text = "" if body is None else json.dumps(body)
        return client.generic(method, f"/api/v1/{path}", text, content_type="application/json")

    serve(credit_risk, start=-60, end=0, ok=9, failed=1)
    shared = {"model": "credit-risk", "target": 0.5}
    for slug in ("one", "two"):
        fields = {"name": slug, "sli": "availability", **shared}
        assert call("POST", "definitions/slos", {"key": slug, "fields": fields}).status_code == 201
    whole = {"sli": "composite", "composition": "product", "components": {"one": 1, "two": 3}, **shared}
    made = call("POST", "definitions/slos", {"key": "whole", "fields": {"name": "Whole", **whole}})
    assert made.status_code == 201, made.content
    assert made.json()["fields"]["components"] == {"one": 1, "two": 3}
    told = call("GET", "slos/whole").json()
    assert (told["composition"], told["components"], told["without_data"]) == (
        "product",
        {"one": 1, "two": 3},
        "left_out",
    )
    assert told["attained"] == pytest.approx(0.81, abs=1e-9)
    found = call("GET", "slos/whole/components").json()
    assert [one["spent"] for one in found["items"]] == pytest.approx([0.19, 0.19], abs=1e-9)
    assert call("GET", "slos/one/components").json() == {"composition": "", "items": []}
    assert [one["components"] for one in call("GET", "slos").json()["items"]] == [{"one": 1, "two": 3}, {}, {}]
    refused = call("DELETE", "definitions/slos/one")
    assert refused.status_code == 409
    assert "slos.whole" in refused.json()["detail"]
    wrong = call("PATCH", "definitions/slos/whole", {"components": {"whole": 1}})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (400, "/components")
    assert "this composite itself" in wrong.json()["errors"][0]["detail"]
    preview = call("POST", "slos/preview", {"slo": whole})
    assert preview.status_code == 200, preview.content
    assert preview.json()["traffic"]["bad_share"] == pytest.approx(0.19, abs=1e-9)
    assert "no SLO" in call("POST", "slos/preview", {"slo": {**whole, "components": ["gone"]}}).content.decode()
    assert call("DELETE", "definitions/slos/whole").status_code == 204
    assert call("DELETE", "definitions/slos/one").status_code == 204


def test_a_round_trip_as_openslo_loses_nothing(write: Any, tmp_path: Path) -> None:
    write(PARTS + WHOLE % "{up: 2, fast: 0.5}")
    SLO.objects.filter(slug="whole").update(
        composition="minimum", without_data="no_data", environment="staging", owner="ana", description="All of it"
    )
    watched = SLO.objects.get(slug="whole")
    AlertRule.objects.create(project=watched.project, slug="burns", name="Burns", kind="burn_rate", slo=watched)
    before = export(watched.project).document
    documents = openslo_documents(SLO.objects.select_related("project", "model"))
    [told] = [one for one in documents if one["metadata"]["name"] == "whole"]
    assert [one["compositeWeight"] for one in told["spec"]["objectives"]] == [2, 0.5]
    assert all("indicator" in one for one in told["spec"]["objectives"])
    found = read_openslo(
        read_objects(list(yaml.safe_load_all(yaml.safe_dump_all(documents)))), Here("aurora", frozenset({"churn"}))
    )
    assert found.warnings == []
    SLO.objects.filter(slug="whole").delete()
    SLO.objects.all().delete()
    write(yaml.safe_dump(found.document, sort_keys=False))
    after = export(Project.objects.get()).document
    assert after["slos"] == before["slos"]
    assert after["rules"]["burns"]["slo"] == "whole"


GROUPED = (
    PARTS.replace("kind: binary}", "kind: binary, segments: [region]}")
    + """\
  whole: {name: Whole, model: churn, sli: composite, composition: weighted, target: 0.9, components: [up, fast], group_by: region}
"""
)


def test_groups_of_one_are_kept_in_files_and_in_openslo(write: Any) -> None:
    write(GROUPED)
    whole = SLO.objects.select_related("project", "model").get(slug="whole")
    before = export(whole.project).document
    assert before["slos"]["whole"]["group_by"] == "region"
    assert any("unchanged slos.whole" in line for line in write(yaml.safe_dump(before, sort_keys=False)))
    documents = openslo_documents(SLO.objects.select_related("project", "model"))
    found = read_openslo(read_objects(documents), Here("aurora", frozenset({"churn"})))
    assert found.warnings == []
    assert found.document["slos"]["whole"]["group_by"] == "region"
    AlertRule.objects.create(project=whole.project, slug="burns", name="Burns", kind="burn_rate", slo=whole)
    warnings = prometheus_rules([whole], runbooks={}).warnings
    assert any("rule burns: one alert per region cannot be told apart" in one for one in warnings)


def test_a_file_says_which_component_does_not_know_the_key(write: Any) -> None:
    other = GROUPED.replace("slos:", "  score: {name: Score, kind: binary}\nslos:")
    other = other.replace("fast: {name: Fast, model: churn", "fast: {name: Fast, model: score")
    told = complaint(write, other)
    assert "slos.whole.group_by" in told
    assert "Its component “fast” is of score, which does not declare the segment key region" in told


def test_the_api_tells_the_groups_and_whether_the_rest_is_among_them(write: Any, stopped_clock: Any) -> None:
    write(GROUPED)
    model = Model.objects.get()
    ModelVersion.objects.create(model=model, version="1")
    region(model, "south", ok=8, failed=2, at=stopped_clock - timedelta(hours=1))
    served(model, stopped_clock - timedelta(hours=1), ok=5)
    forget_keys()
    _, token = create_key(project=model.project, name="tests", scopes=["read"])
    reader = Client(headers={"authorization": f"Bearer {token}"})
    told = reader.get("/api/v1/slos/whole/groups").json()
    assert (told["group_by"], told["rest_told"]) == ("region", True)
    found = {one["value"]: (one["attained"], one["state"]) for one in told["items"]}
    assert found == {"south": (pytest.approx(0.8), "exhausted"), "(other)": (1.0, "ok")}
    assert reader.get("/api/v1/slos/up/groups").json() == {"group_by": "", "rest_told": False, "items": []}
    remembered_slos.forget()
    series = Client().get("/metrics").content.decode()
    labels = 'environment="production",group="south",model="churn",project="aurora",slo="whole"'
    assert f"atalaia_sli_group_ratio{{{labels}}} 0.8" in series


def test_weighted_objectives_of_others_become_a_composite(project: Project, write: Any) -> None:
    objectives = [
        {"displayName": "Up", "target": 0.99, "compositeWeight": 3},
        {"displayName": "Quick", "target": 0.95, "op": "lte", "value": 300, "indicator": BOUND},
    ]
    found = read(slo(objective=objectives, alertPolicies=[policy(threshold=2)]))
    assert list(found.document["slos"]) == ["shop-up", "shop-quick", "shop"]
    whole = found.document["slos"]["shop"]
    assert whole["components"] == {"shop-up": 3, "shop-quick": 1}
    assert (whole["composition"], whole["target"]) == ("weighted", 0.98)
    assert [rule["slo"] for rule in found.document["rules"].values()] == ["shop"]
    assert any("weighted mean, 0.98" in one for one in found.warnings)
    write(yaml.safe_dump(found.document, sort_keys=False))
    made = SLO.objects.select_related("model").get(slug="shop")
    assert slo_status(made, now=NOON).state == "no_data"


def test_slices_of_others_become_the_worst_of_them_and_it_is_said(db: None) -> None:
    objective = {"target": 0.99, "timeSliceTarget": 0.9, "timeSliceWindow": "1h"}
    found = read(
        slo(method="Timeslices", objective=[{**objective, "compositeWeight": 1}, {**objective, "displayName": "B"}])
    )
    assert found.document["slos"]["shop"]["composition"] == "minimum"
    assert any("bad if any member's is" in one for one in found.warnings)


@pytest.mark.parametrize("weight", [0, -1, "much", float("nan"), float("inf"), True])
def test_a_weight_that_is_none_is_refused(weight: object) -> None:
    with pytest.raises(OpenSLOError, match="compositeWeight must be a number above 0"):
        read(slo(objective=[{"target": 0.9, "compositeWeight": weight}, {"target": 0.9}]))


def test_prometheus_is_told_what_its_guards_count(write: Any) -> None:
    write(PARTS + WHOLE % "[up, fast]")
    found = prometheus_rules(SLO.objects.select_related("project", "model"), runbooks={})
    assert len(found.document["groups"]) == 4
    [warning] = found.warnings
    assert warning.startswith("SLO whole: of a composite")
