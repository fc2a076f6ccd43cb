"""The demonstration, really started: `manage.py up --demo` on a data directory and a port of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path

from django.conf import settings

HANG_SECONDS = 900.0  # a guard against a seed that never ends; what it took is printed and reported
LOGIN = re.compile(r"user (\S+), password (\S+)")
TOLD = re.compile(r"The story is told up to now, in (\d+) s|A história está contada até agora, em (\d+) s")


def wait_for(condition: Callable[[], object], seconds: float, what: str) -> float:
    """Seconds until it held; fails when that takes longer than allowed."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, f"{what}: not within {seconds:.0f} s"
        time.sleep(0.05)
    return time.monotonic() - began


class Demonstration:
    """One supervised group of processes; whoever starts it must stop it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "up.log"
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port: int = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.first_page = 0.0
        strange = {"DATABASE_URL", "REDIS_URL", "ATALAIA_PUBLIC_URL", "ATALAIA_DEMO"}
        own = {"ATALAIA_DATA_DIR": str(folder), "LANG": "C.UTF-8"}
        self.env = {key: value for key, value in os.environ.items() if key not in strange} | own

    def start(self) -> float:
        """Seconds to the first page."""
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up", "--demo", "--port", str(self.port)],
                cwd=settings.BASE_DIR,
                env=self.env,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        took = wait_for(self._first_page, HANG_SECONDS, "the first page")
        wait_for(lambda: LOGIN.search(self.output()), 30, "user and password in the output")
        return took

    @property
    def login(self) -> tuple[str, str]:
        """User and password, as they were printed."""
        found = LOGIN.search(self.output())
        assert found, self.output()
        return found[1], found[2]

    def wait_until_told(self) -> int:
        """Seconds that seeding took, as it says itself."""
        wait_for(lambda: TOLD.search(self.output()) or self.process.poll() is not None, HANG_SECONDS, "the seed")
        found = TOLD.search(self.output())
        assert found, self.output()[-3000:]
        return int(found[1] or found[2])

    def output(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def shell(self, code: str) -> str:
        """Run statements inside the demonstration's own database; what they print."""
        done = subprocess.run(
            [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", code],
            cwd=settings.BASE_DIR,
            env=self.env | {"ATALAIA_DEMO": "True", "ATALAIA_PUBLIC_URL": self.url},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def stop(self) -> int:
        """Ctrl-C, as a person would; the exit code. A supervisor that does not listen is killed."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(timeout=40)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return -signal.SIGKILL

    def living(self) -> list[str]:
        """Command lines of processes that belong to this data directory."""
        return [words for words in map(self._ours, Path("/proc").glob("[0-9]*")) if words]

    def _ours(self, entry: Path) -> str:
        try:
            environment = (entry / "environ").read_bytes()
            words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            return ""
        return words if f"ATALAIA_DATA_DIR={self.folder}\0".encode() in environment else ""

    def _first_page(self) -> bool:
        assert self.process.poll() is None, self.output()
        connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/login/")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()
