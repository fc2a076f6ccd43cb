"""Reads of runbooks."""

from django.db.models import Q, QuerySet

from alerting.models import AlertRule, Incident
from runbooks.models import Runbook


def rules_of(incident: Incident) -> QuerySet[AlertRule]:
    """Every rule that has fired in this incident, also those whose alert has moved on to a later one."""
    return AlertRule.objects.filter(Q(alerts__incident=incident) | Q(alerts__transitions__incident=incident)).distinct()


def runbooks_for(incident: Incident) -> list[Runbook]:
    """The runbooks bound to any rule that has fired in this incident, by title."""
    return list(Runbook.objects.filter(rules__in=rules_of(incident)).select_related("project").distinct())
