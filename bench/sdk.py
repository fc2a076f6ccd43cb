"""What the client library costs the program that it observes, beside sentry-sdk in the same run. `python -m bench.sdk`

Both speak to the same server in a process of its own, which takes everything; then to an address where nobody answers. A
round is 80 events (sentry-sdk's queue holds 100), the two in turn, the queues flushed between rounds and off the clock.
Told is the processor time of the calling thread and the time by the clock, as medians of rounds, with their 95th percentile.
"""

import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from statistics import median, quantiles

import sentry_sdk

ROUNDS, EVENTS, STARTS = 60, 80, 15
IMPORT_MS, EVENT_US = 50.0, 20.0
SOURCE = Path(__file__).resolve().parents[1] / "sdk/src"
NOBODY = "127.0.0.1:9"
FEATURES = {f"feature_{number}": number * 0.37 for number in range(8)}
PROMPT = [{"role": "user", "content": "Where is my order? " * 100}]
ANSWER = "It is on its way. " * 60
IMPORT = "import time; w, c = time.perf_counter(), time.process_time(); import {}; print(time.perf_counter() - w, time.process_time() - c)"

sys.path.insert(0, str(SOURCE))
atalaia = import_module("atalaia")


class Sink(BaseHTTPRequestHandler):
    """Takes everything, and says so as a panel would."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = json.dumps({"received": 0, "accepted": 0, "rejected": 0, "items": []}).encode()
        self.send_response(202 if self.path.startswith("/api/v1/") else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def sink() -> None:
    """Serve until killed; the port is the first line."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    print(server.server_port, flush=True)
    server.serve_forever()


def imports() -> dict[str, list[tuple[float, float]]]:
    """Milliseconds by the clock and of the processor, of fresh interpreters in turn."""
    found: dict[str, list[tuple[float, float]]] = {"atalaia": [], "sentry_sdk": []}
    for _ in range(STARTS):
        for name, times in found.items():
            command = [sys.executable, "-c", IMPORT.format(name)]
            done = subprocess.run(
                command, env={**os.environ, "PYTHONPATH": str(SOURCE)}, capture_output=True, text=True, check=True
            )
            wall, processor = map(float, done.stdout.split())
            times.append((wall * 1_000, processor * 1_000))
    return found


def predict() -> None:
    atalaia.prediction("churn", "leaves", score=0.81, features=FEATURES, latency_ms=7.9)


def call_model() -> None:
    with atalaia.llm_call("helpdesk", provider="openai", request_model="gpt-4o", prompt=PROMPT) as call:
        call.response, call.usage, call.finish_reason = ANSWER, {"input": 400, "output": 250}, "stop"


def capture_event() -> None:
    sentry_sdk.capture_event({"message": "prediction", "level": "info", "extra": {"score": 0.81, **FEATURES}})


def capture_message() -> None:
    sentry_sdk.capture_message("prediction")


CALLS: dict[str, Callable[[], None]] = {
    "atalaia.prediction": predict,
    "atalaia.llm_call": call_model,
    "sentry_sdk.capture_event": capture_event,
    "sentry_sdk.capture_message": capture_message,
}


def costs(address: str, *, wait: float) -> dict[str, tuple[list[float], list[float]]]:
    """Microseconds per event of each round: of the calling thread, and by the clock."""
    atalaia.init(f"http://{address}", "at_0123_secret", flush_interval=0.2, request_timeout=1)
    sentry_sdk.init(f"http://public@{address}/1", shutdown_timeout=0)
    found: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in CALLS}
    for _ in range(ROUNDS):
        for name, call in CALLS.items():
            processor, wall = time.thread_time(), time.perf_counter()
            for _ in range(EVENTS):
                call()
            spent = time.thread_time() - processor, time.perf_counter() - wall
            for times, seconds in zip(found[name], spent, strict=True):
                times.append(seconds / EVENTS * 1e6)
            atalaia.flush(wait)
            sentry_sdk.flush(wait)
    return found


def tell_imports() -> bool:
    found = imports()
    typical = {name: [median(column) for column in zip(*times, strict=True)] for name, times in found.items()}
    ours, theirs = typical["atalaia"], typical["sentry_sdk"]
    print(
        f"import, by the clock:  atalaia {ours[0]:.1f} ms, sentry_sdk {theirs[0]:.1f} ms: {theirs[0] / ours[0]:.1f} times ours"
    )
    print(
        f"import, processor:     atalaia {ours[1]:.1f} ms, sentry_sdk {theirs[1]:.1f} ms: {theirs[1] / ours[1]:.1f} times ours (target {IMPORT_MS:.0f} ms)"
    )
    return bool(ours[1] <= IMPORT_MS)


def tell_costs(title: str, found: dict[str, tuple[list[float], list[float]]]) -> bool:
    ours = median(found["atalaia.prediction"][0])
    worst = max(median(found[name][0]) for name in found if name.startswith("atalaia"))
    for name, (processor, wall) in found.items():
        beside = (
            f"target {EVENT_US:.0f} µs"
            if name.startswith("atalaia")
            else f"{median(processor) / ours:.1f} times our prediction"
        )
        print(
            f"{title}, {name}: {median(processor):.1f} µs of the caller's thread (p95 {quantiles(processor, n=20)[-1]:.1f}), "
            f"{median(wall):.1f} µs by the clock: {beside}"
        )
    return worst <= EVENT_US


def main() -> int:
    """1 if a target was missed."""
    logging.disable(logging.CRITICAL)  # neither should be measured printing that nobody answers
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; sentry-sdk {sentry_sdk.VERSION}")
    sound = [tell_imports()]
    with subprocess.Popen([sys.executable, "-m", "bench.sdk", "sink"], stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            port = int(server.stdout.readline())
            sound.append(tell_costs("answered", costs(f"127.0.0.1:{port}", wait=5)))
        finally:
            server.kill()
    sound.append(tell_costs("nobody answers", costs(NOBODY, wait=0.05)))
    return 0 if all(sound) else 1


if __name__ == "__main__":
    if sys.argv[1:] == ["sink"]:
        sink()
    else:
        sys.exit(main())
