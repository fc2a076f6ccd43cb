"""Rules whose alerts per version or segment a file would break by what it says of models and objectives."""

from collections.abc import Iterator, Mapping

from alerting.evaluate.groupings import Wrong, change_told, wrong_in
from alerting.kinds.base import rule_model
from alerting.models import AlertRule
from config.definitions.document import Section
from models_registry.models import Project


def broken_groupings(
    project: Project, before: Mapping[int, Wrong], document: Section
) -> Iterator[tuple[int, str, str]]:
    """(line, path, problem) of each rule that could be grouped before the file was written and cannot after all of it was."""
    for pk, (rule, wrong) in wrong_in(project).items():
        told_already = rule.group_by and rule.slug in _section(document, "rules")
        if pk not in before and not told_already:
            line, path = _place(rule, document)
            yield line, path, change_told([(rule, wrong)])


def _place(rule: AlertRule, document: Section) -> tuple[int, str]:
    """Where the file speaks of what the rule watches."""
    named = [("slos", rule.slo.slug)] if rule.slo else []
    for section, slug in (*named, ("models", rule_model(rule).slug)):
        found = _section(document, section)
        if slug in found:
            return found.lines[slug], f"{section}.{slug}"
    return document.lines.get("project", 1), "project"


def _section(document: Section, name: str) -> Section:
    found = document.get(name)
    return found if isinstance(found, Section) else Section()
