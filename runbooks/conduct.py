"""Follow a runbook inside an incident: who did what, when, and what they saw."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from alerting.errors import Refused
from alerting.incidents.hold import record_event
from alerting.models import Incident, IncidentEvent
from models_registry.models import User
from runbooks.models import Run, Runbook, RunStep


@transaction.atomic
def start_run(*, incident: Incident, runbook: Runbook, by: User, now: datetime) -> Run:
    """Copy the runbook's steps into the incident; starting it twice gives the same run.

    The copy is what was asked of people that night, whatever becomes of the runbook.
    """
    if runbook.project_id != incident.project_id:
        raise Refused(gettext("This runbook belongs to another project. Choose one of the incident's own project."))
    run, made = Run.objects.get_or_create(
        incident=incident, runbook=runbook, defaults={"started_at": now, "started_by": by}
    )
    if made:
        RunStep.objects.bulk_create(
            RunStep(run=run, position=step.position, title=step.title, body=step.body) for step in runbook.steps.all()
        )
        _record(run, "▶", runbook.title, action="started", by=by, now=now)
    return run


@transaction.atomic
def complete_step(step: RunStep, *, by: User, note: str, now: datetime) -> RunStep:
    """Mark a step done, with who, when and what they noted; `Refused` when it is done already."""
    note = note.strip()
    open_step = RunStep.objects.filter(pk=step.pk, done_at=None)
    if not open_step.update(done_at=now, done_by=by, note=note):
        raise Refused(gettext("Somebody has completed this step already. Reopen it to change the note."))
    step.refresh_from_db()
    _record(step.run, "✓", step.title, note, action="done", by=by, now=now)
    return step


@transaction.atomic
def reopen_step(step: RunStep, *, by: User, now: datetime) -> RunStep:
    """Take a completion back; the note stays in the timeline, so nothing is lost. `Refused` when it is open."""
    done_step = RunStep.objects.filter(pk=step.pk, done_at__isnull=False)
    if not done_step.update(done_at=None, done_by=None, note=""):
        raise Refused(gettext("This step is open already."))
    step.refresh_from_db()
    _record(step.run, "↺", step.title, action="reopened", by=by, now=now)
    return step


def _record(run: Run, mark: str, what: str, note: str = "", *, action: str, by: User, now: datetime) -> None:
    """The mark needs no language; what and note are kept apart, so that a timeline can translate each."""
    data = {"action": action, "runbook": run.runbook.slug, "mark": mark, "what": what, "note": note}
    text = f"{mark} {what}: {note}" if note else f"{mark} {what}"
    record_event(run.incident, kind=IncidentEvent.Kind.RUNBOOK, now=now, actor=by, text=text, data=data)
