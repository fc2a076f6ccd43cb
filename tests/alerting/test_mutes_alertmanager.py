"""Silences and inhibitions mute the alerts that a running Alertmanager mutes."""

import json
import random
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from alerting.labels.identity import fingerprint
from alerting.labels.inhibition import Rule, inhibitor
from alerting.labels.matchers import Matcher, all_match, parse_matcher, to_json
from tests.alertmanager import Running, alertmanager

pytestmark = pytest.mark.programs("prometheus-alertmanager")
NAMES = ["alertname", "severity", "model", "region"]
VALUES = {
    "alertname": ["Down", "Slow", "Wrong"],
    "severity": ["page", "ticket"],
    "model": ["a", "b"],
    "region": ["x", "y"],
}
OPS = ["=", "!=", "=~", "!~"]
# Random names that random matchers mention, and a source or a silence always names something.
SOURCES = ['severity="page"', 'alertname=~"Down|Slow"', 'alertname="Down"', 'model=~"a|b"', 'region="x"']


def label_sets(dice: random.Random) -> list[dict[str, str]]:
    made = [{name: dice.choice(VALUES[name]) for name in dice.sample(NAMES, dice.randint(1, 4))} for _ in range(150)]
    return [{**labels, "alertname": labels.get("alertname", "Other")} for labels in made]


def some_matchers(dice: random.Random) -> list[Matcher]:
    more = [
        f'{name}{dice.choice(OPS)}"{dice.choice([*VALUES[name], ""])}"'
        for name in dice.sample(NAMES, dice.randint(0, 2))
    ]
    return [parse_matcher(text) for text in [dice.choice(SOURCES), *more]]


def statuses(theirs: Running) -> dict[str, dict[str, Any]]:
    return {alert["fingerprint"]: alert["status"] for alert in theirs.ask("GET", "/alerts")[1]}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_inhibitions(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    rules = [
        Rule(
            tuple(some_matchers(dice)),
            tuple(some_matchers(dice)),
            frozenset(dice.sample(NAMES[1:], dice.randint(0, 2))),
        )
        for _ in range(2)
    ]
    config = {
        "route": {"receiver": "none"},
        "receivers": [{"name": "none"}],
        "inhibit_rules": [
            {
                "source_matchers": [str(one) for one in rule.source],
                "target_matchers": [str(one) for one in rule.target],
                "equal": sorted(rule.equal),
            }
            for rule in rules
        ],
    }
    firing = label_sets(dice)
    ours = {
        fingerprint(labels): any(inhibitor(rule, labels, firing) is not None for rule in rules) for labels in firing
    }
    with alertmanager(tmp_path, json.dumps(config)) as theirs:
        assert theirs.ask("POST", "/alerts", [{"labels": labels} for labels in firing])[0] == 200
        # It looks for sources in its own time.
        until = time.monotonic() + 5
        while (found := muted(theirs)) != ours and time.monotonic() < until:
            time.sleep(0.05)
    assert found == ours
    assert len(set(ours.values())) == 2, "this seed proves nothing"


def muted(theirs: Running) -> dict[str, bool]:
    return {given: bool(status["inhibitedBy"]) for given, status in statuses(theirs).items()}


def test_silences(tmp_path: Path) -> None:
    dice = random.Random(4)
    now = datetime.now(UTC)
    firing = label_sets(dice)
    asked = [some_matchers(dice) for _ in range(60)]
    with alertmanager(tmp_path) as theirs:
        assert theirs.ask("POST", "/alerts", [{"labels": labels} for labels in firing])[0] == 200
        made = {}
        for matchers in asked:
            span = {"startsAt": now.isoformat(), "endsAt": (now + timedelta(hours=1)).isoformat()}
            body = {**span, "matchers": to_json(matchers), "createdBy": "ana", "comment": "…"}
            status, answer = theirs.ask("POST", "/silences", body)
            assert status == 200, answer
            made[answer["silenceID"]] = matchers
        found = {given: set(status["silencedBy"]) for given, status in statuses(theirs).items()}
    ours = {
        fingerprint(labels): {uid for uid, matchers in made.items() if all_match(matchers, labels)} for labels in firing
    }
    assert found == ours
    assert sum(map(len, ours.values())) > 500
