"""The products that `bench.peers` compares, each as its own documentation starts it, with a SQLite file in a folder of its own."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from bench.idle import processor, tree
from bench.server import free_port
from config.supervise.tether import die_with_parent

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = "output.log"
START_S, STOP_S = 240, 60
QUIET_S, QUIET_SHARE, QUIET_TIMES, UNQUIET_S = 1.0, 0.15, 3, 60.0


@dataclass(frozen=True)
class Product:
    """How one is started on a port, and where it keeps what it was sent."""

    name: str
    command: Callable[[int], Sequence[str]]
    environment: Callable[[Path, int], Mapping[str, str]]
    headers: Callable[[Mapping[str, str]], Mapping[str, str]]
    health: str
    file: str
    count: str  # a query


def atalaia() -> Product:
    """`manage.py up`: web server, worker, beat and broker."""
    return Product(
        "atalaia",
        lambda port: [sys.executable, str(ROOT / "manage.py"), "up", "--port", str(port)],
        lambda folder, _: {"ATALAIA_DATA_DIR": str(folder), "ATALAIA_LOG_LEVEL": "WARNING"},
        _key,
        "/health/ready",
        "atalaia.sqlite3",
        "SELECT COUNT(*) FROM monitoring_llmcall",
    )


def phoenix(venv: Path) -> Product:
    """`phoenix serve`."""
    return Product(
        "phoenix",
        lambda _: [str(venv / "bin/phoenix"), "serve"],
        lambda folder, port: {
            "PHOENIX_SQL_DATABASE_URL": f"sqlite:///{folder}/phoenix.db",
            "PHOENIX_WORKING_DIR": str(folder),
            "PHOENIX_HOST": "127.0.0.1",
            "PHOENIX_PORT": str(port),
            "PHOENIX_GRPC_PORT": str(free_port()),
            "PHOENIX_TELEMETRY_ENABLED": "false",
        },
        lambda _: {},
        "/healthz",
        "phoenix.db",
        "SELECT COUNT(*) FROM spans",
    )


def mlflow(venv: Path) -> Product:
    """`mlflow server`, with the workers that it starts unless told otherwise."""
    return Product(
        "mlflow",
        lambda port: [
            *(str(venv / "bin/mlflow"), "server", "--host", "127.0.0.1", "--port", str(port)),
            *("--backend-store-uri", "sqlite:///mlflow.db", "--artifacts-destination", "artifacts"),
        ],
        lambda _folder, _port: {"MLFLOW_DISABLE_TELEMETRY": "true", "PATH": f"{venv / 'bin'}:{os.environ['PATH']}"},
        lambda _: {"x-mlflow-experiment-id": "0"},
        "/health",
        "mlflow.db",
        "SELECT COUNT(*) FROM spans",
    )


def _key(environment: Mapping[str, str]) -> Mapping[str, str]:
    command = [sys.executable, str(ROOT / "manage.py"), "create_key", "--project", "bench", "--scopes", "ingest"]
    told = subprocess.run(command, env=dict(environment), check=True, capture_output=True, text=True)
    return {"Authorization": f"Bearer {told.stdout.split()[-1]}"}


@dataclass
class Running:
    """A product that answers; it can be stopped, killed and started again over the same folder."""

    product: Product
    folder: Path
    port: int = field(default_factory=free_port)
    headers: Mapping[str, str] = field(default_factory=dict)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """Its own, without what would keep a user's start from being quick."""
        inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        return {**inherited, **self.product.environment(self.folder, self.port)}

    def start(self) -> None:
        """Until it answers and what it still loads is loaded."""
        log = (self.folder / OUTPUT).open("ab")
        self._process = subprocess.Popen(
            self.product.command(self.port),
            cwd=self.folder,
            env=self.environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=partial(die_with_parent, os.getpid()),
        )
        _until(self._answers, START_S, otherwise=lambda: f"{self.product.name} does not answer: {self._said()}")
        self.headers = self.headers or self.product.headers(self.environment)
        self.settle()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Send a signal to the whole group, and wait for its end."""
        if self._process is None:
            return
        os.killpg(self._process.pid, how)
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process = None

    def count(self) -> int:
        """Calls that are stored where its pages look for them, read beside the server."""
        with closing(sqlite3.connect(f"file:{self.folder / self.product.file}?mode=ro", uri=True, timeout=60)) as file:
            return int(file.execute(self.product.count).fetchone()[0])

    def cpu(self) -> float:
        """Seconds of all its processes."""
        if self._process is None:
            return 0.0
        return sum(_processor(pid) for pid in tree(self._process.pid))

    def size(self) -> int:
        """Bytes of the database that are in use, with its log written back; free pages are used again."""
        with closing(sqlite3.connect(self.folder / self.product.file, timeout=60)) as file:
            file.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            pages, free, width = (
                int(file.execute(f"PRAGMA {name}").fetchone()[0])
                for name in ("page_count", "freelist_count", "page_size")
            )
        return (pages - free) * width

    def settle(self) -> None:
        """Until its processes are quiet, or as quiet as they get in a minute."""
        quiet, until = 0, time.monotonic() + UNQUIET_S
        while quiet < QUIET_TIMES and time.monotonic() < until:
            before = self.cpu()
            time.sleep(QUIET_S)
            quiet = quiet + 1 if self.cpu() - before < QUIET_SHARE * QUIET_S else 0

    def _said(self) -> str:
        return (self.folder / OUTPUT).read_text()[-2_000:]

    def _answers(self) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{self.port}{self.product.health}", timeout=2) as answer:
                return bool(answer.status == 200)
        except (URLError, ConnectionError, TimeoutError):
            return False


def _processor(pid: int) -> float:
    try:
        return processor(pid)
    except FileNotFoundError:  # it has ended meanwhile
        return 0.0


def _until(holds: Callable[[], bool], seconds: float, *, otherwise: Callable[[], str]) -> None:
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            raise TimeoutError(otherwise())
        time.sleep(0.1)
