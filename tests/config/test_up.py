"""`manage.py up`, really run: kill each child, kill the supervisor, look for orphans."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tests.alertmanager import free_port

pytestmark = pytest.mark.slow

CHILDREN = {"broker", "web", "worker", "beat"}


class Panel:
    """One `manage.py up` on a data directory of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.log = folder / "up.log"

    def start(self) -> None:
        env = {key: value for key, value in os.environ.items() if key not in {"DATABASE_URL", "REDIS_URL"}}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(settings.BASE_DIR / "manage.py"), "up", "--port", str(self.port)],
                cwd=self.folder,  # from any folder, not from the project's alone
                env={**env, "ATALAIA_DATA_DIR": str(self.folder), "ATALAIA_LOG_STYLE": "json"},
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def pids(self) -> dict[str, int]:
        try:
            return {row["name"]: row["pid"] for row in json.loads((self.folder / "processes.json").read_text())}
        except (OSError, ValueError):
            return {}

    def get(self, path: str) -> tuple[int, bytes]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read()
        except OSError:
            return 0, b""
        finally:
            connection.close()

    def rows(self, sql: str) -> list[Any]:
        with sqlite3.connect(self.folder / "atalaia.sqlite3", timeout=5) as database:
            return database.execute(sql).fetchall()

    def last_tick(self) -> str:
        return self.rows("SELECT COALESCE(MAX(started_at), '') FROM monitoring_stagerun")[0][0]

    def is_whole(self) -> bool:
        return set(self.pids()) == CHILDREN and self.get("/health/live")[0] == 200

    def living(self) -> list[str]:
        """Command lines that still name our data directory or our port."""
        found = []
        for entry in Path("/proc").iterdir():
            try:
                words = (entry / "cmdline").read_text().replace("\0", " ")
                environment = (entry / "environ").read_text()
            except (OSError, ValueError):
                continue
            if f"ATALAIA_DATA_DIR={self.folder}\0" in environment and words:
                found.append(words)
        return found


HANG = 60  # seconds after which nothing will come any more; not a promise of speed


def wait_until(condition: Callable[[], object], seconds: float) -> float:
    """How long it took; fails when it takes longer."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, f"not within {seconds} s"
        time.sleep(0.05)
    return time.monotonic() - began


@pytest.fixture
def panel(tmp_path: Path) -> Iterator[Panel]:
    panel = Panel(tmp_path)
    panel.start()
    yield panel
    if panel.process.poll() is None:
        panel.process.kill()
    panel.process.wait()
    wait_until(lambda: not panel.living(), 15)


def test_the_first_page_answers_and_the_stop_is_clean(panel):
    wait_until(lambda: panel.get("/")[0] in {200, 302}, HANG)
    wait_until(panel.is_whole, HANG)
    wait_until(lambda: panel.rows("SELECT COUNT(*) FROM monitoring_stagerun")[0][0], HANG)
    panel.process.send_signal(signal.SIGINT)
    assert panel.process.wait(timeout=20) == 0
    assert not panel.living()
    assert {state for (state,) in panel.rows("SELECT state FROM monitoring_processstate")} == {"stopped"}
    assert panel.log.read_text().count("password") == 1


@pytest.mark.parametrize("name", sorted(CHILDREN))
def test_a_killed_child_is_back_within_2_seconds_and_the_panel_says_so(panel, name):
    wait_until(panel.is_whole, HANG)
    killed = panel.pids()[name]
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: panel.pids().get(name, killed) != killed, 2)
    wait_until(panel.is_whole, HANG)
    said = f"SELECT restarts, last_exit FROM monitoring_processstate WHERE name = '{name}'"
    wait_until(lambda: panel.rows(said) == [(1, "killed by SIGKILL")], 10)
    ran = panel.last_tick()
    wait_until(lambda: panel.last_tick() > ran, 20)


def test_a_killed_supervisor_leaves_no_orphan_and_the_next_start_continues(panel):
    wait_until(panel.is_whole, HANG)
    panel.process.kill()
    panel.process.wait()
    wait_until(lambda: not panel.living(), 10)
    panel.start()
    wait_until(panel.is_whole, HANG)
    assert panel.log.read_text().count("password") == 1


def test_a_stray_child_is_cleared_away_by_the_next_start(panel):
    """Where the kernel does not help: the web server itself is killed with the supervisor, its workers are not."""
    wait_until(panel.is_whole, HANG)
    for pid in (panel.process.pid, *panel.pids().values()):
        os.kill(pid, signal.SIGKILL)
    panel.process.wait()
    panel.start()
    wait_until(panel.is_whole, HANG)
    assert sum("granian" in words for words in panel.living()) == 2


def start_in_vain(folder: Path, **environment: str) -> str:
    """What a start says that ends by itself."""
    tried = subprocess.run(
        [sys.executable, "manage.py", "up", "--port", str(free_port())],
        cwd=settings.BASE_DIR,
        env={**os.environ, "ATALAIA_DATA_DIR": str(folder), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert tried.returncode == 1
    return tried.stderr


def test_a_second_start_on_the_same_data_is_refused(panel):
    wait_until(panel.is_whole, HANG)
    assert f"already running as process {panel.process.pid}" in start_in_vain(panel.folder)


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({"ATALAIA_ADMIN_PASSWORD": "short"}, "ATALAIA_ADMIN_PASSWORD: This password is too short"),
        ({"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}, "Connection refused"),
    ],
    ids=["password", "database"],
)
def test_a_start_without_tables_or_people_says_why_and_leaves_nothing_behind(tmp_path, environment, reason):
    """The web server was loading already."""
    assert reason in start_in_vain(tmp_path, **environment)
    wait_until(lambda: not Panel(tmp_path).living(), 10)
