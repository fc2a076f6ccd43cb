"""The same alerts fire at the same minutes in promtool. Defined only where promtool is installed; the transcription in
`test_states.py` runs everywhere."""

import json
import random
import shutil
import subprocess
from pathlib import Path

from tests.alerting.test_states import play

CASES, MINUTES = 60, 40


def cases() -> list[tuple[str, int, int]]:
    """Runs of true and false, with every `for` and `keep_firing_for` of 0 to 4 minutes."""
    dice = random.Random(7)
    return [
        ("".join(dice.choice("xx.") if dice.random() < 0.7 else "." for _ in range(MINUTES)), place % 5, place // 5 % 5)
        for place in range(CASES)
    ]


def rules() -> dict[str, object]:
    return {
        "groups": [
            {
                "name": "all",
                "rules": [
                    {
                        "alert": f"Case{place}",
                        "expr": f'seen{{case="{place}"}} > 0',
                        "for": f"{hold}m",
                        "keep_firing_for": f"{keep}m",
                    }
                    for place, (_, hold, keep) in enumerate(cases())
                ],
            }
        ]
    }


def expectations() -> list[dict[str, object]]:
    """Every case at every minute: firing or not."""
    tests = []
    for place, (seen, hold, keep) in enumerate(cases()):
        for minute, state in enumerate(play(seen, hold=hold, keep=keep)):
            fires = [{"exp_labels": {"case": str(place)}}] if state == "firing" else []
            tests.append({"eval_time": f"{minute}m", "alertname": f"Case{place}", "exp_alerts": fires})
    return tests


if promtool := shutil.which("promtool"):

    def test_promtool_agrees_at_every_minute(tmp_path: Path) -> None:
        series = [
            {"series": f'seen{{case="{place}"}}', "values": " ".join("1" if letter == "x" else "0" for letter in seen)}
            for place, (seen, _, _) in enumerate(cases())
        ]
        (tmp_path / "rules.json").write_text(json.dumps(rules()))
        test = {"interval": "1m", "input_series": series, "alert_rule_test": expectations()}
        (tmp_path / "test.json").write_text(
            json.dumps({"rule_files": ["rules.json"], "evaluation_interval": "1m", "tests": [test]})
        )
        command = [str(promtool), "test", "rules", str(tmp_path / "test.json")]
        ran = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
        assert ran.returncode == 0, (ran.stdout + ran.stderr)[:2_000]
