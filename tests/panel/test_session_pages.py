"""The pages of a session and of a user, and the search that leads there."""

from datetime import datetime, timedelta

import pytest
from django.test import Client

from models_registry.models import Model
from monitoring.models import UserDay
from panel.pages.conversation import turn_of
from tests.panel import story

SECRET = "<i>hello</i>"


@pytest.fixture
def _talk(support_assistant: Model, stopped_clock: datetime) -> None:
    at = stopped_clock - timedelta(minutes=9)
    who = {"session_id": "s 1/&2", "user_id": "u/1&2"}
    story.make_call(support_assistant, 1, at, payload={"prompt": SECRET, "response": "first answer"}, **who)
    history = [
        {"role": "user", "content": "old question"},
        {"role": "assistant", "content": "old answer"},
        {"role": "user", "content": "new question"},
    ]
    cut = {"finish_reason": "length", "request_id": "req-2", **who}
    call = story.make_call(
        support_assistant,
        2,
        at + timedelta(minutes=1),
        payload={"prompt": history, "response": "second"},
        feedback_down=1,
        **cut,
    )
    story.make_feedback(call, 1, at + timedelta(minutes=2), "down", "half of it")
    lost = {"status": 1, "error_type": "Timeout", "finish_reason": "", "payload": {}, **who}
    story.make_call(support_assistant, 3, at + timedelta(minutes=3), **lost)
    UserDay.objects.create(
        model=support_assistant,
        day=int(at.timestamp()) // 86_400,
        user_id="u/1&2",
        environment="production",
        calls=3,
        costed=2,
        cost_nano=2_460_000,
        last_us=story.micros(at),
    )


SESSION = "/p/aurora/sessions/s%201/&2/"
PERSON = "/p/aurora/users/u/1&2/"


@pytest.mark.usefixtures("_talk")
def test_a_session_is_told_in_order(as_bia: Client) -> None:
    page = as_bia.get(SESSION).content.decode()
    places = [page.index(said) for said in ("&lt;i&gt;hello", "first answer", "new question", "second", "Not captured")]
    assert places == sorted(places)
    assert "old question" not in page
    for said in ("cut here", "half of it", "Timeout", "/p/aurora/requests/req-2/", PERSON.replace("&", "&amp;")):
        assert said in page


@pytest.mark.usefixtures("_talk")
def test_a_user_is_told_with_sessions_and_money(as_bia: Client) -> None:
    answer = as_bia.get(PERSON)
    shown, page = answer.context["page"], answer.content.decode()
    assert (shown.calls, shown.cost_usd, shown.unpriced) == (3, 0.00246, 1)
    for said in (
        SESSION.replace("&", "&amp;"),
        "support-assistant",
        "gpt-4o-mini",
        "failed 1",
        "truncated 1",
    ):
        assert said in page, said
    assert "user_id=u%2F1%262" in page


@pytest.mark.usefixtures("_talk")
@pytest.mark.parametrize(("text", "there"), [("s 1/&2", SESSION), ("u/1&2", PERSON)])
def test_a_pasted_id_leads_there(as_bia: Client, text: str, there: str) -> None:
    assert as_bia.get("/search/", {"q": text})["Location"] == there
    assert as_bia.get(there).status_code == 200


@pytest.mark.usefixtures("_talk")
def test_the_list_holds_the_session_and_a_damaged_cursor_is_said(as_bia: Client) -> None:
    assert SESSION.replace("&", "&amp;") in as_bia.get("/p/aurora/sessions/").content.decode()
    for path in ("/p/aurora/sessions/", SESSION, PERSON):
        answer = as_bia.get(path, {"cursor": "torn"})
        assert answer.status_code == 400
        assert "damaged" in answer.content.decode()


@pytest.mark.usefixtures("_talk")
def test_a_quiet_range_says_so(as_bia: Client, stopped_clock: datetime, support_assistant: Model) -> None:
    old = stopped_clock - timedelta(days=20)
    story.make_call(support_assistant, 9, old, user_id="old", session_id="old")
    page = as_bia.get("/p/aurora/users/old/", {"range": "24h"})
    assert page.status_code == 200
    assert "Choose a longer one" in page.content.decode()
    assert "Choose a longer one" not in as_bia.get("/p/aurora/users/old/").content.decode()


@pytest.mark.parametrize("path", ["sessions/nobody", "users/nobody", f"users/{'x' * 201}"])
def test_nobody_is_not_found(as_bia: Client, as_caio: Client, credit_risk: Model, path: str) -> None:
    assert as_bia.get(f"/p/aurora/{path}/").status_code == 404
    assert as_caio.get(f"/p/aurora/{path}/").status_code == 404


def test_long_talks_are_read_page_by_page(as_bia: Client, support_assistant: Model, stopped_clock: datetime) -> None:
    for number in range(1, 36):
        at = stopped_clock - timedelta(minutes=60 - number)
        said = {"prompt": f"question {number:02}", "response": "yes"}
        story.make_call(support_assistant, number, at, payload=said, session_id="long")
    latest = as_bia.get("/p/aurora/sessions/long/")
    text = latest.content.decode()
    assert "question 35" in text
    assert "question 05" not in text
    earlier = as_bia.get("/p/aurora/sessions/long/?" + latest.context["page"].next_query).content.decode()
    assert "question 05" in earlier
    assert "question 06" not in earlier


def test_a_line_break_in_an_id_breaks_no_page(
    as_bia: Client, support_assistant: Model, stopped_clock: datetime
) -> None:
    story.make_call(support_assistant, 1, stopped_clock, session_id="a\nb", user_id="c\nd", request_id="e\nf")
    for path in ("sessions/", "llm-calls/1/", "requests/c-1/"):
        assert as_bia.get(f"/p/aurora/{path}").status_code in (200, 404)
    assert as_bia.get("/search/", {"q": "a\nb"}).status_code == 200


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        ({}, []),
        ({"prompt": "q"}, ["q"]),
        ({"response": "a"}, ["a"]),
        ({"prompt": [{"role": "assistant", "content": "prefilled"}], "response": "a"}, ["prefilled", "a"]),
        ({"prompt": [{"role": "system", "content": "s"}, {"role": "user", "content": "q"}]}, ["q"]),
        (
            {"prompt": [{"role": "assistant", "content": "call"}, {"role": "tool", "content": "result"}], "response": "a"},
            ["result", "a"],
        ),
    ],
)  # fmt: skip
def test_a_turn_is_what_is_new(payload: dict, told: list[str]) -> None:
    assert [message.text for message in turn_of(payload)] == told
