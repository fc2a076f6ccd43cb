"""`python -m bench.find`: what it costs to find a request by any id among many events, and what keeping the indexes costs. See README.md."""

import argparse
import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from statistics import median, quantiles
from typing import Any

from django.db import connection

import bench.ready  # noqa: F401 - before what has models
from bench.ingest import Line
from bench.lines import print_lines
from bench.server import in_scratch
from lib import clock
from models_registry.models import Project
from monitoring.drain import drain_until_empty
from monitoring.drain.rows import SpanRow
from monitoring.drain.sql import insert_columns
from monitoring.models import InboxBody, Span
from monitoring.models.log_text import create_index, drop_index
from monitoring.selectors.event_filters import read_filter
from monitoring.selectors.events import event_page
from monitoring.selectors.requests import look_up, read_story

MILLION = 1_000_000
FIND_MS, STORY_MS, SEARCH_MS = 60.0, 100.0, 200.0
TRIES = 60
BODY = 1_000
START = datetime(2026, 3, 10, tzinfo=UTC)
WORDS = [
    "order",
    "payment",
    "card",
    "declined",
    "retry",
    "upstream",
    "timeout",
    "cache",
    "miss",
    "user",
    "session",
    "token",
    "refresh",
    "queue",
    "stock",
]
# A request leaves a prediction, two lines, a span, and every second one a call of a language model.
EVENTS_OF_TWO = 9


def main() -> int:
    """In a scratch SQLite file; 1 if a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=MILLION, help="how many events to look among")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        return print_lines(lines(options.events))
    return in_scratch("bench.find", "--events", str(options.events))


def lines(events: int) -> Iterator[Line]:
    """Measurements as they are made."""
    project = Project.objects.create(slug="bench", name="Bench")
    yield from _price_of_words(project)
    began = time.monotonic()
    requests = events * 2 // EVENTS_OF_TWO
    with _straight_to_the_file():
        for first in range(0, requests, BODY):
            _put(project, first, min(BODY, requests - first))
            drain_until_empty(now=START)
    took, size = time.monotonic() - began, _bytes()
    yield Line("filling", f"{events:,} events in {took:.0f} s, {size / events:.0f} bytes each", "-", True)
    rng = random.Random(7)
    for name in ("request_id", "trace_id", "span_id", "prediction", "llm_call", "response_id", "session_id", "user_id"):
        yield _timed(
            f"{name} among {events:,} events",
            FIND_MS,
            [_id(name, rng.randrange(requests)) for _ in range(TRIES)],
            lambda text: bool(look_up(project, text).names),
        )
    yield _timed(
        "what is no id", FIND_MS, [f"nobody-{n}" for n in range(TRIES)], lambda text: not look_up(project, text).names
    )
    chosen = [_id("request_id", rng.randrange(requests)) for _ in range(TRIES)]
    yield _timed("all of a request", STORY_MS, chosen, lambda text: read_story(project, text) is not None)
    yield from _searches(project, rng, requests)


@contextmanager
def _straight_to_the_file() -> Iterator[None]:
    """Without a log of writes and with room for the indexes: keys are random, so each body touches most pages, and ten million
    events would be written a hundred times over. What is measured comes afterwards, as a panel runs."""
    for pragma in ("journal_mode=MEMORY", "cache_size=-2000000"):
        connection.cursor().execute(f"PRAGMA {pragma}")
    yield
    connection.cursor().execute("PRAGMA journal_mode=WAL")
    connection.close()


def _searches(project: Project, rng: random.Random, requests: int) -> Iterator[Line]:
    """A page of lines: by a word of one line, by words of many, and by one that is only in old lines."""
    rare = [f"basket{rng.randrange(requests)}" for _ in range(TRIES)]
    pairs = [" ".join(rng.sample(WORDS, 2)) for _ in range(TRIES)]
    errors = [f"{rng.choice(WORDS)}" for _ in range(TRIES)]
    for what, texts, more in (
        ("lines with a rare word", rare, {}),
        ("lines with two common words", pairs, {}),
        ("errors with a common word", errors, {"min_level": "error"}),
    ):
        yield _timed(what, SEARCH_MS, texts, partial(_finds, project, more))


def _finds(project: Project, more: dict[str, str], text: str) -> bool:
    return bool(_page(project, {"q": text, **more}).items)


def _page(project: Project, asked: dict[str, str]) -> Any:
    now = START + timedelta(days=1)
    asked = {"from": "2026-03-01T00:00:00Z", **asked}
    return event_page("log", project, read_filter("log", asked, now=now), limit=50)


def _timed(what: str, target: float, texts: Sequence[str], find: Callable[[str], bool]) -> Line:
    """Each text once: median and 95th percentile; a miss fails."""
    took, missed = [], 0
    for text in texts:
        began = time.perf_counter()
        missed += not find(text)
        took.append((time.perf_counter() - began) * 1e3)
    slow = quantiles(took, n=20)[-1]
    told = f"median {median(took):.1f} ms, 95th percentile {slow:.1f} ms" + (f", {missed} missed" if missed else "")
    return Line(what, told, f"<= {target:g} ms", slow <= target and not missed)


def _price_of_words(project: Project) -> Iterator[Line]:
    """Draining lines, and how much of that is the index of their words: the same statement over the same lines."""
    for part in range(10):
        _body(project, "log", [line for n in range(BODY // 2) for line in _lines(-1 - n - part * BODY)])
    drained, count = _cpu(lambda: drain_until_empty(now=START)), 10 * BODY
    drop_index(connection)
    without = _bytes()
    words = _cpu(lambda: create_index(connection))
    told = f"{drained / count * 1e6:.1f} µs, of which {words / count * 1e6:.1f} µs and {(_bytes() - without) // count} bytes are words"
    yield Line("draining a log line", told, "-", True)


def _cpu(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _put(project: Project, first: int, count: int) -> None:
    places = range(first, first + count)
    _body(project, "prediction", [_prediction(n) for n in places])
    _body(project, "llm_call", [_call(n) for n in places if n % 2 == 0])
    _body(project, "log", [line for n in places for line in _lines(n)])
    rows = [
        SpanRow(**{**dict.fromkeys(SpanRow._fields, ""), **_span(project, n)})
        for n in places
    ]  # fmt: skip
    insert_columns(Span, {name: [getattr(row, name) for row in rows] for name in SpanRow._fields})


def _body(project: Project, kind: str, items: list[dict[str, Any]]) -> None:
    for start in range(0, len(items), BODY):
        mine = items[start : start + BODY]
        data = json.dumps(mine).encode()
        InboxBody.objects.create(
            project=project, kind=kind, received_us=_us(0), arrived_at=clock.real_now(), items=data, accepted=len(mine)
        )


def _us(n: int) -> int:
    return int(START.timestamp() * 1e6) + n * 1_000


def _id(name: str, n: int) -> str:
    """Ids as clients make them: random to look at, the same for the same request."""
    spread = f"{abs(n) * 0x9E3779B97F4A7C15 % 2**64:016x}{abs(n):016x}"
    return {
        "request_id": f"req-{spread[:20]}",
        "trace_id": spread,
        "span_id": spread[:16],
        "prediction": f"p-{spread[:24]}",
        "llm_call": f"c-{f'{(n - n % 2) * 0x9E3779B97F4A7C15 % 2**64:016x}'}",
        "response_id": f"resp-{f'{(n - n % 2) * 0x9E3779B97F4A7C15 % 2**64:016x}'}",
        "session_id": f"s-{n // 20}",
        "user_id": f"u-{n % 20_011}",
    }[name]


def _prediction(n: int) -> dict[str, Any]:
    ids = {name: _id(name, n) for name in ("request_id", "trace_id", "span_id", "session_id", "user_id")}
    return {"id": _id("prediction", n), "model": "credit", "ts": _us(n), "prediction": "paid", "score": 0.3, **ids}


def _call(n: int) -> dict[str, Any]:
    ids = {name: _id(name, n) for name in ("request_id", "trace_id", "session_id", "user_id")}
    said = {"prompt": "why?", "response": "because", "response_id": _id("response_id", n)}
    return {"id": _id("llm_call", n), "model": "assistant", "ts": _us(n), **said, **ids}


def _lines(n: int) -> list[dict[str, Any]]:
    rng = random.Random(n)
    ids = {"request_id": _id("request_id", n), "trace_id": _id("trace_id", n)}
    said = [
        " ".join(rng.sample(WORDS, 5)) + f" basket{n}",
        " ".join(rng.sample(WORDS, 4)) + f" after {rng.randrange(900)} ms",
    ]
    levels = ["info", "error" if rng.random() < 0.01 else "debug"]
    return [
        {
            "id": f"l-{n}-{place}",
            "ts": _us(n),
            "level": level,
            "logger": "shop.pay",
            "message": text,
            **ids,
            "extra": {"attempt": place},
        }
        for place, (level, text) in enumerate(zip(levels, said, strict=True))
    ]


def _span(project: Project, n: int) -> dict[str, Any]:
    times = {"ts_us": _us(n), "ingested_us": _us(n), "duration_us": 900}
    told = {
        "trace_id": _id("trace_id", n),
        "event_id": f"a{_id('span_id', n)[1:]}",
        "name": "POST /pay",
        "kind": "server",
    }
    return {
        "id": 10**15 + n,
        "project_id": project.pk,
        "payload": b"{}",
        "status": 0,
        "role": "span",
        "bears": False,
        "call_ref": None,
        **times,
        **told,
    }


def _bytes() -> int:
    """Of the pages of the file that are in use."""
    found = []
    with connection.cursor() as cursor:
        for name in ("page_count", "freelist_count", "page_size"):
            cursor.execute(f"PRAGMA {name}")
            found.append(int(cursor.fetchone()[0]))
    return (found[0] - found[1]) * found[2]


if __name__ == "__main__":
    raise SystemExit(main())
