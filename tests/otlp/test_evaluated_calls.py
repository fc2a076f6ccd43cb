"""Answers that spans tell are evaluated like those that clients send, however many spans tell them and in whatever order."""

from datetime import timedelta
from itertools import permutations

import pytest

from lib import clock
from models_registry.jobs import run_jobs
from models_registry.models import Project
from monitoring.models import Bucket, Evaluator, LLMCall, Span
from monitoring.quality.rejudge import start_rejudge
from monitoring.selectors.wire import event_to_wire
from monitoring.storage.packing import needs_another
from tests.otlp.conftest import request
from tests.otlp.test_calls import NATIVE, chat, drained
from tests.otlp.test_texts import ANSWER, SAID

SPANS = (
    request(chat(**NATIVE), scope="com.vendor.sdk").SerializeToString(),
    request(chat(attributes=SAID)).SerializeToString(),
)


@pytest.fixture
def evaluators(project: Project) -> None:
    for slug, settings in (("because", {"must_match": "^because"}), ("why", {"must_match": "^why"})):
        Evaluator.objects.create(project=project, slug=slug, name=slug, kind="pattern", settings=settings)
    Evaluator.objects.create(
        project=project, slug="short", name="short", kind="length", settings={"max": len(ANSWER) - 1}
    )


@pytest.mark.django_db
@pytest.mark.parametrize("order", list(permutations(range(2))))
def test_a_call_that_two_spans_tell_is_evaluated_once(order: tuple[int, ...], evaluators, project: Project, export):
    for place in order:
        export(SPANS[place])
        (call,) = drained()
    told = {slug: (one["passed"], one["label"]) for slug, one in event_to_wire(call)["evaluations"].items()}
    assert told == {"because": (True, ""), "short": (False, "too_long"), "why": (False, "no_match")}
    counted = Bucket.objects.filter(tier=0, series__metric="ev:because").values_list("n", flat=True)
    assert sum(counted) == 1


@pytest.mark.django_db
def test_what_is_packed_by_its_span_is_read(evaluators, project: Project, export):
    export(SPANS[1])
    (call,) = drained()
    assert needs_another(bytes(call.texts))
    assert event_to_wire(call)["evaluations"]["because"]["passed"]


@pytest.mark.django_db
def test_texts_that_need_a_span_which_is_gone_are_left_as_they_were_judged(evaluators, project: Project, export):
    for body in SPANS:
        export(body)
    (call,) = drained()
    assert needs_another(bytes(call.texts))
    told = event_to_wire(call)["evaluations"]
    Span.objects.all().delete()
    Evaluator.objects.filter(slug="short").update(settings={"max": 1_000})
    now = clock.now()
    job = start_rejudge(project, start=now - timedelta(days=1), end=now, now=now)
    run_jobs(now=now)
    job.refresh_from_db()
    assert (job.state, job.report["seen"], job.report["changed"]) == ("done", 1, 0)
    assert event_to_wire(LLMCall.objects.get())["evaluations"] == told
