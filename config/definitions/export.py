"""Every definition of a project as a document that `apply` reads: applied to the same project, it changes nothing.

Secrets stay where they are, and rules of other programs are made by their alerts, which the warnings say. Empty fields are left
out.
"""

from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.db.models import QuerySet

from alerting.models import AlertRule, Channel, Route
from config.definitions.apply import PROJECT_FIELDS
from config.definitions.kinds import INCIDENT_POLICY, KINDS, Kind
from config.definitions.matchers import write_matchers
from config.definitions.plain import plain
from config.definitions.prompts import PROMPT_FIELDS
from config.definitions.runbooks import STEP_FIELDS
from models_registry.models import Model, Project, Prompt, PromptVersion
from monitoring.models import COMPOSITE, SLO, ScrapeTarget
from monitoring.slo.components import written
from runbooks.models import Runbook

# What stands in other tables, read with the rows.
PARTS = {
    "models": ("segment_keys",),
    "prompts": ("versions",),
    "slos": ("components__slo",),
    "routes": ("channels", "steps__channels"),
    "channels": ("owner",),
    "quiet_hours": ("person",),
    "runbooks": ("rules", "steps"),
}
EMPTY: tuple[Any, ...] = (None, "", [], {})


@dataclass
class Exported:
    """The document, and what it does not hold: one sentence each."""

    document: dict[str, Any]
    warnings: list[str] = field(default_factory=list)


def export(project: Project) -> Exported:
    """Sections in the order in which `apply` reads them."""
    own = {"slug": project.slug, **{name: getattr(project, name) for name in PROJECT_FIELDS}}
    found = Exported({"project": {name: value for name, value in own.items() if value not in EMPTY}})
    for policy in rows_of(INCIDENT_POLICY, project):
        found.document[INCIDENT_POLICY.section] = definition_of(INCIDENT_POLICY, policy)
    for kind in KINDS:
        section = {getattr(row, kind.key): _item(kind, row, found.warnings) for row in _rows(kind, project)}
        if section:
            found.document[kind.section] = section
    return found


def definitions_of(kind: Kind, project: Project) -> dict[str, dict[str, Any]]:
    """The definitions of one kind, by key: as many queries for many as for few."""
    return {getattr(row, kind.key): _item(kind, row, []) for row in _rows(kind, project)}


def rows_of(kind: Kind, project: Project) -> QuerySet[Any]:
    """What people defined of a kind; rules of other programs are made by their alerts."""
    rows: QuerySet[Any] = kind.table._default_manager.filter(project=project)
    return rows.exclude(kind=AlertRule.Kind.EXTERNAL) if kind.table is AlertRule else rows


def definition_of(kind: Kind, row: models.Model) -> dict[str, Any]:
    """The fields of one, empty ones left out."""
    return _item(kind, row, [])


def _rows(kind: Kind, project: Project) -> list[Any]:
    """What others name comes before them: routes before their children, rules and SLOs before those composed of them."""
    rows = rows_of(kind, project).select_related(*kind.names).prefetch_related(*PARTS.get(kind.section, ()))
    if kind.table is AlertRule:
        return sorted(rows.order_by("pk"), key=lambda rule: rule.kind == AlertRule.Kind.COMPOSITE)
    if kind.table is SLO:
        return sorted(rows.order_by("pk"), key=lambda slo: slo.sli == COMPOSITE)
    if kind.table is Route:
        return _tree(list(rows.select_related("parent").order_by("pk")))
    return list(rows.order_by("pk"))


def _tree(routes: list[Route]) -> list[Route]:
    found: list[Route] = []
    level: set[int | None] = {None}
    while level:
        below = [route for route in routes if route.parent_id in level]
        found += below
        level = {route.pk for route in below}
    return found


def _item(kind: Kind, row: models.Model, warnings: list[str]) -> dict[str, Any]:
    item = {}
    for name in kind.fields:
        form = kind.forms.get(name)
        value = getattr(row, name)
        item[name] = form.write(value) if form else plain(value)
    kept = {name: value for name, value in item.items() if value not in EMPTY or _says_something(row, name, value)}
    return kept | {name: value for name, value in _more(row, warnings).items() if value not in EMPTY}


def _says_something(row: models.Model, name: str, value: Any) -> bool:
    """An empty list that a new one would not have: a rule that groups by nothing is not one that groups as the project does."""
    columns = (one for one in row._meta.concrete_fields if one.name == name)
    return value == [] and any(one.null or one.get_default() not in EMPTY for one in columns)


def _more(row: models.Model, warnings: list[str]) -> dict[str, Any]:
    """What stands in other tables."""
    if isinstance(row, Model):
        keys = sorted(one.key for one in row.segment_keys.all() if one.until is None)
        return {"segments": keys, **_unseen(row)}
    if isinstance(row, Prompt):
        versions = sorted(row.versions.all(), key=lambda one: one.pk)
        return {
            "versions": {one.version: _filled(one, PROMPT_FIELDS) | _unseen(one) for one in versions},
            **_unseen(row),
        }
    if isinstance(row, SLO):
        return {"components": written(sorted(row.components.all(), key=lambda one: one.pk))}
    if isinstance(row, Channel | ScrapeTarget) and row.secret:
        section = "channels" if isinstance(row, Channel) else "scrape_targets"
        warnings.append(f"{section}.{row}: its secret stays here; where there is none yet, add secret_env")
    if isinstance(row, Route):
        return _of_route(row)
    return _of_runbook(row, warnings) if isinstance(row, Runbook) else {}


def _unseen(row: Model | Prompt | PromptVersion) -> dict[str, bool]:
    """That nobody has looked at what came with the first event."""
    return {} if row.reviewed else {"reviewed": False}


def _filled(row: models.Model, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name in names if (value := plain(getattr(row, name))) not in EMPTY}


def _of_route(route: Route) -> dict[str, Any]:
    steps = sorted(route.steps.all(), key=lambda step: step.after)
    return {
        "parent": route.parent.name if route.parent else "",
        "matchers": write_matchers(route.matchers),
        "channels": sorted(channel.name for channel in route.channels.all()),
        "steps": {plain(step.after): sorted(channel.name for channel in step.channels.all()) for step in steps},
    }


def _of_runbook(runbook: Runbook, warnings: list[str]) -> dict[str, Any]:
    rules = sorted(runbook.rules.all(), key=lambda rule: rule.slug)
    others = [rule.slug for rule in rules if rule.kind == AlertRule.Kind.EXTERNAL]
    if others:
        warnings.append(f"runbooks.{runbook.slug}: its rules of other programs are left out: {', '.join(others)}")
    return {
        "rules": [rule.slug for rule in rules if rule.slug not in others],
        "steps": [_filled(step, STEP_FIELDS) for step in sorted(runbook.steps.all(), key=lambda step: step.position)],
    }
