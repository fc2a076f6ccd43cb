"""OpenSLO v1 in and out: round trips, and warnings where the specification leaves room."""

import json
from copy import deepcopy
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command

from alerting.kinds.burn_rate import pairs_of
from alerting.models import AlertRule
from config.definitions.apply import apply_document
from config.definitions.document import read_document
from config.definitions.kinds import KINDS
from config.interchange.openslo_export import RULE_FIELDS, openslo_documents
from config.interchange.openslo_import import Here, Imported, read_openslo
from config.interchange.openslo_read import read_objects
from models_registry.models import Model, Project
from monitoring.models import SLO, Correction
from tests.alerting.rule_cast import NOON, burn_rule
from tests.config.openslo_cast import BOUND, RATIO, calendar, policy, read, slo

pytestmark = pytest.mark.django_db


def only(found: Imported) -> dict[str, Any]:
    [fields] = found.document["slos"].values()
    return fields


def write(folder: Path, document: dict[str, Any]) -> list[str]:
    file = folder / "definitions.yml"
    file.write_text(yaml.safe_dump(document))
    return [change.action for change in apply_document(file, read_document(file), now=NOON)]


def everything(project: Project) -> dict[str, Any]:
    """Every field of SLOs and rules that definitions have."""
    fields = {kind.section: kind.fields for kind in KINDS}
    found: dict[str, Any] = {}
    for row in [*SLO.objects.filter(project=project), *AlertRule.objects.filter(project=project)]:
        names = fields["slos" if isinstance(row, SLO) else "rules"]
        found[f"{type(row).__name__} {row.slug}"] = {name: str(getattr(row, name)) for name in names if name != "pairs"}
        if isinstance(row, AlertRule) and row.slo:
            found[f"pairs of {row.slug}"] = pairs_of(row, row.slo)
    return found


def crowd(model: Model) -> None:
    """Every method, window and kind of indicator; rules with pairs of their own and odd names."""

    def make(slug: str, **fields: Any) -> SLO:
        shared = {"project": model.project, "name": f"{slug} – ção", "model": model, "target": 0.999}
        return SLO.objects.create(slug=slug, **{**shared, **fields})

    make("Odd_Slug", sli="availability", owner="ana", description="Two\nlines", environment="staging")
    make("fast", sli="latency", bound_ms=312.5, window=timedelta(days=7))
    make("monthly", sli="availability", calendar="month", zone="America/Sao_Paulo")
    make("weekly", sli="precision", calendar="week", target=0.85)
    make("sliced", sli="availability", method="timeslices", slice=timedelta(minutes=5), slice_target=0.95,
         window=timedelta(days=7), minimum=7)  # fmt: skip
    make("ratio", sli="availability", method="ratio_timeslices", slice=timedelta(hours=1), target=0.9995)
    make("drift", sli="time_slices", measure="drift_psi", comparison="at_most", bound=0.1, slice=timedelta(hours=1),
         minimum=100, target=0.95)  # fmt: skip
    own = [{"long_s": 5_400, "short_s": 420, "factor": 3.3, "severity": "ticket"},
           {"long_s": 1_800, "short_s": 60, "factor": 8, "severity": "page"}]  # fmt: skip
    burn_rule(model, "standard", 0.999, for_duration=timedelta(seconds=90), labels={"team": "credit"})
    burn_rule(model, "own", 0.95, pairs=own, minimum=11, no_data="alert", keep_firing_for=timedelta(minutes=7),
              interval=timedelta(seconds=30), summary="Burns", settle=timedelta(minutes=9),
              no_data_for=timedelta(minutes=11), on_error="ok", error_for=timedelta(seconds=45))  # fmt: skip


def test_a_round_trip_loses_nothing(credit_risk: Model, tmp_path: Path) -> None:
    crowd(credit_risk)
    before = everything(credit_risk.project)
    documents = yaml.safe_load_all(
        yaml.safe_dump_all(openslo_documents(SLO.objects.select_related("project", "model")))
    )
    found = read_openslo(read_objects(list(documents)), Here("aurora", frozenset({"credit-risk"})))
    assert found.warnings == []
    SLO.objects.all().delete()
    assert not AlertRule.objects.exists()
    write(tmp_path, found.document)
    assert everything(credit_risk.project) == before


def test_every_field_of_a_rule_has_its_place_in_the_export() -> None:
    """A new field of a definition is either written, or said here to be of other kinds of rules."""
    [fields] = [set(kind.fields) for kind in KINDS if kind.section == "rules"]
    itself = {"kind", "slo", "pairs"}
    of_other_kinds = {"model", "environment", "measure", "comparison", "threshold", "window", "against", "recovery"}
    of_other_kinds |= {"points", "points_bad", "expression", "policy"}
    assert set(RULE_FIELDS) == fields - itself - of_other_kinds


def test_what_is_exported_says_it_in_the_words_of_the_specification(credit_risk: Model) -> None:
    crowd(credit_risk)
    documents = openslo_documents(SLO.objects.select_related("project", "model"))
    assert [one["kind"] for one in documents].count("Service") == 1
    found = {one["metadata"]["name"]: one["spec"] for one in documents}
    assert found["odd-slug"]["indicator"]["spec"]["ratioMetric"]["counter"] is False
    assert found["fast"]["objectives"][0] | {"displayName": ""} == {
        "displayName": "", "target": 0.999, "op": "lte", "value": 312.5,
    }  # fmt: skip
    assert found["fast"]["timeWindow"] == [{"duration": "7d", "isRolling": True}]
    [window] = found["monthly"]["timeWindow"]
    assert (window["duration"], window["calendar"]["timeZone"]) == ("1M", "America/Sao_Paulo")
    assert found["sliced"]["budgetingMethod"] == "Timeslices"
    assert found["sliced"]["objectives"][0]["timeSliceTarget"] == 0.95
    assert found["sliced"]["objectives"][0]["timeSliceWindow"] == "5m"
    assert found["ratio"]["budgetingMethod"] == "RatioTimeslices"
    assert "timeSliceTarget" not in found["ratio"]["objectives"][0]
    [first, second] = found["own"]["alertPolicies"]
    assert [len(one["spec"]["conditions"]) for one in (first, second)] == [1, 1]
    condition = first["spec"]["conditions"][0]["spec"]
    assert condition == {
        "severity": "page",
        "condition": {"kind": "burnrate", "op": "gt", "threshold": 8.0, "lookbackWindow": "30m"},
    }
    assert first["spec"]["alertWhenNoData"] is True


def test_the_commands_write_and_read(credit_risk: Model, tmp_path: Path) -> None:
    burn_rule(credit_risk, "standard")
    out, said = StringIO(), StringIO()
    call_command("openslo", "--project", "aurora", stdout=out)
    (tmp_path / "out.yaml").write_text(out.getvalue())
    back = StringIO()
    call_command("openslo", "--project", "aurora", str(tmp_path / "out.yaml"), stdout=back, stderr=said)
    assert said.getvalue() == ""
    assert set(write(tmp_path, yaml.safe_load(back.getvalue()))) <= {"unchanged", "changed"}
    (tmp_path / "in.yaml").write_text(yaml.safe_dump_all([slo(), None]))
    back = StringIO()
    call_command("openslo", "--project", "aurora", "--model", "credit-risk", "--indicator", "answers=recall",
                 str(tmp_path / "in.yaml"), stdout=back)  # fmt: skip
    assert only(Imported(yaml.safe_load(back.getvalue()))) == {
        "name": "shop", "model": "credit-risk", "sli": "recall", "target": 0.99, "window": "28d",
    }  # fmt: skip
    for arguments, why in (
        (["--indicator", "answers=nothing"], "'nothing' is none of"),
        ([str(tmp_path / "none")], "No such file"),
    ):
        with pytest.raises(CommandError, match=why):
            call_command("openslo", "--project", "aurora", *arguments)


def test_corrections_are_left_out_and_that_is_told(credit_risk: Model) -> None:
    """Those that hold; what was withdrawn corrects nothing."""
    burn_rule(credit_risk)
    span = {"starts_at": NOON, "ends_at": NOON + timedelta(hours=1), "reason": "work", "author": "ana"}
    Correction.objects.create(project=credit_risk.project, slug="was", withdrawn_at=NOON, **span)
    said = StringIO()
    call_command("openslo", "--project", "aurora", stdout=StringIO(), stderr=said)
    assert said.getvalue() == ""
    Correction.objects.create(project=credit_risk.project, slug="is", **span)
    call_command("openslo", "--project", "aurora", stdout=StringIO(), stderr=said)
    assert "corrections are left out (1)" in said.getvalue()


def test_an_unknown_ratio_is_taken_for_availability_and_that_is_told(project: Project, tmp_path: Path) -> None:
    found = read(slo(objective={"targetPercent": 99.95, "op": "gt"}))
    assert only(found) == {
        "name": "shop",
        "model": "web-shop",
        "sli": "availability",
        "target": 0.9995,
        "window": "28d",
    }
    assert found.document["models"] == {"web-shop": {"name": "web-shop"}}
    told = "\n".join(found.warnings)
    assert "SLO shop: op: gt means nothing beside a ratio" in told
    assert "'answers' reads another source; taken for availability" in told
    assert "there is no model web-shop" in told
    assert write(tmp_path, found.document).count("created") >= 2


@pytest.mark.parametrize(
    ("objective", "bound", "why"),
    [
        ({"op": "lte", "value": 500, "target": 0.9}, 500, "taken for milliseconds"),
        ({"op": "lt", "value": 500, "target": 0.9}, 500, "equal to the bound is good too"),
        ({"value": 500, "target": 0.9}, 500, "no op: taken for lte"),
        ({"op": "gte", "value": 500, "target": 0.9}, None, "no upper bound"),
        ({"op": "lte", "target": 0.9}, None, "no upper bound"),
        ({"op": "lte", "value": 500, "target": 0}, None, "a target of 0"),
    ],
)
def test_a_bound_is_a_latency_or_nothing(db: None, objective: dict[str, Any], bound: float | None, why: str) -> None:
    found = read(slo(indicator=BOUND, objective=objective))
    assert why in "\n".join(found.warnings)
    assert ("slos" in found.document) == (bound is not None)
    if bound is not None:
        assert (only(found)["sli"], only(found)["bound_ms"]) == ("latency", bound)


@pytest.mark.parametrize(
    ("window", "fields", "why"),
    [
        (calendar("1M"), {"calendar": "month"}, ""),
        (calendar("3M"), {"calendar": "quarter"}, ""),
        (calendar("7d"), {"calendar": "week"}, ""),
        (calendar("1d"), {"calendar": "day"}, ""),
        (calendar("1m"), {"calendar": "month"}, "one of minutes by the letter"),
        (calendar("1w", "2022-01-01 12:00:00"), {"calendar": "week"}, "begins with the calendar's"),
        (calendar("1Y"), {"window": "365d"}, "1Y is not kept here"),
        (calendar("2w"), {"window": "14d"}, "2w is not kept here"),
        ([{"duration": "1M", "isRolling": True}], {"window": "30d"}, "no fixed length"),
        ([{"duration": "14d"}], {"window": "14d"}, "neither rolls nor has a calendar"),
        (None, {"window": "30d"}, "no timeWindow"),
    ],
)
def test_windows(db: None, window: Any, fields: dict[str, str], why: str) -> None:
    found = read(slo(window=window), indicators={"answers": "availability"})
    assert fields.items() <= only(found).items()
    told = [one for one in found.warnings if "no model" not in one]
    assert why in "\n".join(told)
    assert bool(told) == bool(why)
    if window and "calendar" in window[0]:
        assert only(found)["zone"] == "Europe/Berlin"


@pytest.mark.parametrize(
    ("method", "objective", "fields"),
    [
        ("Timeslices", {"timeSliceTarget": 0.9, "timeSliceWindow": "5m"}, {"method": "timeslices", "slice": "5m", "slice_target": 0.9}),
        ("Timeslices", {"timeSliceTarget": 1, "timeSliceWindow": 60}, {"method": "timeslices", "slice": "1h", "slice_target": 1.0}),
        ("RatioTimeslices", {"timeSliceWindow": "10m"}, {"method": "ratio_timeslices", "slice": "15m"}),
        ("RatioTimeslices", {"timeSliceWindow": "1m"}, {"method": "ratio_timeslices", "slice": "1m"}),
    ],
)  # fmt: skip
def test_slices_that_fit(project: Project, tmp_path: Path, method: str, objective: Any, fields: dict[str, Any]) -> None:
    found = read(
        slo(method=method, objective={"target": 0.99, **objective}, window=[{"duration": "1w", "isRolling": True}])
    )
    assert fields.items() <= only(found).items()
    assert any("do not fit" in one for one in found.warnings) == (objective["timeSliceWindow"] == "10m")
    write(tmp_path, found.document)


def test_a_long_window_takes_longer_slices(db: None) -> None:
    slices = {"timeSliceWindow": "1m", "target": 0.99}
    found = read(slo(method="RatioTimeslices", objective=slices, window=[{"duration": "4w", "isRolling": True}]))
    assert only(found)["slice"] == "1h", "minutes are kept for a week"
    assert any("slices of 1m do not fit the window here: 1h instead" in one for one in found.warnings)


def test_several_objectives_are_several_slos(db: None) -> None:
    found = read(
        slo(
            objective=[
                {"displayName": "Ours", "target": 0.995},
                {"displayName": "SLA", "target": 0.99},
                {"target": 0.9},
            ]
        )
    )
    assert list(found.document["slos"]) == ["shop-ours", "shop-sla", "shop-3"]
    assert found.document["slos"]["shop-sla"]["name"] == "shop: SLA"
    assert any("3 objectives become as many SLOs" in one for one in found.warnings)


def test_a_policy_is_a_rule_with_a_short_window_added(project: Project, tmp_path: Path) -> None:
    found = read(slo(alertPolicies=[policy(threshold=14.4)]))
    write(tmp_path, found.document)
    rule = AlertRule.objects.get()
    assert (rule.slug, rule.for_duration, rule.severity) == ("shop-fast", timedelta(minutes=5), "page")
    assert rule.pairs == [{"long_s": 3_600, "short_s": 300, "factor": 14.4, "severity": "page"}]
    assert any("no short window: 5m beside 1h" in one for one in found.warnings)


@pytest.mark.parametrize(("op", "enabled"), [("lte", False), ("lt", False), ("gt", True), ("gte", True)])
def test_the_trap_of_the_published_examples(project: Project, tmp_path: Path, op: str, enabled: bool) -> None:
    """They write lte and mean exceeds: brought in as exceeds, and switched off."""
    found = read(slo(alertPolicies=[policy(op)]))
    write(tmp_path, found.document)
    assert AlertRule.objects.get().enabled is enabled
    assert any("switched off" in one for one in found.warnings) is not enabled


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"threshold": 200}, "out of reach of a target of 0.99: left out; at most 60"),
        ({"threshold": "2"}, "no burnrate"),
        ({"lookbackWindow": "1 hour"}, "no burnrate"),
        ({"kind": "budget"}, "no burnrate"),
    ],
)
def test_a_condition_that_cannot_be_kept_is_left_out_by_name(db: None, more: dict[str, Any], why: str) -> None:
    found = read(slo(alertPolicies=[policy(**more)]))
    assert "rules" not in found.document
    assert any(one.startswith("AlertPolicy fast: ") and why in one for one in found.warnings)


def test_references_are_found_in_any_document(db: None) -> None:
    whole = policy(name="p")
    condition = whole["spec"]["conditions"][0]
    whole["spec"]["conditions"] = [{"conditionRef": "c"}]
    parts = [
        [{"apiVersion": "openslo/v1", **condition}, {"apiVersion": "openslo/v1", **whole}],
        {"apiVersion": "openslo/v1", "kind": "SLI", **RATIO},
        {
            "apiVersion": "openslo/v1",
            "kind": "Service",
            "metadata": {"name": "web-shop", "displayName": "Shop"},
            "spec": {},
        },
        {"apiVersion": "openslo/v1", "kind": "DataSource", "metadata": {"name": "d"}, "spec": {"type": "x"}},
    ]
    one = slo(alertPolicies=[{"alertPolicyRef": "p"}])
    del one["spec"]["indicator"]
    found = read(*parts, deepcopy(one) | {"spec": {**one["spec"], "indicatorRef": "answers"}})
    assert list(found.document["rules"]) == ["shop-p"]
    assert found.document["models"]["web-shop"]["name"] == "Shop"
    assert any("DataSource d is left out" in told for told in found.warnings)
    lost = read({**one, "spec": {**one["spec"], "indicatorRef": "gone"}})
    assert any("there is no SLI 'gone'" in told for told in lost.warnings)


def test_what_nobody_leads_to_and_what_nobody_knows_is_told(db: None) -> None:
    stray = {"apiVersion": "openslo/v1", **policy(name="stray")}
    service = {"apiVersion": "openslo/v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {}}
    one = slo(objektives=[], objective={"target": 0.9, "wieght": 2})
    one["metadata"]["labels"] = {"team": ["a", "b"]}
    told = read(one, stray, service, service).warnings
    for expected in (
        "SLO shop: OpenSLO has no field spec.objektives: left out",
        "SLO shop: OpenSLO has no field spec.objectives[0].wieght: left out",
        "SLO shop: its labels are left out: team; a rule can have labels",
        "AlertPolicy stray is left out: no SLO of these files leads to it",
        "Service s: there are two, the first one stays",
        "Service s is left out: no SLO of these files leads to it",
    ):
        assert expected in told


def test_an_slo_that_is_left_out_makes_no_model(db: None) -> None:
    assert read(slo(indicator=BOUND, objective={"op": "gt", "value": 3, "target": 0.9})).document == {
        "project": "aurora"
    }


@pytest.mark.parametrize(("name", "slug"), [("支払い", "service-"), ("Pagamentos ção", "pagamentos-cao")])
def test_a_service_of_any_letters_is_a_model(db: None, name: str, slug: str) -> None:
    other = slo(service="検索")
    other["metadata"]["name"] = "other"
    found = read(slo(service=name), other).document
    (mine,) = [one for one, fields in found["models"].items() if fields["name"] == name]
    assert mine.startswith(slug)
    assert len(found["models"]) == 2
    assert {one["model"] for one in found["slos"].values()} == set(found["models"])


def test_annotations_that_somebody_broke_are_no_error(db: None) -> None:
    broken = policy()
    broken["metadata"]["annotations"] = {"atalaia/fields": "{", "atalaia/short-window": "soon", "atalaia/rule": "mine"}
    found = read(slo(alertPolicies=[broken]))
    assert found.document["rules"]["mine"]["pairs"][0]["short_s"] == 300
    assert json.dumps(found.document)
