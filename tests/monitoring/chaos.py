"""Clients of a whole installation that resend, and a killer of its worker."""

import json
import random
import signal
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from queue import Queue
from typing import Any

from tests.house import House

BATCH = 200
CLIENTS = 4


class Killer(threading.Thread):
    """Keeps a worker running and kills it with SIGKILL, `kills` times, while it has work to do."""

    def __init__(self, mine: House, *, kills: int, seed: int) -> None:
        super().__init__()
        self.house = mine
        self.left = kills
        self.rng = random.Random(seed)
        self.done = threading.Event()
        self.error: BaseException | None = None

    def run(self) -> None:
        """Kill at a random moment after the worker has begun to drain."""
        try:
            while self.left:
                self._one_life()
        except BaseException as error:  # noqa: BLE001 - told to the test by finish()
            self.error = error
        self.done.set()

    def _one_life(self) -> None:
        stored = self._stored()
        worker = self.house.start("manage.py", "tick", "--loop")
        try:
            until = time.monotonic() + 60
            while self._stored() == stored and time.monotonic() < until:
                time.sleep(0.02)
            time.sleep(self.rng.random() * 0.5)
        finally:
            worker.send_signal(signal.SIGKILL)
            worker.wait()
        self.left -= 1

    def _stored(self) -> int:
        return int(self.house.query("SELECT COALESCE(SUM(stored), 0) FROM monitoring_ledgercount")[0][0])

    def finish(self) -> None:
        """Wait for the last kill."""
        self.join()
        if self.error:
            raise self.error


@dataclass
class Posted:
    """What the clients were promised."""

    acknowledged: dict[str, set[str]] = field(default_factory=dict)
    sent_twice: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True)
class Refusal:
    """The answer of a full inbox."""

    status: int
    retry_after: str


def story(events: int, *, seed: int) -> list[tuple[str, list[dict[str, Any]]]]:
    """Batches of predictions, calls, outcomes and feedback, some of which come before what they speak of."""
    rng = random.Random(seed)
    now = int(time.time() * 1_000)
    said: dict[str, list[dict[str, Any]]] = {"predictions": [], "llm-calls": [], "outcomes": [], "feedback": []}
    for n in range(events):
        kind = rng.choices(list(said), weights=[65, 10, 18, 7])[0]
        said[kind].append(_item(kind, n, rng, now, events))
    batches = [
        (kind, items[start : start + BATCH]) for kind, items in said.items() for start in range(0, len(items), BATCH)
    ]
    rng.shuffle(batches)
    return batches


def _item(kind: str, n: int, rng: random.Random, now: int, events: int) -> dict[str, Any]:
    served = {"id": f"e{n}", "model": f"m{n % 5}", "version": "1", "ts": now - rng.randrange(3_600_000)}
    target = f"e{rng.randrange(events)}"
    if kind == "predictions":
        return {**served, "prediction": rng.choice("abc"), "score": rng.random(), "latency_ms": rng.expovariate(0.05)}
    if kind == "llm-calls":
        return {**served, "finish_reason": rng.choice(["stop", "length"]), "usage": {"output": rng.randrange(900)}}
    if kind == "outcomes":
        return {"id": f"o{n}", "prediction_id": target, "label": rng.choice("abc"), "ts": now - rng.randrange(1_000)}
    return {"id": f"f{n}", "target_id": target, "value": rng.choice(["up", "down"]), "user_id": f"u{n % 7}"}


class Posting:
    """Four clients at once; every tenth request is sent twice, and what was not acknowledged is sent again."""

    def __init__(self, mine: House, batches: list[tuple[str, list[dict[str, Any]]]]) -> None:
        self.house = mine
        self.batches = batches
        self.posted = Posted()
        self.refused: Queue[Refusal] = Queue()
        self.errors: list[BaseException] = []
        self.threads = [threading.Thread(target=self._client, args=(place,)) for place in range(CLIENTS)]

    def start(self) -> None:
        """Begin to send."""
        for thread in self.threads:
            thread.start()

    def first_refusal(self) -> "Refusal":
        """Wait until a client is told to come back later."""
        return self.refused.get(timeout=120)

    def finish(self) -> Posted:
        """Wait until everything is acknowledged."""
        for thread in self.threads:
            thread.join()
        if self.errors:
            raise self.errors[0]
        return self.posted

    def _client(self, place: int) -> None:
        try:
            for number in range(place, len(self.batches), CLIENTS):
                self._post(*self.batches[number])
                if number % 10 == 0:
                    self._post(*self.batches[number])
                    self.posted.sent_twice += 1
        except BaseException as error:  # noqa: BLE001 - told to the test by finish()
            self.errors.append(error)

    def _post(self, kind: str, items: list[dict[str, Any]]) -> None:
        body = json.dumps(items)
        headers = {"Authorization": f"Bearer {self.house.key}", "Content-Type": "application/json"}
        until = time.monotonic() + 180
        while time.monotonic() < until:
            try:
                with closing(HTTPConnection("127.0.0.1", self.house.port, timeout=60)) as http:
                    http.request("POST", f"/api/v1/{kind}", body, headers)
                    response = http.getresponse()
                    answer = json.loads(response.read())
            except (OSError, HTTPException):
                continue
            if response.status == 202:
                assert answer["accepted"] == len(items), answer
                with self.posted.lock:
                    self.posted.acknowledged.setdefault(kind, set()).update(item["id"] for item in items)
                return
            assert response.status == 503, answer
            self.refused.put(Refusal(response.status, response.headers.get("Retry-After", "")))
            time.sleep(0.2)
        message = "Not acknowledged within three minutes."
        raise TimeoutError(message)
