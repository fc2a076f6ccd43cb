"""`python -m bench.spans`: what a span of a call costs the processor and the disk, on its way in and in the drain. See README.md."""

import argparse
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from django.db import connection

import bench.ready  # noqa: F401 - before what has models
from bench.ingest import Line
from bench.lines import print_lines
from bench.server import in_scratch
from bench.span_bodies import Bodies
from lib.clock import now
from models_registry.keys import create_key
from models_registry.models import ApiKey, Project
from monitoring.drain import drain_until_empty
from monitoring.ingest.otlp.accept import accept
from monitoring.ingest.otlp.protobuf import read_traces
from monitoring.models import LLMCall, Span

BATCHES = (512, 50, 1)
WARM = 1_024
KEPT = ("monitoring_llmcall", "monitoring_span", "monitoring_eventkey", "llmcall_%", "span_%")


def main() -> int:
    """In a scratch SQLite file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spans", type=int, default=10_240, help="how many of each size of batch, a tenth alone")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        return print_lines(lines(options.spans))
    return in_scratch("bench.spans", "--spans", str(options.spans))


def lines(spans: int) -> Iterator[Line]:
    """Measurements as they are made."""
    key, bodies = _key(), Bodies(seed=1)
    _take(key, [body for body, _ in bodies.take(WARM, 512)])
    drain_until_empty(now=now())
    for batch in BATCHES:
        count = spans if batch > 1 else spans // 10
        sent = [body for body, _ in bodies.take(count, batch)]
        before = _bytes()
        took, drained = _cpu(partial(_take, key, sent)), _cpu(lambda: drain_until_empty(now=now()))
        told = f"{took / count * 1e6:.0f} µs to take in, {drained / count * 1e6:.0f} µs to drain"
        yield Line(f"batches of {batch}", f"{told}, {(_bytes() - before) / count:,.0f} bytes", "-", True)
    stored = Span.objects.count()
    yield Line("stored", f"{stored:,} spans, {LLMCall.objects.count():,} calls", "-", True)
    for name, size in _sizes():
        yield Line(name, f"{size / stored:,.0f} bytes a span", "-", True)


def _key() -> ApiKey:
    project = Project.objects.create(slug="bench", name="Bench")
    key, _token = create_key(project=project, name="bench", scopes=["ingest"])
    return key


def _take(key: ApiKey, bodies: list[bytes]) -> None:
    for body in bodies:
        accept("span", read_traces(body), key=key, now=now())


def _cpu(work: Callable[[], Any]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _bytes() -> int:
    """Of the pages of the file that are in use."""
    with connection.cursor() as cursor:
        found = {}
        for name in ("page_count", "freelist_count", "page_size"):
            cursor.execute(f"PRAGMA {name}")
            found[name] = int(cursor.fetchone()[0])
    return (found["page_count"] - found["freelist_count"]) * found["page_size"]


def _sizes() -> list[tuple[str, int]]:
    """Bytes of the tables and indexes that grow with spans."""
    named = " OR ".join(["name LIKE %s"] * len(KEPT))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT name, sum(pgsize) FROM dbstat WHERE {named} GROUP BY name ORDER BY 2 DESC", list(KEPT))
        return list(cursor.fetchall())


if __name__ == "__main__":
    raise SystemExit(main())
