"""A process of its own with keep-alive connections on raw sockets; requests are encoded before the clock starts."""

import os
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing import Process, Queue
from typing import Any

from bench.bodies import encode_requests, make_items
from config.supervise.tether import die_with_parent

CONNECTIONS = 4


@dataclass
class Load:
    """What to send: `events` in batches; with `seconds` paced evenly over that time, else as fast as possible."""

    key: str
    port: int
    events: int
    batch: int
    tag: str
    seconds: float = 0.0


@dataclass
class Sent:
    """What came of it."""

    accepted: int = 0
    seconds: float = 0.0
    statuses: dict[int, int] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)
    server_cpu: float = 0.0

    @property
    def rate(self) -> float:
        """Accepted events per second."""
        return self.accepted / self.seconds

    @property
    def cpu_us(self) -> float:
        """Microseconds of the server's processor time per event."""
        return self.server_cpu / max(1, self.accepted) * 1e6

    @property
    def p99_ms(self) -> float:
        """99th percentile of the time of a request."""
        return sorted(self.latencies)[int(len(self.latencies) * 0.99)] * 1_000


def send(load: Load) -> Sent:
    """Send from another process and wait for its report."""
    with Sending(load) as sending:
        return sending.report()


class Sending:
    """A load under way in another process."""

    def __init__(self, load: Load) -> None:
        self._reports: Queue[Sent] = Queue()
        self._ready: Queue[bool] = Queue()
        self._process = Process(target=_run, args=(load, os.getpid(), self._ready, self._reports))

    def __enter__(self) -> "Sending":
        self._process.start()
        self._ready.get()
        return self

    def report(self) -> Sent:
        """Wait for the end."""
        return self._reports.get()

    def __exit__(self, *_: Any) -> None:
        self._process.join(10)


def _run(load: Load, parent: int, ready: "Queue[bool]", reports: "Queue[Sent]") -> None:
    die_with_parent(parent)
    # The items are let go: five million of them are ten gigabytes, which the machine needs for the files that it writes.
    requests = list(encode_requests(make_items(load.events, tag=load.tag), load.batch, key=load.key, port=load.port))
    sent = Sent()
    lock = threading.Lock()
    ready.put(True)
    started = time.perf_counter()

    def pump(place: int) -> None:
        _pump(load, requests[place::CONNECTIONS], place, len(requests), started, sent, lock)

    threads = [threading.Thread(target=pump, args=(place,)) for place in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sent.seconds = time.perf_counter() - started
    reports.put(sent)


def _pump(
    load: Load,
    requests: Sequence[bytes],
    place: int,
    total: int,
    started: float,
    sent: Sent,
    lock: threading.Lock,
) -> None:
    statuses: dict[int, int] = {}
    latencies = []
    with socket.create_connection(("127.0.0.1", load.port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for n, request in enumerate(requests):
            if load.seconds:
                due = started + (n * CONNECTIONS + place) / total * load.seconds
                time.sleep(max(0.0, due - time.perf_counter()))
            asked = time.perf_counter()
            connection.sendall(request)
            status = read_status(connection)
            latencies.append(time.perf_counter() - asked)
            statuses[status] = statuses.get(status, 0) + 1
    with lock:
        sent.accepted += statuses.get(202, 0) * load.batch
        sent.latencies += latencies
        for status, count in statuses.items():
            sent.statuses[status] = sent.statuses.get(status, 0) + count


def read_status(connection: socket.socket) -> int:
    """The status of the next response, whose body is read and dropped."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _receive(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    fields = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:])
    if b"content-length" in fields:
        while len(body) < int(fields[b"content-length"]):
            body += _receive(connection)
    else:
        while not body.endswith(b"0\r\n\r\n"):  # chunked
            body += _receive(connection)
    return int(head[9:12])


def _receive(connection: socket.socket) -> bytes:
    data = connection.recv(65_536)
    if not data:
        message = "The server closed the connection."
        raise ConnectionError(message)
    return data
