"""The titles of a timeline, in the active language."""

from collections.abc import Callable
from typing import Final

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alerting.models import IncidentEvent, Severity

Kind = IncidentEvent.Kind


def event_title(row: IncidentEvent) -> str:
    """What happened, in a few words; what needs none by the name of its kind."""
    write = _TITLES.get(row.kind)
    return write(row) if write else capfirst(str(row.get_kind_display()))


def _resolved(row: IncidentEvent) -> str:
    return _("Resolved") if row.actor_id else _("Resolved: every alert is quiet again")


def _reopened(row: IncidentEvent) -> str:
    return _("Reopened") if row.actor_id else _("Reopened: an alert came back")


def _assigned(row: IncidentEvent) -> str:
    name = row.data.get("name")
    return _("Assigned to %(who)s") % {"who": name} if name else _("Assigned to nobody")


def _severity(row: IncidentEvent) -> str:
    before, after = (Severity(row.data[name]).label for name in ("from", "severity"))
    return _("Severity changed: %(before)s → %(after)s") % {"before": before, "after": after}


def _merged(row: IncidentEvent) -> str:
    facts = {"from": row.data.get("from", "?"), "into": row.data.get("into", "?"), "n": row.data.get("alerts", 0)}
    text = ngettext(
        "%(from)s merged into %(into)s, with %(n)d alert",
        "%(from)s merged into %(into)s, with %(n)d alerts",
        facts["n"],
    )
    return text % facts


_TITLES: Final[dict[str, Callable[[IncidentEvent], str]]] = {
    Kind.OPENED: lambda row: _("Incident opened"),
    Kind.ACKNOWLEDGED: lambda row: _("Acknowledged"),
    Kind.MITIGATED: lambda row: _("Mitigated"),
    Kind.ASSIGNED: _assigned,
    Kind.SEVERITY: _severity,
    Kind.SNOOZED: lambda row: _("Snoozed until %(when)s") % {"when": row.data.get("shown", "?")},
    Kind.AWOKE: lambda row: _("Snooze ended") if row.actor_id else _("Snooze over"),
    Kind.FLAPPING: lambda row: _("An alert flaps: people are told once"),
    Kind.SETTLED: lambda row: _("An alert flaps no longer"),
    Kind.SILENCED: lambda row: _("Silenced for %(hours)s h") % {"hours": row.data.get("hours", "?")},
    Kind.RESOLVED: _resolved,
    Kind.REOPENED: _reopened,
    Kind.CLOSED: lambda row: _("Closed"),
    Kind.MERGED: _merged,
    Kind.ALERT: lambda row: _("Severity raised"),
    Kind.COMMENT: lambda row: _("Note"),
    Kind.NOTIFIED: lambda row: _("Message sent"),
    Kind.SUPPRESSED: lambda row: _("Message not sent"),
    Kind.REQUEUED: lambda row: _("Message queued again"),
}
