"""Where a pasted text leads. Only indexed look-ups: the number of an incident, an id of a request, the slug of a model."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerting.models import Incident
from models_registry.models import Model, Project, User
from models_registry.shipped import shipped
from monitoring.models import Span
from monitoring.selectors.requests import MANY, look_up
from panel.pages.event import id_url

ID_WORDS: Mapping[str, str | Promise] = {
    "request_id": gettext_lazy("request id"),
    "trace_id": gettext_lazy("trace id"),
    "span_id": gettext_lazy("span id"),
    "response_id": gettext_lazy("response id"),
    "session_id": gettext_lazy("session id"),
    "user_id": gettext_lazy("user id"),
    "prediction": gettext_lazy("prediction"),
    "llm_call": gettext_lazy("LLM call"),
    "outcome": gettext_lazy("outcome"),
    "feedback": gettext_lazy("feedback"),
    "event": gettext_lazy("business event"),
    "log": gettext_lazy("log line"),
}
PAGES: Mapping[str, str] = {"session_id": "panel:session", "user_id": "panel:person"}
INCIDENT = re.compile(r"(?:inc-?|#)?(\d{1,9})", re.IGNORECASE)
TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}", re.IGNORECASE)  # W3C Trace Context
NAMED = re.compile(r"""["']?[\w.-]+["']?\s*[=:]\s*(.+)""")  # as lines of a log have it
AROUND = " \t\"'`,;()[]{}<>"
MODELS_SHOWN = 20
PROJECTS_SEARCHED = 20


@dataclass(frozen=True, slots=True)
class Hit:
    """One match: where it leads and what it is."""

    url: str
    title: str
    kind: str


def find(query: str, *, project: Project, user: User | AnonymousUser) -> list[Hit]:
    """Matches the person may see: of the text as it is, else of the id in what was copied around it."""
    return next((hits for text in _meant(query) if (hits := _find(text, project=project, user=user))), [])


def find_elsewhere(
    query: str, *, projects: Sequence[Project], but: Project | None, user: User | AnonymousUser
) -> list[Hit]:
    """Ids in the other projects, the first of them: whoever pastes one need not know whose it is."""
    if not user.has_perm("monitoring.view_prediction"):
        return []
    others = [project for project in projects if project != but][:PROJECTS_SEARCHED]
    found = ((project, hit) for project in others for text in _meant(query) for hit in _events(text, project))
    return [Hit(hit.url, hit.title, f"{hit.kind} · {project}") for project, hit in found]


def _meant(query: str) -> Iterator[str]:
    """The text, and what may be the id in it: a value without its name, quotes or brackets, the trace of a `traceparent`."""
    yield query
    bare = query.strip(AROUND)
    named = NAMED.fullmatch(bare)
    inner = (named[1] if named else bare).strip(AROUND)
    parent = TRACEPARENT.fullmatch(inner)
    found = parent[1] if parent else inner
    if found and found != query:
        yield found


def _find(query: str, *, project: Project, user: User | AnonymousUser) -> list[Hit]:
    """An exact incident or request id first, then models whose name contains the text."""
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
    """Any id that a client, a provider or a library gave leads to its request; those of people and sessions to their pages,
    where there is something in them: what only spans name leads to their traces."""
    found = look_up(project, query)
    named = [str(ID_WORDS[name]) for name in found.names if name in ID_WORDS]
    of_spans = bool(found.events) and all(isinstance(event, Span) for event in found.events)
    if of_spans or any(name not in MANY for name in found.names):
        hits = [Hit(id_url("panel:request", project, query), query, ", ".join(named))]
    else:
        hits = [
            Hit(id_url(PAGES[name], project, query), query, str(ID_WORDS[name]))
            for name in dict.fromkeys(found.names)
            if name in PAGES
        ]
    return [hit for hit in hits if hit.url]


def _models(query: str, project: Project) -> list[Hit]:
    matching = Model.objects.filter(Q(slug__icontains=query) | Q(name__icontains=query), project=project)
    return [
        Hit(reverse("panel:model", args=[project.slug, model.slug]), str(model), _("Model"))
        for model in matching[:MODELS_SHOWN]
    ]
