"""Write down what an incident taught: draft, edit, publish, export."""

from datetime import date, datetime

from alerting.errors import Refused
from lib.stage import Summary
from models_registry.models import User
from runbooks.draft import IncidentTimes, draft_body, times
from runbooks.models import ActionItem, Review

__all__ = [
    "IncidentTimes",
    "StaleReview",
    "add_action",
    "complete_action",
    "draft_body",
    "draft_reviews",
    "publish_review",
    "review_markdown",
    "save_review",
    "times",
]


class StaleReview(Refused):
    """Somebody else saved in between. Both texts are here: show `submitted` and `current` side by side."""

    def __init__(self, message: str, *, submitted: str, current: Review) -> None:
        super().__init__(message)
        self.submitted = submitted
        self.current = current


def draft_reviews(*, now: datetime) -> Summary:
    """Stage: a review for every resolved incident that has none."""
    raise NotImplementedError


def save_review(review: Review, *, body: str, by: User, now: datetime, revision: int | None = None) -> Review:
    """Save an edit made on top of `revision` (the form carries `review.revision`; absent: that of `review` in hand).

    An empty body brings the computed draft back. Raises `StaleReview` when the text has moved on, `Refused` when it
    is published.
    """
    raise NotImplementedError


def publish_review(review: Review, *, by: User, now: datetime, revision: int | None = None) -> Review:
    """Freeze the text as it reads now; a draft nobody edited is frozen in the active language."""
    raise NotImplementedError


def add_action(review: Review, *, title: str, owner: str, due: date) -> ActionItem:
    """Something that will be different next time; also after publishing."""
    raise NotImplementedError


def complete_action(action: ActionItem, *, now: datetime) -> ActionItem:
    """Done; `Refused` when it is done already."""
    raise NotImplementedError


def review_markdown(review: Review) -> str:
    """The whole review for export: title, text, action items with owner, due date and whether they are done."""
    raise NotImplementedError
