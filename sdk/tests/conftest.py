"""A small server that answers as it is told to, and the library pointed at it."""

import gzip
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import atalaia
from atalaia.client import client

KEY = "at_0123_secret"
Answer = Callable[["Receiver", BaseHTTPRequestHandler, list[dict]], None]


@dataclass
class Receiver:
    """What a panel would have taken, and the answers it gives first; then it takes everything."""

    port: int = 0
    items: list[tuple[str, dict]] = field(default_factory=list)
    requests: list[tuple[float, str, int]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    always: Answer | None = None
    arrived: threading.Condition = field(default_factory=threading.Condition)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def of(self, kind: str) -> list[dict]:
        return [item for path, item in list(self.items) if path == f"/api/v1/{kind}"]

    def wait_for_requests(self, count: int, seconds: float = 20) -> None:
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.requests) >= count, seconds), self.requests


def accept(server: Receiver, handler: BaseHTTPRequestHandler, items: list[dict]) -> None:
    server.items += [(handler.path, item) for item in items]
    reply(handler, 202, {"received": len(items), "accepted": len(items), "rejected": 0, "items": []})


def reply(handler: BaseHTTPRequestHandler, status: int, body: object, **headers: str) -> None:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data)


def refusing(status: int, body: object = None, **headers: str) -> Answer:
    return lambda server, handler, items: reply(handler, status, body or {"detail": f"no: {status}"}, **headers)


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server: Receiver = self.server.receiver  # type: ignore[attr-defined]
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            body = gzip.decompress(sent)
        except gzip.BadGzipFile:
            reply(self, 400, {"detail": "not gzip"})
            return
        items = [json.loads(line) for line in body.split(b"\n")]
        server.headers.append({name.lower(): value for name, value in self.headers.items()})
        with server.arrived:
            server.requests.append((time.monotonic(), self.path, len(items)))
            server.arrived.notify_all()
        answer = server.answers.pop(0) if server.answers else server.always or accept
        answer(server, self, items)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def listening(port: int = 0) -> Iterator[Receiver]:
    server = ThreadingHTTPServer(("127.0.0.1", port), _Handler)
    server.daemon_threads = True
    receiver = server.receiver = Receiver(server.server_port)  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening() as found:
        yield found


@pytest.fixture
def start(receiver, monkeypatch) -> Iterator[Callable[..., Receiver]]:
    """Initialise the library, pointed at the receiver unless told otherwise."""
    for name in [name for name in os.environ if name.startswith("ATALAIA_")]:
        monkeypatch.delenv(name)

    def begin(**options: object) -> Receiver:
        atalaia.init(**{"url": receiver.url, "key": KEY, "flush_interval": 0.02, **options})
        return receiver

    yield begin
    client().close(2)  # its thread must not speak into the next test
    atalaia.init(url="", key="")


@pytest.fixture
def sent(start) -> Callable[..., list[dict]]:
    """Begin with defaults; then: all items of a kind that have arrived by now."""
    receiver = start()

    def read(kind: str) -> list[dict]:
        assert atalaia.flush(20)
        return receiver.of(kind)

    return read
