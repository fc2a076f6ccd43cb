"""amtool itself talks to the panel."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from alerting.models import Incident, Silence
from models_registry.keys import create_key
from models_registry.models import Project
from tests.alertmanager import run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def token(project: Project) -> str:
    project.channels.create(name="Ops", kind="console")
    return create_key(project=project, name="programs", scopes=["ingest", "read", "respond"])[1]


@pytest.mark.programs("amtool")
def test_amtool_is_answered_as_by_an_alertmanager(live_server, token: str, tmp_path: Path) -> None:
    (tmp_path / "http.yml").write_text(f"authorization: {{credentials: {token}}}\n")

    def amtool(*words: str) -> str:
        options = (f"--http.config.file={tmp_path / 'http.yml'}", f"--alertmanager.url={live_server.url}")
        done = run("amtool", *options, *words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def instances(*words: str) -> list[str]:
        return sorted(
            alert["labels"]["instance"] for alert in json.loads(amtool("alert", "query", "-o", "json", *words))
        )

    amtool("alert", "add", "Down", "instance=a", "severity=critical", "--annotation=summary=a is down")
    amtool("alert", "add", "Slow", "instance=b")
    assert instances() == ["a", "b"]
    uid = amtool("silence", "add", "alertname=~D.*", "--duration=1h", "--author=ana", "--comment=retraining").strip()
    assert Silence.objects.get().created_by == "ana"
    assert (instances(), instances("-s"), instances("-s", "instance=~b|c")) == (["b"], ["a"], [])
    assert amtool("silence", "query", "-q").strip() == uid
    before = Silence.objects.get().ends_at
    amtool("silence", "update", uid, "--duration=2h")
    assert Silence.objects.get(uid=uid).ends_at - before > timedelta(minutes=55)
    amtool("silence", "expire", uid)
    assert amtool("silence", "query", "-q").strip() == ""
    assert amtool("silence", "query", "--expired", "-q").strip() == uid
    assert "Ops" in amtool("config", "show")
    assert "disabled" in amtool("cluster", "show")
    assert Incident.objects.count() == 2
