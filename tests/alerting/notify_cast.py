"""Incidents, channels and a hand-moved real clock for the tests of notifications."""

import base64
import hmac
import json
import sqlite3
from contextlib import contextmanager
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import connections

from alerting.admin.messages import ChannelForm
from alerting.labels.matchers import parse_lines, parse_matchers, to_json
from alerting.models import Alert, AlertRule, Channel, Incident, IncidentEvent, Notification, Route, Severity, Silence
from alerting.notify.send import send
from lib.clock import real_now
from lib.vault import seal, unseal
from tests.receiver import Received

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


class HandClock:
    """Real time that only moves when a test says so."""

    def __init__(self) -> None:
        self.at = real_now() + timedelta(minutes=1)

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **parts: float) -> None:
        self.at += timedelta(**parts)


def make_incident(model, now: datetime, *, number: int = 7, severity: str = Severity.PAGE, **fields) -> Incident:
    """An open incident with one firing alert."""
    incident = Incident.objects.create(
        project=model.project,
        number=number,
        title="Accuracy of Credit risk is falling",
        model=model,
        group_key=f"model:{model.pk}:{number}",
        severity=severity,
        impact_started_at=now - timedelta(minutes=20),
        opened_at=now,
        **fields,
    )
    rule, _ = AlertRule.objects.get_or_create(
        project=model.project,
        slug="accuracy",
        defaults={
            "name": "Accuracy",
            "kind": "threshold",
            "model": model,
            "measure": "accuracy",
            "comparison": "lt",
            "threshold": 0.8,
            "summary": "Labels disagree with decisions",
        },
    )
    Alert.objects.create(
        rule=rule,
        fingerprint=f"fp{number}",
        labels={"rule": rule.slug, "model": model.slug, "project": model.project.slug},
        state=Alert.State.FIRING,
        severity=severity,
        fired_at=now,
        reason="0.71 is below 0.8",
        value=0.71,
        incident=incident,
    )
    return incident


def make_channel(project, kind: str = Channel.Kind.CONSOLE, name: str = "", **fields) -> Channel:
    if kind == Channel.Kind.WEBHOOK:
        fields.setdefault("secret", seal(SECRET))
    return Channel.objects.create(project=project, kind=kind, name=name or kind, **fields)


def stored_by_form(project, kind: str, target: str, secret: str) -> tuple[str, str]:
    """The target and the opened secret of a channel that went through the form."""
    given = {"project": project.pk, "name": kind, "kind": kind, "minimum_severity": Severity.TICKET}
    form = ChannelForm({**given, "target": target, "new_secret": secret})
    assert form.errors == {}
    form.save()
    channel = Channel.objects.get(name=kind)
    return channel.target, unseal(channel.secret) if channel.secret else ""


def silence(incident: Incident, owner, now: datetime, *, hours: float = 2, asked: str = "", **fields) -> Silence:
    matchers = to_json(parse_matchers(asked or f'model="{incident.model.slug}"'))
    ends = now + timedelta(hours=hours)
    return Silence.objects.create(
        **{"project": incident.project, **fields}, matchers=matchers, starts_at=now, ends_at=ends, owner=owner
    )


def states() -> list[tuple[str, str, str]]:
    return list(Notification.objects.order_by("id").values_list("reason", "state", "decision"))


def told_by(incident: Incident) -> list[str]:
    return [event.kind for event in IncidentEvent.objects.filter(incident=incident)]


def verified(got: Received, secret: str = SECRET) -> dict:
    """The payload, after an independent check of the signature as the specification words it."""
    key = base64.b64decode(secret.split("_", 1)[1])
    content = b".".join([got.headers["webhook-id"].encode(), got.headers["webhook-timestamp"].encode(), got.body])
    expected = base64.b64encode(hmac.new(key, content, sha256).digest()).decode()
    versions = [part.split(",", 1) for part in got.headers["webhook-signature"].split(" ")]
    assert ["v1", expected] in versions
    return json.loads(got.body)


@contextmanager
def database_for_many(folder):
    """A database that several threads and processes can use: PostgreSQL as it is, SQLite copied from memory to a file."""
    here = connections["default"]
    if here.vendor != "sqlite" or not here.is_in_memory_db():
        yield
        return
    name = here.settings_dict["NAME"]
    path = folder / "many.sqlite3"
    with sqlite3.connect(path) as copy:
        here.ensure_connection()
        here.connection.backup(copy)
    copy.close()
    here.settings_dict["NAME"] = str(path)
    connections["default"] = connections.create_connection("default")
    try:
        yield
    finally:
        connections["default"].close()
        here.settings_dict["NAME"] = name
        connections["default"] = here


class Story:
    """Both clocks moved together, as in production."""

    def __init__(self, now: datetime) -> None:
        self.now, self.real = now, HandClock()

    def after(self, **parts: float) -> list[tuple[str, str]]:
        """What was sent (channel, reason) in the pass that runs so much later."""
        self.now += timedelta(**parts)
        self.real.forward(**parts)
        before = set(Notification.objects.filter(state="sent").values_list("pk", flat=True))
        send(now=self.now, clock=self.real)
        rows = Notification.objects.filter(state="sent").exclude(pk__in=before).select_related("channel")
        return [(row.channel.name, row.reason) for row in rows.order_by("sent_at", "id")]


def route(project, name: str, matchers: str = "", *channels: Channel, **fields) -> Route:
    if name != "root":
        fields.setdefault("parent", Route.objects.get(project=project, name="root"))
    made = Route.objects.create(project=project, name=name, matchers=to_json(parse_lines(matchers)), **fields)
    made.channels.set(channels)
    return made
