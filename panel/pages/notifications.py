"""The log of messages: what was sent, what waits, what was given up, and what was not sent and why."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from alerting.models import Channel, Notification
from alerting.notify.log import FilterError, LogFilter, log_rows, read_filter, what_became
from lib.pages import keyset_page
from models_registry.models import Project

PAGE_ROWS = 50
FIELDS = ("state", "reason", "channel", "incident")


@dataclass(frozen=True, slots=True)
class LogRow:
    """One message and what became of it."""

    row: Notification
    told: str


@dataclass(frozen=True, slots=True)
class NotificationsPage:
    """One page of the log, in the words that pagers know; `error` names a filter that was left out."""

    rows: list[LogRow]
    given: dict[str, str]
    error: str
    channels: list[Channel]
    states: list[tuple[str, Any]]
    reasons: list[tuple[str, Any]]
    next_query: str
    newest_query: str
    paged: bool


def notifications_page(project: Project, query: QueryDict, *, cursor: str | None, now: datetime) -> NotificationsPage:
    """Newest first; `lib.pages.CursorError` if the cursor is not ours."""
    given = {name: query.get(name, "").strip() for name in FIELDS}
    wanted, error = _wanted(given)
    page = keyset_page(log_rows(project, wanted), time="id", limit=PAGE_ROWS, cursor=cursor)
    kept = {name: value for name, value in given.items() if value}
    return NotificationsPage(
        [LogRow(row, what_became(row, now=now)) for row in page.items],
        given,
        error,
        list(Channel.objects.filter(project=project).order_by("name")),
        list(Notification.State.choices),
        list(Notification.Reason.choices),
        urlencode({**kept, "cursor": page.next}) if page.next else "",
        urlencode(kept),
        paged=cursor is not None,
    )


def _wanted(given: dict[str, str]) -> tuple[LogFilter, str]:
    try:
        return read_filter(given), ""
    except FilterError as error:
        return LogFilter(), str(error)
