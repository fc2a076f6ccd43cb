"""Prometheus and Alertmanager themselves, with a panel that runs in processes of its own: alerts in, alerts out, and their ends."""

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.alertmanager import Running, alertmanager, free_port, program, run
from tests.house import House, house, web, worker

pytestmark = pytest.mark.slow

PATIENCE_S = 300  # a worker imports, sends and waits for its rounds beside whatever else this machine does
DEFINITIONS = """
project: house
models:
  scores: {{name: Scores}}
channels:
  manager: {{kind: alertmanager, target: "{manager}"}}
rules:
  nightly-job: {{name: The nightly job, kind: heartbeat, model: scores, window: 20s, interval: 1s, severity: page}}
"""
TELLS_US = """
route: {{receiver: atalaia, group_wait: 0s, group_interval: 1s}}
receivers:
  - name: atalaia
    webhook_configs:
      - url: {url}/api/v2/webhook
        http_config: {{authorization: {{credentials: {key}}}}}
"""


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Its web server; a worker where a test needs one."""
    folder = tmp_path_factory.mktemp("panel")
    with house(folder, scopes="ingest,read,respond", ATALAIA_OUTGOING_ALLOW_PRIVATE="True") as mine, web(mine):
        yield mine


@pytest.mark.programs("prometheus")
def test_prometheus_sends_its_alerts_and_their_end(panel: House, tmp_path: Path) -> None:
    write_rules(tmp_path, "vector(1)")
    with prometheus(tmp_path, panel) as (process, log):
        until(lambda: wire_alerts(panel, "AlwaysFiring"), log)
        [alert] = wire_alerts(panel, "AlwaysFiring")
        assert alert["labels"] == {"alertname": "AlwaysFiring", "severity": "critical", "team": "ml"}
        assert alert["annotations"] == {"summary": "It always fires"}
        assert "/graph" in alert["generatorURL"]
        [incident] = incidents(panel, "It always fires")
        assert (incident["state"], incident["severity"]) == ("open", "page")
        write_rules(tmp_path, "vector(0) > 1")
        process.send_signal(signal.SIGHUP)  # it reads its rules again
        until(lambda: not wire_alerts(panel, "AlwaysFiring"), log)
        [incident] = incidents(panel, "It always fires")
        assert incident["state"] == "resolved"


@pytest.mark.programs("prometheus-alertmanager")
def test_an_alertmanager_is_told_of_our_alerts_and_of_their_end(panel: House, tmp_path: Path) -> None:
    """A rule, its alert, its incident, the outbox and its sender; the way back leaves out what was ours."""
    config = TELLS_US.format(url=panel.url, key=panel.key)
    with alertmanager(tmp_path, config) as manager:
        definitions = tmp_path / "definitions.yml"
        definitions.write_text(DEFINITIONS.format(manager=manager.url))
        panel.manage("apply", str(definitions))
        with worker(panel):
            until(lambda: shown(manager, "nightly-job"))
            [alert] = shown(manager, "nightly-job")
            assert alert["labels"]["severity"] == "page"
            assert alert["labels"]["model"] == "scores"
            assert alert["annotations"]["summary"] == "The nightly job"
            until(lambda: shown(manager, "Watchdog"))
            assert shown(manager, "Watchdog")[0]["labels"]["severity"] == "none"
            until(lambda: beat(panel) and not shown(manager, "nightly-job"))
        assert [row["state"] for row in incidents(panel, "The nightly job")] == ["resolved"]


@pytest.mark.programs("prometheus-alertmanager", "amtool")
def test_an_alertmanager_tells_us_of_its_alerts_and_of_their_end(panel: House, tmp_path: Path) -> None:
    config = TELLS_US.format(url=panel.url, key=panel.key)
    with alertmanager(tmp_path, config) as manager:
        amtool = (
            "amtool",
            f"--alertmanager.url={manager.url}",
            "alert",
            "add",
            "DiskFull",
            "instance=db",
            "severity=page",
        )
        assert run(*amtool, "--annotation=summary=The disk of db is full").returncode == 0
        until(lambda: wire_alerts(panel, "DiskFull"))
        [alert] = wire_alerts(panel, "DiskFull")
        assert alert["labels"] == {"alertname": "DiskFull", "instance": "db", "severity": "page"}
        assert alert["fingerprint"] == shown(manager, "DiskFull")[0]["fingerprint"]
        assert [row["state"] for row in incidents(panel, "The disk of db is full")] == ["open"]
        assert run(*amtool, f"--end={time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())}").returncode == 0
        until(lambda: not wire_alerts(panel, "DiskFull"))
        assert [row["state"] for row in incidents(panel, "The disk of db is full")] == ["resolved"]


@contextmanager
def prometheus(folder: Path, panel: House) -> Iterator[tuple["subprocess.Popen[bytes]", Path]]:
    """One that evaluates every second and takes the panel for its Alertmanager; its process and its log."""
    manager = {
        "authorization": {"credentials": panel.key},
        "static_configs": [{"targets": [panel.url.removeprefix("http://")]}],
    }
    config = {
        "global": {"evaluation_interval": "1s"},
        "rule_files": [str(folder / "rules.yml")],
        "alerting": {"alertmanagers": [manager]},
    }
    (folder / "prometheus.yml").write_text(json.dumps(config))
    options = [
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{free_port()}",
        "--rules.alert.resend-delay=1s",  # it evaluates before it has found its Alertmanagers
    ]
    log = folder / "log"
    with log.open("w") as said:
        process = subprocess.Popen([program("prometheus"), *options], stdout=said, stderr=said)
    try:
        yield process, log
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


def wire_alerts(panel: House, name: str) -> list[dict[str, Any]]:
    """What the panel shows as firing under this name."""
    found: list[dict[str, Any]] = panel.get(f"/api/v2/alerts?filter=alertname%3D{name}")
    return found


def incidents(panel: House, title: str) -> list[dict[str, Any]]:
    """Those with this in their title, whatever became of them."""
    return [row for row in panel.get("/api/v1/incidents")["items"] if title in row["title"]]


def shown(manager: Running, name: str) -> list[dict[str, Any]]:
    """What the Alertmanager has under this name."""
    status, found = manager.ask("GET", "/alerts", filter=f"alertname={name}")
    assert status == 200, found
    rows: list[dict[str, Any]] = found
    return rows


def beat(panel: House) -> bool:
    """The job is alive again."""
    panel.ask("POST", "/api/v1/rules/nightly-job/heartbeat")
    return True


def until(there: Callable[[], object], log: Path | None = None) -> None:
    end = time.monotonic() + PATIENCE_S
    while not there():
        assert time.monotonic() < end, log.read_text()[-3000:] if log else f"not within {PATIENCE_S} s"
        time.sleep(0.2)
