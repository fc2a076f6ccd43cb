"""Reviews: the list, and one review with its text, times, action items and verdicts."""

from dataclasses import dataclass
from datetime import date, datetime

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from alerting.models import Alert, AlertVerdict
from lib.markdown import render
from lib.pages import keyset_page
from models_registry.models import Project, User
from runbooks.models import ActionItem, Review
from runbooks.review import IncidentTimes, draft_body, times

ROWS = 25
DUE_SHOWN = 20


class ActionForm(forms.Form):
    """An action item always has somebody and a day."""

    title = forms.CharField(label=_("What"), max_length=300)
    owner = forms.CharField(label=_("Who"), max_length=120)
    due = forms.DateField(label=_("By when"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """One line of the list."""

    review: Review
    times: IncidentTimes


@dataclass(frozen=True, slots=True)
class Reviews:
    """The list, and the promises that are still open across all of them."""

    rows: list[ReviewRow]
    next: str | None
    paged: bool
    due: list[ActionItem]
    today: date


@dataclass(frozen=True, slots=True)
class Editing:
    """What a form in progress carries: the text typed, whether to preview it, and a conflict if there is one."""

    text: str | None = None
    preview: bool = False
    theirs: str | None = None
    conflict: str = ""


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """The whole page; `language` is the text's, `foreign` its name where it is not the reader's."""

    review: Review
    times: IncidentTimes
    text: str
    html: SafeString
    editing: bool
    previewing: bool
    can_edit: bool
    theirs: str | None
    conflict: str
    actions: list[ActionItem]
    action_form: ActionForm
    alerts: list[tuple[Alert, str]]
    today: date
    language: str
    foreign: str

    @property
    def action_errors(self) -> bool:
        """The form was sent and refused."""
        return bool(self.action_form.errors)

    @property
    def editor(self) -> str:
        """Who edited last."""
        return _name(self.review.edited_by)

    @property
    def publisher(self) -> str:
        """Who published."""
        return _name(self.review.published_by)


def reviews_page(project: Project, *, cursor: str | None, now: datetime) -> Reviews:
    """Newest incident first; `lib.pages.CursorError` if the cursor is not ours."""
    rows = Review.objects.filter(incident__project=project).select_related("incident__acknowledged_by")
    page = keyset_page(rows, time="incident_id", limit=ROWS, cursor=cursor)
    due = ActionItem.objects.filter(review__incident__project=project, done_at__isnull=True)
    return Reviews(
        rows=[ReviewRow(review, times(review.incident)) for review in page.items],
        next=page.next,
        paged=bool(cursor),
        due=list(due.select_related("review__incident")[:DUE_SHOWN]) if not cursor else [],
        today=timezone.localtime(now).date(),
    )


def review_page(
    review: Review, *, user: User, now: datetime, editing: Editing | None = None, form: ActionForm | None = None
) -> ReviewPage:
    """One review; without a saved body it shows the draft, computed now in the reader's language."""
    saved = review.body or draft_body(review)
    text = saved if editing is None or editing.text is None else editing.text
    published = review.state == Review.State.PUBLISHED
    verdicts = dict(AlertVerdict.objects.filter(incident=review.incident_id).values_list("alert_id", "verdict"))
    alerts = Alert.objects.filter(transitions__incident=review.incident_id).select_related("rule").distinct()
    return ReviewPage(
        review=review,
        times=times(review.incident),
        text=text,
        html=render(text),
        editing=editing is not None,
        previewing=editing is not None and editing.preview,
        can_edit=not published and user.has_perm("runbooks.change_review"),
        theirs=editing.theirs if editing else None,
        conflict=editing.conflict if editing else "",
        actions=list(review.actions.all()),
        action_form=form or ActionForm(),
        alerts=[(alert, verdicts.get(alert.pk, "")) for alert in alerts.order_by("pk")],
        today=timezone.localtime(now).date(),
        language=review.language or get_language() or settings.LANGUAGE_CODE,
        foreign=_foreign(review),
    )


def _foreign(review: Review) -> str:
    """The name of the text's language where it is not the reader's: what was written stays as it was written."""
    if review.language in ("", get_language()):
        return ""
    return str(dict(settings.LANGUAGES).get(review.language, review.language))


def _name(user: User | None) -> str:
    return (user.get_short_name() or user.username) if user else "—"
