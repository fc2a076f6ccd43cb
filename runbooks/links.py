"""What a message about an incident says of runbooks (`settings.INCIDENT_LINKS`)."""

from django.utils.translation import gettext

from alerting.models import Incident
from runbooks.selectors import runbooks_for
from runbooks.words import one_line


def for_incident(incident: Incident) -> list[tuple[str, str]]:
    """Each runbook with its first step, which is what a person woken up needs; paths are the public ones."""
    return [
        (
            _label(one_line(runbook.title), one_line(first.title) if first else ""),
            f"/p/{incident.project.slug}/runbooks/{runbook.slug}/",
        )
        for runbook in runbooks_for(incident)
        for first in [runbook.steps.first()]
    ]


def _label(runbook: str, step: str) -> str:
    if not step:
        return gettext("Runbook “%(runbook)s”") % {"runbook": runbook}
    return gettext("Runbook “%(runbook)s”, first step: %(step)s") % {"runbook": runbook, "step": step}
