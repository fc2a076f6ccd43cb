"""Lines of the real libraries, posted as they write them, are stored in the words of the contract."""

import io
import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
import structlog
from loguru import logger as loguru
from pythonjsonlogger.json import JsonFormatter

from lib.clock import now
from monitoring.ingest.log_dialects import ALIASES, translate
from monitoring.ingest.moments import Window, epoch_us
from monitoring.stats.log_levels import LEVELS, SAME, canon
from tests.ingest.conftest import stored

pytestmark = pytest.mark.django_db
SECRET = "hunter2-is-a-local"
MINUTE, QUARTER = 60_000_000, 900_000_000
Speak = Callable[[io.StringIO], None]


def fail() -> None:
    password = SECRET
    raise ValueError(len(password))


def python_json(*arguments: Any, **options: Any) -> Speak:
    def speak(out: io.StringIO) -> None:
        handler = logging.StreamHandler(out)
        handler.setFormatter(JsonFormatter(*arguments, **options))
        speaker = logging.getLogger("shop.pay")
        speaker.handlers, speaker.propagate = [handler], False
        speaker.warning("paid %s", "r-9", extra={"request_id": "req-1", "user_id": "u-1", "basket": 3})
        try:
            fail()
        except ValueError:
            speaker.exception("boom")

    return speak


def speak_loguru(out: io.StringIO) -> None:
    loguru.remove()
    handler = loguru.add(out, serialize=True)  # with `diagnose`, as it is by default: it draws the values of variables
    with loguru.contextualize(request_id="req-1", user_id="u-1"):
        loguru.bind(basket=3).warning("paid {}", "r-9")
        try:
            fail()
        except ValueError:
            loguru.exception("boom")
    loguru.success("done")
    loguru.remove(handler)


def structured(*processors: Any) -> Speak:
    def speak(out: io.StringIO) -> None:
        chain = [structlog.processors.add_log_level, *processors, structlog.processors.JSONRenderer()]
        speaker = structlog.wrap_logger(structlog.PrintLogger(out), processors=chain)
        speaker.warning("paid r-9", request_id="req-1", user_id="u-1", basket=3)
        try:
            fail()
        except ValueError:
            speaker.exception("boom")

    return speak


STAMP, TRACE = structlog.processors.TimeStamper, structlog.processors.format_exc_info
FULL = "%(asctime)s %(levelname)s %(name)s %(message)s"
CLIENTS: dict[str, Speak] = {
    "logging": python_json(),
    "logging, format": python_json(FULL),
    "logging, timestamp": python_json("{levelname}{message}{name}", style="{", timestamp=True),
    "logging, renamed": python_json(FULL, rename_fields={"levelname": "severity", "asctime": "time"}),
    "loguru": speak_loguru,
    "structlog, float": structured(STAMP(), TRACE),
    "structlog, iso": structured(STAMP(fmt="iso"), TRACE),
    "structlog, local": structured(STAMP(fmt="iso", utc=False), TRACE),
    "structlog, dicts": structured(STAMP(), structlog.processors.dict_tracebacks),
    "structlog, message": structured(STAMP(), TRACE, structlog.processors.EventRenamer("message")),
    "structlog, no time": structured(TRACE),
}
LEVELLESS = NAMELESS = {"logging"}
ZONELESS = {"logging, format", "logging, renamed", "structlog, local"}


def near(ts: int, *, zoned: bool) -> bool:
    """Now; where the line says no zone, the hour is whatever hour it was there."""
    apart = abs(ts - epoch_us(now()))
    return (apart if zoned else min(apart % QUARTER, -apart % QUARTER)) < MINUTE


@pytest.mark.parametrize("client", CLIENTS)
def test_lines_of_a_library_are_read(post, client):
    out = io.StringIO()
    CLIENTS[client](out)
    answer = post(out.getvalue().encode(), path="logs", content_type="application/x-ndjson").json()
    assert (answer["rejected"], answer["accepted"]) == (0, answer["received"])
    paid, boom, *rest = stored()
    assert (paid["message"], boom["message"]) == ("paid r-9", "boom")
    assert (paid["request_id"], paid["user_id"], paid["extra"]["basket"]) == ("req-1", "u-1", 3)
    assert (paid.get("level"), boom.get("level")) == ((None, None) if client in LEVELLESS else ("warning", "error"))
    said = json.dumps(boom["exception"])
    assert "ValueError" in said
    assert "fail" in said  # the function that failed, from the trace
    assert SECRET not in json.dumps(stored())
    assert all(near(line["ts"], zoned=client not in ZONELESS) for line in (paid, boom))
    flagged = ["_flags" in line.get("extra", {}) for line in (paid, boom)]
    assert flagged == [client in ZONELESS, client in ZONELESS | {"structlog, dicts"}]
    if client.startswith("logging") and client not in NAMELESS:
        assert paid["logger"] == "shop.pay"
    assert [(line.get("level", "info"), line["extra"]["level"]) for line in rest] == [("info", "SUCCESS")] * len(rest)
    assert len(rest) == (client == "loguru")


def window() -> Window:
    at = epoch_us(now())
    return Window(at - 10**12, at + 10**9, at)


@pytest.mark.parametrize("name", ALIASES)
def test_a_field_of_the_contract_is_never_replaced(name):
    line = {
        name: "2026-03-10T12:00:00Z",
        "levelname": "ERROR",
        "pid": 1,
        **{source.path: "told elsewhere" for source in ALIASES[name]},
    }
    assert translate(line, window()).line[name] == line[name]


@pytest.mark.parametrize(
    "line",
    [
        {"message": "m", "time": 12.5},
        {"message": "m", "time": "yesterday"},
        {"message": "m", "timestamp": "2001-01-01T00:00:00Z"},
        {"message": "m", "timestamp": True},
        {"message": "m", "timestamp": {"seconds": 1}},
        {"message": "m", "trace.id": "x" * 201},
        {"message": "m", "service": {"port": 80}},
        {"message": "m", "otelTraceID": "0", "otelSpanID": "0"},
        {"message": "m", "name": "Ana"},
        {"message": "m", "record": "B-side", "text": "la la"},
    ],
)
def test_what_cannot_be_meant_stays_where_it_was(post, line):
    post(line, path="logs")
    (kept,) = stored()
    rest = {name: value for name, value in line.items() if name != "message"}
    assert kept["extra"] == rest


def test_a_fault_points_to_where_its_sender_put_the_field(post):
    answer = post({"event": "m\u0000", "level": "info"}, path="logs").json()
    assert [item["pointer"] for item in answer["items"]] == ["/0/event"]


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ({"level": 30, "time": 1, "pid": 7, "msg": "pino"}, "info"),
        ({"level": 30, "message": "python"}, "warning"),
        ({"severityNumber": 17, "body": "otel"}, "error"),
        ({"severityText": "WARN", "severityNumber": 13, "body": "otel"}, "warning"),
        ({"log.level": "Fatal", "message": "ecs"}, "critical"),
        ({"log": {"level": "notice"}, "message": "ecs"}, "info"),
        ({"level": "Audit", "message": "their own"}, "audit"),
    ],
)
def test_levels_are_one_word_each(post, line, level):
    post(line, path="logs")
    (kept,) = stored()
    assert kept.get("level", "info") == level


def test_no_word_means_two_levels():
    assert set(SAME).isdisjoint(LEVELS)
    assert all(canon(canon(word)) == canon(word) for word in [*SAME, *LEVELS, "SUCCESS", "audit"])
