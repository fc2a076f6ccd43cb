"""Seeding: it can be cut short, it goes on, it ends with the present, and nothing counts twice."""

from datetime import timedelta

import pytest

from demo import seed as seeding
from demo.play import story_of
from demo.seed import begin, done_share, seed_story
from lib import clock
from monitoring.selectors.ledger import read_ledger
from runbooks.models import Review
from tests.demo.conftest import SEED, ClientSender


def _quiet(_share: float, _what: str) -> None:
    pass


@pytest.fixture
def short(monkeypatch):
    """A past of 14 hours."""
    monkeypatch.setattr(seeding, "DEPTH", timedelta(hours=14))


def test_beginning_twice_finds_the_same_play(db, now):
    assert begin(seed=SEED, real_now=now).pk == begin(seed=SEED + 1, real_now=now + timedelta(days=1)).pk


def test_the_clock_stands_at_the_origin_before_any_rule_exists(db, now):
    play = begin(seed=SEED, real_now=now)
    assert clock.now() == play.origin
    assert now - play.origin >= timedelta(days=30)


def test_the_new_incident_is_over_and_the_old_one_was_days_ago(db, now):
    old, costly, new = story_of(begin(seed=SEED, real_now=now)).episodes
    assert timedelta(days=11) < now - seeding.moment(old.onset) < timedelta(days=14)
    assert timedelta(days=3) < now - seeding.moment(costly.onset) < timedelta(days=6)
    recovered = seeding.moment(new.end) + new.scenario.truth.recovered_within
    assert recovered < now < recovered + timedelta(days=2)


def test_a_seeding_that_was_killed_goes_on_and_nothing_counts_twice(db, now, short):
    play = begin(seed=SEED, real_now=now)
    with pytest.raises(ConnectionError):
        seed_story(play, ClientSender(play.project, batches=9), until=lambda: now, tell=_quiet)
    assert play.origin < play.through < now
    assert 0 < done_share(play, real_now=now) < 1

    again = begin(seed=SEED, real_now=now)
    seed_story(again, ClientSender(again.project), until=lambda: now, tell=_quiet)
    assert again.seeded
    assert again.through == now
    told = story_of(again).events(again.origin.timestamp(), now.timestamp())
    total = read_ledger(project_id=again.project.pk)["total"]
    assert total["stored"] == len(told)
    assert total["pending"] == total["rejected"] == total["dead_lettered"] == 0


def test_steps_stop_at_every_onset_and_at_the_present(db, now):
    play = begin(seed=SEED, real_now=now)
    episodes = story_of(play).episodes
    steps = list(seeding._steps(play.origin, lambda: now, episodes))
    assert steps == sorted(set(steps))
    assert steps[-1] == now
    assert {seeding.moment(episode.onset) for episode in episodes} <= set(steps)


@pytest.mark.slow
def test_thirty_days_leave_a_published_review_and_drafts(db, now):
    play = begin(seed=SEED, real_now=now)
    seed_story(play, ClientSender(play.project), until=lambda: now, tell=_quiet)
    reviews = Review.objects.filter(incident__project=play.project).order_by("incident__opened_at")
    assert [review.state for review in reviews] == [Review.State.PUBLISHED, Review.State.DRAFT, Review.State.DRAFT]
    assert reviews[0].actions.count() == 3
    assert all(step.done_at for review in reviews for run in review.incident.runs.all() for step in run.steps.all())
