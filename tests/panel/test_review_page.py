"""The review: drafted, edited, published, exported, and its promises kept."""

from datetime import date, datetime, timedelta

import pytest
from django.test import Client

from alerting.models import AlertVerdict
from models_registry.models import Model, User
from runbooks.models import ActionItem, Review
from tests.cast import make_incident
from tests.panel import story


@pytest.fixture
def review(credit_risk: Model, bia: User, stopped_clock: datetime) -> Review:
    began = stopped_clock - timedelta(hours=4)
    incident = story.make_incident(story.make_rule(credit_risk), began)
    story.resolve(incident, bia, began + timedelta(hours=2))
    return Review.objects.create(incident=incident, created_at=stopped_clock)


def test_the_draft_reads_like_a_text_with_the_three_times_on_top(review: Review, as_bia: Client) -> None:
    page = as_bia.get("/reviews/7/").content.decode()
    for text in ("6\u00a0min", "2\u00a0min", "2\u00a0h", "Draft", "<h2>"):
        assert text in page


def test_an_edit_is_previewed_without_saving_then_saved(review: Review, as_bia: Client, bia: User) -> None:
    shown = as_bia.post("/reviews/7/save/", {"body": "We **learned**.", "preview": "1", "revision": review.revision})
    assert "<strong>learned</strong>" in shown.content.decode()
    review.refresh_from_db()
    assert review.body == ""
    as_bia.post("/reviews/7/save/", {"body": "We **learned**.", "revision": review.revision})
    review.refresh_from_db()
    assert (review.body, review.edited_by) == ("We **learned**.", bia)


def test_two_people_editing_at_once_lose_neither_text(review: Review, as_ana: Client, as_bia: Client) -> None:
    opened = review.revision
    as_ana.post("/reviews/7/save/", {"body": "Ana's text", "revision": opened})
    late = as_bia.post("/reviews/7/save/", {"body": "Bia's text", "revision": opened})
    assert late.status_code == 409
    page = late.content.decode()
    assert "Ana&#x27;s text" in page
    assert "Bia&#x27;s text" in page
    review.refresh_from_db()
    assert review.body == "Ana's text"
    merged = {"body": "Both texts", "revision": review.revision}
    assert as_bia.post("/reviews/7/save/", merged).status_code == 302
    review.refresh_from_db()
    assert review.body == "Both texts"


def test_a_published_review_no_longer_changes(review: Review, as_bia: Client) -> None:
    as_bia.post("/reviews/7/publish/", {"revision": review.revision})
    review.refresh_from_db()
    assert review.state == Review.State.PUBLISHED
    assert "## " in review.body
    refused = as_bia.post("/reviews/7/save/", {"body": "other", "revision": review.revision})
    assert refused.status_code == 409
    assert "/reviews/7/save/" not in as_bia.get("/reviews/7/?edit=1").content.decode()


def test_it_leaves_as_a_markdown_file(review: Review, as_bia: Client) -> None:
    response = as_bia.get("/reviews/7/export.md")
    assert response["Content-Type"].startswith("text/markdown")
    assert 'filename="INC-7.md"' in response["Content-Disposition"]
    assert "INC-7" in response.content.decode()


def test_an_action_item_needs_somebody_and_a_day(review: Review, as_bia: Client) -> None:
    refused = as_bia.post("/reviews/7/actions/", {"title": "Alert earlier", "owner": "", "due": "soon"})
    assert refused.status_code == 400
    assert "Alert earlier" in refused.content.decode()
    as_bia.post("/reviews/7/actions/", {"title": "Alert earlier", "owner": "Bia", "due": "2026-03-20"})
    item = ActionItem.objects.get()
    assert item.due == date(2026, 3, 20)
    assert "Alert earlier" in as_bia.get("/p/aurora/reviews/").content.decode()
    as_bia.post(f"/reviews/7/actions/{item.pk}/done/")
    item.refresh_from_db()
    assert item.done_at is not None
    assert "Promises still open" not in as_bia.get("/p/aurora/reviews/").content.decode()


def test_each_alert_gets_a_verdict_that_can_change(review: Review, as_bia: Client) -> None:
    alert = review.incident.alerts.get()
    for verdict in ("useful", "noise"):
        as_bia.post(f"/reviews/7/alerts/{alert.pk}/verdict/", {"verdict": verdict})
        assert AlertVerdict.objects.get().verdict == verdict
    as_bia.post(f"/reviews/7/alerts/{alert.pk}/verdict/", {"verdict": "boring"})
    assert AlertVerdict.objects.get().verdict == "noise"


def test_a_script_in_a_review_stays_text(review: Review, as_bia: Client) -> None:
    body = "<script>alert(1)</script> [x](javascript:alert(1))"
    as_bia.post("/reviews/7/save/", {"body": body, "revision": review.revision})
    page = as_bia.get("/reviews/7/").content.decode()
    assert "<script>alert" not in page
    assert 'href="javascript' not in page


def test_viewers_read_and_outsiders_do_not(review: Review, as_caio: Client) -> None:
    viewer = Client()
    viewer.force_login(story.make_viewer())
    assert viewer.get("/reviews/7/").status_code == 200
    assert viewer.get("/reviews/7/?edit=1").status_code == 403
    for path in ("save/", "publish/", "actions/"):
        assert viewer.post(f"/reviews/7/{path}", {"body": "x"}).status_code == 403
        assert as_caio.post(f"/reviews/7/{path}", {"body": "x"}).status_code == 404
    assert as_caio.get("/reviews/7/export.md").status_code == 404


def test_the_list_pages_by_keyset_and_costs_the_same_for_more_rows(
    review: Review, credit_risk: Model, bia: User, as_bia: Client, stopped_clock: datetime
) -> None:
    as_bia.get("/p/aurora/reviews/")
    first = story.count_queries(lambda: as_bia.get("/p/aurora/reviews/"))
    for number in range(10, 40):
        over = {"state": "resolved", "resolved_at": stopped_clock}
        incident = make_incident(credit_risk.project, number, at=stopped_clock, **over)
        Review.objects.create(incident=incident, created_at=stopped_clock)
    assert story.count_queries(lambda: as_bia.get("/p/aurora/reviews/")) == first
    assert 'rel="next"' in as_bia.get("/p/aurora/reviews/").content.decode()


def test_a_text_in_another_language_says_so_and_what_is_around_it_follows_the_reader(
    review: Review, as_bia: Client
) -> None:
    as_bia.post("/reviews/7/publish/", {"revision": review.revision})
    note = "as it was written"
    page = as_bia.get("/reviews/7/").content.decode()
    assert '<div lang="en">' in page
    assert note not in page
    as_bia.cookies["django_language"] = "pt-br"
    page = as_bia.get("/reviews/7/").content.decode()
    assert '<html lang="pt-br"' in page
    assert '<div lang="en"><h2>Impact</h2>' in page
    assert "Idioma do texto: Inglês, como foi escrito. O que está em volta está no seu." in page
    assert "Detectado depois de" in page


def test_an_action_item_may_name_code(review: Review, as_bia: Client) -> None:
    as_bia.post("/reviews/7/actions/", {"title": "Watch `max_tokens` <b>", "owner": "Bia", "due": "2026-03-20"})
    page = as_bia.get("/reviews/7/").content.decode()
    assert "Watch <code>max_tokens</code> &lt;b&gt;" in page
    assert "Watch <code>max_tokens</code> &lt;b&gt;" in as_bia.get("/p/aurora/reviews/").content.decode()
