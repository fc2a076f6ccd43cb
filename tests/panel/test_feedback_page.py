"""The page of a feedback link: asks, takes, thanks, changes; nobody logs in and nothing is lost."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client

from lib import clock
from lib.clock import real_now
from models_registry.clock import set_clock
from models_registry.keys import create_key, forget_keys, revoke_key
from models_registry.links import Claims, sign_link
from models_registry.models import ApiKey, Model
from monitoring.drain import drain_until_empty
from monitoring.ingest import vote as voting
from monitoring.ingest.store import committer
from monitoring.models import Feedback, InboxBody, LLMCall
from monitoring.selectors.ledger import read_ledger
from tests.monitoring.conftest import Put, put

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]
__all__ = ["put"]  # the fixture


@pytest.fixture
def key(support_assistant: Model) -> ApiKey:
    forget_keys()
    support_assistant.feedback_categories = ["wrong", "rude"]
    support_assistant.bad_categories = ["wrong"]
    support_assistant.score_min, support_assistant.score_max = 1, 5
    support_assistant.save()
    return create_key(project=support_assistant.project, name="app", scopes=["ingest"])[0]


def link_to(key: ApiKey, target: str = "call-1", *, hours: float = 1, **more: Any) -> str:
    ends = int((real_now() + timedelta(hours=hours)).timestamp())
    return f"/f/{sign_link(key, Claims(target, ends, **more))}"


def form_of(page: Any) -> str:
    return re.search(r'name="form" value="([^"]+)"', page.content.decode())[1]


def say(url: str, **said: str) -> Any:
    client = Client(enforce_csrf_checks=True)
    voting.pace._buckets.clear()
    return client.post(url, {"form": form_of(client.get(url)), **said})


def move_to(at: datetime) -> None:
    set_clock(story=at, rate=0, real=real_now())
    clock.forget()


@pytest.fixture
def answer(put: Put, now: Any, support_assistant: Model) -> None:
    put("llm_call", {"id": "call-1", "model": "support-assistant", "version": "1"})
    drain_until_empty(now=now)


@pytest.mark.usefixtures("answer")
def test_a_vote_is_in_the_inbox_before_thanks_and_counts_like_any_feedback(key: ApiKey, now: Any):
    said = say(link_to(key, u="u-42"), thumb="down", category="wrong", comment="Write to ana@aurora.example")
    assert (said.status_code, said["Location"].endswith("/thanks")) == (302, True)
    assert InboxBody.objects.get().accepted == 3
    assert "Thank you" in Client().get(said["Location"]).content.decode()
    drain_until_empty(now=now)
    rows = {row.kind: row for row in Feedback.objects.all()}
    assert (rows["thumb"].value, rows["category"].value) == ("down", "wrong")
    assert rows["comment"].comment == "Write to [email]"
    assert {row.user_id for row in rows.values()} == {"u-42"}
    call = LLMCall.objects.get()
    assert (call.feedback_down, call.opinions.startswith('{"bad":true')) == (1, True)
    assert {row.target_ref for row in rows.values()} == {call.pk}


def test_the_same_form_sent_twice_counts_once_and_another_vote_changes_it(key: ApiKey, put: Put, now: Any):
    url = link_to(key)
    client = Client()
    form = form_of(client.get(url))
    for _ in range(3):
        assert client.post(url, {"form": form, "thumb": "up"}).status_code == 302
    put("llm_call", {"id": "call-1", "model": "support-assistant", "version": "1"})
    drain_until_empty(now=now)
    ledger = read_ledger(project_id=key.project_id)["kinds"]["feedback"]
    assert (ledger["stored"], ledger["duplicate"]) == (1, 2)
    assert (LLMCall.objects.get().feedback_up, LLMCall.objects.get().feedback_down) == (1, 0)
    move_to(now + timedelta(minutes=5))
    say(url, thumb="down")
    drain_until_empty(now=now)
    assert (LLMCall.objects.get().feedback_up, LLMCall.objects.get().feedback_down) == (0, 1)


@pytest.mark.usefixtures("answer")
def test_what_was_said_can_be_taken_back(key: ApiKey, now: Any):
    url = link_to(key)
    assert "withdraw" not in Client().get(url).content.decode()
    assert 'name="withdraw"' in Client().get(f"{url}?again=1").content.decode()
    say(url, thumb="down", comment="no")
    drain_until_empty(now=now)
    assert 'name="withdraw"' in Client().get(url).content.decode()
    move_to(now + timedelta(minutes=1))
    assert say(url, comment="better now").status_code == 302
    drain_until_empty(now=now)
    assert LLMCall.objects.get().feedback_down == 1  # what is left empty stays
    move_to(now + timedelta(minutes=2))
    assert say(url, withdraw="1").status_code == 302
    drain_until_empty(now=now)
    assert (LLMCall.objects.get().feedback_down, LLMCall.objects.get().opinions) == (0, "")


@pytest.mark.usefixtures("answer")
@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({}, "Choose or write something first"), ({"comment": "  "}, "Choose or write something first"),
        ({"thumb": "sideways"}, "Choose one of the answers shown"), ({"category": "evil"}, "Choose one of the answers"),
        ({"thumb": "up", "comment": "x" * 2_001}, "too long: at most 2000"),
    ],
)  # fmt: skip
def test_a_wrong_form_says_so_and_loses_nothing(key: ApiKey, said: dict[str, str], problem: str):
    answered = say(link_to(key), **said)
    page = answered.content.decode()
    assert answered.status_code == 400
    assert problem in page
    assert 'role="alert"' in page
    assert said.get("comment", "").strip() in page
    if said.get("thumb") == "up":
        assert 'value="up" checked' in page
    assert not InboxBody.objects.exists()


@pytest.mark.parametrize(
    ("spoil", "status", "title"),
    [
        (lambda url: url[:-3], 403, "This link was changed"), (lambda url: url.rpartition(".")[0], 404, "not a whole link"),
        (lambda url: "/f/000000000000" + url[15:], 404, "not valid any more"), (lambda url: "/f/x", 404, "not a whole"),
    ],
)  # fmt: skip
def test_a_link_that_opens_nothing_says_why(key: ApiKey, spoil: Any, status: int, title: str):
    url = spoil(link_to(key))
    for answered in (Client().get(url), Client().post(url, {"thumb": "up"})):
        assert answered.status_code == status
        assert title in answered.content.decode()
    assert not InboxBody.objects.exists()


def test_an_ended_and_a_withdrawn_link_say_so(key: ApiKey):
    assert Client().get(link_to(key, hours=-1)).status_code == 410
    url = link_to(key)
    revoke_key(key, now=real_now())
    answered = Client().post(url, {"thumb": "up"})
    assert (answered.status_code, InboxBody.objects.exists()) == (404, False)


def test_the_page_asks_for_what_the_link_and_the_application_allow(key: ApiKey, put: Put, now: Any):
    early = Client().get(link_to(key)).content.decode()
    assert 'name="category"' not in early  # the answer has not arrived: nobody knows whose it is
    put("llm_call", {"id": "call-1", "model": "support-assistant", "version": "1"})
    drain_until_empty(now=now)
    whole = Client().get(link_to(key, k=("thumb", "score", "category", "comment"))).content.decode()
    assert whole.count('name="score"') == 5
    assert whole.count('name="category"') == 2
    bare = Client().get(link_to(key, k=("thumb",))).content.decode()
    assert "textarea" not in bare
    assert 'name="category"' not in bare
    assert 'value="down" checked' in Client().get(f"{link_to(key)}?thumb=down").content.decode()


def test_no_script_no_cookie_no_login_and_a_language(key: ApiKey):
    answered = Client().get(link_to(key), headers={"Accept-Language": "pt-BR,pt;q=0.9"})
    page = answered.content.decode()
    assert "Como foi a resposta?" in page
    assert 'lang="pt-br"' in page
    assert "<script" not in page
    assert not answered.cookies
    assert answered["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answered["Cache-Control"]
    assert "noindex" in answered["X-Robots-Tag"]


def test_only_listed_origins_may_frame_it(key: ApiKey, settings: Any):
    alone = Client().get(link_to(key))
    assert "frame-ancestors 'none'" in alone["Content-Security-Policy"]
    assert alone["X-Frame-Options"] == "DENY"
    settings.FEEDBACK_FRAME_ANCESTORS = ["https://app.example", "https://*.shop.example"]
    framed = Client().get(link_to(key))
    assert "frame-ancestors https://app.example https://*.shop.example;" in framed["Content-Security-Policy"]
    assert "script-src 'self'" in framed["Content-Security-Policy"]
    assert "X-Frame-Options" not in framed
    assert Client().get("/login/")["X-Frame-Options"] == "DENY"


def test_whoever_is_too_fast_waits_and_keeps_what_they_wrote(key: ApiKey):
    url = link_to(key)
    voting.pace._buckets.clear()
    client = Client()
    answers = [client.post(url, {"form": str(n), "comment": f"text {n}"}) for n in range(7)]
    assert [one.status_code for one in answers] == [302] * 5 + [429] * 2
    assert 0 < int(answers[-1]["Retry-After"]) <= 6
    assert "text 6" in answers[-1].content.decode()
    assert client.post(link_to(key, "call-2"), {"thumb": "up"}).status_code == 302


def test_nobody_is_thanked_for_what_was_not_stored(key: ApiKey, monkeypatch: pytest.MonkeyPatch, settings: Any):
    def broken(_body: Any) -> None:
        raise DatabaseError("disk full")

    with monkeypatch.context() as patched:
        patched.setattr(committer, "commit", broken)
        answered = say(link_to(key), comment="dear text")
        assert (answered.status_code, "dear text" in answered.content.decode()) == (503, True)
    settings.INGEST = {**settings.INGEST, "inbox_max_items": 0}
    answered = say(link_to(key), comment="dear text")
    assert (answered.status_code, answered["Retry-After"], "dear text" in answered.content.decode()) == (503, "5", True)


def test_texts_of_people_are_shown_as_text(key: ApiKey):
    page = say(link_to(key), thumb="sideways", comment="<script>alert(1)</script>").content.decode()
    assert "&lt;script&gt;" in page
    assert "<script" not in page
