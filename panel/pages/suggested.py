"""Objectives that the last days suggest, each with the address of a form that is filled in already."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse

from models_registry.models import Project
from monitoring.slo.suggest import Suggestion, suggest
from panel.pages.indicators import promised


@dataclass(frozen=True, slots=True)
class Suggested:
    """A line: what to promise, and where to do it."""

    suggestion: Suggestion
    indicator: str
    form: str


def suggested(project: Project, *, now: datetime) -> list[Suggested]:
    """By model. The same number of statements for any number of them."""
    return [Suggested(one, promised(one.slo), _form(one)) for one in suggest(project, now=now)]


def _form(one: Suggestion) -> str:
    slo = one.slo
    fields = {
        "project": slo.project_id,
        "model": slo.model_id,
        "name": slo.name,
        "slug": slo.slug,
        "environment": slo.environment,
        "sli": slo.sli,
        "bound_ms": "" if slo.bound_ms is None else f"{slo.bound_ms:g}",
        "target": slo.target,
        "window": "30 00:00:00",
    }
    return f"{reverse('admin:monitoring_slo_add')}?{urlencode({name: text for name, text in fields.items() if text != ''})}"
