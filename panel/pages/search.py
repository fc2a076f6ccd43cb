"""Where a pasted text leads. Only indexed look-ups: the number of an incident, a request id, the slug of a model."""

import re
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from alerting.models import Incident
from models_registry.models import Model, Project, User
from models_registry.shipped import shipped
from monitoring.models import LLMCall, Prediction

INCIDENT = re.compile(r"(?:inc-?|#)?(\d{1,9})", re.IGNORECASE)
MODELS_SHOWN = 20
EVENTS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Hit:
    """One match: where it leads and what it is."""

    url: str
    title: str
    kind: str


def find(query: str, *, project: Project, user: User | AnonymousUser) -> list[Hit]:
    """Matches the person may see: an exact incident or request id first, then models whose name contains the text."""
    return [
        *(_incidents(query, project) if user.has_perm("alerting.view_incident") else []),
        *(_events(query, project) if user.has_perm("monitoring.view_prediction") else []),
        *(_models(query, project) if user.has_perm("models_registry.view_model") else []),
    ]


def _incidents(query: str, project: Project) -> list[Hit]:
    match = INCIDENT.fullmatch(query)
    if match is None:
        return []
    found = Incident.objects.filter(project=project, number=int(match[1]))
    return [
        Hit(reverse("panel:incident", args=[incident.number]), f"{incident} · {shipped(incident.title)}", _("Incident"))
        for incident in found
    ]


def _events(query: str, project: Project) -> list[Hit]:
    hits: list[Hit] = []
    for kind, name, rows in (
        (_("Prediction"), "panel:prediction", Prediction.objects),
        (_("LLM call"), "panel:llm_call", LLMCall.objects),
    ):
        found = rows.filter(request_id=query, project=project).values_list("id", "event_id")[:EVENTS_SHOWN]
        hits += [Hit(reverse(name, args=[project.slug, pk]), event_id, kind) for pk, event_id in found]
    return hits


def _models(query: str, project: Project) -> list[Hit]:
    matching = Model.objects.filter(Q(slug__icontains=query) | Q(name__icontains=query), project=project)
    return [
        Hit(reverse("panel:model", args=[project.slug, model.slug]), str(model), _("Model"))
        for model in matching[:MODELS_SHOWN]
    ]
