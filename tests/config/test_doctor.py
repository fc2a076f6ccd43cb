"""`manage.py doctor`: every fault that a panel can have is named with its mend, and a healthy one has none."""

import json
import socket
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError
from django.db.migrations.executor import MigrationExecutor

from alerting.models import Channel, Notification
from config.doctor import examine, storage
from lib.clock import real_now
from lib.ids import uuid7
from lib.vault import seal
from models_registry.models import Model, Project
from monitoring.models import DeadLetter, LogRecord, StageRun
from tests.alerting.notify_cast import make_channel
from tests.alerting.rule_cast import error_rule
from tests.cast import wait_in_inbox

pytestmark = pytest.mark.django_db
Told = dict[str, list[tuple[str, str, str]]]


@pytest.fixture
def doctor(monkeypatch: Any, now: datetime) -> Callable[..., Told]:
    """Of a panel whose stages ran just now: findings by name, each with its state, words and mend."""
    monkeypatch.setattr("config.broker.answers", lambda: True)
    monkeypatch.setattr(MigrationExecutor, "migration_plan", lambda self, nodes: [])  # tests make tables without them
    StageRun.objects.create(stage="drain", every=1, started_at=real_now(), story_at=now)

    def ask(**options: Any) -> Told:
        out = StringIO()
        with suppress(CommandError):
            call_command("doctor", "--json", stdout=out, **options)
        document = json.loads(out.getvalue())
        told: Told = {}
        for one in document["findings"]:
            told.setdefault(one["name"], []).append((one["state"], one["says"], one["mend"]))
            assert bool(one["mend"]) == (one["state"] != "ok"), one
        assert document["ok"] == all(state != "fail" for found in told.values() for state, _, _ in found)
        return told

    return ask


def test_a_panel_that_is_well_has_a_line_for_everything_and_ends_with_0(doctor: Any) -> None:
    told = doctor()
    assert list(told) == [
        *["database", "migrations", "settings", "broker", "ticker", "drain", "evaluation", "outbox", "processes"],
        *["clock", "dead letters", "channels", "mail", "watcher", "disk", "growth"],
    ]
    assert [found for name, found in told.items() if found[0][0] != "ok" and name != "disk"] == []
    assert "takes writes" in told["database"][0][1]
    out = StringIO()
    call_command("doctor", stdout=out)
    assert "ok    drain         the inbox is empty" in out.getvalue()


@pytest.mark.parametrize("silence", [90, None])
def test_a_ticker_that_stands_still_fails_and_says_what_to_start(doctor: Any, silence: int | None) -> None:
    if silence is None:
        StageRun.objects.all().delete()
    else:
        StageRun.objects.update(started_at=real_now() - timedelta(seconds=silence))
    ((state, says, mend),) = doctor()["ticker"]
    assert state == "fail"
    assert "no stage has run" in says
    assert "manage.py up" in mend
    with pytest.raises(CommandError, match="needs mending: ticker"):
        call_command("doctor", stdout=StringIO())


def test_what_waits_and_what_was_lost_is_told(doctor: Any, credit_risk: Model, now: datetime) -> None:
    wait_in_inbox(credit_risk, real_now() - timedelta(minutes=10))
    DeadLetter.objects.create(project=credit_risk.project, kind="log", item=b"{}", error="bad\nmore", at=now)
    told = doctor()
    assert told["drain"][0][:2] == ("fail", "1 items wait, the oldest for 600 s")
    assert told["dead letters"][0][:2] == ("warn", "1 items could not be stored, the newest: bad")
    assert "replay" in told["dead letters"][0][2]


def test_channels_that_fail_or_cannot_be_opened_and_rules_that_reach_nobody(
    doctor: Any, credit_risk: Model, now: datetime, settings: Any
) -> None:
    error_rule(credit_risk)
    assert doctor()["channels"][0][1] == "project aurora has rules and no channel: its alerts reach nobody"
    broken = make_channel(credit_risk.project, Channel.Kind.WEBHOOK, "hook", failures=5, last_error="refused")
    Channel.objects.filter(pk=broken.pk).update(secret=seal("other"))
    Notification.objects.create(
        uid=uuid7(), channel=broken, generation="1", reason="opened", state="dead", created_at=now, not_before=now
    )
    make_channel(credit_risk.project, name="shaky", failures=1, last_error="slow")
    settings.CHANNEL_KEY = "another key of the installation, long enough"
    told = {(state, says) for state, says, _ in doctor()["channels"]}
    assert told == {
        ("fail", "aurora/hook: its secret cannot be read"),
        ("fail", "aurora/hook: 5 failures in a row: refused"),
        ("warn", "aurora/shaky: 1 failures in a row: slow"),
        ("warn", "1 messages were given up"),
    }


def test_mail_is_looked_at_where_a_channel_needs_it(doctor: Any, project: Project, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    assert doctor()["mail"][0][0] == "ok"
    make_channel(project, Channel.Kind.EMAIL, target="ana@aurora.example")
    assert doctor()["mail"][0][0] == "warn"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", probe.getsockname()[1]
        state, says, _ = doctor()["mail"][0]
    assert state == "fail"
    assert "takes no mail from here: ConnectionRefusedError" in says


def test_growth_is_foretold_from_the_age_of_what_is_there(
    doctor: Any, project: Project, stopped_clock: datetime, monkeypatch: Any, settings: Any
) -> None:
    settings.RETENTION = {**settings.RETENTION, "events": timedelta(days=35)}
    assert "too young to tell" in doctor()["growth"][0][1]
    born = int((stopped_clock - timedelta(days=7)).timestamp()) * 1_000_000
    LogRecord.objects.create(id=1, project=project, event_id="a", ts_us=born, ingested_us=born, message="x")
    monkeypatch.setattr(storage, "_size", lambda: 7 * 10**9)
    assert "7.0 GB after 7 d, 1.0 GB a day, 35.0 GB in the end" in doctor()["growth"][0][1]
    LogRecord.objects.update(ingested_us=born - 28 * 86_400 * 1_000_000)
    assert "full of 35 days" in doctor()["growth"][0][1]


def test_little_room_on_the_disk(doctor: Any, monkeypatch: Any) -> None:
    usage = type("Usage", (), {"total": 10**12, "used": 0, "free": 10**9})
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage)
    assert doctor()["disk"][0][0] == "fail"


def test_a_database_that_refuses_is_all_there_is_to_say(doctor: Any, monkeypatch: Any) -> None:
    def gone(_real_now: datetime) -> None:
        raise DatabaseError("connection refused\npassword=secret")

    monkeypatch.setattr(examine, "FIRST", (gone, *examine.FIRST[1:]))
    told = doctor()
    assert told["gone"][0][:2] == ("fail", "DatabaseError: connection refused")
    assert set(told) == {"gone", "disk"}


def test_tables_of_another_version_are_told_before_anything_fails_for_them(doctor: Any, monkeypatch: Any) -> None:
    migration = type("M", (), {"app_label": "monitoring", "name": "0099_new"})
    monkeypatch.setattr(MigrationExecutor, "migration_plan", lambda self, nodes: [(migration, False)])
    told = doctor()
    assert told["migrations"][0][:2] == ("fail", "1 not applied, the first monitoring.0099_new")
    assert "manage.py prepare" in told["migrations"][0][2]


def test_strict_ends_with_1_on_warnings(doctor: Any, project: Project, now: datetime) -> None:
    DeadLetter.objects.create(project=project, kind="log", item=b"{}", error="bad", at=now)
    call_command("doctor", stdout=StringIO())
    with pytest.raises(CommandError, match="dead letters"):
        call_command("doctor", "--strict", stdout=StringIO())
