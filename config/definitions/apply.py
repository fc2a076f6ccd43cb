"""Write a file of definitions into the database: all of it or nothing, the same result the second time."""

from collections.abc import Iterator
from copy import copy
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from alerting.evaluate.groupings import wrong_in
from config.definitions.beside import BESIDE, PLAIN
from config.definitions.columns import read_columns, write_columns
from config.definitions.document import DefinitionError, Problem, Section, endless_numbers, section_of
from config.definitions.given import Change, Given, Report
from config.definitions.groupings import broken_groupings
from config.definitions.kinds import INCIDENT_POLICY, KINDS, Kind
from models_registry.models import Project, User
from monitoring.models import OwnPrice
from monitoring.prices.edits import record_edit

PROJECT_FIELDS = ("name", "redact", "redact_extra")


def apply_document(
    file: Path, document: Section, *, now: datetime, by: User | None = None, dry_run: bool = False
) -> list[Change]:
    """What became of each definition, in their order. `DefinitionError` with every problem, and then nothing is written; a
    dry run never writes.
    """
    whole = Given(Report(file, now, by), document, "", 1)
    with transaction.atomic():
        whole.allow(("project", INCIDENT_POLICY.section, *(kind.section for kind in KINDS)))
        endless = [Problem(file, *found) for found in endless_numbers(document, "", 1)]
        whole.report.problems += endless
        if not endless and (project := _project(whole)):
            _define_all(project, whole)
        if whole.report.problems:
            raise DefinitionError(whole.report.problems)
        if dry_run:
            transaction.set_rollback(True)
    return whole.report.changes


def _define_all(project: Project, whole: Given) -> None:
    """In order; then what all of it together would break."""
    broken = wrong_in(project)
    for kind, key, given in _definitions(whole, project):
        _define(kind, project, key, given)
    whole.report.problems += [
        Problem(whole.report.file, *found) for found in broken_groupings(project, broken, whole.fields)
    ]


def _project(whole: Given) -> Project | None:
    """That of the file, which is made where it is not there."""
    named = whole.fields.get("project")
    given = whole.below("project") if isinstance(named, Section) else None
    slug = given.fields.get("slug") if given else named
    if not isinstance(slug, str):
        whole.problem("must be a slug, or a mapping with a slug", "project")
        return None
    if given is None:
        given = Given(whole.report, section_of({}), "project", whole.line_of("project"))
    given.allow(("slug", *PROJECT_FIELDS))
    project = Project.objects.filter(slug=slug).first() or Project(slug=slug, name=slug)
    write_columns(project, {name: given[name] for name in PROJECT_FIELDS if name in given}, given)
    return project if project.pk else None


def _definitions(whole: Given, project: Project) -> Iterator[tuple[Kind, object, Given]]:
    """Kind, key and fields of each, what others name before them; those that are no mappings are told and left out."""
    if whole.fields.get(INCIDENT_POLICY.section) is not None and (policy := whole.below(INCIDENT_POLICY.section)):
        yield INCIDENT_POLICY, project, policy
    for kind in KINDS:
        if whole.fields.get(kind.section):
            for key, given in whole.each(kind.section, f"a mapping of {kind.key} to fields"):
                yield kind, key, given


def _define(kind: Kind, project: Project, key: object, given: Given) -> None:
    """One row, and what it says beside its columns."""
    beside = BESIDE.get(kind.section, PLAIN)
    given.allow((*kind.fields, *beside.names))
    identity = {"project": project, kind.key: key}
    row: Any = kind.table._default_manager.filter(**identity).first() or kind.table(**identity)
    before = None if row._state.adding else copy(row)
    values = read_columns(kind, project, given) | beside.before(row, given)
    if write_columns(row, values, given, kind):
        beside.after(row, given)
        if isinstance(row, OwnPrice):
            record_edit(before, row, now=given.report.now, by=given.report.by)
