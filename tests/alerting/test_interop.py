"""Prometheus and amtool themselves talk to the panel."""

import json
import signal
import subprocess
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from alerting.models import Alert, Incident, Silence
from models_registry.keys import create_key
from models_registry.models import Project
from tests.alertmanager import free_port, program, run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def token(project: Project) -> str:
    project.channels.create(name="Ops", kind="console")
    return create_key(project=project, name="programs", scopes=["ingest", "read", "respond"])[1]


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


@pytest.mark.slow
def test_prometheus_sends_its_alerts_and_their_end(live_server, token: str, tmp_path: Path) -> None:
    write_rules(tmp_path, "vector(1)")
    manager = {
        "authorization": {"credentials": token},
        "static_configs": [{"targets": [live_server.url.removeprefix("http://")]}],
    }
    config = {
        "global": {"evaluation_interval": "1s"},
        "rule_files": [str(tmp_path / "rules.yml")],
        "alerting": {"alertmanagers": [manager]},
    }
    (tmp_path / "prometheus.yml").write_text(json.dumps(config))
    options = [
        f"--config.file={tmp_path / 'prometheus.yml'}",
        f"--storage.tsdb.path={tmp_path / 'data'}",
        f"--web.listen-address=127.0.0.1:{free_port()}",
        "--rules.alert.resend-delay=1s",  # it evaluates before it has found its Alertmanagers
    ]
    log = tmp_path / "log"
    with log.open("w") as said:
        process = subprocess.Popen([program("prometheus"), *options], stdout=said, stderr=said)
    try:
        until(lambda: Alert.objects.filter(state="firing").exists(), log)
        alert = Alert.objects.get()
        assert alert.labels == {"alertname": "AlwaysFiring", "severity": "critical", "team": "ml"}
        assert alert.annotations == {"summary": "It always fires"}
        assert "/graph" in alert.generator_url
        assert (Incident.objects.get().title, Incident.objects.get().severity) == ("It always fires", "page")
        write_rules(tmp_path, "vector(0) > 1")
        process.send_signal(signal.SIGHUP)  # it reads its rules again
        # The server's threads share this test's connection on SQLite: it sees a transaction before its end.
        until(lambda: Incident.objects.get().state == "resolved", log)
        assert Alert.objects.get().state == "inactive"
    finally:
        process.terminate()
        process.wait()


def write_rules(folder: Path, expression: str) -> None:
    rule = {
        "alert": "AlwaysFiring",
        "expr": expression,
        "labels": {"severity": "critical", "team": "ml"},
        "annotations": {"summary": "It always fires"},
    }
    (folder / "rules.yml").write_text(json.dumps({"groups": [{"name": "g", "rules": [rule]}]}))


def until(there: Callable[[], bool], log: Path) -> None:
    end = time.monotonic() + 60
    while not there():
        assert time.monotonic() < end, log.read_text()[-3000:]
        time.sleep(0.1)
