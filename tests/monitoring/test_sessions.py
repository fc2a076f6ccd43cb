"""Sessions and people, along indexes: in order, each once, and added up as the raw rows say."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from lib.pages import CursorError
from models_registry.keys import create_key
from models_registry.models import Project
from monitoring.drain import drain_until_empty
from monitoring.models import LLMCall
from monitoring.selectors.sessions import (
    read_feedback,
    read_figures,
    session_events,
    session_page,
    spend_by_day,
    user_page,
)
from monitoring.stats.sessions import Facts, add_up
from tests.monitoring.conftest import micros

pytestmark = pytest.mark.django_db
SESSIONS = {"a": (1, 4, 5), "b": (2, 3), "c": (6,)}  # minutes of their events


@pytest.fixture
def _told(put: Any, now: Any) -> None:
    for name, minutes in SESSIONS.items():
        for minute in minutes:
            at = micros(now - timedelta(minutes=60 - minute))
            who = {"session_id": name, "user_id": "u-1" if name != "c" else "u-2", "ts": at}
            call = {"id": f"{name}-{minute}", "model": "app", "provider": "p", "cost_usd": 0.5, "latency_ms": minute}
            usage = {"usage": {"input": 10, "cached_input": 5, "output": 2, "reasoning": 1}}
            put("llm_call", call | who | usage | {"finish_reason": "length" if minute == 5 else "stop"})
    put(
        "prediction",
        {
            "id": "p-1",
            "model": "m",
            "prediction": "x",
            "session_id": "b",
            "user_id": "u-1",
            "status": "error",
            "ts": micros(now - timedelta(minutes=1)),
        },
    )
    put("llm_call", {"id": "alone", "model": "app", "prompt": "no session"})
    put(
        "feedback", {"id": "f-1", "target_id": "a-5", "value": "down"}, {"id": "f-2", "target_id": "p-1", "value": "up"}
    )
    drain_until_empty(now=now)


def listed(project: Project, now: Any, *, limit: int, **more: Any) -> list[str]:
    found, cursor = [], None
    while True:
        page = session_page(project, start=now - timedelta(hours=2), end=None, limit=limit, cursor=cursor, **more)
        assert len(page.items) <= limit
        found += [one.id for one in page.items]
        cursor = page.next
        if cursor is None:
            return found


@pytest.mark.usefixtures("_told")
@pytest.mark.parametrize("limit", [1, 2, 3, 50])
def test_each_session_stands_once_where_its_newest_event_stands(project, now, limit):
    assert listed(project, now, limit=limit) == ["b", "c", "a"]
    assert listed(project, now, limit=limit, user_id="u-1") == ["b", "a"]


@pytest.mark.usefixtures("_told")
@pytest.mark.parametrize("limit", [1, 2, 50])
def test_the_events_of_a_session_come_newest_first_from_both_kinds(project, limit):
    found, cursor = [], None
    while True:
        page = session_events(project, "b", limit=limit, cursor=cursor)
        found += [event.event_id for event in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert found == ["p-1", "b-3", "b-2"]


@pytest.mark.usefixtures("_told")
def test_figures_are_those_of_the_rows(project, now):
    figures = read_figures(project, "session_id", "a")
    assert (figures.events, figures.calls, figures.truncated, figures.down, figures.cost_usd) == (3, 3, 1, 1, 1.5)
    assert (figures.tokens_in, figures.tokens_out, figures.latency_us) == (45, 9, 4_000)
    mixed = read_figures(project, "session_id", "b")
    assert (mixed.events, mixed.calls, mixed.errors, mixed.up) == (3, 2, 1, 1)
    assert dict(mixed.models) == {"app": 2, "m": 1}
    assert read_figures(project, "user_id", "u-1").sessions == 2
    assert read_figures(project, "session_id", "nobody") is None
    days = spend_by_day(project, "u-1", start=now - timedelta(days=1), end=now)
    assert [(cost.calls, cost.nano) for _day, cost in days] == [(5, 2_500_000_000)]


@pytest.mark.usefixtures("_told")
def test_what_was_said_stands_at_its_event(project):
    events = session_events(project, "a", limit=50).items
    said = read_feedback(events)
    assert {event.event_id: [row.value for row in said.get(event.pk, [])] for event in events} == {
        "a-5": ["down"],
        "a-4": [],
        "a-1": [],
    }
    assert read_feedback([]) == {}


@pytest.mark.usefixtures("_told")
def test_people_stand_by_their_newest_event_and_other_projects_see_nothing(project, other_project, now):
    bounds = {"start": now - timedelta(hours=2), "end": None}
    assert [row.user_id for row in user_page(project, limit=50, **bounds).items] == ["u-1", "u-2"]
    assert user_page(other_project, limit=50, **bounds).items == []
    assert session_page(other_project, limit=50, **bounds).items == []
    assert read_figures(other_project, "session_id", "a") is None
    with pytest.raises(CursorError):
        session_page(project, limit=5, cursor="torn", **bounds)


@pytest.mark.usefixtures("_told")
def test_lists_and_figures_run_along_indexes(project, now):
    with CaptureQueriesContext(connection) as seen:
        listed(project, now, limit=50, user_id="u-1")
        session_events(project, "a", limit=50)
        read_figures(project, "user_id", "u-1")
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for query in seen.captured_queries:
                cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}")
                plan = [row[3] for row in cursor.fetchall()]
                assert not [step for step in plan if step.startswith("SCAN monitoring_")], (plan, query["sql"])


FACTS = st.lists(
    st.builds(
        Facts,
        session_id=st.sampled_from(["", "a", "b"]),
        user_id=st.sampled_from(["", "u", "v"]),
        ts_us=st.integers(0, 10**6),
        pk=st.integers(1, 9),
        model=st.sampled_from(["m", "n"]),
        status=st.integers(0, 1),
        latency_us=st.none() | st.integers(0, 10**6),
        up=st.integers(0, 3),
        down=st.integers(0, 3),
        is_call=st.booleans(),
        finish_reason=st.sampled_from(["", "stop", "length"]),
        cost_nano=st.none() | st.integers(0, 10**9),
        reported_nano=st.none() | st.integers(0, 10**9),
        input=st.none() | st.integers(0, 99),
        output=st.none() | st.integers(0, 99),
    ),
    min_size=1,
    max_size=12,
)


@given(FACTS, st.data())
def test_sums_do_not_depend_on_order_and_add_up(facts, data):
    whole = add_up(facts)
    assert add_up(data.draw(st.permutations(facts))) == whole
    place = data.draw(st.integers(0, len(facts)))
    parts = [add_up(part) for part in (facts[:place], facts[place:]) if part]
    for name in ("events", "calls", "errors", "truncated", "up", "down", "costed", "nano"):
        assert sum(getattr(part, name) for part in parts) == getattr(whole, name)
    told = [
        one
        for one in facts
        if one.is_call and (one.input, one.cached_input, one.cache_write, one.audio_input) != (None,) * 4
    ]
    assert (whole.tokens_in is None) == (not told)


@pytest.fixture
def auth(project: Project) -> dict[str, str]:
    token = create_key(project=project, name="r", scopes=["read"])[1]
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.usefixtures("_told", "stopped_clock")
def test_the_api_tells_the_same(client, auth):
    page = client.get("/api/v1/sessions?limit=2", headers=auth).json()
    assert [one["id"] for one in page["items"]] == ["b", "c"]
    assert [
        one["id"] for one in client.get(f"/api/v1/sessions?cursor={page['next']}", headers=auth).json()["items"]
    ] == ["a"]
    one = client.get("/api/v1/sessions/a?limit=1", headers=auth).json()
    assert [event["id"] for event in one["items"]] == ["a-5"]
    assert (one["figures"]["llm_calls"], one["figures"]["cost_usd"], one["figures"]["user_ids"]) == (3, 1.5, ["u-1"])
    users = client.get("/api/v1/users", headers=auth).json()
    assert [(user["id"], user["llm_calls"], user["cost_usd"]) for user in users["items"]] == [
        ("u-1", 5, 2.5),
        ("u-2", 1, 0.5),
    ]
    person = client.get("/api/v1/users/u-1", headers=auth).json()
    assert (person["figures"]["sessions"], person["figures"]["failed"], person["days"][0]["llm_calls"]) == (2, 1, 5)


@pytest.mark.usefixtures("_told", "stopped_clock")
@pytest.mark.parametrize(
    ("path", "status", "field"),
    [
        ("sessions/nobody", 404, ""),
        ("users/nobody", 404, ""),
        ("sessions?cursor=torn", 400, "cursor"),
        ("sessions?limit=0", 400, "limit"),
        ("sessions/a?cursor=torn", 400, "cursor"),
        ("users?from=2020-01-01T00:00:00Z", 400, "from"),
        ("users/a%00b", 400, "NUL"),
    ],
)
def test_bad_questions_are_answered_with_the_mend(client, auth, path, status, field):
    answer = client.get(f"/api/v1/{path}", headers=auth)
    assert answer.status_code == status, answer.content
    assert field in answer.content.decode()


def test_many_events_are_cut_and_said_to_be(project, support_assistant, now, monkeypatch):
    monkeypatch.setattr("monitoring.selectors.sessions.SUMMED", 3)
    version = support_assistant.versions.get()
    shared = {"project": project, "version": version, "ingested_us": 1, "session_id": "long"}
    LLMCall.objects.bulk_create(
        LLMCall(id=n, event_id=f"e{n}", ts_us=micros(now) + n, status=n < 3, **shared) for n in range(1, 6)
    )
    figures = read_figures(project, "session_id", "long")
    assert (figures.events, figures.errors, figures.cut) == (3, 0, True)
