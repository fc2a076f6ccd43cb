"""What happened to a model within a range, as marks and bands of its charts."""

from datetime import datetime

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from alerting.models import Incident
from models_registry.models import Deployment, Model, Project
from panel.pages.plot import Band, Mark

MARKS_SHOWN = 8


def bands(*, start: datetime, end: datetime, model: Model | None = None, project: Project | None = None) -> list[Band]:
    """Incidents of a model, or of a whole project, that hurt within the range; oldest first."""
    rows = Incident.objects.filter(Q(resolved_at__isnull=True) | Q(resolved_at__gt=start), impact_started_at__lt=end)
    rows = rows.filter(model=model) if model is not None else rows.filter(project=project)
    return [
        Band(
            max(row.impact_started_at, start),
            min(row.resolved_at or end, end),
            str(row),
            reverse("panel:incident", args=[row.number]),
        )
        for row in rows.order_by("impact_started_at")
    ]


def marks(model: Model, *, start: datetime, end: datetime) -> list[Mark]:
    """Deployments and prompt changes within the range; only the newest few, a comb tells nothing."""
    rows = Deployment.objects.filter(version__model=model, at__gte=start, at__lt=end).select_related("version")
    newest = list(rows.order_by("-at")[:MARKS_SHOWN])[::-1]
    return [Mark(row.at, _label(row)) for row in newest]


def _label(row: Deployment) -> str:
    if row.kind == Deployment.Kind.PROMPT:
        return _("prompt %(version)s") % {"version": row.version.version}
    return _("deploy %(version)s") % {"version": row.version.version}
