"""Who watches the watcher: what it finds, what every page says, and who outside hears that all is well."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import translation

from alerting.evaluate.evaluation_lag import evaluation_lag
from config.perform import run_once
from config.stages import STAGES
from config.watch import watch
from lib.clock import real_now
from lib.stage import Summary
from monitoring.models import StageRun
from monitoring.selectors.clock_skew import clock_skew
from monitoring.stage_runs import missed_rounds, run_stage
from panel.unwell import say
from tests.alerting.notify_cast import make_channel
from tests.alerting.rule_cast import error_rule

pytestmark = pytest.mark.django_db
WATCH = next(stage for stage in STAGES if stage.name == "watch")


@pytest.fixture
def well(monkeypatch, now) -> StageRun:
    """Every stage ran just now."""
    monkeypatch.setattr("config.broker.answers", lambda: True)
    return StageRun.objects.create(stage="drain", every=1, started_at=real_now(), story_at=now)


def seen(reason: str, **values: object) -> list[dict[str, object]]:
    return [{"code": reason, **values}]


def test_rounds_that_were_missed_are_counted_and_not_made_up_for(now) -> None:
    def stage(*, now) -> Summary:
        calls.append(now)
        return Summary()

    calls: list[object] = []
    for second in (0, 15, 30, 120, 135, 100):  # five rounds are missing, and a clock that was put back
        run_stage("evaluate", stage, now=now, real_now=now + timedelta(seconds=second), every=15)
    row = StageRun.objects.get()
    assert (row.missed, row.runs, len(calls)) == (5, 6, 6)
    assert missed_rounds(now, now + timedelta(days=1), every=0) == 0


def test_the_last_success_outlives_failures(now) -> None:
    def stage(*, now) -> Summary:
        raise ValueError("broken")

    run_stage("notify", lambda *, now: Summary(), now=now, real_now=now)
    run_stage("notify", stage, now=now, real_now=now + timedelta(minutes=5))
    row = StageRun.objects.get()
    assert row.last_error
    assert row.succeeded_at is not None
    assert row.succeeded_at - now < timedelta(seconds=1)


def test_a_rule_that_nobody_evaluates_is_behind(credit_risk, stopped_clock, well, client: Client) -> None:
    rule = error_rule(credit_risk, last_slot=stopped_clock - timedelta(minutes=2))
    error_rule(credit_risk, "off", enabled=False, last_slot=stopped_clock - timedelta(days=1))
    error_rule(credit_risk, "new")
    lag = evaluation_lag(now=stopped_clock)
    assert lag is not None
    assert (lag.rule, lag.behind) == ("errors", timedelta(minutes=1))
    assert client.get("/health/pipeline").status_code == 200
    rule.last_slot -= timedelta(minutes=1)
    rule.save()
    answer = client.get("/health/pipeline")
    assert (answer.status_code, answer.json()["reasons"]) == (503, ["rule errors: due for 120 s and not evaluated"])
    assert "atalaia_evaluation_lag_seconds 120.0" in client.get("/metrics").content.decode()


def test_clocks_that_differ_are_a_reason(well, client: Client, monkeypatch) -> None:
    monkeypatch.setattr("config.pipeline.clock_skew", lambda: timedelta(seconds=-11))
    assert client.get("/health/pipeline").json()["reasons"] == ["clock: this machine and the database differ by 11 s"]


def test_the_heartbeat_goes_out_only_while_all_is_well(well, hook, settings, now) -> None:
    settings.HEARTBEAT_URL = hook.url("/beat")
    assert watch(now=now) == Summary(written=1)
    assert [(one.method, one.path) for one in hook.received] == [("GET", "/beat")]
    StageRun.objects.filter(stage="drain").update(last_error="ValueError: bad", succeeded_at=real_now())
    found = watch(now=now)
    assert (found.seen, found.written, len(hook.received)) == (1, 0, 1)
    assert found.facts[0]["code"] == "failing"


def test_a_broker_that_nobody_needs_holds_no_heartbeat_back(well, hook, settings, now, monkeypatch) -> None:
    """Whoever started the stage had one that works, or is `tick --loop`."""
    monkeypatch.setattr("config.broker.answers", lambda: False)
    settings.HEARTBEAT_URL = hook.url("/beat")
    assert watch(now=now) == Summary(written=1)


def test_a_heartbeat_that_does_not_arrive_is_told(well, hook, settings, now) -> None:
    for url, why in ((hook.url("/beat").replace("http:", "ftp:"), "https"), ("http://127.0.0.1:1/", "connection")):
        settings.HEARTBEAT_URL = url
        found = watch(now=now)
        assert (found.skipped, found.facts[0]["code"]) == (1, "heartbeat")
        assert why in str(found.facts[0]["name"])
    settings.OUTGOING_ALLOW_PRIVATE = False
    settings.HEARTBEAT_URL = hook.url("/beat").replace("http:", "https:")
    assert "private" in str(watch(now=now).facts[0]["name"])


def test_every_alertmanager_has_the_watchdog_for_five_minutes(well, hook, project, now) -> None:
    make_channel(project, kind="alertmanager", target=hook.url("/am"), name="AM")
    make_channel(project, kind="alertmanager", target=hook.url("/off"), name="Off", enabled=False)
    assert watch(now=now).written == 1
    [got] = hook.received
    [alert] = json.loads(got.body)
    assert got.path == "/am/api/v2/alerts"
    assert alert["labels"] == {"alertname": "Watchdog", "project": "aurora", "severity": "none"}
    assert timedelta(minutes=4) < timedelta(seconds=span_of(alert)) <= timedelta(minutes=5)


def span_of(alert: dict[str, str]) -> float:
    from_, until = (parse(alert[name]) for name in ("startsAt", "endsAt"))
    return (until - from_).total_seconds()


def parse(text: str):
    return real_now().fromisoformat(text)


def test_every_page_says_what_it_found(well, as_ana: Client, project, settings, now) -> None:
    StageRun.objects.filter(stage="drain").update(
        last_error="ValueError: bad", started_at=real_now(), succeeded_at=real_now()
    )
    run_once(WATCH, now=now)
    row = StageRun.objects.get(stage="watch")
    assert row.facts == seen("failing", name="drain", seconds=row.facts[0]["seconds"])
    for page in ("slos/", "incidents/"):
        assert "A part of the panel fails at every attempt" in as_ana.get(f"/p/aurora/{page}").content.decode()
    StageRun.objects.filter(stage="watch").update(started_at=real_now() - timedelta(hours=1))
    text = as_ana.get("/p/aurora/slos/").content.decode()
    assert "fails at every attempt" not in text, "what it said an hour ago is not said now"
    assert "watch" in text, "its own silence is"


@pytest.mark.parametrize("language", ["en", "pt-br"])
def test_every_reason_has_words(language: str) -> None:
    codes = ["drain", "evaluation", "outbox", "failing", "never", "clock", "heartbeat", "watchdog"]
    with translation.override(language):
        told = [say({"code": code, "seconds": 90, "name": "here"}) for code in codes]
    assert all(told)
    assert len(set(told)) == len(codes)
    assert say({"code": "late", "name": "drain"}) == "", "other banners say so"


def test_the_clock_of_the_database_is_ours_on_one_machine(db: None) -> None:
    """However long the question takes; PostgreSQL has a clock, SQLite none."""
    assert abs(clock_skew()) < timedelta(seconds=1)
