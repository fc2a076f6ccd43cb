"""Dashboards for Grafana: those in `deploy/` are those of the code, and ask for series that are there."""

import json
import re
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.core.management import call_command

from config.interchange.grafana import DASHBOARDS, WIDTH
from config.metrics import DomainCollector
from tests.alertmanager import run

HERE = Path(settings.BASE_DIR) / "deploy" / "grafana"


def expressions() -> list[str]:
    asked = [ask for board in DASHBOARDS for panel in board.panels for ask, _ in panel.asks]
    queries = [query for board in DASHBOARDS for _, _, query in board.variables]
    return asked + [re.sub(r"label_values\((.*), \w+\)", r"\1", query) for query in queries]


def test_the_files_are_what_the_code_writes(tmp_path: Path) -> None:
    call_command("grafana_dashboards", str(tmp_path), verbosity=0)
    written = {file.name: file.read_text() for file in tmp_path.iterdir()}
    assert {file.name: file.read_text() for file in (HERE / "dashboards").iterdir()} == written, (
        "python manage.py grafana_dashboards deploy/grafana/dashboards"
    )


@pytest.mark.django_db
def test_every_series_that_they_ask_for_is_told() -> None:
    told = {family.name for family in DomainCollector().collect()}
    assert {name for text in expressions() for name in re.findall(r"atalaia_\w+", text)} <= told


def test_prometheus_understands_what_they_ask(tmp_path: Path) -> None:
    rules = [{"record": f"a{place}", "expr": text.replace("$", "")} for place, text in enumerate(expressions())]
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "g", "rules": rules}]}))
    ran = run("promtool", "check", "rules", str(tmp_path / "rules.yml"))
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("file", sorted((HERE / "dashboards").iterdir()), ids=lambda file: file.stem)
def test_panels_have_places_of_their_own(file: Path) -> None:
    board = json.loads(file.read_text())
    assert (board["uid"], board["schemaVersion"]) == (file.stem, 39)
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= WIDTH
        assert not cells & taken
        taken |= cells
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


def test_provisioning_finds_them() -> None:
    [provider] = yaml.safe_load((HERE / "provisioning/dashboards/atalaia.yml").read_text())["providers"]
    assert (provider["type"], provider["options"]["path"]) == ("file", "/etc/grafana/atalaia/dashboards")
    assert "/etc/grafana/atalaia" in (HERE.parent / "README.md").read_text()
