"""Reads of runbooks."""

from alerting.models import Incident
from runbooks.models import Runbook


def runbooks_for(incident: Incident) -> list[Runbook]:
    """The runbooks bound to any rule that has fired in this incident, by title."""
    raise NotImplementedError
