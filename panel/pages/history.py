"""What happened to a model within a range, as marks and bands of its charts."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import F, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from alerting.models import Incident
from alerting.states.lifecycle import UNDER_WAY
from models_registry.models import Deployment, Model, Project
from panel.pages.plot import Band, Mark

MARKS_SHOWN = 8


def bands(model: Model, *, start: datetime, end: datetime) -> list[Band]:
    """Incidents of a model that hurt within the range; oldest first."""
    return bands_of(incidents_since(model.project, start), start=start, end=end, model=model)


def incidents_since(project: Project, start: datetime) -> list[Incident]:
    """Those of a project that are open or ended after `start`, by the begin of their impact; what was merged counts once."""
    return list(_incidents_since(project, start))


def incidents_and_slos(project: Project, start: datetime) -> tuple[list[Incident], dict[int, set[int]]]:
    """The same, and by id the SLOs that their rules watch: in one query."""
    rows = _incidents_since(project, start).annotate(promise=F("alerts__rule__slo")).distinct()
    incidents: dict[int, Incident] = {}
    slos: defaultdict[int, set[int]] = defaultdict(set)
    for row in rows:
        incidents.setdefault(row.pk, row)
        if row.promise is not None:
            slos[row.pk].add(row.promise)
    return list(incidents.values()), slos


def _incidents_since(project: Project, start: datetime) -> QuerySet[Any]:
    rows = Incident.objects.filter(Q(state__in=UNDER_WAY) | Q(resolved_at__gt=start), project=project)
    return rows.exclude(state=Incident.State.MERGED).order_by("impact_started_at", "number")


def bands_of(found: Iterable[Incident], *, start: datetime, end: datetime, model: Model | None = None) -> list[Band]:
    """Those of them that hurt within the range, of one model or of all."""
    return [
        Band(
            max(row.impact_started_at, start),
            min(row.resolved_at or end, end),
            str(row),
            reverse("panel:incident", args=[row.number]),
        )
        for row in found
        if row.impact_started_at < end
        and (row.resolved_at is None or row.resolved_at > start)
        and (model is None or row.model_id == model.pk)
    ]


def marks(model: Model, *, start: datetime, end: datetime) -> list[Mark]:
    """Deployments and prompt changes of a model within the range."""
    rows = Deployment.objects.filter(version__model=model, at__gte=start, at__lt=end).select_related(
        "version__model", "prompt_version__prompt"
    )
    return marks_of(list(rows.order_by("-at")[:MARKS_SHOWN])[::-1], model, start=start, end=end)


def marks_of(changes: Iterable[Deployment], model: Model, *, start: datetime, end: datetime) -> list[Mark]:
    """Those of a model within the range, oldest first; only the newest few, a comb tells nothing."""
    found = [row for row in changes if row.version.model_id == model.pk and start <= row.at < end]
    return [Mark(row.at, _label(row)) for row in found[-MARKS_SHOWN:]]


def _label(row: Deployment) -> str:
    if row.kind == Deployment.Kind.PROMPT:
        return _("prompt %(version)s") % {"version": row.what}
    return _("deploy %(version)s") % {"version": row.version.version}
