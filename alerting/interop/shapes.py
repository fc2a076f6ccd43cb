"""Alerts and silences in the words of Alertmanager's API v2."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final

from django.conf import settings

from alerting.interop.watchdog import LASTS, SUMMARY, watchdog_labels
from alerting.labels.identity import fingerprint, group_of
from alerting.models import Alert, AlertRule, Channel, Inhibition, Maintenance, Severity, Silence, incident_policy
from alerting.mutes.in_force import Quiet
from models_registry.models import Project

NOBODY: Final = "none"
# An alert of ours ends when its rule says so: until then its end is as far away as Prometheus puts it.
AHEAD: Final = timedelta(minutes=4)


class Board:
    """What alerts of a project are shown with: who is told, what is quiet, what belongs together. Each read once."""

    def __init__(self, project: Project, *, now: datetime) -> None:
        self.project, self.now = project, now
        self.quiet = Quiet(project.pk, now=now)

    def alerts(self) -> list[Alert]:
        """Those that fire."""
        rows = Alert.objects.filter(rule__project=self.project, state=Alert.State.FIRING)
        return list(rows.select_related("rule").order_by("id"))

    @cached_property
    def channels(self) -> list[Channel]:
        """Those that are switched on, by name."""
        return list(Channel.objects.filter(project=self.project, enabled=True).order_by("name"))

    @cached_property
    def _labels(self) -> list[str]:
        found: list[str] = incident_policy(self.project.pk).labels
        return found

    def receivers(self, alert: Alert) -> list[str]:
        """Names of the channels that take alerts of its severity, else the one that stands for nobody."""
        page = alert.severity == Severity.PAGE
        return [one.name for one in self.channels if page or one.minimum_severity == Severity.TICKET] or [NOBODY]

    def group(self, alert: Alert) -> dict[str, str]:
        """What it has in common with the others of its incident."""
        named = alert.rule.incident_labels
        return group_of(alert.wire_labels, self._labels if named is None else named)


def alert_shape(alert: Alert, board: Board) -> dict[str, Any]:
    """`gettableAlert`."""
    labels = alert.wire_labels
    started = alert.starts_at or alert.active_since or alert.fired_at or board.now
    return {
        "annotations": _annotations(alert),
        "endsAt": stamp(alert.ends_at or board.now + AHEAD),
        "fingerprint": fingerprint(labels),
        "receivers": [{"name": name} for name in board.receivers(alert)],
        "startsAt": stamp(started),
        "status": _status(labels, board.quiet),
        "updatedAt": stamp(alert.received_at or alert.changed_at or started),
        "generatorURL": alert.generator_url,
        "labels": labels,
    }


def watchdog_shape(board: Board, *, at: datetime) -> dict[str, Any]:
    """`gettableAlert` of the Watchdog: no channel gets it, for whoever waits for it asks."""
    labels = watchdog_labels(board.project)
    return {
        "annotations": {"summary": SUMMARY},
        "endsAt": stamp(at + LASTS),
        "fingerprint": fingerprint(labels),
        "receivers": [{"name": NOBODY}],
        "startsAt": stamp(at),
        "status": _status(labels, board.quiet),
        "updatedAt": stamp(at),
        "generatorURL": settings.PUBLIC_URL,
        "labels": labels,
    }


def silence_shape(silence: Silence, *, now: datetime) -> dict[str, Any]:
    """`gettableSilence`."""
    return {
        "id": str(silence.uid),
        "status": {"state": silence.state_at(now)},
        "updatedAt": stamp(silence.updated_at),
        "comment": silence.comment,
        "createdBy": silence.who,
        "endsAt": stamp(silence.ends_at),
        "matchers": silence.matchers,
        "startsAt": stamp(silence.starts_at),
    }


def stamp(moment: datetime) -> str:
    """Milliseconds, as Go's strfmt writes them."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _annotations(alert: Alert) -> dict[str, str]:
    if alert.rule.kind == AlertRule.Kind.EXTERNAL:  # as its sender wrote them
        return dict(alert.annotations)
    found = {"summary": alert.rule.summary or alert.rule.name, "description": alert.reason}
    return alert.annotations or {name: text for name, text in found.items() if text}


def _status(labels: Mapping[str, str], quiet: Quiet) -> dict[str, Any]:
    mutes = quiet.mutes(labels)
    return {
        "inhibitedBy": [fingerprint(one.by) for one in mutes if isinstance(one.why, Inhibition) and one.by is not None],
        "mutedBy": [one.why.name for one in mutes if isinstance(one.why, Maintenance)],
        "silencedBy": [str(one.why.uid) for one in mutes if isinstance(one.why, Silence)],
        "state": "suppressed" if mutes else "active",
    }
