"""Feedback of every kind: which opinion counts, what makes an answer bad, and what the measures say of it."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models_registry.models import Model, Project
from monitoring.drain import drain_until_empty
from monitoring.drain.opinions import Judge, Opinions, opinions_of, read_opinions
from monitoring.drain.rows import FeedbackRow
from monitoring.models import LLMCall, Prediction, Series
from monitoring.selectors.summaries import Scope, read_tally
from monitoring.stats import opinions
from monitoring.stats.intervals import Reading, wilson
from monitoring.stats.tally import Subject, Tally
from monitoring.summaries.recount import recount
from tests.cast import NOW, make_project
from tests.monitoring.conftest import Put, micros, put_body

DAY = timedelta(days=1)
SUBJECT = Subject("llm")
fresh = count()


def said(kind: str, value: str, comment: str = "", person: str = "ana") -> FeedbackRow:
    return FeedbackRow(1, 1, "f", 0, 0, "{}", b"", kind, value, comment, person)


STARS = Judge(1, 5, 3, frozenset({"wrong"}))


@pytest.mark.parametrize(
    ("judge", "one", "bad"),
    [
        (STARS, said("thumb", "down"), True), (STARS, said("thumb", "up"), False), (STARS, said("thumb", "meh"), None),
        (STARS, said("score", "2.9"), True), (STARS, said("score", "3"), False), (STARS, said("score", "6"), None),
        (STARS, said("score", "nan"), None), (STARS, said("score", "many"), None),
        (STARS, said("category", " WRONG "), True), (STARS, said("category", "fine"), False),
        (STARS, said("comment", "", "awful"), None),
        (Judge(), said("score", "0"), None), (Judge(), said("category", "wrong"), None),
        (Judge(), said("category", "bad"), True), (Judge(), said("category", "good"), False),
    ],
)  # fmt: skip
def test_what_calls_an_answer_bad_is_declared(judge: Judge, one: FeedbackRow, bad: bool | None):
    assert judge.bad(one) is bad


def test_a_score_is_a_share_of_its_range_and_what_is_no_score_is_counted_apart():
    found = read_opinions(
        opinions_of([said("score", value, person=value) for value in ("1", "3", "5", "6", "x")], STARS)
    )
    assert (found.scores, found.total, found.unusable) == ([(0, 1), (50, 1), (100, 1)], 1_500_000, 2)


def test_a_thousand_people_with_a_category_each_do_not_blow_up_a_row():
    found = read_opinions(opinions_of([said("category", f"c{n:04}", person=str(n)) for n in range(1_000)], STARS))
    assert len(found.words) == 51
    assert sum(times for _, times in found.words) == 1_000
    assert dict(found.words)["other"] == 950


def test_nothing_said_is_nothing_stored():
    assert opinions_of([], STARS) == ""
    assert opinions_of([said("thumb", "meh")], STARS) == ""
    assert Opinions() == read_opinions("{}")


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["llm_call", "prediction"])
def test_feedback_of_every_kind_becomes_measures(project: Project, put: Put, now: datetime, kind: str):
    model = Model.objects.create(
        project=project, slug="m", kind="llm" if kind == "llm_call" else "binary",
        score_min=1, score_max=5, bad_score=3, bad_categories=["Wrong"],
    )  # fmt: skip
    put(kind, *({"id": str(n), "model": "m"} | ({} if kind == "llm_call" else {"prediction": "yes"}) for n in range(6)))
    put(
        "feedback",
        {"id": "1", "target_id": "0", "value": "up", "user_id": "ana"},
        {"id": "2", "target_id": "0", "kind": "category", "value": "wrong", "user_id": "bia", "comment": "not so"},
        {"id": "3", "target_id": "1", "kind": "score", "value": 2},
        {"id": "4", "target_id": "2", "kind": "score", "value": 5},
        {"id": "5", "target_id": "3", "kind": "comment", "comment": "hm"},
        {"id": "6", "target_id": "4", "kind": "score", "value": 11},
    )
    drain_until_empty(now=now)
    tally = tally_of(model, now)
    rate = opinions.bad_answer_rate(tally, SUBJECT)
    assert (rate.value, rate.n, rate.low, rate.high) == (pytest.approx(2 / 3), 3, *wilson(2, 3))
    score = opinions.feedback_score(tally, SUBJECT)
    assert (score.value, score.n) == (pytest.approx(0.625), 2)
    assert score.low < 0.2
    assert score.high > 0.9
    assert opinions.feedback_comments(tally, SUBJECT) == Reading(2.0, 2)
    assert opinions.feedback_unusable(tally, SUBJECT) == Reading(1.0, 1)
    assert recount(start=now - DAY, end=now + DAY) == []
    stored = (LLMCall if kind == "llm_call" else Prediction).objects.get(event_id="0")
    assert stored.opinions.startswith('{"bad":true')


@pytest.mark.django_db
def test_an_empty_opinion_takes_back_what_was_said(support_assistant: Model, put: Put, now: datetime):
    put("llm_call", {"id": "a", "model": "support-assistant", "version": "1"})
    put("feedback", {"id": "1", "target_id": "a", "value": "down", "comment": "no"})
    drain_until_empty(now=now)
    assert opinions.bad_answer_rate(tally_of(support_assistant, now), SUBJECT).value == 1
    put("feedback", {"id": "2", "target_id": "a", "value": "", "ts": micros(now) + 1})
    drain_until_empty(now=now)
    tally = tally_of(support_assistant, now)
    assert opinions.bad_answer_rate(tally, SUBJECT) == Reading(None, 0)
    assert opinions.feedback_comments(tally, SUBJECT) == Reading(0.0, 0)
    assert LLMCall.objects.get().opinions == ""
    assert recount(start=now - DAY, end=now + DAY) == []


@pytest.mark.django_db
def test_a_changed_definition_judges_what_comes_and_leaves_what_was_folded(
    support_assistant: Model, put: Put, now: datetime
):
    put("llm_call", *({"id": name, "model": "support-assistant", "version": "1"} for name in "ab"))
    put("feedback", {"id": "1", "target_id": "a", "kind": "score", "value": 0.4})
    drain_until_empty(now=now)
    support_assistant.bad_score = 0.5
    support_assistant.save()
    assert recount(start=now - DAY, end=now + DAY) == []
    put("feedback", {"id": "2", "target_id": "b", "kind": "score", "value": 0.4})
    drain_until_empty(now=now)
    assert opinions.bad_answer_rate(tally_of(support_assistant, now), SUBJECT).n == 1
    assert recount(start=now - DAY, end=now + DAY) == []
    put("feedback", {"id": "3", "target_id": "a", "value": "up"})
    drain_until_empty(now=now)
    rate = opinions.bad_answer_rate(tally_of(support_assistant, now), SUBJECT)
    assert (rate.value, rate.n) == (1, 2)
    assert recount(start=now - DAY, end=now + DAY) == []


def tally_of(model: Model, now: datetime) -> Tally:
    metrics = ("rated", "feedback_score", "feedback_comments", "feedback_unusable")
    return read_tally(Scope(model.project_id, model.pk), metrics, start=now - DAY, end=now + timedelta(minutes=1))


KINDS = st.sampled_from(["thumb", "score", "category", "comment"])
VALUES = st.sampled_from(["up", "down", "", "1", "2", "5", "9", "wrong", "rude"])
SAID = st.tuples(
    st.sampled_from("ab"), KINDS, VALUES, st.sampled_from(["", "x"]), st.sampled_from("pq"), st.integers(0, 3)
)


def oracle(events: list[tuple[str, ...]]) -> tuple[int, int, int, int]:
    """(rated, bad, usable scores, comments) by sorting everything that was said; written from the documentation."""
    newest: dict[tuple[str, str, str], tuple[str, str]] = {}
    for _at, _id, target, kind, value, comment, person in sorted(
        (at, f"f{n:03}", target, kind, value, comment, person)
        for n, (target, kind, value, comment, person, at) in enumerate(events)
    ):
        newest[target, person, kind] = (value, comment)
    rated, bad, scores, comments = set(), set(), 0, 0
    for (target, _person, kind), (value, comment) in newest.items():
        comments += bool(comment)
        usable = kind == "score" and value in {"1", "2", "5"}
        scores += usable
        judged = usable or (kind == "category" and bool(value)) or (kind == "thumb" and value in {"up", "down", "1"})
        worse = (kind == "score" and value in {"1", "2"}) or (kind, value) in {("category", "wrong"), ("thumb", "down")}
        rated |= {target} if judged else set()
        bad |= {target} if worse else set()
    return len(rated), len(bad), scores, comments


@pytest.mark.django_db
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(events=st.lists(SAID, max_size=10), rng=st.randoms(use_true_random=False), every=st.integers(1, 4))
def test_any_order_of_arrival_ends_with_the_newest_opinion_of_each_person_and_kind(events, rng, every):
    project = make_project(f"opinions-{next(fresh)}")
    model = Model.objects.create(
        project=project, slug="m", kind="llm", score_min=1, score_max=5, bad_score=3, bad_categories=["wrong"]
    )
    bodies: list[tuple[str, dict[str, Any]]] = [
        ("feedback", {
            "id": f"f{n:03}", "target_id": target, "kind": kind, "value": value, "comment": comment, "user_id": person,
            "ts": micros(NOW) + at,
        })
        for n, (target, kind, value, comment, person, at) in enumerate(events)
    ]  # fmt: skip
    bodies += [("llm_call", {"id": name, "model": "m", "ts": micros(NOW)}) for name in "ab"]
    rng.shuffle(bodies)
    for number, (kind, item) in enumerate(bodies):
        put_body(project, kind, [item], received=NOW)
        if number % every == 0:
            drain_until_empty(now=NOW)
    drain_until_empty(now=NOW)
    tally = tally_of(model, NOW)
    rated, bad, scores, comments = oracle(events)
    assert (tally.cell("rated").n, tally.cell("rated").count(1)) == (rated, bad)
    assert (tally.cell("feedback_score").n, tally.cell("feedback_comments").n) == (scores, comments)
    assert recount(start=NOW - DAY, end=NOW + DAY) == []


@given(st.lists(st.integers(0, 100), min_size=1, max_size=50))
def test_the_interval_of_a_score_is_never_narrower_than_its_own_spread_allows(scores):
    cell_total = sum(scores) * 10_000
    share = cell_total / 1_000_000 / len(scores)
    spread = sum((score / 100 - share) ** 2 for score in scores) / len(scores)
    low, high = wilson(share * len(scores), len(scores))
    assert low <= share <= high
    assert spread <= share * (1 - share) + 1e-12


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"score_min": 5, "score_max": 1}, "score_max"), ({"bad_score": 2}, "bad_score"),
        ({"bad_score": float("nan")}, "bad_score"), ({"bad_categories": "wrong"}, "bad_categories"),
        ({"bad_categories": ["a", "A "]}, "bad_categories"), ({"feedback_categories": [""]}, "feedback_categories"),
        ({"feedback_categories": [f"c{n}" for n in range(51)]}, "feedback_categories"),
    ],
)  # fmt: skip
@pytest.mark.django_db
def test_a_definition_that_cannot_judge_is_refused_with_its_field(support_assistant: Model, wrong: dict, field: str):
    for name, value in wrong.items():
        setattr(support_assistant, name, value)
    with pytest.raises(ValidationError) as refused:
        support_assistant.full_clean()
    assert set(refused.value.message_dict) == {field}


@pytest.mark.django_db
def test_what_nobody_speaks_of_makes_no_series(put: Put, now: datetime, support_assistant: Model):
    put("llm_call", {"id": "a", "model": "support-assistant", "version": "1"})
    drain_until_empty(now=now)
    assert not Series.objects.filter(metric__in=["rated", "feedback_score", "feedback_category"]).exists()
