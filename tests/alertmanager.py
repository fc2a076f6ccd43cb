"""A real Alertmanager (Debian's prometheus-alertmanager) for the tests that compare with it."""

import json
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode

INSTALL = "apt-get install prometheus prometheus-alertmanager"
CONFIG = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"


def program(name: str) -> str:
    """The path of a program that CI installs; a test that uses one is marked with its name (`programs`)."""
    found = shutil.which(name)
    assert found, f"{name} is missing: {INSTALL}"
    return found


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """A program of `program`, its output as text, whatever its exit code."""
    return subprocess.run([program(command[0]), *command[1:]], capture_output=True, text=True, timeout=120, check=False)


@dataclass(frozen=True)
class Running:
    url: str

    def ask(self, method: str, path: str, body: Any = None, **query: Any) -> tuple[int, Any]:
        """Status and decoded answer of its API, refusals too."""
        address = f"{self.url}/api/v2{path}?{urlencode(query, doseq=True)}"
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(address, content, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if text else None
        except HTTPError as error:
            with error:
                return error.code, json.loads(error.read() or b"null")

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.url + path, timeout=5) as answer:
            return json.load(answer)

    def wait(self, path: str, seen: Any, seconds: float = 10) -> Any:
        """What the path answers once `seen` of it holds; an Alertmanager takes alerts in its own time."""
        until = time.monotonic() + seconds
        while not seen(answer := self.get(path)) and time.monotonic() < until:
            time.sleep(0.02)
        return answer


@contextmanager
def alertmanager(folder: Path, config: str = CONFIG) -> Iterator[Running]:
    file = folder / "alertmanager.yml"
    file.write_text(config)
    port = free_port()
    command = [
        *(program("prometheus-alertmanager"), f"--config.file={file}", f"--storage.path={folder / 'data'}"),
        *(f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=", "--log.level=error"),
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    running = Running(f"http://127.0.0.1:{port}")
    try:
        _until_ready(running, process)
        yield running
    finally:
        process.terminate()
        process.wait()


def _until_ready(running: Running, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 20
    while process.poll() is None and time.monotonic() < until:
        try:
            urllib.request.urlopen(running.url + "/-/ready", timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError("the Alertmanager did not start")
