"""Follow a runbook inside an incident: who did what, when, and what they saw."""

from datetime import datetime

from alerting.models import Incident
from models_registry.models import User
from runbooks.models import Run, Runbook, RunStep


def start_run(*, incident: Incident, runbook: Runbook, by: User, now: datetime) -> Run:
    """Copy the runbook's steps into the incident; starting it twice gives the same run."""
    raise NotImplementedError


def complete_step(step: RunStep, *, by: User, note: str, now: datetime) -> RunStep:
    """Mark a step done, with who, when and what they noted; `Refused` when it is done already."""
    raise NotImplementedError


def reopen_step(step: RunStep, *, by: User, now: datetime) -> RunStep:
    """Take a completion back; the note moves into the timeline, so nothing is lost."""
    raise NotImplementedError
