"""What people wrote of answers, newest first, each beside the answer it speaks of."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from models_registry.models import Model, Project
from monitoring.models import Feedback, LLMCall
from monitoring.models.events import Served
from monitoring.selectors.feedback import answers_of, comment_page
from monitoring.selectors.wire import moment
from panel.pages.conversation import excerpt_of
from panel.pages.event import event_url

PAGE_ROWS = 50
LOOKED_AT, RECENT = 200, 10


@dataclass(frozen=True, slots=True)
class CommentRow:
    """One comment; without a `url` while its answer has not arrived, or is gone."""

    row: Feedback
    at: datetime
    answer: Served | None
    url: str
    asked: str


@dataclass(frozen=True, slots=True)
class CommentsPage:
    """One page of them, in the words that pagers know."""

    rows: list[CommentRow]
    next_query: str
    newest_query: str
    paged: bool


def comments_page(project: Project, cursor: str | None) -> CommentsPage:
    """The project's; `lib.pages.CursorError` if the cursor is not ours."""
    page = comment_page(project, limit=PAGE_ROWS, cursor=cursor)
    return CommentsPage(
        _rows(page.items, project), f"cursor={page.next}" if page.next else "", "", paged=cursor is not None
    )


def recent_comments(model: Model) -> list[CommentRow]:
    """The newest ten of a model among the project's newest two hundred."""
    found = _rows(comment_page(model.project, limit=LOOKED_AT).items, model.project)
    mine = (row for row in found if row.answer is not None and row.answer.version.model_id == model.pk)
    return list(mine)[:RECENT]


def _rows(said: Iterable[Feedback], project: Project) -> list[CommentRow]:
    said = list(said)
    answers = answers_of(said)
    return [_row(one, answers.get(one.target_ref or 0), project) for one in said]


def _row(said: Feedback, answer: Served | None, project: Project) -> CommentRow:
    return CommentRow(
        said,
        moment(said.ts_us),
        answer,
        event_url(answer, project) if answer else "",
        excerpt_of(answer) if isinstance(answer, LLMCall) else "",
    )
