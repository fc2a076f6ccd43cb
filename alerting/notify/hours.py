"""Quiet hours of a channel and of the person whose own it is: what comes meanwhile is told when they end."""

from collections.abc import Iterable
from datetime import datetime

from django.utils.timezone import localtime

from alerting.models import Channel, QuietHours, Severity
from alerting.mutes.quiet_hours import Hours, quiet_until
from alerting.notify.candidate import Candidate, Facts
from alerting.notify.decisions import QUIET_HOURS


def check(candidate: Candidate) -> Facts | None:
    """Until when, for a severity that does not pass."""
    rows = QuietHours.objects.filter(project=candidate.channel.project_id)
    return quiet_facts(rows, candidate.channel, severity=candidate.incident.severity, now=candidate.now)


def quiet_facts(rows: Iterable[QuietHours], channel: Channel, *, severity: str, now: datetime) -> Facts | None:
    """The decision, from all quiet hours of the project."""
    windows = [hours_of(row) for row in rows if _holds(row, channel, severity)]
    until = quiet_until(windows, now)
    if until is None:
        return None
    return {"code": QUIET_HOURS, "until": until.isoformat(), "shown": f"{localtime(until):%Y-%m-%d %H:%M}"}


def hours_of(row: QuietHours) -> Hours:
    """The pure form."""
    return Hours(row.starts, row.ends, row.zone, frozenset(row.days))


def _holds(row: QuietHours, channel: Channel, severity: str) -> bool:
    concerned = row.channel_id == channel.pk or (row.person_id is not None and row.person_id == channel.owner_id)
    return concerned and not (row.pages_pass and severity == Severity.PAGE)
