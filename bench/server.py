"""The real web server, a drain worker and a scratch database, there for one measurement."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
from django.conf import settings

from config.supervise import gate
from config.supervise.plans import FRUGAL
from config.supervise.tether import die_with_parent


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
    (settings.DATA_DIR / gate.NAME).touch()
    with running(command, {**os.environ, **FRUGAL, "ATALAIA_SUPERVISED": "1"}) as process:
        _wait_for(port)
        yield process.pid


@contextmanager
def running(command: list[str], environment: Mapping[str, str] = os.environ) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is told to stop at the end, made to if it does not listen, and killed if this one is."""
    process = subprocess.Popen(command, env=environment, preexec_fn=partial(die_with_parent, os.getpid()))
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
    command = [sys.executable, "-m", "bench.worker", "once"]
    tied = partial(die_with_parent, os.getpid())
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, preexec_fn=tied)
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


@contextmanager
def scratch_database(server: str) -> Iterator[str]:
    """The URL of a new database on the PostgreSQL server of this URL, dropped afterwards."""
    name = f"bench_{uuid4().hex[:8]}"
    with psycopg.connect(server, autocommit=True) as control:
        control.execute(f"CREATE DATABASE {name}")
        try:
            yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        finally:
            control.execute(f"DROP DATABASE {name} WITH (FORCE)")


def in_scratch(module: str, *words: str) -> int:
    """Run `python -m MODULE --here WORDS` on a scratch SQLite file; its exit status."""
    with tempfile.TemporaryDirectory() as folder:
        own = {
            "DATABASE_URL": f"sqlite:///{folder}/bench.sqlite3",
            "ATALAIA_DATA_DIR": folder,
            "ATALAIA_LOG_LEVEL": "WARNING",
        }
        with running([sys.executable, "-m", module, "--here", *words], {**os.environ, **own}) as process:
            return process.wait()
