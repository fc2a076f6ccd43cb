"""Objectives as rules of Prometheus, judged by promtool; rule files as definitions."""

import json
import random
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from django.core.management import CommandError, call_command

from alerting.evaluate.burn_windows import burn_spans
from alerting.kinds.burn_rate import Burning, pairs_of
from alerting.models import AlertRule
from config.definitions.apply import apply_document
from config.definitions.document import read_document
from config.interchange.prometheus_export import prometheus_rules
from config.interchange.prometheus_import import Imported, read_rule_file
from config.interchange.promql import UnsupportedError, parse
from config.interchange.rule_file import RuleFileError
from config.slo_gauges import read_slo_gauges
from models_registry.models import Model
from monitoring.models import SLO
from monitoring.selectors.counts import Window
from monitoring.stats.burn import Guard, span_label
from runbooks.models import Runbook
from tests.alerting.rule_cast import NOON, burn_rule
from tests.alertmanager import run

pytestmark = pytest.mark.django_db
MINUTES = 60
HOSTILE = 'A "quoted" {{ $labels.x }} \\ name\nof two lines, é'


def promtool(folder: Path, document: dict[str, Any], *words: str) -> str:
    (folder / "rules.yml").write_text(yaml.safe_dump(document))
    ran = run("promtool", *words)
    assert ran.returncode == 0, (ran.stdout + ran.stderr)[:3_000]
    return ran.stdout


def objectives(model: Model) -> list[AlertRule]:
    """The standard table, a dead zone brought down, pairs of its own, no minimum."""
    own = [
        {"long_s": 900, "short_s": 60, "factor": 7.5, "severity": "ticket"},
        {"long_s": 5_400, "short_s": 300, "factor": 3, "severity": "page"},
    ]
    return [
        burn_rule(model, "standard", 0.999),
        burn_rule(model, "quality", 0.85, minimum=20, minimum_short=300),
        burn_rule(model, "own", 0.95, pairs=own, minimum=0, minimum_short=0, labels={"team": "credit"}),
    ]


@pytest.mark.programs("promtool")
def test_promtool_takes_what_is_exported_whatever_the_names(credit_risk: Model, tmp_path: Path) -> None:
    rules = objectives(credit_risk)
    AlertRule.objects.filter(slug="own").update(
        summary=HOSTILE, labels={"team": HOSTILE}, for_duration=timedelta(minutes=2), keep_firing_for=timedelta(hours=1)
    )
    SLO.objects.create(project=credit_risk.project, slug="bare", name=HOSTILE, model=credit_risk, sli="availability",
                       target=0.99, environment=HOSTILE)  # fmt: skip
    Runbook.objects.create(project=credit_risk.project, slug="look", title="Look").rules.add(rules[0])
    out = StringIO()
    call_command("prometheus_rules", "--project", "aurora", stdout=out)
    document = yaml.safe_load(out.getvalue())
    told = promtool(tmp_path, document, "check", "rules", str(tmp_path / "rules.yml"))
    found = [rule for group in document["groups"] for rule in group["rules"]]
    assert f"SUCCESS: {len(found)} rules found" in told
    alerts = [(rule["alert"], rule["labels"]["severity"]) for rule in found if "alert" in rule]
    assert alerts.count(("standard", "page")) == alerts.count(("bare-burns", "ticket")) == 1
    [own] = [rule for rule in found if rule.get("alert") == "own" and rule["labels"]["severity"] == "page"]
    assert (own["for"], own["keep_firing_for"]) == ("2m", "1h")
    [page] = [rule for rule in found if rule.get("alert") == "standard" and rule["labels"]["severity"] == "page"]
    assert page["annotations"]["runbook_url"].endswith("/p/aurora/runbooks/look/")


def test_every_series_that_is_asked_for_is_told(credit_risk: Model, stopped_clock, tmp_path: Path) -> None:
    objectives(credit_risk)
    told = {
        (sample.name, sample.labels.get("slo"), sample.labels.get("window"))
        for family in read_slo_gauges(now=stopped_clock)
        for sample in family.samples
    }
    exported = prometheus_rules(SLO.objects.select_related("project", "model"), runbooks={}).document
    asked = {
        (series.name, series.labels.get("slo"), series.labels.get("window"))
        for group in exported["groups"]
        for rule in group["rules"]
        if "record" in rule
        for series in series_of(rule["expr"])
    }
    needed = {one for one in asked if one[0] != "atalaia_slo_error_budget_remaining_ratio"}  # absent without events
    assert needed <= told


def series_of(expression: str) -> list[Any]:
    return [parse(part.split(")")[0]) for part in expression.split("(") if part.startswith("atalaia_")]


@pytest.mark.programs("promtool")
def test_promtool_fires_when_our_evaluator_does(credit_risk: Model, tmp_path: Path) -> None:
    """At every minute, for windows whose figures wander: pages, and tickets that a page suppresses."""
    dice = np.random.default_rng(11)
    rules = objectives(credit_risk)
    exported = prometheus_rules([rule.slo for rule in rules if rule.slo], runbooks={}).document
    series: list[dict[str, str]] = []
    tests: list[dict[str, Any]] = []
    fired = 0
    for rule in rules:
        slo = rule.slo
        assert slo is not None
        sums = {span: wander(dice, slo.target) for span in burn_spans(slo, [rule])}
        series += told_series(slo, sums)
        pages, tickets = (firing(rule, slo, sums, severity) for severity in ("page", "ticket"))
        for severity, on in (("page", pages), ("ticket", tickets & ~pages)):
            fired += int(on.sum())
            labels = {**given(rule, slo), "severity": severity}
            tests += expected(
                rule.slug, severity, labels, on, other=pages if severity == "ticket" else tickets & ~pages
            )
    assert 40 < fired < len(rules) * MINUTES, "neither silence nor a siren"
    for group in exported["groups"]:
        for one in group["rules"]:
            one.pop("annotations", None)
    cases = {"interval": "1m", "input_series": series, "alert_rule_test": merged(tests)}
    (tmp_path / "test.json").write_text(
        json.dumps({"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": [cases]})
    )
    promtool(tmp_path, exported, "test", "rules", str(tmp_path / "test.json"))


def wander(dice: np.random.Generator, target: float) -> tuple[np.ndarray, np.ndarray]:
    """(good, valid) at each minute: sometimes nothing, mostly a burn rate between none and 40."""
    valid = dice.integers(0, 3_000, MINUTES) * (dice.random(MINUTES) > 0.05)
    rates = np.minimum(1, np.repeat(dice.exponential(9, MINUTES // 6), 6) * (1 - target))
    return valid - (valid * rates).astype(int), valid


def told_series(slo: SLO, sums: dict[int, tuple[np.ndarray, np.ndarray]]) -> list[dict[str, str]]:
    """As a scrape of two web servers leaves them."""
    labels = f'project="{slo.project.slug}",model="{slo.model.slug}",environment="{slo.environment}",slo="{slo.slug}"'
    return [
        {
            "series": f'{name}{{{labels},window="{span_label(span)}",instance="{host}"}}',
            "values": " ".join(str(number) for number in numbers),
        }
        for span, sides in sums.items()
        for name, numbers in zip(("atalaia_sli_good_events", "atalaia_sli_valid_events"), sides, strict=True)
        for host in ("a", "b")
    ]


def firing(rule: AlertRule, slo: SLO, sums: dict[int, Any], severity: str) -> np.ndarray:
    burning = Burning(slo, {span: Window(good, valid, valid - good, valid) for span, (good, valid) in sums.items()})
    pairs = [pair for pair in pairs_of(rule, slo) if pair.severity == severity]
    guard = Guard(rule.minimum, rule.minimum_short)
    return np.any([burning.by(pair) & burning.enough(pair, guard) for pair in pairs], axis=0)


def given(rule: AlertRule, slo: SLO) -> dict[str, str]:
    own = {"project": slo.project.slug, "model": slo.model.slug, "environment": slo.environment, "slo": slo.slug}
    return {**own, "rule": rule.slug, **rule.labels}


def expected(name: str, severity: str, labels: dict[str, str], on: np.ndarray, *, other: np.ndarray) -> list[Any]:
    return [(name, minute, labels) for minute in np.flatnonzero(on).tolist()] + [
        (name, minute, None) for minute in np.flatnonzero(~on).tolist()
    ]


def merged(tests: list[Any]) -> list[dict[str, Any]]:
    """promtool looks at all alerts of a name at once."""
    found: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for name, minute, labels in tests:
        there = found.setdefault((name, minute), [])
        if labels is not None:
            there.append({"exp_labels": labels})
    return [
        {"eval_time": f"{minute}m", "alertname": name, "exp_alerts": alerts} for (name, minute), alerts in found.items()
    ]


def test_what_is_exported_is_read_back_as_the_same_rules(credit_risk: Model, tmp_path: Path) -> None:
    objectives(credit_risk)
    AlertRule.objects.filter(slug="own").update(for_duration=timedelta(minutes=2), severity="page")
    exported = prometheus_rules(SLO.objects.select_related("project", "model"), runbooks={}).document
    found = imported(exported)
    assert set(found.document["rules"]) == {"standard", "quality", "own"}
    assert all("recording rule" in one or "Atalaia" in one for one in found.warnings)
    before = {rule.slug: pairs_of(rule, rule.slo) for rule in AlertRule.objects.select_related("slo") if rule.slo}
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(found.document))
    apply_document(tmp_path / "rules.yml", read_document(tmp_path / "rules.yml"), now=NOON)
    for rule in AlertRule.objects.select_related("slo"):
        assert rule.slo is not None
        now = pairs_of(rule, rule.slo)
        assert [(one.long_s, one.short_s, one.severity) for one in now] == [
            (one.long_s, one.short_s, one.severity) for one in before[rule.slug]
        ]
        assert [one.factor for one in now] == pytest.approx([one.factor for one in before[rule.slug]], rel=1e-8)
    own = AlertRule.objects.get(slug="own")
    assert (own.for_duration, own.minimum, own.labels) == (timedelta(minutes=2), 0, {"team": "credit"})
    minima = AlertRule.objects.order_by("slug").values_list("minimum", "minimum_short")
    assert list(minima) == [(0, 0), (20, 300), (3, 2)]


def imported(*groups_or_file: Any) -> Imported:
    [content] = groups_or_file
    return read_rule_file(content, project="aurora", targets={slo.slug: slo.target for slo in SLO.objects.all()})


def burns(slo: str, minimum: int) -> str:
    parts = [f'slo:sli_error:ratio_rate{window}{{slo="{slo}"}} > 0.0144' for window in ("1h", "5m")]
    return " and ".join([*parts, f'slo:sli_bad:count1h{{slo="{slo}"}} >= {minimum}'])


def test_a_second_alert_of_one_name_keeps_how_long_it_waits(credit_risk: Model) -> None:
    objectives(credit_risk)
    slug = SLO.objects.values_list("slug", flat=True)[0]
    waits = [("page", None, 3), ("ticket", None, 7), ("ticket", "10m", 3)]
    rules = [
        {
            "alert": "Burns",
            "expr": burns(slug, minimum),
            "labels": {"severity": severity},
            **({"for": wait} if wait else {}),
        }
        for severity, wait, minimum in waits
    ]
    found = imported({"groups": [{"name": "g", "rules": rules}]})
    assert {
        name: (rule.get("for_duration"), rule["minimum"], len(rule["pairs"]))
        for name, rule in found.document["rules"].items()
    } == {
        "burns": (None, 7, 2),
        "burns-2": ("10m", 3, 1),
    }
    assert [one for one in found.warnings if "a second alert Burns" in one] != []


def test_pairs_of_few_slices_are_read_back_with_their_minima(credit_risk: Model) -> None:
    pairs = [
        {"long_s": 3600, "short_s": 300, "factor": 8, "severity": "page"},
        {"long_s": 21600, "short_s": 1800, "factor": 4, "severity": "page"},
    ]
    burn_rule(credit_risk, "sliced", 0.95, pairs=pairs, minimum=20, minimum_short=2)
    SLO.objects.update(method="timeslices", slice=timedelta(minutes=5), slice_target=0.95)
    exported = prometheus_rules(SLO.objects.select_related("project", "model"), runbooks={}).document
    found = imported(exported)
    (rule,) = found.document["rules"].values()
    assert (rule["minimum"], rule["minimum_short"], len(rule["pairs"])) == (20, 2, 2)


def file_of(**rule: Any) -> dict[str, Any]:
    return {"groups": [{"name": "g", "interval": "30s", "rules": [{"alert": "Low", **rule}]}]}


def test_a_threshold_is_read_with_its_sample(credit_risk: Model, tmp_path: Path) -> None:
    measure = '{model="credit-risk", measure="accuracy"}'
    expression = f"0.8 > atalaia_measure{measure} and on (project, model) atalaia_measure_sample{measure} > 99"
    labels = {"severity": "critical", "team": "credit"}
    found = imported(
        file_of(expr=expression, labels=labels, annotations={"summary": "Often wrong"}, **{"for": "1h30m"})
    )
    assert found.warnings == []
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(found.document))
    apply_document(tmp_path / "rules.yml", read_document(tmp_path / "rules.yml"), now=NOON)
    rule = AlertRule.objects.get()
    assert (rule.slug, rule.kind, rule.measure, rule.comparison) == ("low", "threshold", "accuracy", "lt")
    assert (rule.threshold, rule.minimum, rule.severity, rule.summary) == (0.8, 100, "page", "Often wrong")
    assert (rule.for_duration, rule.interval) == (timedelta(minutes=90), timedelta(seconds=30))
    assert rule.labels == {"team": "credit"}


OTHERS = {
    "up == 0": "asks for up of every slo",
    'atalaia_slo_burn_rate{slo="gone", window="1h"} > 3': "the objective gone, which is not here",
    "rate(http_requests_total[5m]) > 1": "rate(…)",
    "sum by (job) (up) > 1": "sum(…)",
    'atalaia_measure{model="m", measure=~"acc.*"} > 1': "only = is understood",
    "atalaia_measure > 1": "of every model and measure",
    'atalaia_measure{project="other", model="m", measure="x"} > 1': "about the project other",
    'atalaia_measure{model="m", measure="x"} >= 1': "only > and <",
    'atalaia_measure{model="m", measure="x"} > bool 1': "bool",
    'atalaia_measure{model="m", measure="x"} offset 5m > 1': "offset",
    "vector(1)": "vector(…)",
    "1 / 0 > 2": "division by zero",
    "(" * 60 + "1" + ")" * 60: "brackets",
    "up > ": "ends too soon",
}


@pytest.mark.parametrize(("expression", "why"), OTHERS.items())
def test_what_is_not_ours_is_left_out_by_name(db: None, expression: str, why: str) -> None:
    found = imported(file_of(expr=expression))
    assert found.document["rules"] == {}
    [warning] = found.warnings
    assert warning.startswith("groups[0].rules[0]: Low is left out")
    assert why in warning


BROKEN: list[tuple[str, str]] = [
    ("[]", "groups"),
    ("{groups: [], more: 1}", "groups"),
    ("{groups: [{rules: []}]}", "name"),
    ("{groups: [{name: g, rules: [{alert: A}]}]}", "expr"),
    ("{groups: [{name: g, rules: [{expr: up}]}]}", "one of record and alert"),
    ("{groups: [{name: g, rules: [{record: a, alert: b, expr: up}]}]}", "one of record and alert"),
    ("{groups: [{name: g, rules: [{record: a, expr: up, for: 5m}]}]}", "recording rule"),
    ("{groups: [{name: g, rules: [{alert: A, expr: up, fro: 5m}]}]}", "'fro'"),
    ("{groups: [{name: g, rules: [{alert: A, expr: up, for: soon}]}]}", "duration"),
    ("{groups: [{name: g, rules: [{alert: A, expr: up, labels: [a]}]}]}", "mapping of texts"),
]


@pytest.mark.programs("promtool")
@pytest.mark.parametrize(("text", "why"), BROKEN)
def test_promtool_refuses_what_we_refuse(db: None, tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(RuleFileError, match=why):
        imported(yaml.safe_load(text))
    (tmp_path / "rules.yml").write_text(text)
    assert run("promtool", "check", "rules", str(tmp_path / "rules.yml")).returncode != 0


def test_the_command_names_file_and_mend(project, tmp_path: Path) -> None:
    for content, why in (("{groups: 3}", "groups"), ("a: [", "not YAML")):
        (tmp_path / "rules.yml").write_text(content)
        with pytest.raises(CommandError, match=why):
            call_command("prometheus_rules", "--project", "aurora", str(tmp_path / "rules.yml"))
    with pytest.raises(CommandError, match="No such file"):
        call_command("prometheus_rules", "--project", "aurora", str(tmp_path / "none.yml"))
    with pytest.raises(CommandError, match="no project 'none'"):
        call_command("prometheus_rules", "--project", "none")


def test_the_parser_survives_noise() -> None:
    dice = random.Random(3)
    parts = [*"(){}[]<>=!~+-*/%^@,.\"'", "and", "or", "unless", "on", "by", "up", "1", "0.5", "offset", " ", "é", "\\"]
    for _ in range(3_000):
        text = "".join(dice.choice(parts) for _ in range(dice.randrange(12)))
        try:
            parse(text)
        except UnsupportedError:
            continue
