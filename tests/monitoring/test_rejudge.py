"""Past answers judged again: as if each evaluator had been there from the start, exactly once, whatever is killed meanwhile."""

import json
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models_registry import jobs
from models_registry.jobs import cancel_job, run_jobs
from models_registry.keys import create_key
from models_registry.models import Job, Model, Project
from monitoring.drain import drain
from monitoring.drain.past_calls import RangeError
from monitoring.models import Bucket, DirtyHour, Evaluator, EventKey, LLMCall, UserDay
from monitoring.quality import rejudge
from monitoring.quality.rejudge import start_rejudge
from monitoring.summaries.recount import recount
from tests.monitoring.conftest import Put, micros
from tests.monitoring.test_evaluators import call, evaluator, rate, said
from tests.monitoring.test_exactly_once import Killed, death_at

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def run(project: Project, now: datetime, **more: Any) -> Job:
    job = start_rejudge(project, now=now, **{"start": now - DAY, "end": now + HOUR, **more})
    while job.is_open:
        run_jobs(now=now)
        job.refresh_from_db()
    assert job.error == ""
    return job


def sums() -> set[tuple[Any, ...]]:
    """Every sum, by what it is of."""
    series = ("series__version", "series__environment", "series__metric", "series__key", "series__segment")
    rows = Bucket.objects.filter(n__gt=0).values_list(*series, "tier", "start", "n", "total", "bins")
    return {(*row[:-1], bytes(row[-1])) for row in rows}


def forget() -> None:
    """As if nothing had ever come."""
    for model in (LLMCall, EventKey, Bucket, DirtyHour, UserDay):
        model.objects.all().delete()


ANSWERS = ['{"answer": 1}', '{"other": 1}', "I am sorry, I cannot help.", "Refund within a day. " * 9, ""]
RULES: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    ("complete", "json", {"keys": ["answer"]}, {}),
    ("no-refusal", "no_refusal", {}, {"environment": "staging"}),
    ("sources", "words", {"any": ["refund", "answer"]}, {"share": 0.5}),
    ("short", "length", {"max": 60}, {"prompt_name": "greet"}),
]
TOLD = st.lists(
    st.tuples(
        st.sampled_from(ANSWERS),
        st.sampled_from(["production", "staging"]),
        st.sampled_from(["", "greet"]),
        st.integers(0, 7_000),
        st.none() | st.sampled_from(["up", "down"]),
    ),
    min_size=1,
    max_size=12,
)


@settings(
    max_examples=40 if connection.vendor == "postgresql" else 60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(told=TOLD, before=st.sets(st.sampled_from(range(4))), after=st.sets(st.sampled_from(range(4)), min_size=1))
def test_it_is_as_if_every_evaluator_had_been_there_from_the_start(
    support_assistant: Model, put: Put, now: datetime, told: Any, before: set[int], after: set[int]
) -> None:
    """Evaluators of before that are still there were of another mind; those that are not judge nothing in either world."""

    def define(places: set[int], *, otherwise: bool = False) -> None:
        Evaluator.objects.all().delete()
        for slug, kind, given_settings, more in (RULES[place] for place in sorted(places)):
            own = ("length", {"max": 5}, {}) if otherwise else (kind, given_settings, more)
            evaluator(support_assistant, slug, own[0], own[1], **own[2])

    def tell() -> None:
        for number, (response, environment, prompt, ago, thumb) in enumerate(told):
            at = micros(now - timedelta(seconds=ago))
            more = {"environment": environment, "prompt_name": prompt, "ts": at}
            put("llm_call", call(f"c{number}", response, **more))
            if thumb:
                put("feedback", {"target_id": f"c{number}", "value": thumb, "id": f"f{number}"})
        drain(now=now)

    with transaction.atomic():
        define(before & after, otherwise=True)
        tell()
        define(after)
        job = run(support_assistant.project, now)
        rejudged = said(), sums()
        assert recount(start=now - DAY, end=now + DAY) == []
        assert run(support_assistant.project, now).report["changed"] == 0
        assert (said(), sums()) == rejudged
        forget()
        tell()
        assert rejudged == (said(), sums())
        assert job.report["seen"] == len(told)
        transaction.set_rollback(True)


def test_what_evaluators_said_that_are_gone_or_off_is_kept_and_calls_outside_the_range_too(
    support_assistant: Model, put: Put, now: datetime
) -> None:
    for slug in ("gone", "off", "short"):
        evaluator(support_assistant, slug, "length", {"max": 5})
    put("llm_call", call("in", "Too long by far."), call("out", "Too long by far.", ts=micros(now - 3 * HOUR)))
    drain(now=now)
    Evaluator.objects.get(slug="gone").delete()
    Evaluator.objects.filter(slug="off").update(enabled=False, settings={"max": 500})
    Evaluator.objects.filter(slug="short").update(settings={"max": 500})
    job = run(support_assistant.project, now, start=now - HOUR)
    assert {name: job.report[name] for name in ("seen", "changed", "gone_before")} == {
        "seen": 1,
        "changed": 1,
        "gone_before": None,
    }
    failed = (False, "too_long")
    assert said() == {
        "in": {"gone": failed, "off": failed, "short": (True, "")},
        "out": {"gone": failed, "off": failed, "short": failed},
    }
    assert rate("evaluation:short:pass_rate", now) == (1.0, 1)
    assert recount(start=now - DAY, end=now + DAY) == []


def test_death_at_any_statement_changes_nothing_twice(
    support_assistant: Model, put: Put, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rejudge, "CALLS_PER_STEP", 3)
    evaluator(support_assistant, "short", "length", {"max": 5})
    put("llm_call", *(call(f"c{number}", "x" * number) for number in range(1, 9)))
    drain(now=now)
    for statement in count():
        Evaluator.objects.update(settings={"max": 2 + statement % 5})
        job = start_rejudge(support_assistant.project, start=now - DAY, end=now + HOUR, now=now)
        try:
            with death_at(statement):
                run_jobs(now=now)
        except Killed:
            put("llm_call", call(f"meanwhile-{statement % 3}", "abc"))
            drain(now=now)
        else:
            break
        while job.is_open:
            run_jobs(now=now)
            job.refresh_from_db()
        assert recount(start=now - DAY, end=now + DAY) == []
        assert {one["short"][0] for one in said().values()} == {True, False}
    assert statement > 20


def test_a_cancelled_one_stops_where_it_is(
    support_assistant: Model, put: Put, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rejudge, "CALLS_PER_STEP", 2)
    put("llm_call", *(call(f"c{number}", "long enough", ts=micros(now) + number) for number in range(5)))
    drain(now=now)
    evaluator(support_assistant, "short", "length", {"max": 5})
    job = start_rejudge(support_assistant.project, start=now - DAY, end=now + HOUR, now=now)
    monkeypatch.setattr(jobs, "PASS_SECONDS", 0)
    run_jobs(now=now)
    cancel_job(job)
    run_jobs(now=now)
    job.refresh_from_db()
    assert job.state == Job.State.CANCELLED
    assert [name for name, verdicts in sorted(said().items()) if verdicts] == ["c0", "c1"]
    assert recount(start=now - DAY, end=now + DAY) == []


def test_the_api_starts_it_and_says_what_is_wrong_with_a_range(
    support_assistant: Model, put: Put, stopped_clock: datetime
) -> None:
    put("llm_call", call("c1", "Too long by far.", ts=micros(stopped_clock)))
    drain(now=stopped_clock)
    evaluator(support_assistant, "short", "length", {"max": 5})
    scopes = {
        name: create_key(project=support_assistant.project, name=name, scopes=[name])[1] for name in ("read", "admin")
    }

    def post(body: dict[str, Any], scope: str = "admin") -> Any:
        auth = {"Authorization": f"Bearer {scopes[scope]}"}
        return Client().post(
            "/api/v1/evaluators/rejudge", json.dumps(body), content_type="application/json", headers=auth
        )

    start = (stopped_clock - HOUR).isoformat()
    assert post({}).json()["errors"][0]["pointer"] == "/from"
    assert post({"from": start, "to": start}).json()["errors"][0]["pointer"] == "/to"
    assert post({"from": start}, "read").status_code == 403
    answer = post({"from": start, "to": (stopped_clock + HOUR).isoformat()})
    assert (answer.status_code, answer.json()["kind"]) == (202, "rejudge")
    run_jobs(now=stopped_clock)
    assert said() == {"c1": {"short": (False, "too_long")}}


def test_the_admin_starts_it_for_the_projects_of_evaluators(
    as_ana: Client, support_assistant: Model, stopped_clock: datetime
) -> None:
    one = evaluator(support_assistant, "short", "length", {"max": 5})
    asked = {"action": "judge_again", "_selected_action": [one.pk]}
    page = as_ana.post(reverse("admin:monitoring_evaluator_changelist"), asked, follow=True)
    assert "1 job has started" in page.content.decode()
    assert Job.objects.get().kind == "rejudge"
    with pytest.raises(RangeError, match="later than"):
        start_rejudge(support_assistant.project, start=stopped_clock, end=stopped_clock, now=stopped_clock)
