"""The same alerts fire at the same minutes in promtool: thousands of sequences, one series each, every minute of them.

The transcription in `test_states.py` needs no promtool.
"""

import json
import random
from datetime import timedelta
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from alerting.states.machine import SEEN, Plan, Seen
from alerting.states.replay import Slots, firings, replay
from tests.alerting.test_states import T0, play
from tests.alertmanager import run

MINUTES, PER_RULE = 40, 100
HOLDS, KEEPS = (0, 1, 2, 3, 7), (0, 1, 2, 5)
Rule = tuple[int, int]


def sequences() -> dict[Rule, list[str]]:
    """By `for` and `keep_firing_for`: runs of true and false, from hardly ever to nearly always true."""
    dice = random.Random(7)
    found = {}
    for rule in product(HOLDS, KEEPS):
        found[rule] = []
        for _ in range(PER_RULE):
            share, stick = dice.random(), dice.choice([0.0, 0.5, 0.8])
            seen = ["x" if dice.random() < share else "."]
            while len(seen) < MINUTES:
                seen.append(seen[-1] if dice.random() < stick else "x" if dice.random() < share else ".")
            found[rule].append("".join(seen))
    return found


def name_of(rule: Rule) -> str:
    return f"For{rule[0]}Keep{rule[1]}"


def rule_file(rules: dict[Rule, list[str]]) -> dict[str, object]:
    found = [
        {"alert": name_of(rule), "expr": f'seen{{rule="{name_of(rule)}"}} > 0', "for": f"{rule[0]}m",
         "keep_firing_for": f"{rule[1]}m"}
        for rule in rules
    ]  # fmt: skip
    return {"groups": [{"name": "all", "rules": found}]}


def cases_file(rules: dict[Rule, list[str]]) -> dict[str, object]:
    """Which series fire, at every minute, as our machine has it."""
    series, tests = [], []
    for rule, seen in rules.items():
        states = [play(one, hold=rule[0], keep=rule[1]) for one in seen]
        for place, one in enumerate(seen):
            values = " ".join("1" if letter == "x" else "0" for letter in one)
            series.append({"series": f'seen{{rule="{name_of(rule)}",case="{place}"}}', "values": values})
        for minute in range(MINUTES):
            firing = [place for place, state in enumerate(states) if state[minute] == "firing"]
            expected = [{"exp_labels": {"rule": name_of(rule), "case": str(place)}} for place in firing]
            tests.append({"eval_time": f"{minute}m", "alertname": name_of(rule), "exp_alerts": expected})
    test = {"interval": "1m", "input_series": series, "alert_rule_test": tests}
    return {"rule_files": ["rules.json"], "evaluation_interval": "1m", "tests": [test]}


@pytest.mark.programs("promtool")
def test_promtool_agrees_at_every_minute_of_every_sequence(tmp_path: Path) -> None:
    rules = sequences()
    assert sum(map(len, rules.values())) == 2_000
    (tmp_path / "rules.json").write_text(json.dumps(rule_file(rules)))
    (tmp_path / "test.json").write_text(json.dumps(cases_file(rules)))
    ran = run("promtool", "test", "rules", str(tmp_path / "test.json"))
    assert ran.returncode == 0, (ran.stdout + ran.stderr)[:2_000]


def test_a_replay_passes_over_nothing_that_the_machine_would_have_done() -> None:
    """The same sequences, stretched so that runs are long, in one go and step by step."""
    slots = Slots(T0, timedelta(minutes=1), MINUTES * 9)
    for (hold, keep), seen in sequences().items():
        for one in seen[:10]:
            long = "".join(letter * 9 for letter in one)
            codes = np.array([SEEN.index(Seen.BREACHED if letter == "x" else Seen.FINE) for letter in long])
            plan = Plan(timedelta(minutes=hold), timedelta(minutes=keep))
            found = firings(replay(codes, slots, plan), len(long))
            fires = [any(stretch.start <= place < stretch.end for stretch in found) for place in range(len(long))]
            assert fires == [state == "firing" for state in play(long, hold=hold, keep=keep)]
