"""The real web server and a drain worker, started and stopped for one measurement."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from django.conf import settings


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def web_server(port: int) -> Iterator[int]:
    """Granian as `manage.py up` starts it; its process id."""
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", str(settings.WEB_WORKERS), "--blocking-threads", str(settings.WEB_THREADS)]
    command += ["--no-ws", "--log-level", "warning", "config.wsgi:application"]
    with running(command) as process:
        _wait_for(port)
        yield process.pid


@contextmanager
def running(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is told to stop at the end, and made to if it does not listen."""
    process = subprocess.Popen(command, env=os.environ.copy())
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Drained(NamedTuple):
    """What draining to empty took, in seconds."""

    events: int
    seconds: float
    cpu: float
    longest_transaction: float

    def __str__(self) -> str:
        longest = f"longest transaction {self.longest_transaction * 1e3:.0f} ms"
        return f"{self.cpu / self.events * 1e6:.1f} µs CPU, {longest}"


def drain_once() -> Drained:
    """Drain to empty in a process of its own."""
    output = subprocess.run([sys.executable, "-m", "bench.worker", "once"], check=True, capture_output=True, text=True)
    events, *seconds = output.stdout.split()[-4:]
    return Drained(int(events), *map(float, seconds))


def _wait_for(port: int) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            with socket.create_connection(("127.0.0.1", port), 1):
                return
        except OSError:
            time.sleep(0.1)
    message = f"No server on port {port} after 30 s."
    raise TimeoutError(message)
