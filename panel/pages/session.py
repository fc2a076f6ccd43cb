"""A session turn by turn, and the list of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from models_registry.models import Project
from monitoring.models import Feedback, LLMCall, Prediction
from monitoring.selectors.sessions import (
    Listed,
    Session,
    read_feedback,
    read_figures,
    session_events,
    session_page,
)
from monitoring.selectors.wire import cost_of, moment, payload_of
from monitoring.stats.sessions import Figures
from panel.pages.conversation import Message, turn_of
from panel.pages.decided import decided
from panel.pages.event import event_url, id_url
from panel.pages.ranges import Range

TURNS: Final = 30
ROWS: Final = 50
LONGEST: Final = 4_000  # of a text; the call's own page has it whole


@dataclass(frozen=True, slots=True)
class Turn:
    """A prediction or call of the session: what it added to the conversation, and what was said of it."""

    event: Prediction | LLMCall
    at: datetime
    url: str
    request_url: str
    is_call: bool
    decided: str
    messages: list[Message]
    latency_ms: float | None
    cost_usd: float | None
    feedback: list[Feedback]

    @property
    def truncated(self) -> bool:
        """The answer stops in the middle."""
        return isinstance(self.event, LLMCall) and self.event.finish_reason == "length"


@dataclass(frozen=True, slots=True)
class SessionPage:
    """The turns of a page in order of time; `next_query` leads to earlier ones."""

    id: str
    figures: Figures
    first: datetime
    last: datetime
    turns: list[Turn]
    next_query: str
    newest_query: str
    paged: bool


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session in a list."""

    session: Session
    last: datetime


@dataclass(frozen=True, slots=True)
class SessionList:
    """A page of sessions, the latest first."""

    rows: list[SessionRow]
    next_query: str
    newest_query: str
    paged: bool


def build_session_page(project: Project, session_id: str, *, cursor: str | None) -> SessionPage | None:
    """A page of the session, the latest turns unless `cursor` says otherwise; None where nothing names it."""
    figures = read_figures(project, "session_id", session_id)
    if figures is None:
        return None
    page = session_events(project, session_id, limit=TURNS, cursor=cursor)
    said = read_feedback(page.items)
    return SessionPage(
        id=session_id,
        figures=figures,
        first=moment(figures.first_us),
        last=moment(figures.last_us),
        turns=[_turn(event, said.get(event.pk, []), project) for event in reversed(page.items)],
        next_query=urlencode({"cursor": page.next}) if page.next else "",
        newest_query="",
        paged=cursor is not None,
    )


def build_session_list(project: Project, span: Range, *, now: datetime, cursor: str | None) -> SessionList:
    """The sessions of a range."""
    page = session_page(project, start=now - span.length, end=None, limit=ROWS, cursor=cursor)
    return list_page(page, {"range": span.key}, paged=cursor is not None)


def list_page(page: Listed, kept: dict[str, str], *, paged: bool) -> SessionList:
    """Sessions with the addresses of the pages beside them."""
    following = urlencode({**kept, "cursor": page.next}) if page.next else ""
    return SessionList(_rows(page.items), following, urlencode(kept), paged)


def _rows(sessions: Sequence[Session]) -> list[SessionRow]:
    return [SessionRow(one, moment(one.last_us)) for one in sessions]


def _turn(event: Prediction | LLMCall, feedback: list[Feedback], project: Project) -> Turn:
    is_call = isinstance(event, LLMCall)
    whole = event.request_id or event.trace_id
    return Turn(
        event=event,
        at=moment(event.ts_us),
        url=event_url(event, project),
        request_url=id_url("panel:request", project, whole) if whole else "",
        is_call=is_call,
        decided="" if isinstance(event, LLMCall) else decided(event),
        messages=[Message(one.role, _short(one.text)) for one in turn_of(payload_of(event))] if is_call else [],
        latency_ms=None if event.latency_us is None else event.latency_us / 1_000,
        cost_usd=cost_of(event)["cost_usd"] if isinstance(event, LLMCall) else None,
        feedback=feedback,
    )


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
