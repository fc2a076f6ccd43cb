"""`python -m bench.ingest`: ingest and drain beside the database's own bulk insert, in the same run. See README.md."""

import argparse
import os
import sys
import tempfile
from dataclasses import dataclass

from bench.server import running, scratch_database

ACCEPT_OF_LIMIT = 1.0
DRAIN_OF_LIMIT = 0.3
SUSTAINED_OF_LIMIT = 0.25
SINGLES_PER_SECOND = 1_500
MAX_LAG_S = 5.0
OFFERED = 1.1  # of the sustained target
WORKER = [sys.executable, "-m", "bench.worker"]


@dataclass
class Line:
    """One measurement against its target."""

    what: str
    measured: str
    target: str
    passed: bool

    def __str__(self) -> str:
        return f"  {'pass' if self.passed else 'FAIL'}  {self.what:<45} {self.measured:>66}   target {self.target}"


def main() -> int:
    """Both databases, each in a process of its own; 1 if a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=60.0, help="length of the sustained measurement")
    parser.add_argument(
        "--postgres", default=os.environ.get("BENCH_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
    )
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    parser.add_argument(
        "--peers",
        nargs=argparse.REMAINDER,
        help="instead, the same spans to this panel and to others: all that follows goes to bench.peers",
    )
    options = parser.parse_args()
    if options.peers is not None:
        with running([sys.executable, "-m", "bench.peers", *options.peers]) as comparison:
            return comparison.wait()
    size = [f"--events={options.events}", f"--seconds={options.seconds}"]
    code = 0
    if options.only != "postgresql":
        with tempfile.TemporaryDirectory() as folder:
            code |= _child(f"sqlite:///{folder}/bench.sqlite3", folder, size)
    if options.only != "sqlite":
        code |= _on_postgres(options.postgres, size)
    return code


def _child(url: str, folder: str, size: list[str]) -> int:
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "ATALAIA_DATA_DIR": folder,
        "ATALAIA_INBOX_MAX_ITEMS": "10000000",
        "ATALAIA_LOG_LEVEL": "WARNING",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    with running([sys.executable, "-m", "bench.measure", *size], environment) as process:
        return process.wait()


def _on_postgres(url: str, size: list[str]) -> int:
    with scratch_database(url) as own, tempfile.TemporaryDirectory() as folder:
        return _child(own, folder, size)


if __name__ == "__main__":
    sys.exit(main())
