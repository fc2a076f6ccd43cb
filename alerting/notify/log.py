"""The log of messages: which rows, and what became of each in one sentence."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alerting.models import Notification
from alerting.notify.breaker import OPENS_AFTER
from alerting.notify.decisions import explain
from models_registry.models import Project

State, Reason = Notification.State, Notification.Reason
LONGEST_NUMBER = 9


class FilterError(ValueError):
    """A filter that names nothing; `field` is its name, the text is for people."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class LogFilter:
    """None or empty: all. `channel` is a key, `incident` a number."""

    state: str = ""
    reason: str = ""
    channel: int | None = None
    incident: int | None = None


def read_filter(given: Mapping[str, str]) -> LogFilter:
    """From the query of an address; an incident may be written as INC-7."""
    incident = given.get("incident", "").strip().upper().removeprefix("INC-")
    return LogFilter(
        _one_of("state", given.get("state", ""), State.values),
        _one_of("reason", given.get("reason", ""), Reason.values),
        _whole("channel", given.get("channel", "").strip()),
        _whole("incident", incident),
    )


def log_rows(project: Project, wanted: LogFilter) -> QuerySet[Notification]:
    """What was sent, waits, was given up or was decided not to be sent; page it by id."""
    rows = Notification.objects.filter(channel__project=project).select_related("channel", "incident", "route")
    filters = {
        "state": wanted.state,
        "reason": wanted.reason,
        "channel": wanted.channel,
        "incident__number": wanted.incident,
    }
    return rows.filter(**{name: value for name, value in filters.items() if value not in ("", None)})


def what_became(row: Notification, *, now: datetime) -> str:
    """One sentence in the active language; empty for a message that arrived at its first attempt."""
    if row.state == State.SUPPRESSED:
        return explain(row.body.get("decision", {}))
    if row.state == State.DEAD:
        return ngettext(
            "Given up after %(n)d attempt: %(error)s", "Given up after %(n)d attempts: %(error)s", row.attempts
        ) % {"n": row.attempts, "error": row.last_error}
    if row.state == State.SENT:
        again = ngettext("Arrived at attempt %(n)d.", "Arrived at attempt %(n)d.", row.attempts) % {"n": row.attempts}
        return again if row.attempts > 1 else ""
    return _("Under way.") if row.state == State.SENDING else _waiting(row, now=now)


def _waiting(row: Notification, *, now: datetime) -> str:
    if row.decision:
        return explain(row.body.get("decision", {}))
    if row.due_at > now:
        return _("Planned for %(when)s, if it still matters then.") % {"when": _shown(row.due_at)}
    if row.channel.failures >= OPENS_AFTER:
        return _("Waits because the channel does not work; one message at a time tries it.")
    if row.attempts:
        return ngettext(
            "Failed %(n)d time: %(error)s Next try: %(when)s.",
            "Failed %(n)d times: %(error)s Next try: %(when)s.",
            row.attempts,
        ) % {"n": row.attempts, "error": row.last_error, "when": _shown(row.not_before)}
    return _("Leaves within seconds.")


def _shown(moment: datetime) -> str:
    return f"{localtime(moment):%Y-%m-%d %H:%M:%S}"


def _one_of(field: str, value: str, values: list[str]) -> str:
    if value and value not in values:
        raise FilterError(field, _("Choose one of: %(values)s.") % {"values": ", ".join(values)})
    return value


def _whole(field: str, value: str) -> int | None:
    if not value:
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= LONGEST_NUMBER):
        raise FilterError(field, _("Write a whole number."))
    return int(value)
