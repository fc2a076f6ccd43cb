"""Reviews: read, edit with preview, publish, export, and keep promises."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from alerting.errors import Refused
from alerting.models import Alert, AlertVerdict
from lib import clock
from models_registry.models import Project, User
from panel.access import page, project_page, remember_project
from panel.acting import revision_of
from panel.pages.reviews import ActionForm, Editing, review_page, reviews_page
from panel.paging import page_or_first
from panel.permission import must
from runbooks.models import ActionItem, Review
from runbooks.review import StaleReview, add_action, complete_action, publish_review, review_markdown, save_review
from runbooks.verdicts import judge_alert


@project_page("runbooks.view_review")
def reviews(request: HttpRequest, project: Project) -> HttpResponse:
    """Newest first, open promises on top."""
    now = clock.now()
    found, status = page_or_first(request, lambda cursor: reviews_page(project, cursor=cursor, now=now))
    return render(request, "panel/response/reviews.html", {"project": project, "page": found}, status=status)


@page("runbooks.view_review")
def review(request: HttpRequest, number: int) -> HttpResponse:
    """One review; `?edit=1` opens the editor."""
    found = _find(number)
    editing = "edit" in request.GET and found.state == Review.State.DRAFT
    if editing:
        must(request, "runbooks.change_review")
    return _show(request, found, editing=Editing() if editing else None)


def _find(number: int) -> Review:
    rows = Review.objects.select_related(
        "incident__project", "incident__model", "incident__acknowledged_by", "edited_by", "published_by"
    )
    return get_object_or_404(rows, incident__number=number)


def _show(
    request: HttpRequest,
    found: Review,
    *,
    editing: Editing | None = None,
    form: ActionForm | None = None,
    status: int = 200,
) -> HttpResponse:
    user = request.user
    if not isinstance(user, User):
        return redirect("panel:login")
    project = found.incident.project
    remember_project(request, project)
    shown = review_page(found, user=user, now=clock.now(), editing=editing, form=form)
    context = {"project": project, "page": shown, "review": found, "incident": found.incident}
    return render(request, "panel/response/review.html", context, status=status)


def _back(number: int, anchor: str = "") -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("panel:review", args=[number]) + anchor)


@require_POST
@page("runbooks.view_review")
def save(request: HttpRequest, number: int) -> HttpResponseBase:
    """Save, or show a preview without saving. An edit made on an older text loses neither text."""
    by, found = must(request, "runbooks.change_review"), _find(number)
    body = request.POST.get("body", "").replace("\r\n", "\n")
    if "preview" in request.POST:
        return _show(request, found, editing=Editing(body, preview=True))
    try:
        save_review(found, body=body, by=by, now=clock.now(), revision=revision_of(request))
    except StaleReview as stale:
        theirs = stale.current.body
        editing = Editing(stale.submitted, theirs=theirs, conflict=str(stale))
        return _show(request, _find(number), editing=editing, status=409)
    except Refused as refused:
        messages.error(request, str(refused))
        return _show(request, _find(number), editing=Editing(body), status=409)
    messages.success(request, _("Saved."))
    return _back(number)


@require_POST
@page("runbooks.view_review")
def publish(request: HttpRequest, number: int) -> HttpResponseBase:
    """Freeze the text as it reads now."""
    by, found = must(request, "runbooks.change_review"), _find(number)
    try:
        publish_review(found, by=by, now=clock.now(), revision=revision_of(request))
        messages.success(request, _("Published. The text can no longer change; action items can."))
    except Refused as refused:
        messages.error(request, str(refused))
    return _back(number)


@page("runbooks.view_review")
def export(request: HttpRequest, number: int) -> HttpResponse:
    """The whole review as a Markdown file."""
    response = HttpResponse(review_markdown(_find(number)), content_type="text/markdown; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="INC-{number}.md"'
    return response


@require_POST
@page("runbooks.view_review")
def add(request: HttpRequest, number: int) -> HttpResponseBase:
    """A new action item; a form that is not complete comes back as it was typed."""
    must(request, "runbooks.add_actionitem")
    found, form = _find(number), ActionForm(request.POST)
    if not form.is_valid():
        return _show(request, found, form=form, status=400)
    given = form.cleaned_data
    add_action(found, title=given["title"], owner=given["owner"], due=given["due"])
    return _back(number, "#actions")


@require_POST
@page("runbooks.view_review")
def done(request: HttpRequest, number: int, action: int) -> HttpResponseBase:
    """A promise kept."""
    must(request, "runbooks.add_actionitem")
    item = get_object_or_404(ActionItem, pk=action, review__incident__number=number)
    try:
        complete_action(item, now=clock.now())
    except Refused as refused:
        messages.error(request, str(refused))
    return _back(number, "#actions")


@require_POST
@page("runbooks.view_review")
def verdict(request: HttpRequest, number: int, alert: int) -> HttpResponseBase:
    """Was this alert worth waking up for?"""
    by, found = must(request, "runbooks.change_review"), _find(number)
    chosen = request.POST.get("verdict", "")
    judged = get_object_or_404(Alert.objects.distinct(), pk=alert, transitions__incident=found.incident_id)
    if chosen in AlertVerdict.Verdict.values:
        judge_alert(judged, incident=found.incident, verdict=chosen, by=by, now=clock.now())
    else:
        messages.error(request, _("Choose useful or noise."))
    return _back(number, "#verdicts")
