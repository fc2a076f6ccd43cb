"""The tab of feedback and the list of comments: shares with intervals, and each comment beside its answer."""

from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from models_registry.models import Model
from monitoring.drain import drain_until_empty
from monitoring.models import Feedback, LLMCall
from monitoring.selectors.feedback import comment_page
from tests.monitoring.conftest import Put, micros, put

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]
__all__ = ["put"]  # the fixture
TAB = "/p/aurora/models/support-assistant/feedback/"


def read(client: Client, address: str, status: int = 200) -> str:
    answered = client.get(address)
    assert answered.status_code == status
    return answered.content.decode()


@pytest.fixture
def spoken(support_assistant: Model, put: Put, now: datetime) -> Model:
    support_assistant.score_min, support_assistant.score_max, support_assistant.bad_score = 1, 5, 3
    support_assistant.bad_categories = ["wrong"]
    support_assistant.save()
    at = micros(now) - 60_000_000
    put("llm_call", *({"id": str(n), "model": "support-assistant", "version": "1", "ts": at, "prompt": f"question {n}"}
                      for n in range(8)))  # fmt: skip
    feedback: list[dict[str, Any]] = [
        {"target_id": "0", "kind": "score", "value": 5}, {"target_id": "1", "kind": "score", "value": 1},
        {"target_id": "2", "kind": "score", "value": 4}, {"target_id": "3", "kind": "score", "value": 9},
        {"target_id": "4", "kind": "category", "value": "wrong"}, {"target_id": "5", "kind": "category", "value": "fine"},
        {"target_id": "6", "value": "down", "comment": "Call me at ana@aurora.example"},
        {"target_id": "nobody", "kind": "comment", "comment": "early"},
    ]  # fmt: skip
    put("feedback", *({"id": f"f{n}", "ts": at + n, **item} for n, item in enumerate(feedback)))
    drain_until_empty(now=now)
    return support_assistant


def test_the_tab_tells_scores_categories_and_the_rate_of_bad_answers(spoken: Model, as_bia: Client):
    page = read(as_bia, TAB)
    assert "Bad-answer rate" in page
    assert "50.0%" in page  # 1, 4 and 6 of 0, 1, 2, 4, 5, 6
    assert "18.8% – 81.2%" in page
    assert "1 to 5" in page
    assert page.count('<tr><th scope="row">') >= 7
    assert '<th scope="row">1 <span class="pill pill--bad">bad</span></th><td class="num">1</td>' in page
    assert '<th scope="row">5</th><td class="num">1</td>' in page
    assert '<th scope="row">wrong <span class="pill pill--bad">bad</span></th>' in page
    assert "Unusable scores" in page
    assert "style=" not in page


def test_comments_stand_beside_their_answers_newest_first(spoken: Model, as_bia: Client):
    page = read(as_bia, "/p/aurora/comments/")
    assert page.index("early") < page.index("Call me at")
    assert "its answer has not arrived" in page
    assert f'href="/p/aurora/llm-calls/{LLMCall.objects.get(event_id="6").pk}/"' in page
    assert "question 6" in page
    tab = read(as_bia, TAB)
    assert "question 6" in tab
    assert "early" not in tab


def test_comments_are_read_page_by_page_along_their_index(spoken: Model, as_bia: Client, now: datetime):
    Feedback.objects.bulk_create(
        Feedback(id=10**12 + n, project=spoken.project, event_id=f"c{n}", ts_us=micros(now) + n, ingested_us=0,
                 target=b"t" * 16, kind="comment", comment=f"comment-{n:03}-")
        for n in range(120)
    )  # fmt: skip
    first = comment_page(spoken.project, limit=50)
    second = comment_page(spoken.project, limit=50, cursor=first.next)
    assert [row.comment for row in first.items][:2] == ["comment-119-", "comment-118-"]
    assert second.items[0].comment == "comment-069-"
    page = read(as_bia, f"/p/aurora/comments/?cursor={first.next}")
    assert "comment-069-" in page
    assert "comment-070-" not in page
    read(as_bia, "/p/aurora/comments/?cursor=broken", 400)
    if connection.vendor == "sqlite":
        with CaptureQueriesContext(connection) as seen:
            comment_page(spoken.project, limit=50, cursor=first.next)
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {seen[-1]['sql']}")
            assert "feedback_comments" in str(cursor.fetchall())


def test_a_model_nobody_spoke_of_says_so(credit_risk: Model, as_bia: Client):
    page = read(as_bia, "/p/aurora/models/credit-risk/feedback/")
    for said in ("Nobody gave a score", "Nobody chose a category", "No comment among the newest"):
        assert said in page
    assert "No comment yet" in read(as_bia, "/p/aurora/comments/")


def test_accounts_without_a_group_read_no_comment(spoken: Model, as_caio: Client):
    read(as_caio, "/p/aurora/comments/", 404)
    read(as_caio, TAB, 404)
