"""Evaluators: their verdicts are frozen when a call is drained, whoever told it in whatever order, and counted once."""

import json
import random
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from models_registry.models import Model, Project
from monitoring.drain import drain
from monitoring.measures.series import measure_window
from monitoring.models import SLO, Evaluator, LLMCall, Series
from monitoring.models.evaluators import MOST
from monitoring.quality.evaluator_tryout import try_evaluator
from monitoring.selectors.event_filters import read_filter
from monitoring.selectors.events import event_page
from monitoring.selectors.summaries import Scope
from monitoring.selectors.wire import event_to_wire
from monitoring.slo.books import BookAsk, read_books
from monitoring.slo.composites import subjects_for
from monitoring.slo.validate import slo_problems
from monitoring.stats.intervals import wilson
from monitoring.summaries.recount import recount
from monitoring.summaries.rollup import rollup
from tests.monitoring.conftest import Put

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def call(event_id: str, response: Any, **more: Any) -> dict[str, Any]:
    return {"id": event_id, "model": "support-assistant", "version": "1", "response": response, **more}


def evaluator(owner: Model, slug: str, kind: str, settings: dict[str, Any], **more: Any) -> Evaluator:
    given = {"model": owner, "name": slug, "kind": kind, "settings": settings, **more}
    return Evaluator.objects.create(project=owner.project, slug=slug, **given)


def rate(name: str, now: datetime) -> tuple[float | None, int]:
    model = Model.objects.get(slug="support-assistant")
    reading = measure_window(name, Scope(model.project_id, model.pk), start=now - HOUR, end=now + HOUR)
    return reading.value, reading.n


def said() -> dict[str, dict[str, tuple[bool, str]]]:
    return {
        one.event_id: {
            slug: (verdict["passed"], verdict["label"]) for slug, verdict in event_to_wire(one)["evaluations"].items()
        }
        for one in LLMCall.objects.all()
    }


def test_verdicts_are_kept_with_the_call_and_counted(support_assistant: Model, put: Put, now: datetime) -> None:
    evaluator(support_assistant, "json", "json", {"keys": ["answer"]})
    evaluator(support_assistant, "grounded", "overlap", {"words": 1, "at_least": 0.5, "source": "context"})
    evaluator(support_assistant, "off", "length", {"max": 1}, enabled=False)
    put(
        "llm_call",
        call("good", '{"answer": 1}', context=["answer 1"]),
        call("half", '{"answer": 2}', context=["answer 1"]),
        call("cut", '{"answer": ', context=["nothing"]),
        call("silent", None),
        call("failed", None, status="error"),
    )
    put("prediction", {"id": "p", "model": "m", "prediction": "yes"})
    drain(now=now)
    assert said() == {
        "good": {"grounded": (True, ""), "json": (True, "")},
        "half": {"grounded": (True, ""), "json": (True, "")},
        "cut": {"grounded": (False, "little_overlap"), "json": (False, "not_json")},
        "silent": {},
        "failed": {},
    }
    assert rate("evaluation:json:pass_rate", now) == (2 / 3, 3)
    assert rate("evaluation:grounded:mean_score", now) == (0.5, 3)
    assert rate("evaluation:json:mean_score", now) == (2 / 3, 3)
    assert rate("evaluation_pass_rate", now) == (2 / 3, 3)
    assert rate("evaluation:off:pass_rate", now) == (None, 0)
    scope = Scope(support_assistant.project_id, support_assistant.pk)
    reading = measure_window("evaluation:json:pass_rate", scope, start=now - HOUR, end=now + HOUR)
    assert (reading.low, reading.high) == wilson(2, 3)
    assert recount(start=now - HOUR, end=now + HOUR) == []


def test_an_evaluator_takes_the_calls_that_it_is_for(
    support_assistant: Model, project: Project, put: Put, now: datetime
) -> None:
    other = Model.objects.create(project=project, slug="other", kind=Model.Kind.LLM, reviewed=True)
    evaluator(support_assistant, "everywhere", "length", {"min": 1}, model=None)
    evaluator(other, "of-other", "length", {"min": 1})
    evaluator(support_assistant, "staging", "length", {"min": 1}, environment="staging")
    evaluator(support_assistant, "of-prompt", "length", {"min": 1}, prompt_name="greet")
    evaluator(support_assistant, "sampled", "length", {"min": 1}, share=0.25)
    put("llm_call", call("a", "x"), call("b", "x", environment="staging"), call("c", "x", prompt_name="greet"))
    put("llm_call", call("d", "x", model="other"), *(call(f"n{n}", "x") for n in range(400)))
    drain(now=now)
    found = {name: set(verdicts) - {"sampled"} for name, verdicts in said().items()}
    assert [found[name] for name in "abcd"] == [
        {"everywhere"},
        {"everywhere", "staging"},
        {"everywhere", "of-prompt"},
        {"everywhere", "of-other"},
    ]
    sampled = {name for name, verdicts in said().items() if "sampled" in verdicts}
    assert 60 < len(sampled) < 140
    assert "d" not in sampled
    assert rate("evaluation:sampled:pass_rate", now) == (1.0, len(sampled))


def test_what_was_judged_stays_judged_by_what_held_then(support_assistant: Model, put: Put, now: datetime) -> None:
    one = evaluator(support_assistant, "short", "length", {"max": 3})
    put("llm_call", call("a", "long one"))
    drain(now=now)
    one.settings = {"max": 30}
    one.save()
    put("llm_call", call("b", "long one"))
    put("feedback", {"id": "f", "target_id": "a", "value": True})
    drain(now=now)
    Evaluator.objects.all().delete()
    put("llm_call", call("c", "long one"))
    put("feedback", {"id": "g", "target_id": "b", "value": False})
    drain(now=now)
    assert said() == {"a": {"short": (False, "too_long")}, "b": {"short": (True, "")}, "c": {}}
    assert rate("evaluation:short:pass_rate", now) == (0.5, 2)
    assert recount(start=now - HOUR, end=now + HOUR) == []


def test_nobody_pays_for_an_evaluator_that_is_not_there(support_assistant: Model, put: Put, now: datetime) -> None:
    put("llm_call", call("a", "x"))
    with CaptureQueriesContext(connection) as seen:
        drain(now=now)
    assert sum("monitoring_evaluator" in query["sql"] for query in seen) == 1
    assert not Series.objects.filter(layout="evaluation-1").exists()
    assert rate("evaluation_pass_rate", now) == (None, 0)


def test_settings_that_slipped_past_the_form_stop_no_drain(support_assistant: Model, put: Put, now: datetime) -> None:
    evaluator(support_assistant, "broken", "pattern", {"must_match": "("})
    evaluator(support_assistant, "gone", "toxicity", {})
    evaluator(support_assistant, "short", "length", {"max": 3})
    put("llm_call", call("a", "x"))
    drain(now=now)
    assert said() == {"a": {"short": (True, "")}}


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_arrival_changes_nothing(seed: int, support_assistant: Model, put: Put, now: datetime) -> None:
    evaluator(support_assistant, "short", "length", {"max": 5}, share=0.5)
    evaluator(support_assistant, "json", "json", {})
    items = [call(f"{n}", "1" * (n % 9 + 1), segments={"plan": f"p{n % 2}"}) for n in range(40)]
    random.Random(seed).shuffle(items)
    for part in (items[:11], items[11:12], items[12:]):
        put("llm_call", *part)
        if seed % 2:
            drain(now=now)
    drain(now=now)
    assert rate("evaluation:json:pass_rate", now) == (1.0, 40)
    assert rate("evaluation:short:pass_rate", now) == (10 / 18, 18)
    rollup(now=now + HOUR)
    assert rate("evaluation:short:pass_rate", now) == (10 / 18, 18)
    assert recount(start=now - HOUR, end=now + HOUR) == []


def test_what_redaction_left_of_personal_data_is_told(support_assistant: Model, put: Put, now: datetime) -> None:
    project = support_assistant.project
    project.redact_extra = {"order": "A-[0-9]+"}
    project.save()
    evaluator(support_assistant, "leak", "no_personal_data", {"allow": ["email"]})
    put("llm_call", call("a", "[key] and [email]"), call("b", "[email] of [order]"), call("c", "ana@x.com, see [1]"))
    drain(now=now)
    project.redact = False
    project.save()
    put("llm_call", call("d", "ask ana@x.com"), call("e", "sk-abcdefghijklmnop1234"), call("f", "as [key] says"))
    drain(now=now)
    assert {name: verdicts["leak"] for name, verdicts in said().items()} == {
        "a": (False, "personal_data"),
        "b": (False, "personal_data"),
        "c": (True, ""),
        "d": (True, ""),
        "e": (False, "personal_data"),
        "f": (True, ""),
    }
    assert event_to_wire(LLMCall.objects.get(event_id="b"))["evaluations"]["leak"]["reason"] == "It holds: order."


def test_an_answer_that_was_cut_is_not_called_broken(support_assistant: Model, put: Put, now: datetime) -> None:
    evaluator(support_assistant, "json", "json", {})
    evaluator(support_assistant, "polite", "words", {"none": ["damn"]})
    cut = {"extra": {"_truncated": {"/response": 90_000}}}
    put("llm_call", call("a", '{"a": "damn', **cut), call("b", "{}", extra={"_truncated": {"/prompt": 90_000}}))
    drain(now=now)
    assert said() == {"a": {"polite": (False, "forbidden_words")}, "b": {"json": (True, ""), "polite": (True, "")}}
    told = event_to_wire(LLMCall.objects.get(event_id="a"))["evaluations"]["polite"]
    assert told == {
        "passed": False,
        "score": 0.0,
        "label": "forbidden_words",
        "reason": "It says “damn”. Only its beginning was read.",
        "partial": True,
    }


def test_failures_are_found_and_nothing_else_reads_like_one(support_assistant: Model, put: Put, now: datetime) -> None:
    evaluator(support_assistant, "polite", "words", {"none": ["damn"]})
    evaluator(support_assistant, "polit_", "pattern", {"must_not_match": 'x"polite":\\[false,y'})
    put("llm_call", call("a", "damn"), call("b", "fine"), call("c", 'x"polite":[false,y'))
    drain(now=now)

    def found(slug: str) -> set[str]:
        asked = read_filter("llm_call", {"failed_evaluator": slug}, now=now + HOUR)
        return {one.event_id for one in event_page("llm_call", support_assistant.project, asked).items}

    assert (found("polite"), found("polit_"), found("*"), found("none")) == ({"a"}, {"c"}, {"a", "c"}, set())


def test_an_objective_counts_answers_that_passed(
    support_assistant: Model, credit_risk: Model, put: Put, now: datetime
) -> None:
    evaluator(support_assistant, "json", "json", {})
    evaluator(support_assistant, "short", "length", {"max": 2})
    put("llm_call", *(call(f"{n}", "1" if n else "{") for n in range(4)), call("long", "111"))
    drain(now=now)
    slos = [
        SLO(project=support_assistant.project, model=support_assistant, slug="s", name="s", sli=sli, target=0.9)
        for sli in ("evaluation:json", "evaluations_passed")
    ]
    assert [slo_problems(slo) for slo in slos] == [{}, {}]
    subjects = subjects_for(slos)
    edges = np.array([int((now - HOUR).timestamp()), int((now + HOUR).timestamp())])
    books = read_books([BookAsk(slo, subject, edges) for slo, subject in zip(slos, subjects, strict=True)])
    counted = [book.between(edges[:1], edges[1:]) for book in books]
    assert [(int(good[0]), int(valid[0])) for good, valid in counted] == [(4, 5), (3, 5)]
    slos[0].sli = "evaluation:json:pass_rate"
    assert "sli" in slo_problems(slos[0])
    slos[0].sli, slos[0].model = "evaluation:json", credit_risk
    assert "sli" in slo_problems(slos[0])


def test_it_is_tried_on_the_newest_calls_before_it_judges_any(
    support_assistant: Model, put: Put, now: datetime
) -> None:
    put("llm_call", *(call(f"{n}", json.dumps(n)) for n in range(60)), call("silent", None))
    drain(now=now)
    asked = Evaluator(project=support_assistant.project, slug="new", kind="pattern", settings={"must_match": "[05]$"})
    found = try_evaluator(asked, now=now)
    assert (len(found.calls), sum(found.counts.values()), found.counts["not_evaluated"]) == (50, 50, 1)
    assert all((one.verdict.passed == (one.answer[-1] in "05")) for one in found.calls if one.verdict)
    assert {one.reason for one in found.calls} == {"", "It does not match the pattern."}
    asked.environment, asked.share = "staging", 0.001
    assert try_evaluator(asked, now=now).calls == ()
    assert try_evaluator(asked, now=now + timedelta(days=8)).calls == ()


def test_what_could_never_judge_is_refused(support_assistant: Model, credit_risk: Model) -> None:
    project = support_assistant.project

    def problems(**more: Any) -> set[str]:
        given = {"project": project, "slug": "new", "name": "New", "kind": "json", "model": support_assistant}
        one = Evaluator(**{**given, **more})
        try:
            one.full_clean()
        except ValidationError as error:
            return set(error.message_dict)
        return set()

    assert problems() == problems(model=None) == set()
    assert problems(settings={"keys": 1}) == problems(settings=[]) == problems(settings=None) | {"settings"}
    assert problems(kind="toxicity") == {"kind"}
    assert problems(model=credit_risk) == {"model"}
    assert problems(share=0) == problems(share=1.1) == problems(share=float("nan")) == {"share"}
    assert problems(slug="x" * 29) == {"slug"}
    elsewhere = Model.objects.create(project=Project.objects.create(slug="else"), slug="e", kind=Model.Kind.LLM)
    assert problems(model=elsewhere) == {"model"}
    for number in range(MOST):
        evaluator(support_assistant, f"e-{number}", "json", {})
    assert problems() == {"model"}
    assert problems(model=None) == set()
