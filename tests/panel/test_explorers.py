"""Explorers of predictions and LLM calls, and the page of one event."""

import json
import re
from datetime import datetime, timedelta
from itertools import combinations_with_replacement
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from lib.pages import Cursor, CursorError
from models_registry.models import Model
from monitoring.models import Prediction
from monitoring.models.inbox import EventKind
from monitoring.selectors.event_filters import FilterError, read_filter
from monitoring.selectors.events import event_page, filtered, related_to
from monitoring.selectors.spans import newest_first
from monitoring.selectors.wire import event_to_wire
from tests.panel import story

SIXTY_FOUR = st.integers(-(2**63), 2**63 - 1)


@given(SIXTY_FOUR, SIXTY_FOUR)
def test_a_cursor_survives_the_journey(at: int, row: int) -> None:
    assert Cursor.decode(Cursor(at, row).encode()) == Cursor(at, row)


@given(st.text(max_size=40))
def test_an_invented_cursor_is_refused_or_is_one_of_ours(text: str) -> None:
    try:
        found = Cursor.decode(text)
    except CursorError:
        return
    assert found.encode() == text


def test_pages_show_every_event_once_even_when_times_are_equal(credit_risk: Model, now: datetime) -> None:
    for number in range(1, 24):
        story.make_prediction(credit_risk, number, now - timedelta(minutes=number // 5))
    asked = read_filter(EventKind.PREDICTION, {}, now=now + timedelta(minutes=1))
    seen: list[int] = []
    cursor: str | None = None
    while True:
        page = event_page(EventKind.PREDICTION, credit_risk.project, asked, limit=4, cursor=cursor)
        seen += [row.pk for row in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert sorted(seen) == list(range(1, 24))
    times = [Prediction.objects.get(pk=pk).ts_us for pk in seen]
    assert times == sorted(times, reverse=True)


def test_within_a_second_pages_and_spans_are_exact_to_the_microsecond(credit_risk: Model, now: datetime) -> None:
    base = now.replace(microsecond=0) - timedelta(hours=1)
    moments = [1_000_000, 0, 999_999, 1, 1_500_000, 0, 2_000_001, 1_000_000]
    for number, moment in enumerate(moments, start=1):
        story.make_prediction(credit_risk, number, base + timedelta(microseconds=moment))
    for first, last in combinations_with_replacement(sorted(set(moments)), 2):
        start, end = base + timedelta(microseconds=first), base + timedelta(microseconds=last + 1)
        params = {"from": start.isoformat(), "to": end.isoformat()}
        asked = read_filter(EventKind.PREDICTION, params, now=now)
        seen: list[int] = []
        cursor: str | None = None
        while True:
            page = event_page(EventKind.PREDICTION, credit_risk.project, asked, limit=3, cursor=cursor)
            seen += [row.pk for row in page.items]
            if (cursor := page.next) is None:
                break
        among = [(at, pk) for pk, at in enumerate(moments, start=1) if first <= at <= last]
        assert seen == [pk for _, pk in sorted(among, reverse=True)]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"status": "error"}, {2}),
        ({"correct": "false"}, {3}),
        ({"correct": "true"}, {4}),
        ({"label": "paid"}, {3}),
        ({"request_id": "req-5"}, {5}),
        ({"id": "p-1"}, {1}),
        ({"user_id": "u-1"}, {1}),
        ({"feedback": "down"}, {5}),
        ({"model": "credit-risk", "version": "1"}, {1, 2, 3, 4, 5}),
        ({"model": "credit-risk", "version": "2"}, set()),
        ({"model": "other"}, set()),
        ({"environment": "staging"}, {4}),
    ],
)
def test_each_filter_finds_what_it_names(
    credit_risk: Model, now: datetime, params: dict[str, str], expected: set[int]
) -> None:
    earlier = now - timedelta(hours=1)
    story.make_prediction(credit_risk, 1, earlier, user_id="u-1")
    story.make_prediction(credit_risk, 2, earlier, status=1, prediction="")
    story.make_outcome(story.make_prediction(credit_risk, 3, earlier), 90, now, "paid")
    story.make_outcome(story.make_prediction(credit_risk, 4, earlier, environment="staging"), 91, now, "default")
    story.make_prediction(credit_risk, 5, earlier, request_id="req-5", feedback_down=1)
    asked = read_filter(EventKind.PREDICTION, params, now=now)
    found = event_page(EventKind.PREDICTION, credit_risk.project, asked)
    assert {row.pk for row in found.items} == expected


def test_another_project_is_never_seen(credit_risk: Model, other_project: object, now: datetime) -> None:
    story.make_prediction(credit_risk, 1, now - timedelta(hours=1), request_id="r")
    for params in ({}, {"request_id": "r"}, {"id": "p-1"}, {"model": "credit-risk"}):
        asked = read_filter(EventKind.PREDICTION, params, now=now)
        assert event_page(EventKind.PREDICTION, other_project, asked).items == []  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("params", "mend"),
    [
        ({"modle": "x"}, "Known here"),
        ({"status": "bad"}, "ok, error"),
        ({"from": "yesterday"}, "2026-11-23T18:00:00Z"),
        ({"from": "2026-03-10T00:00:00Z", "to": "2026-03-09T00:00:00Z"}, "later"),
        ({"from": "2026-03-10"}, "offset"),
        ({"version": "1"}, "name the “model”"),
        ({"from": "1773154800", "to": "1773154800000"}, "later"),
    ],
)
def test_a_filter_that_cannot_be_applied_says_what_to_write(params: dict[str, str], mend: str, now: datetime) -> None:
    with pytest.raises(FilterError, match=re.escape(mend)):
        read_filter(EventKind.PREDICTION, params, now=now)


def test_explorers_never_count_skip_or_fold_case(credit_risk: Model, as_bia: Client, stopped_clock: datetime) -> None:
    for number in range(1, 60):
        story.make_prediction(credit_risk, number, stopped_clock - timedelta(minutes=number), request_id="r")
    queries = ("", "?correct=false", "?request_id=r", "?model=credit-risk&version=1&status=error", "?id=p-3")
    with CaptureQueriesContext(connection) as captured:
        for query in queries:
            assert as_bia.get(f"/p/aurora/predictions/{query}").status_code == 200
    on_events = [entry["sql"] for entry in captured if "monitoring_prediction" in entry["sql"]]
    assert on_events
    for sql in on_events:
        assert not re.search(r"COUNT\(|OFFSET|UPPER\(|DISTINCT", sql), sql


@pytest.mark.parametrize(
    ("params", "index"), [({"request_id": "r"}, "prediction_request"), ({"status": "error"}, "prediction_page")]
)
def test_pages_run_along_an_index(credit_risk: Model, now: datetime, params: dict[str, str], index: str) -> None:
    rows = filtered(EventKind.PREDICTION, credit_risk.project, read_filter(EventKind.PREDICTION, params, now=now))
    sql, bound = newest_first(rows)[:51].query.sql_with_params()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {'QUERY PLAN ' if connection.vendor == 'sqlite' else ''}{sql}", bound)
        plan = " ".join(str(row) for row in cursor.fetchall())
    assert index in plan
    if index == "prediction_page":  # what is sorted is a second at a time
        assert "TEMP B-TREE FOR ORDER BY" not in plan


def test_the_logs_of_a_request_run_along_their_index(credit_risk: Model, now: datetime) -> None:
    event = story.make_prediction(credit_risk, 1, now, request_id="r")
    with CaptureQueriesContext(connection) as captured:
        related_to(event)
    logs = next(entry["sql"] for entry in captured if 'FROM "monitoring_logrecord"' in entry["sql"])
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {'QUERY PLAN ' if connection.vendor == 'sqlite' else ''}{logs}")
        plan = " ".join(str(row) for row in cursor.fetchall())
    assert "logrecord_request" in plan


def test_the_explorer_keeps_what_was_typed_when_it_refuses(as_bia: Client, credit_risk: Model) -> None:
    response = as_bia.get("/p/aurora/predictions/", {"from": "yesterday", "user_id": "u-9"})
    assert response.status_code == 400
    assert "u-9" in response.content.decode()
    damaged = as_bia.get("/p/aurora/predictions/", {"cursor": "nonsense"})
    assert damaged.status_code == 400


def test_the_older_link_keeps_the_filters(credit_risk: Model, as_bia: Client, stopped_clock: datetime) -> None:
    for number in range(1, 53):
        story.make_prediction(credit_risk, number, stopped_clock - timedelta(minutes=number))
    page = as_bia.get("/p/aurora/predictions/?status=ok").content.decode()
    following = re.search(r'rel="next" href="([^"]+)"', page)
    assert following
    older = as_bia.get("/p/aurora/predictions/" + following[1].replace("&amp;", "&")).content.decode()
    assert "p-52" in older
    assert "p-1<" not in older


def test_one_prediction_shows_input_output_truth_and_logs(
    credit_risk: Model, as_bia: Client, stopped_clock: datetime
) -> None:
    earlier = stopped_clock - timedelta(hours=1)
    event = story.make_prediction(credit_risk, 1, earlier, request_id="req-1")
    story.make_outcome(event, 90, stopped_clock, "paid")
    story.make_feedback(event, 91, stopped_clock, "down", "<script>alert(1)</script>")
    story.make_log(credit_risk, 92, earlier, request_id="req-1", message="feature store answered")
    page = as_bia.get("/p/aurora/predictions/1/").content.decode()
    for text in ("Recife", "wrong", "was paid", "feature store answered", "req-1", "0.810"):
        assert text in page
    assert "<script>alert" not in page
    assert as_bia.get("/p/aurora/predictions/2/").status_code == 404
    assert as_bia.get(f"/p/aurora/predictions/{2**70}/").status_code == 404


def test_a_truncated_answer_is_called_truncated(
    support_assistant: Model, as_bia: Client, stopped_clock: datetime
) -> None:
    story.make_call(support_assistant, 1, stopped_clock, finish_reason="length")
    assert "truncated" in as_bia.get("/p/aurora/llm-calls/?finish_reason=length&to=" + "2026-03-11").content.decode()
    page = as_bia.get("/p/aurora/llm-calls/1/").content.decode()
    for text in ("cut here", "You answer politely.", "US$0.0012", "max_tokens"):
        assert text in page


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"prompt": 7, "response": {"deep": [1, {"x": None}]}, "params": {"stop": ["a"]}},
        {"prompt": [{"role": "user", "content": [{"type": "text", "text": "hello"}, {"type": "image"}]}, "loose"]},
        {"prompt": [[["nested"]]], "usage": {"audio_input": 3}, "extra": {"b": [1]}},
    ],
)
def test_any_shape_of_prompt_is_shown(
    support_assistant: Model, as_bia: Client, stopped_clock: datetime, payload: dict[str, object]
) -> None:
    story.make_call(support_assistant, 1, stopped_clock, payload=payload)
    assert as_bia.get("/p/aurora/llm-calls/1/").status_code == 200
    query = urlencode({"to": (stopped_clock + timedelta(minutes=1)).isoformat()})
    assert as_bia.get(f"/p/aurora/llm-calls/?{query}").status_code == 200


def test_the_wire_speaks_the_contract(credit_risk: Model, support_assistant: Model, now: datetime) -> None:
    event = story.make_prediction(credit_risk, 1, now, request_id="r")
    story.make_outcome(event, 90, now, "paid")
    wire = event_to_wire(event)
    assert (wire["id"], wire["model"], wire["version"], wire["status"]) == ("p-1", "credit-risk", "1", "ok")
    assert (wire["label"], wire["correct"], wire["latency_ms"]) == ("paid", False, 12.4)
    assert wire["features"]["city"] == "Recife"
    assert wire["ts"] == now.isoformat()
    call = event_to_wire(story.make_call(support_assistant, 2, now, finish_reason="length"))
    assert (call["finish_reason"], call["truncated"], call["cost_usd"]) == ("length", True, 0.00123)
    assert call["usage"] == {"input": 420, "output": 64}


def test_an_outsider_sees_no_event(credit_risk: Model, as_caio: Client) -> None:
    for path in ("predictions/", "llm-calls/", "predictions/1/", "collection/"):
        assert as_caio.get(f"/p/aurora/{path}").status_code == 404


def test_a_regressions_number_is_its_decision_and_no_score(
    credit_risk: Model, as_bia: Client, stopped_clock: datetime
) -> None:
    Model.objects.filter(pk=credit_risk.pk).update(kind=Model.Kind.REGRESSION)
    event = story.make_prediction(credit_risk, 1, stopped_clock - timedelta(minutes=5))
    Prediction.objects.filter(pk=event.pk).update(prediction="", score=18.2, label="17")
    listed = as_bia.get("/p/aurora/predictions/").content.decode()
    assert '<span class="mono">18.20' in listed
    assert "was 17" in listed
    page = as_bia.get(f"/p/aurora/predictions/{event.pk}/").content.decode()
    assert "Predicted 18.20" in page
    assert "<meter" not in page
    assert "decision threshold" not in page


def test_the_list_of_logs_keeps_what_was_asked_and_shows_what_lines_say(
    as_bia: Client, credit_risk: Model, stopped_clock: datetime
) -> None:
    trace = 'Traceback\n  File "pay.py"\nValueError: no card'
    story.make_log(
        credit_risk,
        1,
        stopped_clock - timedelta(minutes=2),
        level="error",
        message="declined",
        request_id="req-1",
        payload=json.dumps({"exception": trace, "extra": {"order": 7}}),
    )
    story.make_log(credit_risk, 2, stopped_clock - timedelta(minutes=1), message="<b>heartbeat</b>", ingested_us=1)
    page = as_bia.get("/p/aurora/logs/").content.decode()
    assert page.index("&lt;b&gt;heartbeat") < page.index("declined")
    assert "ValueError: no card" in page
    asked = as_bia.get("/p/aurora/logs/?min_level=warning&field.order=7").content.decode()
    assert "declined" in asked
    assert "heartbeat" not in asked
    assert 'name="field.order" type="text" value="7"' in asked
    bad = as_bia.get("/p/aurora/logs/", {"q": '"open'})
    assert bad.status_code == 400
    assert 'value="&quot;open"' in bad.content.decode()


def test_the_pulse_of_logs_moves_with_every_line(as_bia: Client, credit_risk: Model, stopped_clock: datetime) -> None:
    before = as_bia.get("/p/aurora/logs/pulse.json")
    assert as_bia.get("/p/aurora/logs/pulse.json", headers={"If-None-Match": before["ETag"]}).status_code == 304
    story.make_log(credit_risk, 1, stopped_clock)
    assert as_bia.get("/p/aurora/logs/pulse.json").json()["mark"] != before.json()["mark"]
