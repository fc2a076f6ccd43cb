"""The measurements on one database, in the order in which they need each other's rows."""

import time
from collections.abc import Iterator
from statistics import median

from bench.client import Load, Sending, Sent, send
from bench.idle import processor, tree
from bench.ingest import (
    ACCEPT_OF_LIMIT,
    DRAIN_OF_LIMIT,
    MAX_LAG_S,
    OFFERED,
    SINGLES_PER_SECOND,
    SUSTAINED_OF_LIMIT,
    WORKER,
    Line,
)
from bench.limits import measure_limit
from bench.server import Drained, drain_once, free_port, running, web_server
from lib.clock import real_now
from models_registry.keys import create_key
from models_registry.models import Project
from monitoring.models import InboxBody, Prediction
from monitoring.selectors.ledger import inbox_backlog, read_ledger

BATCHES = (1_000, 100, 1)
SINGLES = 10_000


class Run:
    """One run; every event is accounted for in the ledger at its end."""

    def __init__(self, *, events: int, seconds: float) -> None:
        self.events = events
        self.seconds = seconds
        self.project = Project.objects.create(slug="bench", name="Bench")
        self.key = create_key(project=self.project, name="bench", scopes=["ingest"])[1]
        self.port = free_port()

    def lines(self) -> Iterator[Line]:
        """Measurements as they are made. The limit is taken between them, and its median counts."""
        accepted: dict[int, Sent] = {}
        drained: dict[int, Drained] = {}
        limits: list[float] = []
        for batch in BATCHES:
            with web_server(self.port) as server:
                self._warm(batch)
                count = self.events if batch > 1 else min(self.events, SINGLES)
                before = _cpu(server)
                accepted[batch] = send(Load(self.key, self.port, count, batch, f"accept-{batch}"))
                accepted[batch].server_cpu = _cpu(server) - before
            if drained:
                limits.append(measure_limit(self.events))
            drained[batch] = drain_once()
            limits.append(measure_limit(self.events))
        limit = median(limits)
        samples = " · ".join(f"{sample:,.0f}" for sample in limits)
        yield Line("limit: bulk insert with primary key, median of", f"{samples} rows/s", "the measure", passed=True)
        yield from self._accepting(accepted, limit)
        yield from self._draining(drained, limit)
        yield self._sustained(limit)
        yield self._ledger()

    def _draining(self, drained: dict[int, Drained], limit: float) -> Iterator[Line]:
        for batch, took in drained.items():
            rate = took.events / took.seconds
            share = rate / limit
            judged = batch == BATCHES[0]
            yield Line(
                f"stored and folded, one worker, bodies of {batch}",
                f"{rate:,.0f} events/s {share:.0%} {took}",
                f"{DRAIN_OF_LIMIT:.0%}" if judged else "told",
                passed=not judged or share >= DRAIN_OF_LIMIT,
            )

    def _accepting(self, accepted: dict[int, Sent], limit: float) -> Iterator[Line]:
        for batch, sent in accepted.items():
            share = sent.rate / limit
            wanted = f"{ACCEPT_OF_LIMIT:.0%}" if batch == BATCHES[0] else "told"
            passed = batch != BATCHES[0] or share >= ACCEPT_OF_LIMIT
            if batch == 1:
                wanted, passed = f"{SINGLES_PER_SECOND}/s", sent.rate >= SINGLES_PER_SECOND
            yield Line(
                f"accepted, batches of {batch}",
                f"{sent.rate:,.0f} events/s {share:.0%} {sent.cpu_us:.1f} µs CPU, p99 {sent.p99_ms:.0f} ms",
                wanted,
                passed=passed and set(sent.statuses) == {202},
            )

    def _sustained(self, limit: float) -> Line:
        """Ingest at a steady pace with one drain beside it: what was stored in that time, and the longest lag."""
        events = int(limit * SUSTAINED_OF_LIMIT * OFFERED * self.seconds)
        load = Load(self.key, self.port, events, BATCHES[0], "sustained", seconds=self.seconds)
        before = Prediction.objects.count()
        lags: list[float] = []
        with web_server(self.port), running([*WORKER]), Sending(load) as sending:
            started = time.perf_counter()
            while (passed := time.perf_counter() - started) < self.seconds:
                lags.append(_lag())
                time.sleep(0.25)
            stored = Prediction.objects.count() - before
            rate = stored / passed
            sent = sending.report()
            self._wait_until_empty()
        worst = max(lags)
        return Line(
            f"sustained for {self.seconds:.0f} s with ingest beside it",
            f"{rate:,.0f} events/s {rate / limit:.0%} lag {worst:.1f} s",
            f"{SUSTAINED_OF_LIMIT:.0%}, lag < {MAX_LAG_S:.0f} s",
            passed=rate >= SUSTAINED_OF_LIMIT * limit and worst < MAX_LAG_S and set(sent.statuses) == {202},
        )

    def _ledger(self) -> Line:
        """Nothing was lost on the way."""
        total = read_ledger(project_id=self.project.id)["total"]
        stored = Prediction.objects.count()
        return Line(
            "every accepted event is stored",
            f"{total['accepted']:,} accepted, {stored:,} stored",
            "equal",
            passed=total["accepted"] == stored == total["stored"],
        )

    def _warm(self, batch: int) -> None:
        send(Load(self.key, self.port, batch * 20, batch, f"warm-{batch}"))

    def _wait_until_empty(self) -> None:
        until = time.monotonic() + 60
        while InboxBody.objects.exists() and time.monotonic() < until:
            time.sleep(0.2)


def _cpu(root: int) -> float:
    """Processor seconds of a process and its children so far."""
    return sum(processor(pid) for pid in tree(root))


def _lag() -> float:
    """Seconds since the oldest waiting body arrived."""
    oldest = inbox_backlog().oldest_at
    return 0.0 if oldest is None else (real_now() - oldest).total_seconds()
