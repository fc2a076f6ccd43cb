"""What programs read of commands: one document on standard output, whatever people are told."""

import json
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command, get_commands, load_command_class

from models_registry.models import ApiKey, Model, Project
from monitoring.models import SLO
from tests.monitoring.conftest import micros, put_body
from tests.monitoring.references import applicants

pytestmark = pytest.mark.django_db
RUN_ON = {"up", "seed", "stream", "simulate"}  # they tell of what goes on, and have no answer
OURS = sorted(
    name for name, app in get_commands().items() if (settings.BASE_DIR / app).is_dir() and apps.is_installed(app)
)


def answer(*words: str) -> Any:
    out = StringIO()
    call_command(*words, "--json", stdout=out, stderr=StringIO())
    return json.loads(out.getvalue())


@pytest.mark.parametrize("name", [name for name in OURS if name not in RUN_ON])
def test_every_command_that_answers_does_so_to_programs(name: str):
    known = load_command_class(get_commands()[name], name).create_parser("manage.py", name)._option_string_actions
    assert "--json" in known


@pytest.fixture
def slo(credit_risk: Model) -> SLO:
    about = {"slug": "answered", "name": "Answered", "sli": "availability", "target": 0.99}
    return SLO.objects.create(project=credit_risk.project, model=credit_risk, **about)


def test_definitions_out_and_in(slo: SLO, tmp_path: Path):
    exported = answer("export", "--project", "aurora")
    assert list(exported["slos"]) == ["answered"]
    (tmp_path / "all.yml").write_text(
        json.dumps(exported | {"slos": {"answered": {**exported["slos"]["answered"], "target": 0.9}}})
    )
    (told,) = answer("apply", str(tmp_path / "all.yml"), "--dry-run")
    (changed,) = [one for one in told["changes"] if one["action"] == "changed"]
    assert (told["dry_run"], changed["path"], changed["fields"]) == (True, "slos.answered", ["target"])
    assert set(changed["values"]["target"]) == {"before", "after"}
    groups = answer("prometheus_rules", "--project", "aurora")["groups"]
    assert groups[0]["name"] == "atalaia:aurora:answered"
    assert "SLO" in {one["kind"] for one in answer("openslo", "--project", "aurora")}
    files = answer("grafana_dashboards", str(tmp_path / "boards"))
    assert files
    assert all(Path(file).is_file() for file in files)


def test_the_pipeline_by_hand(project: Project, stopped_clock: datetime):
    item = {"id": "p", "model": "credit-risk", "version": "1", "prediction": "paid", "ts": micros(stopped_clock)}
    put_body(project, "prediction", [item], received=stopped_clock)
    assert answer("drain") == {"seen": 1, "written": 1, "skipped": 0}
    assert {"seen", "written", "skipped", "stage"} == set(answer("tick")[0])
    assert answer("recount") == {"differ": 0, "buckets": []}
    start = (stopped_clock - timedelta(days=1)).isoformat()
    told = answer("reprice", "--project", "aurora", "--start", start)
    assert (told["applied"], told["seen"]) == (False, 0)
    told = answer("rejudge", "--project", "aurora", "--start", start)
    assert (told["seen"], told["changed"]) == (0, 0)


def test_keys_and_references(credit_risk: Model, tmp_path: Path):
    told = answer("create_key", "--project", "aurora", "--scopes", "read")
    assert told["key"].startswith("at_")
    assert (told["scopes"], ApiKey.objects.get().prefix) == (["read"], told["prefix"])
    rows = applicants(200)
    lines = [",".join(rows[0]), *(",".join(str(value) for value in row.values()) for row in rows)]
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")
    version = credit_risk.versions.get().version
    told = answer("reference", "aurora", credit_risk.slug, version, str(tmp_path / "t.csv"))
    assert (told["rows"], sorted(told["features"])) == (200, sorted(rows[0]))
