"""Past calls priced again: the dry run says what the change then does, exactly once, whatever is killed or drained meanwhile."""

import json
from datetime import datetime, timedelta
from decimal import Decimal
from io import StringIO
from itertools import count
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from models_registry.jobs import cancel_job, run_jobs
from models_registry.keys import create_key
from models_registry.models import Job, Project, User
from monitoring.drain import drain
from monitoring.drain.past_calls import RangeError
from monitoring.measures.series import measure_window
from monitoring.models import AppliedPrice, LLMCall, OwnPrice, RetentionFloor, UserDay
from monitoring.prices import reprice
from monitoring.prices.reprice import start_reprice
from monitoring.selectors.summaries import Scope
from monitoring.summaries.recount import recount
from tests.monitoring.conftest import Put, micros
from tests.monitoring.test_exactly_once import Killed, death_at

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
USAGE = {"input": 1_000, "output": 100}
LISTED, OWN = 3_500_000, 1_200_000  # 1,000 × 2.5 + 100 × 10; 1,000 × 1 + 100 × 2 US dollars per million


def call(event_id: str, model: str = "gpt-4o", **more: Any) -> dict[str, Any]:
    named = {"id": event_id, "model": "assistant", "version": "1", "provider": "openai", "response_model": model}
    return {**named, "user_id": "ana", "usage": USAGE, "prompt_name": "greet", **more}


def run(project: Project, now: datetime, *, dry_run: bool, **more: Any) -> Job:
    asked = {"start": now - DAY, "end": now + HOUR, **more}
    job = start_reprice(project, dry_run=dry_run, now=now, **asked)
    while job.is_open:
        run_jobs(now=now)
        job.refresh_from_db()
    assert job.error == ""
    return job


@pytest.fixture
def drained(project: Project, put: Put, now: datetime) -> Project:
    """Two calls by the list, two of a model without a price; then the project gets prices of its own."""
    put("llm_call", call("a"), call("b", ts=micros(now - HOUR)), call("c", "mine"), call("d", "mine", cost_usd=1))
    drain(now=now)
    for name in ("gpt-4o", "mine"):
        OwnPrice.objects.create(project=project, name=name, model=name, input=Decimal(1), output=Decimal(2))
    return project


def costs() -> dict[str, int | None]:
    return dict(LLMCall.objects.values_list("event_id", "cost_nano"))


def test_a_dry_run_tells_the_difference_and_changes_nothing(drained: Project, now: datetime):
    before = list(LLMCall.objects.order_by("id").values())
    job = run(drained, now, dry_run=True)
    assert {
        name: job.report[name] for name in ("seen", "changed", "priced", "old_nano", "new_nano", "gone_before")
    } == {
        "seen": 4,
        "changed": 4,
        "priced": 2,
        "old_nano": 2 * LISTED,
        "new_nano": 4 * OWN,
        "gone_before": None,
    }
    listed = "genai-prices 0.2.3 openai/gpt-4o"
    columns = ("model", "old_price", "new_price", "calls", "old_nano", "new_nano")
    assert [tuple(line[name] for name in columns) for line in job.report["lines"]] == [
        ("openai/gpt-4o", listed, "own:gpt-4o gpt-4o", 2, 2 * LISTED, 2 * OWN),
        ("openai/mine", "", "own:mine mine", 2, 0, 2 * OWN),
    ]
    assert (job.done, job.total, job.share) == (4, 4, 1.0)
    assert list(LLMCall.objects.order_by("id").values()) == before
    assert AppliedPrice.objects.count() == 1
    assert recount(start=now - DAY, end=now + DAY) == []


def test_the_change_is_what_the_dry_run_said_and_a_second_one_finds_nothing(drained: Project, now: datetime):
    planned = run(drained, now, dry_run=True)
    done = run(drained, now, dry_run=False)
    assert done.report == planned.report
    assert costs() == dict.fromkeys("abcd", OWN)
    assert {str(row.price) for row in LLMCall.objects.select_related("price")} == {"own:gpt-4o gpt-4o", "own:mine mine"}
    assert UserDay.objects.get().cost_nano == 4 * OWN
    model = LLMCall.objects.select_related("version__model").all()[0].version.model
    for segment in ("", "prompt=greet"):
        scope = Scope(drained.pk, model.pk, segment=segment)
        reading = measure_window("cost_usd", scope, start=now - DAY, end=now + HOUR)
        assert (reading.value, reading.n) == (pytest.approx(4 * OWN / 1e9), 4)
    assert recount(start=now - DAY, end=now + DAY) == []
    assert run(drained, now, dry_run=False).report["changed"] == 0


def test_only_the_range_and_only_the_project(drained: Project, other_project: Project, now: datetime):
    assert run(other_project, now, dry_run=False).report["seen"] == 0
    assert run(drained, now, dry_run=False, start=now - 2 * HOUR, end=now).report["seen"] == 1
    assert costs() == {"a": LISTED, "b": OWN, "c": None, "d": None}


def test_what_has_no_price_any_more_keeps_the_one_that_was_applied(drained: Project, now: datetime):
    run(drained, now, dry_run=False)
    OwnPrice.objects.filter(name="mine").delete()
    assert run(drained, now, dry_run=False).report["changed"] == 0
    OwnPrice.objects.all().delete()
    assert run(drained, now, dry_run=False).report["changed"] == 2  # those of the list go back to it
    assert costs() == {"a": LISTED, "b": LISTED, "c": OWN, "d": OWN}


def test_death_at_any_statement_changes_nothing_twice(
    drained: Project, put: Put, now: datetime, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(reprice, "CALLS_PER_STEP", 3)
    for statement in count():
        OwnPrice.objects.filter(name="gpt-4o").update(input=Decimal(2 + statement % 2))
        job = start_reprice(drained, start=now - DAY, end=now + HOUR, dry_run=False, now=now)
        try:
            with death_at(statement):
                run_jobs(now=now)
        except Killed:
            put("llm_call", call(f"meanwhile-{statement % 3}"))
            drain(now=now)
        else:
            break
        while job.is_open:
            run_jobs(now=now)
            job.refresh_from_db()
        assert recount(start=now - DAY, end=now + DAY) == []
        assert UserDay.objects.get().cost_nano == sum(cost or 0 for cost in costs().values())
    assert statement > 30


def test_a_cancelled_job_stops_where_it_is_and_everything_still_agrees(
    drained: Project, now: datetime, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(reprice, "CALLS_PER_STEP", 1)
    monkeypatch.setattr("models_registry.jobs.PASS_SECONDS", 0)
    job = start_reprice(drained, start=now - DAY, end=now + HOUR, dry_run=False, now=now)
    run_jobs(now=now)
    cancel_job(job)
    run_jobs(now=now)
    job.refresh_from_db()
    assert (job.state, job.report["changed"]) == (Job.State.CANCELLED, 1)
    assert sorted(costs().values(), key=str) == [OWN, LISTED, None, None]
    assert recount(start=now - DAY, end=now + DAY) == []


def test_late_feedback_and_a_new_price_meet(drained: Project, put: Put, now: datetime):
    put("feedback", {"id": "f", "target_id": "a", "value": True, "user_id": "bia"})
    drain(now=now)
    run(drained, now, dry_run=False)
    put("feedback", {"id": "g", "target_id": "a", "value": False, "user_id": "bia", "ts": micros(now + HOUR)})
    drain(now=now)
    row = LLMCall.objects.get(event_id="a")
    assert (row.cost_nano, row.feedback_up, row.feedback_down) == (OWN, 0, 1)
    assert recount(start=now - DAY, end=now + DAY) == []


def test_the_report_says_where_calls_are_gone_and_holds_a_bounded_number_of_lines(
    drained: Project, now: datetime, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(reprice, "MAX_LINES", 1)
    RetentionFloor.objects.create(kind="events", start=int((now - HOUR).timestamp()) // 86_400 * 86_400)
    report = run(drained, now, dry_run=True, start=now - 3 * DAY).report
    assert report["gone_before"] == "2026-03-10T00:00:00+00:00"
    assert [(line["model"], line["calls"]) for line in report["lines"]] == [("openai/gpt-4o", 2), ("…", 2)]


def test_by_command(drained: Project, now: datetime, stopped_clock: datetime):
    out = StringIO()
    start = (now - DAY).isoformat()
    call_command("reprice", "--project", drained.slug, "--start", start, stdout=out)
    assert "openai/mine: unpriced -> own:mine mine: 1 calls, 0.000000000 -> 0.001200000 USD" not in out.getvalue()
    call_command("reprice", "--project", drained.slug, "--start", start, "--end", (now + HOUR).isoformat(), stdout=out)
    assert "openai/mine: unpriced -> own:mine mine: 2 calls, 0.000000000 -> 0.002400000 USD" in out.getvalue()
    assert "4 would change; --apply changes them" in out.getvalue()
    assert costs()["a"] == LISTED
    call_command("reprice", "--project", drained.slug, "--start", start, "--end", (now + HOUR).isoformat(), "--apply")
    assert costs() == dict.fromkeys("abcd", OWN)
    for wrong, told in (
        (("--project", "none"), "no project"),
        (("--end", start), "later than"),
        (("--end", "2026-03-01T00:00"), "offset"),
    ):
        with pytest.raises(CommandError, match=told):
            call_command("reprice", "--project", drained.slug, "--start", start, *wrong)


def test_by_api_and_admin(
    drained: Project, now: datetime, stopped_clock: datetime, as_ana: Client, as_bia: Client, ana: User
):
    _, token = create_key(project=drained, name="admin", scopes=["admin"])
    _, reader = create_key(project=drained, name="read", scopes=["read", "respond"])

    def post(body: Any, key: str = token) -> Any:
        headers = {"authorization": f"Bearer {key}"}
        return Client(headers=headers).post("/api/v1/prices/reprice", json.dumps(body), content_type="application/json")

    assert post({"from": "2026-03-01T00:00:00Z"}, reader).status_code == 403
    for wrong, field in (
        ({}, "/from"),
        ({"from": "x"}, "/from"),
        ([], ""),
        ({"from": "2026-03-11T00:00:00Z"}, "/to"),
        ({"from": "2026-03-01T00:00:00Z", "dry_run": "no"}, "/dry_run"),
    ):
        answer = post(wrong)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, field)
    answer = post({"from": "2026-03-01T00:00:00Z", "to": "2026-03-10T16:00:00Z"})
    assert (answer.status_code, answer.json()["kind"], answer.json()["arguments"]["dry_run"]) == (202, "reprice", True)

    address = reverse("admin:monitoring_ownprice_changelist")
    chosen = {"action": "price_again", "_selected_action": list(OwnPrice.objects.values_list("pk", flat=True))}
    as_bia.post(address, chosen)
    assert Job.objects.count() == 1
    assert "1 job has started" in as_ana.post(address, chosen, follow=True).content.decode()
    applied = Job.objects.latest("id")
    assert (applied.created_by, applied.arguments["dry_run"]) == (ana, False)
    run_jobs(now=now)
    assert costs()["b"] == OWN  # before now


def test_a_range_that_holds_nothing_is_refused(project: Project, now: datetime):
    with pytest.raises(RangeError):
        start_reprice(project, start=now, end=now, dry_run=True, now=now)
