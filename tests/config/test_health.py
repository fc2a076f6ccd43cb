import re
from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.test import Client

from alerting.models import Incident, Notification
from config import health, metrics, pipeline
from lib.clock import real_now
from lib.ids import uuid7
from monitoring.models import InboxBody, ProcessState, StageRun
from tests.alerting.notify_cast import make_channel, make_incident
from tests.cast import make_credit_risk, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def moving(monkeypatch, now) -> StageRun:
    """Every stage ran just now, and the broker is somebody else's test."""
    monkeypatch.setattr("config.broker.answers", lambda: True)
    return StageRun.objects.create(stage="drain", every=1, started_at=real_now(), story_at=now)


def reasons(client) -> str:
    response = client.get("/health/pipeline")
    assert response.status_code == (503 if response.json()["reasons"] else 200)
    return " · ".join(response.json()["reasons"])


def waiting(project, now, age: timedelta) -> InboxBody:
    return InboxBody.objects.create(
        project=project, kind="log", received_us=0, arrived_at=real_now() - age, items=b"[]", accepted=7
    )


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/health/pipeline", "/metrics"])
def test_health_is_only_read(path) -> None:
    answer = Client(enforce_csrf_checks=True).post(path)
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")


def test_alive_without_a_database(client, django_db_blocker):
    with django_db_blocker.block():
        assert client.get("/health/live").json() == {"status": "ok"}


def test_ready_although_the_pipeline_stands_still(client):
    assert client.get("/health/ready").status_code == 200
    assert client.get("/health/pipeline").status_code == 503


def test_a_moving_pipeline_has_no_reasons(client, moving):
    assert reasons(client) == ""


def test_a_dead_broker_is_a_reason(client, moving, monkeypatch):
    monkeypatch.setattr("config.broker.answers", lambda: False)
    assert reasons(client) == "broker: does not answer a PING"


def test_a_ticker_that_never_ran_or_fell_silent_is_a_reason(client, moving):
    moving.started_at -= timedelta(seconds=90)
    moving.save()
    assert "ticker: no stage has run for 90 s" in reasons(client)
    moving.delete()
    assert "ticker: no stage has run yet" in reasons(client)


def test_a_late_stage_and_a_failing_one_are_named(client, moving, now):
    late = real_now() - timedelta(minutes=10)
    StageRun.objects.create(stage="evaluate", every=15, started_at=late, story_at=now)
    StageRun.objects.filter(stage="drain").update(last_error="ValueError: bad\nmore", succeeded_at=late)
    assert (
        reasons(client) == "stage evaluate: last began 600 s ago · stage drain: failing; the collection page says why"
    )


def test_a_stage_that_never_succeeded_is_told_from_one_that_did(client, moving):
    StageRun.objects.filter(stage="drain").update(last_error="ValueError: bad", succeeded_at=None)
    assert reasons(client) == "stage drain: has never succeeded; the collection page says why"


def test_a_drain_that_is_behind_is_a_reason(client, moving, project, now):
    waiting(project, now, timedelta(seconds=5))
    assert reasons(client) == ""
    waiting(project, now, timedelta(seconds=75))
    assert reasons(client) == "drain: 14 items wait, the oldest for 75 s"


def outbox(now, *rows: dict) -> None:
    """Messages to one channel, in order; times are minutes from the present."""
    project = make_project("outbox", "Outbox")
    model, channel = make_credit_risk(project), make_channel(project)
    incidents: dict[int, Incident] = {}
    for place, row in enumerate(rows):
        number = row.get("incident", 1)
        if number not in incidents:
            incidents[number] = make_incident(model, now, number=number)
        lease = row.get("lease")
        Notification.objects.create(
            uid=uuid7(),
            incident=incidents[number],
            channel=channel,
            generation=str(place),
            reason="opened",
            state="queued" if lease is None else "sending",
            created_at=now,
            not_before=real_now() + timedelta(minutes=row["due"]),
            lease_until=None if lease is None else real_now() + timedelta(minutes=lease),
        )


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"due": -4}], ""),
        ([{"due": -6}], "outbox: a message has been due for 360 s"),
        ([{"due": 9}, {"due": -60}], ""),  # behind one that is tried again later
        ([{"due": 9}, {"due": -60}, {"due": -7, "incident": 2}], "outbox: a message has been due for 420 s"),
        ([{"due": -60, "lease": 0.5}, {"due": -60}], ""),  # under way
        ([{"due": -60, "lease": -8}, {"due": -60}], "outbox: a message has been due for 480 s"),  # its sender died
    ],
)
def test_a_message_that_could_go_out_and_does_not_is_a_reason(client, moving, now, rows, said):
    outbox(now, *rows)
    assert reasons(client) == said
    age = re.search(r"^atalaia_outbox_age_seconds (\S+)", client.get("/metrics").content.decode(), re.M)
    assert (float(age[1]) > 300) == bool(said)


def test_a_process_being_restarted_is_a_reason(client, moving):
    ProcessState.objects.create(
        name="worker", state="restarting", last_exit="killed by SIGKILL", seen_at=real_now(), restarts=3
    )
    assert reasons(client) == "process worker: restarting (killed by SIGKILL)"


def test_metrics_tell_of_the_process_and_of_the_domain(client, moving, project, now):
    waiting(project, now, timedelta(seconds=75))
    text = client.get("/metrics").content.decode()
    assert "django_http_requests_before_middlewares_total" in text
    assert "atalaia_inbox_items 7.0" in text
    assert 'atalaia_incidents{state="open"} 0.0' in text
    assert 'atalaia_stage_age_seconds{stage="drain"}' in text


def test_a_part_that_cannot_be_read_is_named_and_breaks_nothing_else(client, moving, monkeypatch):
    def _inbox() -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr(metrics, "PARTS", [_inbox, *metrics.PARTS[1:]])
    text = client.get("/metrics").content.decode()
    assert 'atalaia_scrape_failed{part="inbox"} 1.0' in text
    assert 'atalaia_incidents{state="open"} 0.0' in text
    assert "django_http" in text


def test_a_token_closes_the_metrics_to_others(client, settings):
    settings.METRICS_TOKEN = "open-sesame"
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer open-sesame"}).status_code == 200


def test_a_broken_database_is_a_reason_too(client, moving, monkeypatch):
    def gone(_now, _real_now):
        raise DatabaseError("gone")

    monkeypatch.setattr(pipeline, "_ticker", gone)
    assert "DatabaseError" in reasons(client)
    monkeypatch.setattr(health, "now", lambda: gone(None, None))
    assert reasons(client) == "database: DatabaseError"
