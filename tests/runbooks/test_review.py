"""Reviews: drafted from what was recorded, edited without losing a word, published and exported."""

from datetime import date, timedelta

import pytest
from django.utils.translation import gettext, override

from alerting.errors import Refused
from alerting.incidents.course import resolve_incident
from alerting.incidents.moves.reopen import reopen_incident
from alerting.models import AlertVerdict
from alerting.notify.send import send
from lib.markdown import render
from models_registry.models import Deployment
from monitoring.models import SLO
from runbooks.closing import close_reviewed
from runbooks.conduct import complete_step, start_run
from runbooks.models import ActionItem, Review
from runbooks.review import (
    StaleReview,
    add_action,
    complete_action,
    draft_body,
    draft_reviews,
    publish_review,
    review_markdown,
    save_review,
    times,
)
from runbooks.verdicts import judge_alert
from runbooks.words import span
from tests.alerting.notify_cast import HandClock
from tests.monitoring.series import add, series_of


@pytest.fixture
def review(resolved, now) -> Review:
    draft_reviews(now=now + timedelta(minutes=41))
    return Review.objects.get()


def test_every_resolved_incident_gets_one_review_and_open_ones_none(incident, bia, now):
    assert draft_reviews(now=now).written == 0
    incident.state = "resolved"
    incident.save()
    assert draft_reviews(now=now).written == 1
    assert draft_reviews(now=now).written == 0
    assert Review.objects.get().body == ""


@pytest.mark.parametrize("by_saving", [True, False])
def test_the_text_keeps_the_language_of_who_froze_it(review, bia, now, by_saving):
    assert review.language == ""
    with override("pt-br"):
        if by_saving:
            save_review(review, body=draft_body(review), by=bia, now=now)
    with override("en"):
        if by_saving:
            save_review(review, body=review.body + "\nOne more.", by=bia, now=now)
            publish_review(review, by=bia, now=now)
        else:
            with override("pt-br"):
                publish_review(review, by=bia, now=now)
        assert (review.language, "## Impacto" in review.body) == ("pt-br", True)
        exported = review_markdown(review)
    assert "## Itens de ação" in exported
    assert "Publicada por" in exported
    assert "Action items" not in exported


def test_an_empty_text_brings_the_draft_and_the_readers_language_back(review, bia, now):
    with override("pt-br"):
        save_review(review, body="Aprendemos.", by=bia, now=now)
    assert review.language == "pt-br"
    save_review(review, body="  ", by=bia, now=now)
    assert (review.body, review.language) == ("", "")
    assert "## Action items" in review_markdown(review)
    with override("pt-br"):
        assert "## Itens de ação" in review_markdown(review)


def test_the_times_are_counted_from_the_impact_and_from_the_page(resolved, credit_risk):
    took = times(resolved)
    assert (took.detect, took.acknowledge, took.resolve) == tuple(timedelta(minutes=part) for part in (20, 3, 60))
    resolved.answered_at = resolved.resolved_at = None
    assert (times(resolved).acknowledge, times(resolved).resolve) == (None, None)


def test_a_draft_tells_impact_detection_times_timeline_changes_and_steps(
    resolved, runbook, credit_risk, bia, now, settings
):
    for minute in range(-20, 40):
        add(series_of(credit_risk, "status"), now + timedelta(minutes=minute), {0: 19, 1: 1})
    add(series_of(credit_risk, "status"), now + timedelta(minutes=45), {0: 500})
    Deployment.objects.create(
        version=credit_risk.versions.get(), at=now - timedelta(minutes=25), note="new feature pipeline"
    )
    send(now=now + timedelta(minutes=1), clock=HandClock())
    run = start_run(incident=resolved, runbook=runbook, by=bia, now=now + timedelta(minutes=4))
    complete_step(run.steps.first(), by=bia, note="income\nshifted", now=now + timedelta(minutes=6))
    draft_reviews(now=now)
    text = draft_body(Review.objects.get())
    for part in (
        "From 2026-03-10 11:40:00 to 2026-03-10 12:40:00 (America/Sao_Paulo).",
        "Requests in this window: 1,200; errors: 5.0%.",
        "the rule “Accuracy” fired (accuracy 71.0% over 5\u00a0min).",
        "Told: Console.",
        "To detect: 20\u00a0min",
        "To acknowledge: 3\u00a0min",
        "To resolve: 1\u00a0h",
        "**Acknowledged** (bia)",
        "new feature pipeline",
        "### Accuracy falls",
        "☑ Compare the inputs (bia, 2026-03-10 12:06:00): income shifted",
        "☐ Roll back",
        "## What went well\n\n## What went poorly\n\n## Where we were lucky",
    ):
        assert part in text, part


def test_an_objective_says_how_many_of_its_events_were_bad(resolved, credit_risk, now):
    slo = SLO.objects.create(
        project=resolved.project, slug="a", name="Available", model=credit_risk, sli="availability", target=0.99
    )
    rule = resolved.alerts.get().rule
    rule.kind, rule.slo = "burn_rate", slo
    rule.save()
    add(series_of(credit_risk, "status"), now, {0: 90, 1: 10})
    draft_reviews(now=now)
    assert "Available: 10 of 100 events were bad (the objective is 99.0% good)." in draft_body(Review.objects.get())


def test_a_draft_of_an_incident_about_nothing_in_particular_still_reads(resolved, now):
    resolved.model = None
    resolved.alerts.all().delete()
    resolved.save()
    draft_reviews(now=now)
    assert "No runbook was followed." in draft_body(Review.objects.get())


def test_a_draft_speaks_the_reader_s_language_and_follows_what_is_recorded_later(review, resolved, bia, now):
    before = draft_body(review)
    with override("pt-br"):
        assert f"## {gettext('Impact')}" in draft_body(review)
    resolved.events.create(at=now + timedelta(hours=1), kind="comment", text="it was the upstream table", actor=bia)
    assert "it was the upstream table" not in before
    assert "it was the upstream table" in draft_body(review)


def test_a_saved_text_replaces_the_draft_and_an_empty_one_brings_it_back(review, ana, now):
    save_review(review, body="## Ours\n", by=ana, now=now)
    assert (review.body, review.edited_by, review.edited_at, review.revision) == ("## Ours", ana, now, 1)
    assert "## Ours" in review_markdown(review)
    save_review(review, body="  ", by=ana, now=now)
    assert draft_body(review).strip() in review_markdown(review)


def test_a_stale_edit_is_refused_and_neither_text_is_lost(review, ana, bia, now):
    opened_by_both = review.revision
    save_review(review, body="Ana's", by=ana, now=now, revision=opened_by_both)
    mine = Review.objects.get()
    with pytest.raises(StaleReview, match="ana saved another text") as caught:
        save_review(mine, body="Bia's", by=bia, now=now, revision=opened_by_both)
    assert (caught.value.submitted, caught.value.current.body) == ("Bia's", "Ana's")
    assert Review.objects.get().body == "Ana's"
    joined = save_review(mine, body="Ana's and Bia's", by=bia, now=now, revision=caught.value.current.revision)
    assert joined.revision == 2


def test_the_same_form_sent_twice_is_saved_once(review, ana, now):
    for _ in range(2):
        save_review(review, body="Once", by=ana, now=now, revision=0)
    assert review.revision == 1


def test_publishing_freezes_the_text_as_it_reads(review, resolved, ana, bia, now):
    draft = draft_body(review)
    publish_review(review, by=ana, now=now)
    resolved.events.create(at=now, kind="comment", text="too late", actor=bia)
    assert (review.state, review.body, review.published_by, review.published_at) == ("published", draft, ana, now)
    with pytest.raises(Refused, match="frozen"):
        save_review(review, body="x", by=bia, now=now)
    with pytest.raises(Refused, match="already"):
        publish_review(review, by=bia, now=now)
    assert Review.objects.get().body == draft


def test_nobody_publishes_a_text_they_have_not_read(review, ana, bia, now):
    save_review(review, body="Ana's", by=ana, now=now)
    with pytest.raises(StaleReview):
        publish_review(review, by=bia, now=now, revision=0)
    assert Review.objects.get().state == "draft"


def test_action_items_have_an_owner_and_a_day_and_are_done_once(review, now):
    with pytest.raises(Refused):
        add_action(review, title="Watch the inputs", owner=" ", due=date(2026, 4, 1))
    action = add_action(review, title="Watch the inputs", owner="Ana", due=date(2026, 4, 1))
    complete_action(action, now=now)
    assert action.done_at == now
    with pytest.raises(Refused):
        complete_action(action, now=now)
    assert ActionItem.objects.count() == 1


def test_the_export_is_the_whole_review(review, ana, now):
    add_action(review, title="Watch the inputs", owner="Ana", due=date(2026, 4, 1))
    done = add_action(review, title="Add a step", owner="Bia", due=date(2026, 3, 20))
    complete_action(done, now=now)
    save_review(review, body="## Impact\n\nBad.", by=ana, now=now)
    publish_review(review, by=ana, now=now)
    assert review_markdown(review) == (
        "# INC-7: Accuracy of Credit risk is falling\n\n"
        "*Published by ana, 2026-03-10 12:00:00*\n\n"
        "## Impact\n\nBad.\n\n"
        "## Action items\n\n"
        "- [x] Add a step (Bia, due 2026-03-20)\n"
        "- [ ] Watch the inputs (Ana, due 2026-04-01)\n"
    )


def test_a_draft_renders_to_the_headings_it_promises(review):
    html = render(draft_body(review))
    assert html.count("<h2>") == 9
    assert "<li>" in html


def test_a_verdict_can_change_and_there_is_one_per_alert_and_incident(resolved, ana, bia, now):
    alert = resolved.alerts.get()
    judge_alert(alert, incident=resolved, verdict="noise", by=ana, now=now)
    judge_alert(alert, incident=resolved, verdict="useful", by=bia, now=now + timedelta(minutes=1))
    row = AlertVerdict.objects.get()
    assert (row.verdict, row.by, row.at) == ("useful", bia, now + timedelta(minutes=1))
    with pytest.raises(Refused):
        judge_alert(alert, incident=resolved, verdict="meh", by=ana, now=now)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0\u00a0s"),
        (59, "59\u00a0s"),
        (60, "1\u00a0min"),
        (3_725, "1\u00a0h\u00a02\u00a0min"),
        (90_000, "1\u00a0d\u00a01\u00a0h"),
        (-5, "0\u00a0s"),
        (None, "not recorded"),
    ],
)
def test_a_duration_is_read_in_its_two_largest_units(seconds, words):
    assert span(None if seconds is None else timedelta(seconds=seconds)) == words


def test_the_review_of_what_was_reopened_is_a_draft_again_with_its_text(resolved, ana, now):
    draft_reviews(now=now)
    review = publish_review(resolved.review, by=ana, now=now)
    reopen_incident(resolved, by=ana, now=now + timedelta(hours=1))
    assert draft_reviews(now=now + timedelta(hours=1)).written == 0, "not while people work on it"
    resolve_incident(resolved, by=ana, now=now + timedelta(hours=2))
    assert draft_reviews(now=now + timedelta(hours=2)).written == 1
    text = review.body
    review.refresh_from_db()
    assert (review.state, review.body, review.published_at) == ("draft", text, None)
    with pytest.raises(Refused, match="is not published"):
        close_reviewed(resolved, by=ana, now=now + timedelta(hours=2))
    publish_review(review, by=ana, now=now + timedelta(hours=2))
    assert close_reviewed(resolved, by=ana, now=now + timedelta(hours=3)).state == "closed"
