"""`python -m bench.peers --phoenix VENV --mlflow VENV`: the same spans to this panel and to two others, in one run. See README.md."""

import argparse
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.client import read_status
from bench.ingest import Line
from bench.products import Product, Running, atalaia, mlflow, phoenix
from bench.span_bodies import Bodies

Sized = tuple[bytes, int]
CELLS = {512: (4, 2_048), 50: (8, 1_000), 1: (8, 200)}  # batch: connections, spans
WARM_SPANS = 400
MORE = 8  # times as many spans for us: else their time is that of one tick
LOST_SPANS, LOST_BATCH = 1_000, 50
GIVE_UP_S = 120.0
POLL_S = 0.05
FASTER = {512: 20.0, 50: 20.0, 1: 5.0}
CPU_SHARE, DISK_SHARE, VISIBLE_S = 0.1, 0.5, 2.0
VISIBLE_TRIES = 10


@dataclass
class Cell:
    """One load on one product."""

    accepted_per_s: float
    stored_per_s: float
    p99_ms: float
    cpu_per_1k: float

    def __str__(self) -> str:
        return (
            f"accepted {self.accepted_per_s:,.0f}/s, stored {self.stored_per_s:,.0f}/s, p99 {self.p99_ms:,.0f} ms, "
            f"{self.cpu_per_1k:.2f} CPU s per 1,000"
        )


@dataclass
class Found:
    """Everything of one product."""

    cells: dict[int, Cell] = field(default_factory=dict)
    bytes_per_span: float = 0.0
    visible_s: float = 0.0
    lost: dict[str, int] = field(default_factory=dict)

    def durable_per_s(self, batch: int) -> float:
        """Spans that nothing takes away: those answered where an answer outlives SIGKILL, else only those stored."""
        cell = self.cells[batch]
        return cell.stored_per_s if self.lost["SIGKILL"] > 0 else cell.accepted_per_s


def main() -> int:
    """Measure each product alone, then compare; 1 if a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--phoenix", type=Path, help="virtual environment with arize-phoenix")
    parser.add_argument("--mlflow", type=Path, help="virtual environment with mlflow")
    parser.add_argument("--share", type=float, default=1.0, help="of the spans, for a first look")
    options = parser.parse_args()
    products = [atalaia()]
    products += [phoenix(options.phoenix)] if options.phoenix else []
    products += [mlflow(options.mlflow)] if options.mlflow else []
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}", flush=True)
    found = {product.name: measure(product, options.share) for product in products}
    ours = found.pop("atalaia")
    lines = [*_alone(ours), *(_compared(ours, list(found.values())) if found else ())]
    print(*lines, sep="\n")
    return 0 if all(line.passed for line in lines) else 1


def measure(product: Product, share: float) -> Found:
    """Loads, then what a signal right after the last answer loses; told as it is found."""
    found = Found()

    def tell(what: object) -> None:
        print(f"  {product.name:<8} {what}", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        running = Running(product, Path(folder))
        running.start()
        try:
            _measure_loads(running, found, share, tell)
        finally:
            running.stop()
    for how in (signal.SIGTERM, signal.SIGKILL):
        with tempfile.TemporaryDirectory() as folder:
            found.lost[how.name] = _lost(Running(product, Path(folder)), how)
        tell(f"{found.lost[how.name]:,} of {LOST_SPANS:,} lost on {how.name}")
    durable = ", ".join(f"{found.durable_per_s(batch):,.0f}/s at {batch}" for batch in CELLS)
    tell(f"durable {durable}")
    return found


def _measure_loads(running: Running, found: Found, share: float, tell: Callable[[object], None]) -> None:
    bodies = Bodies(seed=1)
    warm = _post(running, bodies.take(WARM_SPANS, 50), 8)  # every worker has done it once
    _await(running, warm.accepted)
    running.settle()
    begun, size = running.count(), running.size()
    for batch, (connections, spans) in CELLS.items():
        times = MORE if running.product.name == "atalaia" else 1
        count = max(batch * connections, round(spans * times * share))
        found.cells[batch] = _cell(running, bodies.take(count, batch), connections)
        tell(f"batches of {batch:>3}: {found.cells[batch]}")
    running.settle()
    found.bytes_per_span = (running.size() - size) / (running.count() - begun)
    found.visible_s = max(_visible(running, bodies.take(50, 50)) for _ in range(VISIBLE_TRIES))
    tell(f"{found.bytes_per_span:,.0f} bytes a span, visible after {found.visible_s:.1f} s")


def _cell(running: Running, sized: Sequence[Sized], connections: int) -> Cell:
    before, cpu, started = running.count(), running.cpu(), time.perf_counter()
    posted = _post(running, sized, connections)
    last = _await(running, before + posted.accepted)
    stored = running.count() - before
    return Cell(
        posted.accepted / posted.seconds,
        stored / (last - started),
        posted.p99_ms,
        (running.cpu() - cpu) / max(1, stored) * 1_000,
    )


def _await(running: Running, expected: int) -> float:
    """When the last one was stored, or nothing came any more for two minutes."""
    seen, moved = -1, time.perf_counter()
    while seen < expected and time.perf_counter() - moved < GIVE_UP_S:
        if (now := running.count()) != seen:
            seen, moved = now, time.perf_counter()
        time.sleep(POLL_S)
    return moved


def _visible(running: Running, sized: Sequence[Sized]) -> float:
    """Seconds from the answer to a batch until it is stored, with nothing else to do."""
    expected = running.count() + sum(size for _, size in sized)
    _post(running, sized, 1)
    answered = time.perf_counter()
    return max(0.0, _await(running, expected) - answered)


def _lost(running: Running, how: signal.Signals) -> int:
    """What of acknowledged spans is never seen again when the product ends right after the last answer and is started again."""
    running.start()
    try:
        _await(running, _post(running, Bodies(seed=2).take(100, 50), 8).accepted)
        before = running.count()
        accepted = _post(running, Bodies(seed=3).take(LOST_SPANS, LOST_BATCH), 4).accepted
        running.stop(how)
        running.start()
        _settled(running)
        return before + accepted - running.count()
    finally:
        running.stop()


def _settled(running: Running) -> None:
    """Until nothing more is stored."""
    seen = -1
    while (now := running.count()) != seen:
        seen = now
        time.sleep(5)


@dataclass
class Posted:
    """What the answers said."""

    accepted: int = 0
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)

    @property
    def p99_ms(self) -> float:
        """99th percentile of the time of a request."""
        return sorted(self.latencies)[int(len(self.latencies) * 0.99)] * 1_000


def _post(running: Running, sized: Sequence[Sized], connections: int) -> Posted:
    """All bodies over so many connections that stay open; only answers of 200 count."""
    head = "".join(f"{name}: {value}\r\n" for name, value in running.headers.items())
    start = (
        f"POST /v1/traces HTTP/1.1\r\nHost: 127.0.0.1:{running.port}\r\nContent-Type: application/x-protobuf\r\n{head}"
    )
    requests = [(f"{start}Content-Length: {len(body)}\r\n\r\n".encode() + body, size) for body, size in sized]
    posted, lock, waiting = Posted(), threading.Lock(), iter(requests)

    def pump() -> None:
        with socket.create_connection(("127.0.0.1", running.port)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while True:
                with lock:
                    request, size = next(waiting, (b"", 0))
                if not request:
                    return
                asked = time.perf_counter()
                connection.sendall(request)
                status = read_status(connection)
                with lock:
                    posted.latencies.append(time.perf_counter() - asked)
                    posted.accepted += size if status == 200 else 0

    threads = [threading.Thread(target=pump) for _ in range(connections)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    posted.seconds = time.perf_counter() - started
    return posted


def _alone(ours: Found) -> Iterator[Line]:
    lost = sum(ours.lost.values())
    yield Line("lost", f"{lost}", "0", lost == 0)
    yield Line("visible", f"{ours.visible_s:.1f} s", f"within {VISIBLE_S:.0f} s", ours.visible_s <= VISIBLE_S)


def _compared(ours: Found, peers: Sequence[Found]) -> Iterator[Line]:
    """Beside the better of the peers, whichever that is in each line."""
    for batch, wanted in FASTER.items():
        times = ours.durable_per_s(batch) / max(peer.durable_per_s(batch) for peer in peers)
        yield Line(
            f"durable, batches of {batch}", f"{times:.1f} times the faster peer", f"{wanted:.0f}", times >= wanted
        )
    for batch in CELLS:
        share = ours.cells[batch].cpu_per_1k / min(peer.cells[batch].cpu_per_1k for peer in peers)
        yield Line(
            f"processor, batches of {batch}", f"1/{1 / share:.1f} of the better peer", "1/10", share <= CPU_SHARE
        )
    share = ours.bytes_per_span / min(peer.bytes_per_span for peer in peers)
    yield Line("disk", f"{share:.2f} of the better peer", f"{DISK_SHARE}", share <= DISK_SHARE)


if __name__ == "__main__":
    sys.exit(main())
