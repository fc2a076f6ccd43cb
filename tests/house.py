"""A whole installation in a scratch database, its web server and worker as processes of their own."""

import json
import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from django.conf import settings
from django.db import connection

START_SECONDS = 240  # to import everything, beside whatever else this machine does


@dataclass
class House:
    """An installation of its own: its environment, its port, a key, and how to look into its database."""

    env: dict[str, str]
    port: int
    key: str = ""

    def manage(self, *words: str) -> str:
        """Run a management command; its output, or the failure with it."""
        done = subprocess.run(
            [sys.executable, "manage.py", *words], env=self.env, cwd=settings.BASE_DIR, capture_output=True, text=True
        )
        assert done.returncode == 0, f"manage.py {' '.join(words)}: {done.stdout[-2_000:]}{done.stderr[-2_000:]}"
        return done.stdout

    def start(self, *command: str) -> "subprocess.Popen[bytes]":
        """A process of this house."""
        return subprocess.Popen([sys.executable, *command], env=self.env, cwd=settings.BASE_DIR)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Look into the database, past all of our own code."""
        url = self.env["DATABASE_URL"]
        if url.startswith("sqlite"):
            with closing(sqlite3.connect(url.removeprefix("sqlite:///"), timeout=20)) as database:
                return database.execute(sql).fetchall()
        with psycopg.connect(url) as database:
            return database.execute(sql.encode()).fetchall()

    @property
    def url(self) -> str:
        """Where its web server answers."""
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str) -> Any:
        """A read through the API."""
        return self.ask("GET", path)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """A call of the API that succeeds."""
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=30)) as http:
            http.request(method, path, None if body is None else json.dumps(body), headers)
            response = http.getresponse()
            found = response.read()
            assert response.status < 300, found
            return json.loads(found) if found else None


@contextmanager
def house(folder: Path, *, scopes: str = "ingest,read", **environment: str) -> Iterator[House]:
    """On the kind of database that this test run uses: a file for SQLite, a scratch database for PostgreSQL."""
    with _database(folder) as url, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        env = {
            **os.environ,
            "DATABASE_URL": url,
            "ATALAIA_DATA_DIR": str(folder),
            "ATALAIA_LOG_LEVEL": "ERROR",
            **environment,
        }
        mine = House(env, port)
        mine.manage("migrate", "--verbosity", "0")
        mine.key = mine.manage("create_key", "--project", "house", "--scopes", scopes).split()[-1]
        yield mine


@contextmanager
def _database(folder: Path) -> Iterator[str]:
    if connection.vendor != "postgresql":
        yield f"sqlite:///{folder / 'house.sqlite3'}"
        return
    given = settings.DATABASES["default"]
    server = f"postgresql://{given['USER']}:{given['PASSWORD']}@{given['HOST']}:{given['PORT'] or 5432}"
    name = f"house_{uuid4().hex[:10]}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
        try:
            yield f"{server}/{name}"
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@contextmanager
def web(mine: House) -> Iterator[None]:
    """The web server, until the end of the block."""
    command = ["-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(mine.port)]
    process = mine.start(*command, "--blocking-threads", "4", "--log-level", "warning", "config.wsgi:application")
    try:
        until = time.monotonic() + START_SECONDS
        while not _listens(mine.port):
            assert process.poll() is None, "the web server ended"
            assert time.monotonic() < until, f"the web server does not listen after {START_SECONDS} s"
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(20)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


@contextmanager
def worker(mine: House) -> Iterator[None]:
    """Every stage at its interval, until the end of the block."""
    process = mine.start("manage.py", "tick", "--loop")
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)
