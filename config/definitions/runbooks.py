"""What a file says of a runbook beside its columns: the rules that it is for, and its steps."""

from typing import Final

from alerting.models import AlertRule
from config.definitions.document import Section
from config.definitions.given import Given
from runbooks.models import Runbook, Step

STEP_FIELDS: Final = ("title", "body")


def write_runbook(runbook: Runbook, given: Given) -> None:
    """Only of what the file has."""
    if "rules" in given and _bind(runbook, given):
        given.also("rules")
    if "steps" in given and _write_steps(runbook, given):
        given.also("steps")


def _bind(runbook: Runbook, given: Given) -> bool:
    wanted = {str(slug) for slug in given.list_of("rules")}
    rules = set(AlertRule.objects.filter(project=runbook.project, slug__in=wanted))
    for slug in wanted - {rule.slug for rule in rules}:
        given.problem(f"there is no alert rule {slug!r}", "rules")
    differs = set(runbook.rules.all()) != rules
    runbook.rules.set(rules)
    return differs


def _write_steps(runbook: Runbook, given: Given) -> bool:
    steps: list[dict[str, str]] = []
    for number, step in enumerate(given.list_of("steps"), start=1):
        place = f"[{number}]"
        if not isinstance(step, Section) or not step.get("title"):
            given.problem("must be a mapping with a title", "steps", place=place)
            continue
        Given(given.report, step, f"{given.path_of('steps')}{place}", step.line).allow(STEP_FIELDS)
        steps.append({"title": str(step["title"]), "body": str(step.get("body", ""))})
    if steps == list(runbook.steps.values(*STEP_FIELDS)):
        return False
    runbook.steps.all().delete()
    Step.objects.bulk_create(Step(runbook=runbook, position=n, **step) for n, step in enumerate(steps, start=1))
    return True
