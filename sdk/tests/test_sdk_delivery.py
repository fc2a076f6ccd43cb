"""Whatever the panel does, the program goes on, memory is bounded, and what can arrive arrives."""

import logging
import socket
import time

import pytest
from conftest import accept, listening, refusing, reply

import atalaia
from atalaia.client import client
from atalaia.context import context


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_503_is_tried_again_after_the_time_that_the_panel_names(start, caplog):
    receiver = start()
    receiver.answers = [refusing(503, Retry_After="1")]
    atalaia.prediction("m", 1)
    assert atalaia.flush(20)
    (first, *_), (second, *_) = receiver.requests
    assert 1.0 <= second - first < 3
    assert len(receiver.of("predictions")) == 1
    assert len([line for line in caplog.messages if "trying again" in line]) == 1


@pytest.mark.parametrize("status", [429, 502, 504])
def test_what_passes_is_tried_again(start, status):
    receiver = start()
    receiver.answers = [refusing(status), refusing(status)]
    made = atalaia.prediction("m", 1)
    assert atalaia.flush(20)
    assert [item["id"] for item in receiver.of("predictions")] == [made]
    assert len(receiver.requests) == 3


@pytest.mark.parametrize(("status", "mend"), [(400, "proxy"), (401, "ATALAIA_KEY"), (403, "scope"), (413, "too large"), (404, "ATALAIA_URL"), (500, "did not take")])  # fmt: skip
def test_what_does_not_pass_is_dropped_with_one_warning_that_names_the_mend(start, status, mend, caplog):
    receiver = start()
    receiver.always = refusing(status)
    for _ in range(2):
        atalaia.prediction("m", 1)
        assert atalaia.flush(20)
    warnings = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(warnings) == 1
    assert mend in warnings[0].getMessage()
    assert f"no: {status}" in warnings[0].getMessage()
    assert atalaia.stats()["dropped"][f"http_{status}"] >= 2


def test_a_refused_report_of_drops_is_not_reported_again(start):
    receiver = start()
    receiver.always = refusing(401)
    atalaia.prediction("m", 1)
    for _ in range(3):
        assert atalaia.flush(20)
    assert [path for _, path, _ in receiver.requests].count("/api/v1/logs") <= 1


def test_a_batch_that_is_too_large_is_sent_in_halves(start):
    receiver = start()
    receiver.always = lambda server, handler, items: (
        reply(handler, 413, {}) if len(items) > 3 else accept(server, handler, items)
    )
    ids = [atalaia.prediction("m", 1) for _ in range(10)]
    assert atalaia.flush(20)
    assert sorted(item["id"] for item in receiver.of("predictions")) == sorted(ids)
    assert atalaia.stats() == {"sent": 10, "queued": 0, "dropped": {}}


@pytest.mark.parametrize("body", [b"<html>hello</html>", b"[]", b"{}", b"\xff\xfe", b'{"received": null'])
def test_something_else_answers(start, body, caplog):
    receiver = start()
    receiver.always = refusing(200, body)
    atalaia.prediction("m", 1)
    assert atalaia.flush(20)
    assert "not the panel" in caplog.text


def test_a_redirect_is_not_followed_with_the_key(start, caplog):
    receiver = start()
    with listening() as elsewhere:
        receiver.answers = [refusing(302, Location=elsewhere.url)]
        atalaia.prediction("m", 1)
        assert atalaia.flush(20)
        assert elsewhere.requests == []
    assert "final address" in caplog.text


def test_garbage_instead_of_http_is_tried_again(start):
    receiver = start()
    receiver.answers = [lambda server, handler, items: handler.wfile.write(b"\x00garbage\r\n\r\n") and None]
    atalaia.prediction("m", 1)
    assert atalaia.flush(20)
    assert len(receiver.of("predictions")) == 1


def test_rejections_are_told_once_per_code(start, caplog):
    receiver = start()

    def reject(server, handler, items):
        told = {"status": "rejected", "code": "out_of_range", "pointer": "/0/score", "detail": "A score is 0 to 1."}
        reply(handler, 202, {"received": len(items), "accepted": 0, "rejected": 1, "items": [{"index": 0, **told}]})

    receiver.always = reject
    for _ in range(3):
        atalaia.prediction("m", score=7)
        assert atalaia.flush(20)
    (line,) = caplog.messages
    assert "out_of_range" in line
    assert "field score" in line
    assert atalaia.stats()["sent"] == 0


def test_with_nobody_there_the_caller_waits_for_nothing_and_memory_is_bounded(start):
    start(url=f"http://127.0.0.1:{closed_port()}", queue_items=1_000)
    started = time.perf_counter()
    for _ in range(5_000):
        atalaia.prediction("m", 1)
    assert time.perf_counter() - started < 2.5
    stats = atalaia.stats()
    assert stats["queued"] <= 1_000
    assert stats["dropped"]["queue_full"] >= 2_000


def test_the_queue_is_bounded_in_bytes_too(start):
    start(url=f"http://127.0.0.1:{closed_port()}", queue_bytes=100_000, flush_interval=60)
    for _ in range(100):
        atalaia.log("a" * 10_000)
    assert len(client().buffer) <= 10


def test_what_is_half_full_is_sent_before_the_interval_each_time(start):
    receiver = start(queue_items=10, flush_interval=60)
    for round_ in (1, 2):
        for _ in range(5):
            atalaia.prediction("m", 1)
        receiver.wait_for_requests(round_)
        assert atalaia.flush(20)
    assert len(receiver.of("predictions")) == 10


def test_batches_are_bounded_by_the_lines_that_are_sent(start):
    receiver = start(batch_bytes=10_000, flush_interval=60)
    for _ in range(4):
        atalaia.prediction("m", features={"embedding": [1 / 3] * 400})  # half as long where it waits
    assert atalaia.flush(20)
    assert [count for _, _, count in receiver.requests] == [1, 1, 1, 1]


def test_a_slow_panel_holds_nobody_up(start):
    receiver = start(request_timeout=0.3)
    receiver.answers = [lambda server, handler, items: time.sleep(1)]
    started = time.perf_counter()
    made = atalaia.prediction("m", 1)
    assert time.perf_counter() - started < 0.2
    assert atalaia.flush(20)
    assert {item["id"] for item in receiver.of("predictions")} == {made}


def test_drops_are_reported_to_the_panel_as_a_log_record(start):
    receiver = start(queue_items=5, flush_interval=0.5)
    for _ in range(12):
        atalaia.prediction("m", 1)
    assert atalaia.flush(20)
    atalaia.prediction("m", 1)
    assert atalaia.flush(20)
    (report,) = [item for item in receiver.of("logs") if item.get("reason") == "queue_full"]
    assert report["dropped"] == atalaia.stats()["dropped"]["queue_full"] > 0
    assert report["logger"] == "atalaia.client"
    assert len(receiver.of("predictions")) + report["dropped"] == 13


def test_what_arrives_again_has_the_same_id(start):
    receiver = start()

    def take_and_hang_up(server, handler, items):
        server.items += [(handler.path, item) for item in items]
        handler.connection.shutdown(socket.SHUT_RDWR)

    receiver.answers = [take_and_hang_up]
    made = atalaia.prediction("m", 1)
    assert atalaia.flush(20)
    assert [item["id"] for item in receiver.of("predictions")] == [made, made]


def test_flush_says_when_it_was_not_enough_and_asking_costs_no_hammering(start):
    receiver = start()
    receiver.always = refusing(503, Retry_After="600")
    atalaia.prediction("m", 1)
    assert not atalaia.flush(0.3)
    assert not atalaia.flush(0.3)
    assert len(receiver.requests) == 1


def test_a_hook_that_records_or_flushes_does_no_harm(start):
    def hook(kind, item):
        atalaia.flush(5)
        if kind == "prediction":
            atalaia.log("seen")
        return item

    receiver = start(before_send=hook)
    atalaia.prediction("m", 1)
    assert atalaia.flush(20)
    assert len(receiver.of("predictions")) == 1


def test_init_again_sends_what_waited_with_the_old_key_first(start):
    receiver = start(flush_interval=60)
    atalaia.prediction("m", 1)
    start(key="at_second_key")
    atalaia.prediction("m", 2)
    assert atalaia.flush(20)
    keys = [headers["authorization"].split("_")[1] for headers in receiver.headers]
    assert keys == ["0123", "second"]


def test_after_shutdown_nothing_is_recorded_and_nothing_raises(start):
    receiver = start()
    atalaia.prediction("m", 1)
    atalaia.shutdown()
    with context(request_id="late"):
        atalaia.prediction("m", 2)
    assert [item["prediction"] for item in receiver.of("predictions")] == [1]
    assert atalaia.flush(0.1) is False
    assert atalaia.stats()["queued"] == 0
