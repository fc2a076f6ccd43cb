"""What the people of the story do about an incident, at the pace of people. No state: it is read off the incident.

Bia acknowledges, follows the runbook and writes notes; a day later Ana finishes the review of the incidents that
were given to her, and publishes it.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext

from alerting.incidents.course import acknowledge_incident
from alerting.models import Incident
from alerting.states.lifecycle import UNDER_WAY
from demo.define import person
from demo.texts import LESSONS, RUNBOOKS, LessonText
from models_registry.models import Project
from runbooks.conduct import complete_step, start_run
from runbooks.models import Review, Run
from runbooks.review import add_action, draft_body, publish_review, save_review
from runbooks.selectors import runbooks_for

TO_ACKNOWLEDGE = timedelta(minutes=5)
TO_START = timedelta(minutes=3)
A_STEP = timedelta(minutes=14)
TO_PUBLISH = timedelta(hours=20)
ACTION_DUE = timedelta(days=14)
NOTES = {(runbook.slug, step.title): step.note for runbook in RUNBOOKS for step in runbook.steps}
HEADINGS = ("What went well", "What went poorly", "Where we were lucky")


def respond(project: Project, *, now: datetime) -> None:
    """Do whatever is due by now for the project's incidents."""
    for incident in Incident.objects.filter(project=project, state__in=UNDER_WAY).order_by("number"):
        _attend(incident, now=now)
    resolved = Incident.objects.filter(project=project, state=Incident.State.RESOLVED, runs__steps__done_at=None)
    for incident in resolved.distinct():
        _follow(incident, now=now)


def publish_due(project: Project, models: Collection[str], *, now: datetime) -> None:
    """Finish and publish the drafts about these models that have waited long enough."""
    drafts = Review.objects.filter(
        incident__project=project,
        incident__model__slug__in=models,
        state=Review.State.DRAFT,
        incident__resolved_at__lte=now - TO_PUBLISH,
    )
    for review in drafts.select_related("incident__model"):
        _finish(review, now=now)


def _attend(incident: Incident, *, now: datetime) -> None:
    """Acknowledge, then start the first runbook, then tick its steps."""
    if incident.acknowledged_at is None:
        if now >= incident.opened_at + TO_ACKNOWLEDGE:
            acknowledge_incident(incident, by=person("bia"), now=now)
        return
    if Run.objects.filter(incident=incident).exists():
        _follow(incident, now=now)
    elif now >= incident.acknowledged_at + TO_START:
        for runbook in runbooks_for(incident)[:1]:
            start_run(incident=incident, runbook=runbook, by=person("bia"), now=now)


def _follow(incident: Incident, *, now: datetime) -> None:
    """Tick the steps that are due; the last one waits for the recovery."""
    for run in Run.objects.filter(incident=incident).select_related("runbook"):
        steps = list(run.steps.all())
        for index, step in enumerate(steps, start=1):
            due = run.started_at + index * A_STEP
            last = index == len(steps) and not incident.is_over
            if step.done_at is None and now >= due and not last:
                note = NOTES.get((run.runbook.slug, step.title), "")
                complete_step(step, by=person("bia"), note=note, now=now)


def _finish(review: Review, *, now: datetime) -> None:
    """Add what was learned to the draft, publish it, promise what will be different. In the installation's language."""
    ana = person("ana")
    model = review.incident.model
    lesson = LESSONS[model.slug if model else ""]
    with translation.override(settings.LANGUAGE_CODE):
        body = f"{filled_in(draft_body(review), lesson)}\n\n{gettext(lesson.learned)}\n"
        saved = save_review(review, body=body, by=ana, now=now)
        for owner, title in zip(("ana", "bia", "ana"), lesson.actions, strict=False):
            add_action(saved, title=title, owner=owner, due=(now + ACTION_DUE).date())
        publish_review(saved, by=ana, now=now)


def filled_in(draft: str, lesson: LessonText) -> str:
    """The sections that only people can write, under the headings that the draft has for them."""
    for heading, text in zip(HEADINGS, (lesson.well, lesson.poorly, lesson.lucky), strict=True):
        title = f"## {gettext(heading)}"
        draft = draft.replace(title, f"{title}\n\n{gettext(text)}")
    return draft
