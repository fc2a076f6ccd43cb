"""Log lines are found by their words, levels and fields, on either database by the same words; the index goes with them."""

import re
import string
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitoring.drain import drain_until_empty
from monitoring.models import LogRecord
from monitoring.models.log_text import ACCENTED, index_lines
from monitoring.retention import retain
from monitoring.selectors import log_filters
from monitoring.selectors.event_filters import FilterError, read_filter
from monitoring.selectors.events import event_page, filtered
from monitoring.selectors.log_filters import FEW
from monitoring.selectors.phrases import Phrase, QueryError, for_fts5, phrase, read_query

pytestmark = pytest.mark.django_db

LINES = [
    {"id": "a", "message": "Payment of order 4711 declined", "level": "error", "logger": "shop.pay"},
    {"id": "b", "message": "Pagamento não autorizado: cartão vencido", "level": "warning", "request_id": "req-9"},
    {"id": "c", "message": "order shipped", "extra": {"order_id": 4711, "http.path": "/api/v1/pay", "paid": True}},
    {"id": "d", "message": "boom", "level": "critical", "exception": "Traceback\nValueError: no such order\nat pay.py"},
    {"id": "e", "message": "heartbeat", "level": "debug", "session_id": "s-1", "span_id": "00f067aa0ba902b7"},
    {"id": "f", "message": "audit", "level": "audit", "trace_id": "4bf92f3577b34da6"},
]


@pytest.fixture(autouse=True)
def _lines(put: Any, now: Any) -> None:
    put("log", *LINES)
    drain_until_empty(now=now)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"q": "order"}, "acd"),
        ({"q": "ORDER 4711"}, "ac"),
        ({"q": '"order 4711"'}, "a"),
        ({"q": "order -payment"}, "cd"),
        ({"q": "pay*"}, "acd"),
        ({"q": "nao cartao"}, "b"),
        ({"q": "Não"}, "b"),
        ({"q": "valueerror"}, "d"),
        ({"q": "/api/v1/pay"}, "c"),
        ({"q": "shop.pay"}, "a"),
        ({"q": "req-9"}, ""),
        ({"request_id": "req-9"}, "b"),
        ({"trace_id": "4bf92f3577b34da6"}, "f"),
        ({"span_id": "00f067aa0ba902b7"}, "e"),
        ({"session_id": "s-1"}, "e"),
        ({"session_id": "s 1"}, ""),
        ({"level": "error"}, "a"),
        ({"level": "error,FATAL"}, "ad"),
        ({"level": "audit"}, "f"),
        ({"min_level": "warning"}, "abd"),
        ({"min_level": "error", "q": "order"}, "ad"),
        ({"min_level": "warning", "level": "info,critical"}, "d"),
        ({"logger": "shop.pay"}, "a"),
        ({"logger": "shop"}, ""),
        ({"field.order_id": "4711"}, "c"),
        ({"field.order_id": "471"}, ""),
        ({"field.http.path": "/api/v1/pay"}, "c"),
        ({"field.http.path": "api v1 pay"}, ""),
        ({"field.paid": "true"}, "c"),
        ({"id": "c", "q": "shipped"}, "c"),
    ],
)
def test_lines_are_found(project, now, asked, found):
    assert ids(project, now, asked) == set(found)


def ids(project: Any, now: Any, asked: dict[str, str]) -> set[str]:
    return set(filtered("log", project, read_filter("log", asked, now=now)).values_list("event_id", flat=True))


@pytest.mark.parametrize("text", ['"open', "-only", "...", "a " * 30, "x" * 2_000])
def test_a_search_that_cannot_be_made_says_so(now, text):
    with pytest.raises(FilterError) as told:
        read_filter("log", {"q": text}, now=now)
    assert told.value.field == "q"


def test_a_field_must_be_named(now):
    with pytest.raises(FilterError):
        read_filter("log", {"field.": "x"}, now=now)


def test_what_many_lines_say_is_found_too(project, put, now):
    for part in range(3):
        put("log", *({"id": f"many-{part}-{number}", "message": "many say this"} for number in range(FEW // 2)))
    drain_until_empty(now=now)
    assert len(ids(project, now, {"q": "many"})) == 3 * (FEW // 2)
    assert ids(project, now, {"q": "many", "id": "many-1-7"}) == {"many-1-7"}


def test_pages_of_what_many_say_are_whole_and_in_order(project, put, now):
    for part in range(5):
        put(
            "log",
            *({"id": f"many-{part}-{n}", "message": f"many {'odd' if n % 3 else 'even'}"} for n in range(FEW // 2)),
        )
    drain_until_empty(now=now)
    asked, cursor, seen = read_filter("log", {"q": "many odd"}, now=now + timedelta(seconds=1)), None, []
    while True:
        page = event_page("log", project, asked, limit=700, cursor=cursor)
        seen += [row.event_id for row in page.items]
        if (cursor := page.next) is None:
            break
    wanted = filtered("log", project, asked).order_by("-ts_us", "-pk").values_list("event_id", flat=True)
    assert seen == list(wanted)
    assert len(seen) == 5 * len([n for n in range(FEW // 2) if n % 3])


def test_a_search_ends_and_says_where_to_go_on(project, put, now, monkeypatch):
    monkeypatch.setattr(log_filters, "FEW", 1)
    monkeypatch.setattr(log_filters, "STRETCHES", 1)
    put("log", *({"id": f"new-{n}", "message": "new"} for n in range(1_000)))
    drain_until_empty(now=now)
    early = read_filter("log", {"q": "order"}, now=now + timedelta(seconds=1))
    first = event_page("log", project, early, limit=10)
    if connection.vendor == "sqlite":
        assert first.items == []
        first = event_page("log", project, early, limit=10, cursor=first.next)
    assert {row.event_id for row in first.items} == {"a", "c", "d"}
    assert first.next is None


def test_retention_forgets_the_words_too(project, put, now):
    put("log", {"id": "old", "message": "ephemeral", "ts": int((now.timestamp() - 8 * 86_400) * 1e6)})
    drain_until_empty(now=now)
    early = {"from": "2026-01-01T00:00:00Z", "q": "ephemeral"}
    assert ids(project, now, early) == {"old"}
    retain(now=now)
    assert ids(project, now, early) == set()
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SELECT rowid FROM monitoring_logtext WHERE monitoring_logtext MATCH 'ephemeral'")
            assert cursor.fetchall() == []
            cursor.execute("INSERT INTO monitoring_logtext (monitoring_logtext) VALUES ('integrity-check')")


def test_a_changed_line_is_found_by_what_it_says_now(project, now):
    LogRecord.objects.filter(event_id="c").update(message="order lost")
    assert ids(project, now, {"q": "lost"}) == {"c"}
    assert ids(project, now, {"q": "shipped"}) == set()


@pytest.mark.parametrize("more", [{}, {"min_level": "error"}, {"logger": "shop.pay"}, {"to": "2090-01-01T00:00:00Z"}])
def test_what_few_lines_say_is_looked_up_and_not_walked_to(project, other_project, now, more):
    """SQLite without statistics would walk all lines of the project for the sake of their order, and compare the ids."""
    asked = read_filter("log", {"q": "declined", "from": "2020-01-01T00:00:00Z", **more}, now=now)
    with CaptureQueriesContext(connection) as seen:
        assert [row.event_id for row in event_page("log", project, asked).items] == ["a"]
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {seen.captured_queries[-1]['sql']}")
            plan = [row[3] for row in cursor.fetchall()]
        assert "SEARCH monitoring_logrecord USING INTEGER PRIMARY KEY (rowid=?)" in plan
    assert not event_page("log", other_project, asked).items


@pytest.mark.parametrize("field", ["request_id", "trace_id"])
def test_ids_are_found_along_their_index(project, now, field):
    plan = filtered("log", project, read_filter("log", {field: "x"}, now=now)).explain()
    assert f"logrecord_{field.removesuffix('_id')}" in plan


TEXTS = st.text(string.printable + ACCENTED, max_size=30)


@given(TEXTS)
def test_any_text_is_a_search_or_a_sentence(text):
    with suppress(QueryError):
        found = read_query(text)
        assert all(re.fullmatch(r"[^\W_]+", word) for one in found for word in one.words)
        assert any(not one.excluded for one in found)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])  # one row, made anew
@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_a_line_is_found_by_any_text_in_it(project, now, texts):
    LogRecord.objects.filter(pk=1).delete()
    LogRecord.objects.create(
        pk=1, project=project, event_id="x", ts_us=0, ingested_us=0, message=" | ".join(texts), payload="{}"
    )
    index_lines(connection, [1])
    for text in texts:
        if phrase(text):
            quoted = " ".join(phrase(text).words)
            found = filtered(
                "log", project, read_filter("log", {"q": f'"{quoted}"', "from": "1969-01-01T00:00:00Z"}, now=now)
            )
            assert "x" in set(found.values_list("event_id", flat=True))


def test_words_of_the_search_language_are_words():
    assert for_fts5([Phrase(("AND",)), Phrase(("a", "b"), begins=True), Phrase(("NOT",), excluded=True)]) == (
        '("AND" AND "a b" *) NOT ("NOT")'
    )
