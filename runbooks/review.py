"""Write down what an incident taught: draft, edit, publish, export."""

from datetime import date, datetime

from django.conf import settings
from django.db.models import F
from django.utils.translation import get_language, gettext, override

from alerting.errors import Refused
from alerting.models import Incident
from lib.stage import Summary
from models_registry.models import User
from runbooks.draft import IncidentTimes, draft_body, times
from runbooks.models import ActionItem, Review
from runbooks.words import moment, one_line

__all__ = [
    "IncidentTimes",
    "StaleReview",
    "add_action",
    "begin_review",
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
    """Stage: a review for every resolved incident that has none; one that was published before a reopening is a draft again.

    Its text stays, and what happened since is to be added.
    """
    waiting = list(Incident.objects.filter(state=Incident.State.RESOLVED, review=None))
    # Somebody else may be doing the same; the incident is unique and the first one counts.
    Review.objects.bulk_create(
        [Review(incident=incident, created_at=now) for incident in waiting], ignore_conflicts=True
    )
    outdated = Review.objects.filter(
        state=Review.State.PUBLISHED,
        incident__state=Incident.State.RESOLVED,
        published_at__lt=F("incident__reopened_at"),
    )
    again = outdated.update(state=Review.State.DRAFT, published_at=None, published_by=None, revision=F("revision") + 1)
    return Summary(seen=len(waiting) + again, written=len(waiting) + again)


def begin_review(incident: Incident, *, now: datetime) -> tuple[Review, bool]:
    """The review of an incident that is over, and whether it was begun just now; `Refused` while it goes on."""
    if incident.state not in (Incident.State.RESOLVED, Incident.State.CLOSED):
        raise Refused(gettext("This incident is not over. Its review begins when it is resolved."))
    return Review.objects.get_or_create(incident=incident, defaults={"created_at": now})


def save_review(review: Review, *, body: str, by: User, now: datetime, revision: int | None = None) -> Review:
    """Save an edit made on top of `revision` (the form carries `review.revision`; absent: that of `review` in hand).

    An empty body brings the computed draft back. The text belongs to the active language of whoever saved it first.
    Raises `StaleReview` when the text has moved on, `Refused` when it
    is published.
    """
    body = body.strip()
    base = review.revision if revision is None else revision
    unchanged = Review.objects.filter(pk=review.pk, state=Review.State.DRAFT, revision=base)
    language = (review.language or _language()) if body else ""
    saved = unchanged.update(body=body, language=language, edited_at=now, edited_by=by, revision=base + 1)
    review.refresh_from_db()
    if saved:
        return review
    if review.state == Review.State.PUBLISHED:
        raise Refused(gettext("The review is published and its text is frozen. What is new belongs in an action item."))
    if review.body == body:  # the same form sent twice
        return review
    raise _stale(review, submitted=body)


def publish_review(review: Review, *, by: User, now: datetime, revision: int | None = None) -> Review:
    """Freeze the text as it reads now; a draft nobody edited is frozen in the active language.

    Raises `StaleReview` when the text is no longer the one that was read, `Refused` when it is published already.
    """
    base = review.revision if revision is None else revision
    current = Review.objects.select_related("incident").get(pk=review.pk)
    if current.state == Review.State.PUBLISHED:
        raise Refused(gettext("The review is published already."))
    text = current.body or draft_body(current)
    unchanged = Review.objects.filter(pk=review.pk, state=Review.State.DRAFT, revision=base)
    done = unchanged.update(
        body=text,
        language=current.language if current.body else _language(),
        state=Review.State.PUBLISHED,
        published_at=now,
        published_by=by,
        revision=base + 1,
    )
    review.refresh_from_db()
    if not done:
        raise _stale(review, submitted=text)
    return review


def _stale(current: Review, *, submitted: str) -> StaleReview:
    who = current.edited_by or "—"
    message = gettext(
        "%(who)s saved another text while you were writing. Yours is not lost: join the two and save again."
    )
    return StaleReview(message % {"who": who}, submitted=submitted, current=current)


def add_action(review: Review, *, title: str, owner: str, due: date) -> ActionItem:
    """Something that will be different next time; also after publishing. Nobody's promise is not a promise."""
    if not title.strip() or not owner.strip():
        raise Refused(gettext("An action item needs a title and an owner."))
    return ActionItem.objects.create(review=review, title=title.strip(), owner=owner.strip(), due=due)


def complete_action(action: ActionItem, *, now: datetime) -> ActionItem:
    """Done; `Refused` when it is done already."""
    if not ActionItem.objects.filter(pk=action.pk, done_at=None).update(done_at=now):
        raise Refused(gettext("This action item is done already."))
    action.refresh_from_db()
    return action


def review_markdown(review: Review) -> str:
    """The whole review for export: title, text, action items with owner, due date and whether they are done.

    All of it in the language of its text, so that it is one document; a draft nobody edited, in the active language.
    """
    with override(review.language or _language()):
        return _markdown(review)


def _language() -> str:
    return get_language() or settings.LANGUAGE_CODE


def _markdown(review: Review) -> str:
    incident = review.incident
    parts = [f"# {incident}: {one_line(incident.title)}", f"*{_standing(review)}*", review.body or draft_body(review)]
    actions = [_action_line(action) for action in review.actions.all()]
    heading = gettext("Action items")
    parts.append(f"## {heading}\n\n" + ("\n".join(actions) or gettext("None yet.")))
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _standing(review: Review) -> str:
    if review.state == Review.State.DRAFT or review.published_at is None:
        return gettext("Draft")
    facts = {"who": review.published_by or "—", "at": moment(review.published_at)}
    return gettext("Published by %(who)s, %(at)s") % facts


def _action_line(action: ActionItem) -> str:
    facts = {"title": one_line(action.title), "owner": action.owner, "due": action.due.isoformat()}
    mark = "x" if action.done_at else " "
    return f"- [{mark}] " + gettext("%(title)s (%(owner)s, due %(due)s)") % facts
