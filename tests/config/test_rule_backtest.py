"""`manage.py rule backtest`: a file in promtool's shape, played by the evaluator; promtool plays the same series alike."""

import json
import random
import re
import shutil
import subprocess
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError

from alerting.backtest.notation import NotationError, read_series, read_values
from alerting.models import AlertRule
from models_registry.models import Model, Project
from tests.alerting.rule_cast import error_rule, serve

pytestmark = pytest.mark.django_db

DEFINITIONS = """
project: harbour
models:
  churn: {name: Churn, kind: binary, positive_label: leaves}
slos:
  answered: {name: Answered, model: churn, sli: availability, target: 0.99}
rules:
  errors: {name: Errors, kind: threshold, model: churn, measure: error_rate, threshold: 0.1, window: 1m,
           for_duration: 2m, keep_firing_for: 3m, minimum: 1, severity: page, summary: It fails., labels: {team: sea}}
  slow: {name: Slow, kind: threshold, model: churn, measure: latency_p95, threshold: 300, window: 5m}
  recall: {name: Recall, kind: threshold, model: churn, measure: recall, comparison: lt, threshold: 0.5, window: 5m,
           settle: 0s}
  burn: {name: Burn, kind: burn_rate, slo: answered}
  alive: {name: Alive, kind: heartbeat, model: churn, window: 10m}
  both: {name: Both, kind: composite, model: churn, expression: {all: [errors, slow]}, severity: ticket}
"""
TESTS = """
rule_files: [definitions.yml]
evaluation_interval: 1m
tests:
  - name: an outage
    interval: 1m
    input_series:
      - {series: 'requests{status="ok"}', values: '100x29 50x10 100x20'}
      - {series: 'requests{status="error"}', values: '0x29 50x10 0x20'}
      - {series: 'latency_ms{value="120"}', values: '100x29 _x31'}
      - {series: 'latency_ms{value="900"}', values: '_x30 100x30'}
      - {series: 'labelled{label="leaves", prediction="stays", model="churn"}', values: '0x30 5x10'}
      - {series: 'labelled{label="leaves", prediction="leaves", model="churn"}', values: '5x30 1x10'}
      - {series: 'labelled{label="leaves", prediction="stays", model="other"}', values: '90x40'}
      - {series: 'heartbeats{rule="alive"}', values: '1 _x4 1 _x60'}
    alert_rule_test:
      - {eval_time: 31m, alertname: errors}
      - eval_time: 32m
        alertname: errors
        exp_alerts:
          - exp_labels: {severity: page, team: sea, model: churn, alertname: errors}
            exp_annotations: {summary: It fails.}
      - {eval_time: 43m, alertname: errors, exp_alerts: [{}]}
      - {eval_time: 44m, alertname: errors, exp_alerts: []}
      - {eval_time: 34m, alertname: slow, exp_alerts: [{exp_labels: {severity: ticket}}]}
      - {eval_time: 20m, alertname: recall}
      - {eval_time: 39m, alertname: recall, exp_alerts: [{}]}
      - {eval_time: 40m, alertname: burn, exp_alerts: [{exp_labels: {severity: page, slo: answered}}]}
      - {eval_time: 15m, alertname: alive}
      - {eval_time: 16m, alertname: alive, exp_alerts: [{}]}
      - {eval_time: 40m, alertname: both, exp_alerts: [{}]}
      - {eval_time: 25m, alertname: both}
"""


def play(folder: Path, text: str, *more: str, definitions: str = DEFINITIONS) -> str:
    (folder / "definitions.yml").write_text(definitions)
    (folder / "tests.yml").write_text(text)
    said = StringIO()
    call_command("rule", "backtest", str(folder / "tests.yml"), *more, stdout=said)
    return said.getvalue()


def test_every_kind_is_played_and_nothing_is_kept(tmp_path: Path) -> None:
    told = play(tmp_path, TESTS)
    assert "12 of 12 hold" in told
    assert "an outage: errors at 32m" in told
    assert not Project.objects.filter(slug="harbour").exists()
    assert not AlertRule.objects.exists()
    [document] = json.loads(play(tmp_path, TESTS, "--json"))
    assert (len(document["checks"]), document["failed"]) == (12, 0)


def test_what_does_not_hold_is_told_with_its_line_and_ends_with_1(tmp_path: Path) -> None:
    wrong = TESTS.replace("eval_time: 31m, alertname: errors", "eval_time: 33m, alertname: errors").replace(
        "team: sea, model: churn, alertname", "team: land, model: churn, alertname"
    )
    said = StringIO()
    (tmp_path / "definitions.yml").write_text(DEFINITIONS)
    (tmp_path / "tests.yml").write_text(wrong)
    with pytest.raises(CommandError, match="2 of 12 expectations do not hold") as refused:
        call_command("rule", "backtest", str(tmp_path / "tests.yml"), stdout=said)
    assert refused.value.returncode == 1
    assert f"FAIL {tmp_path}/tests.yml:17 an outage: errors at 33m: not firing\n     found: firing" in said.getvalue()
    assert 'team="sea"' in said.getvalue()


@pytest.mark.parametrize(
    ("before", "after", "mend"),
    [
        ("alertname: burn", "alertname: burnt", "there is no rule 'burnt'; there are alive, both, burn"),
        ('status="error"', 'status="broken"', "requests needs status=\"…\", one of ok, error"),
        ("requests{", "demands{", "demands is no series of events here; there are requests, latency_ms"),
        ("100x29 50x10", "100x29 50*10", "'50\\*10' is no value"),
        ("100x29 50x10", "100x29 -50x10", "numbers of events"),
        ("eval_time: 34m", "eval_time: soon", "eval_time is a duration"),
        ("eval_time: 34m", "eval_time: 9999d", "at most"),
        ("exp_alerts: []", "exp_alert: []", "'exp_alert' is not known here"),
        ("interval: 1m\n    input", "interval: 30s\n    input", "write whole minutes"),
        ("rule_files: [definitions.yml]", "project: nowhere", "name the project"),
        ("rule_files: [definitions.yml]", "rule_files: [gone.yml]", "No such file"),
        ('value="120"', 'value="-1"', "whole milliseconds"),
        ("values: '1 _x4", "values: '0x9999999 _x4", "more than 100,000 values"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_played_is_refused_with_the_mend(
    tmp_path: Path, before: str, after: str, mend: str
) -> None:
    assert before in TESTS
    with pytest.raises(CommandError, match=mend) as refused:
        play(tmp_path, TESTS.replace(before, after))
    assert refused.value.returncode == 2


def test_a_saved_rule_and_a_variant_are_asked_of_a_past_range(
    tmp_path: Path, credit_risk: Model, stopped_clock: object
) -> None:
    error_rule(credit_risk, severity="page")
    serve(credit_risk, start=0, end=10, ok=5, failed=5)
    serve(credit_risk, start=10, end=30)
    text = f"""
project: {credit_risk.project.slug}
backtests:
  - rule: errors
    from: 2026-03-10T11:00:00Z
    to: "2026-03-10T13:00:00Z"
    expect: {{firings: 1, caught: [], missed: [], false_alarms: 1, pages: 1, pages_at_night: 0}}
  - rule: errors
    from: 2026-03-10T11:00:00Z
    to: "2026-03-10T13:00:00Z"
    variant: {{threshold: 0.6, for: 5m, minimum: 4}}
    expect: {{firings: 0}}
"""
    told = play(tmp_path, text)
    assert "7 of 7 hold" in told
    for line in (
        "this rule     variant",
        "firings                      1           0",
        "pages                        1           0",
    ):
        assert line in told
    with pytest.raises(CommandError, match="1 of 7"):
        play(tmp_path, text.replace("firings: 0", "firings: 1"))
    with pytest.raises(CommandError, match="could never fire"):
        play(tmp_path, text.replace("threshold: 0.6", "threshold: 1.6"))
    with pytest.raises(CommandError, match="begins and ends"):
        play(tmp_path, text.replace('to: "2026-03-10T13:00:00Z"', 'to: ""'))


def test_the_example_of_the_docs_holds(tmp_path: Path) -> None:
    """With the definitions that their page has."""
    pages = [(settings.BASE_DIR / "docs" / name).read_text() for name in ("definitions.md", "rule-tests.md")]
    definitions, tests = (re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)[0] for page in pages)
    (tmp_path / "churn.yml").write_text(definitions)
    assert "2 of 2 hold" in play(tmp_path, tests)


def test_series_and_values_are_read_as_promtool_reads_them() -> None:
    assert read_series('requests{status="ok", note="a \\"b\\", c"}') == (
        "requests",
        {"status": "ok", "note": 'a "b", c'},
    )
    assert read_series(" up ") == ("up", {})
    assert read_values("1x2 1+2x3 9-3x2 _ _x2 stale 0.5") == [1, 1, 1, 1, 3, 5, 7, 9, 6, 3, None, None, None, None, 0.5]
    for wrong in ("requests{status=ok}", "requests{", "9lives", '{a="b"}'):
        with pytest.raises(NotationError):
            read_series(wrong)


def word(dice: random.Random) -> str:
    """A run of counts, in one of promtool's ways to write it."""
    first, times = dice.choice([0, 1, 3, 10]), dice.randrange(5)
    return dice.choice(
        [f"{first}", f"{first}x{times}", f"{first}+2x{times}", f"{first + 8}-2x{min(times, 4)}", "_", "_x2"]
    )


def test_promtool_plays_the_same_series_alike(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    assert promtool, "promtool is missing: apt-get install prometheus prometheus-alertmanager"
    dice = random.Random(11)
    ours: list[dict[str, Any]] = []
    theirs: list[dict[str, Any]] = []
    for _ in range(12):
        errors = " ".join(word(dice) for _ in range(14))
        minutes = len(read_values(errors))
        told = [
            {"series": 'requests{status="ok"}', "values": f"20x{minutes}"},
            {"series": 'requests{status="error"}', "values": errors},
        ]
        asked = [{"eval_time": f"{minute}m", "alertname": "errors"} for minute in range(1, minutes)]
        ours.append({"interval": "1m", "input_series": told, "alert_rule_test": asked})
    path = tmp_path / "tests.yml"
    (tmp_path / "definitions.yml").write_text(DEFINITIONS)
    path.write_text(json.dumps({"rule_files": ["definitions.yml"], "evaluation_interval": "1m", "tests": ours}))
    said = StringIO()
    with pytest.raises(CommandError, match="do not hold"):
        call_command("rule", "backtest", str(path), "--json", stdout=said)
    checks = iter(json.loads(said.getvalue())[0]["checks"])
    fired = 0
    for test in ours:
        expected = []
        for one in test["alert_rule_test"]:
            fires = next(checks)["found"] == "firing"
            fired += fires
            expected.append({**one, "exp_alerts": [{"exp_labels": {"severity": "page"}}] if fires else []})
        theirs.append({**test, "alert_rule_test": expected})
    assert fired > 50
    # A sample that is missing is no event: promtool looks back for the last one, so it is told 0.
    for test in theirs:
        series = test["input_series"][1]
        counts = " ".join(f"{value or 0:g}" for value in read_values(series["values"]))
        test["input_series"] = [test["input_series"][0], {**series, "values": counts}]
    rule = {
        "alert": "errors",
        "expr": 'sum(requests{status="error"}) / sum(requests) > 0.1',
        "for": "2m",
        "keep_firing_for": "3m",
        "labels": {"severity": "page"},
    }
    (tmp_path / "prom.json").write_text(json.dumps({"groups": [{"name": "all", "rules": [rule]}]}))
    document = {"rule_files": ["prom.json"], "evaluation_interval": "1m", "tests": theirs}
    (tmp_path / "prom_test.json").write_text(json.dumps(document))
    command = [promtool, "test", "rules", str(tmp_path / "prom_test.json")]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert ran.returncode == 0, (ran.stdout + ran.stderr)[:2_000]
